// SPDX-License-Identifier: GPL-2.0-only
import { type ChildProcess, spawn } from 'node:child_process';
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';

export interface CompilerEvents {
  /** Modules were written, named by their paths from dist/. */
  written(modules: ReadonlySet<string>): void;
  /** A whole compilation has ended: what is wrong with the types, a line each. */
  checked(errors: readonly string[]): void;
  /** The compiler itself ended, which it never should. */
  ended(status: number | null): void;
}

/** Files of one edit come within this time of each other, in milliseconds. */
const TOGETHER = 8;

/** The compiler itself. The command that the package installs only starts it, and does not take it along when it ends. */
function programOf(): string {
  const typescript = createRequire(createRequire(import.meta.url).resolve('typescript/package.json'));
  const here = typescript.resolve(`@typescript/typescript-${process.platform}-${process.arch}/package.json`);
  return join(dirname(here), 'lib', process.platform === 'win32' ? 'tsc.exe' : 'tsc');
}

/**
 * The compiler's own watch. It writes a module some time before it has checked all types, so dist/ is watched for what
 * was written, and types are told when they are known.
 */
export class Compiler {
  private readonly dist: string;
  private readonly events: CompilerEvents;
  private readonly compiler: ChildProcess;
  private readonly watchers: Map<string, FSWatcher>;
  private readonly pending: Set<string>;
  private timer: NodeJS.Timeout | undefined;

  constructor(root: string, events: CompilerEvents) {
    this.dist = join(root, 'dist');
    this.events = events;
    this.watchers = new Map();
    this.pending = new Set();
    this.compiler = spawn(programOf(), ['-p', '.', '--watch', '--preserveWatchOutput', '--pretty', 'false'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let errors: string[] = [];
    if (this.compiler.stdout !== null) {
      createInterface(this.compiler.stdout).on('line', (line) => {
        if (/\berror TS\d+:/.test(line)) errors.push(line);
        if (!/Found \d+ errors?\. Watching/.test(line)) return;
        this.watchFolders();
        events.checked(errors);
        errors = [];
      });
    }
    this.compiler.once('exit', (status) => events.ended(status));
  }

  /** Watches what folders of dist/ there are; new ones may have come with a compilation. */
  private watchFolders(): void {
    const below = readdirSync(this.dist, { recursive: true, withFileTypes: true });
    const folders = below.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
    for (const folder of folders.filter((path) => !this.watchers.has(path))) {
      const watcher = watch(folder, (_event, name) => {
        if (name?.endsWith('.js')) this.wrote(relative(this.dist, join(folder, name)));
      });
      // A folder that goes is no longer watched; what was in it is gone from the imports.
      watcher.on('error', () => this.forget(folder));
      this.watchers.set(folder, watcher);
    }
  }

  private forget(folder: string): void {
    this.watchers.get(folder)?.close();
    this.watchers.delete(folder);
  }

  private wrote(module: string): void {
    this.pending.add(module);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const modules = new Set(this.pending);
      this.pending.clear();
      this.events.written(modules);
    }, TOGETHER);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.compiler.removeAllListeners('exit');
    this.compiler.kill('SIGKILL');
    for (const folder of [...this.watchers.keys()]) this.forget(folder);
  }
}
