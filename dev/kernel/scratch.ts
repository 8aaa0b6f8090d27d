// SPDX-License-Identifier: GPL-2.0-only
/**
 * A copy of a kernel tree's tools/testing/vma to build in. Everything else of the tree is reached by links, so the tree
 * is not written to.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { removeScratch, scratchFolder } from '../../tools/commands/folders.js';
import { CannotBeDone } from '../../tools/commands/program.js';

/** A tree that cannot be read, or code that does not compile with it; the message is for the user. */
export class KernelTreeError extends CannotBeDone {
  constructor(message: string) {
    super(message);
    this.name = 'KernelTreeError';
  }
}

/** Folders of tools/testing that the harness is built in, and so are copied. */
const COPIED = ['vma', 'shared', 'radix-tree'];

/** Links every entry of a folder but those named. */
function linkEntries(from: string, to: string, except: readonly string[]): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (!except.includes(name)) symlinkSync(join(from, name), join(to, name));
  }
}

export class ScratchTree {
  /** The tree itself, which is only read. */
  readonly kernel: string;
  /** The copy of tools/testing/vma. */
  readonly vma: string;
  private readonly root: string;
  /** Options that the objects in the folder were compiled with. */
  private compiledWith: string | null;

  /** @throws KernelTreeError when `kernel` has no userland VMA tests. */
  constructor(kernel: string) {
    const tree = resolve(kernel);
    if (!existsSync(join(tree, 'tools/testing/vma/Makefile'))) {
      throw new KernelTreeError(`${kernel}: no kernel tree with tools/testing/vma`);
    }
    this.compiledWith = null;
    this.kernel = tree;
    this.root = scratchFolder('kernel');
    linkEntries(tree, this.root, ['tools']);
    linkEntries(join(tree, 'tools'), join(this.root, 'tools'), ['testing']);
    linkEntries(join(tree, 'tools/testing'), join(this.root, 'tools/testing'), COPIED);
    for (const name of COPIED.filter((folder) => existsSync(join(tree, 'tools/testing', folder)))) {
      cpSync(join(tree, 'tools/testing', name), join(this.root, 'tools/testing', name), { recursive: true });
    }
    this.vma = join(this.root, 'tools/testing/vma');
  }

  /** A file of the copy. @throws KernelTreeError when it is not there */
  read(name: string): string {
    const path = join(this.vma, name);
    if (!existsSync(path)) throw new KernelTreeError(`${this.kernel}: no tools/testing/vma/${name}`);
    return readFileSync(path, 'utf8');
  }

  /** Puts a text in place of a file of the copy. What was compiled is made anew. */
  write(name: string, text: string): void {
    writeFileSync(join(this.vma, name), text);
    this.compiledWith = null;
  }

  remove(): void {
    removeScratch(this.root);
  }

  /**
   * Builds the harness with `source` in place of its main.c, and returns the program's path.
   *
   * @param objects make's list of objects to link; the harness's own unless given
   * @throws KernelTreeError that names the symbols which do not fit
   */
  build(source: string, name: string, options: BuildOptions): string {
    copyFileSync(source, join(this.vma, 'main.c'));
    this.removeStale(options);
    this.makeHeaders();
    // Objects other than main.o stay from one build to the next, so instrumentation is for main.o alone.
    const own = options.asShipped ? [] : [`CFLAGS=${cflags(options)}`];
    const main = options.coverage ? [`CFLAGS=${cflags(options)} --coverage`] : own;
    this.make(['main.o', ...main], options.defines);
    const libraries = `-lpthread -lurcu${options.coverage ? ' --coverage' : ''}${options.link ? ` ${options.link}` : ''}`;
    const objects = options.objects === undefined ? [] : [`OFILES=${options.objects}`];
    this.make(['vma', ...own, `LDLIBS=${libraries}`, ...objects], options.defines);
    const program = join(this.vma, name);
    copyFileSync(join(this.vma, 'vma'), program);
    return program;
  }

  /** Objects that were compiled otherwise, and what is to be made anew in any case. */
  private removeStale(options: BuildOptions): void {
    const flags = options.asShipped ? 'as shipped' : cflags(options);
    const names =
      flags === this.compiledWith
        ? ['main.o', 'vma']
        : [...readdirSync(this.vma).filter((one) => one.endsWith('.o')), 'vma'];
    for (const name of names) rmSync(join(this.vma, name), { force: true });
    this.compiledWith = flags;
  }

  /** Headers that every object needs; a tree that does not know one of them does without. */
  private makeHeaders(): void {
    for (const name of ['map-shift', 'bit-length', 'autoconf']) {
      spawnSync('make', ['-s', `generated/${name}.h`], { cwd: this.vma, stdio: 'ignore' });
    }
  }

  private make(args: readonly string[], defines: string): void {
    const env = { ...process.env, LC_ALL: 'C' };
    const { status, stdout, stderr, error } = spawnSync('make', ['-s', '-j4', ...args], {
      cwd: this.vma,
      env,
      encoding: 'utf8',
    });
    if (error !== undefined) throw new KernelTreeError(`make: ${error.message}`);
    if (status === 0) return;
    const misfits = misfitsOf(stderr);
    if (misfits.length === 0) throw new KernelTreeError(`make ${args[0]} ${defines}: ${tailOf(stdout + stderr)}`);
    throw new KernelTreeError(
      `the code of this kernel does not fit the replayer:\n${misfits.map((text) => `  ${text}`).join('\n')}`,
    );
  }
}

export interface BuildOptions {
  /** Preprocessor options, such as -DNUM_VMA_FLAG_BITS=64. */
  defines: string;
  /** -O1 unless given. */
  optimise?: string;
  coverage?: boolean;
  objects?: string;
  /** More options for the linker. */
  link?: string;
  /** With the options of the harness's own Makefile, sanitizers and all. */
  asShipped?: boolean;
}

function cflags(options: BuildOptions): string {
  // As tools/testing/shared/shared.mk has them, without its sanitizers.
  const includes = '-I../shared -I. -I../../include -I../../arch/$(SRCARCH)/include -I../../../lib';
  return `${includes} -g ${options.optimise ?? '-O1'} -w -D_LGPL_SOURCE ${options.defines}`;
}

function tailOf(text: string): string {
  return text.trimEnd().split('\n').slice(-5).join('\n');
}

/** What gcc complains about, and how it is said in one line. */
const COMPLAINTS: readonly [RegExp, (symbol: string) => string][] = [
  [/error: '(\w+)' undeclared/g, (symbol) => `${symbol}: not there`],
  [/error: implicit declaration of function '(\w+)'/g, (symbol) => `${symbol}(): not there`],
  [/undefined reference to `(\w+)'/g, (symbol) => `${symbol}: not defined`],
  [/error: unknown type name '(\w+)'/g, (symbol) => `${symbol}: no such type`],
  [/error: (?:.* )?has no member named '(\w+)'/g, (symbol) => `.${symbol}: no such member`],
  [/error: unknown field '(\w+)'/g, (symbol) => `.${symbol}: no such member`],
  [/error: too (?:few|many) arguments to function '(\w+)'/g, (symbol) => `${symbol}(): takes other arguments`],
  [/error: incompatible type for argument \d+ of '(\w+)'/g, (symbol) => `${symbol}(): takes other arguments`],
  [/error: passing argument \d+ of '(\w+)'/g, (symbol) => `${symbol}(): takes other arguments`],
  [/error: conflicting types for '(\w+)'/g, (symbol) => `${symbol}: declared otherwise`],
  [/fatal error: ([\w./]+): No such file/g, (symbol) => `${symbol}: no such file`],
];

/** The symbols that a compiler's pages are about, each once. */
export function misfitsOf(stderr: string): string[] {
  const found = COMPLAINTS.flatMap(([pattern, say]) =>
    [...stderr.matchAll(pattern)].map((match) => say(match[1] ?? '')),
  );
  return [...new Set(found)];
}
