// SPDX-License-Identifier: GPL-2.0-only
/** Colours: on a terminal, nowhere else, and as NO_COLOR and FORCE_COLOR say. `script` lends the terminal. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import t from 'tap';
import { type Finished, ROOT, runCommand, runNode } from '../house/project.js';

const CLI = 'dist/tools/cli.js';

type Settings = Record<string, string | undefined>;

/** Nothing of the environment that the tests run in but where coverage goes: besides the usual names, CI has a say in colours. */
const NEUTRAL: Settings = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => name !== 'PATH' && name !== 'NODE_V8_COVERAGE')
    .map((name) => [name, undefined]),
);

function piped(args: readonly string[], env: Settings = {}): Finished {
  return runNode([CLI, ...args], { env: { ...NEUTRAL, ...env } });
}

/** What a line of shell writes to a pseudo-terminal, and its status. */
function shellOnTerminal(line: string, env: Settings = {}): Finished {
  return runCommand('script', ['-qec', line, '/dev/null'], { env: { ...NEUTRAL, TERM: 'xterm-256color', ...env } });
}

/** Both streams of a command on a pseudo-terminal, and its status. */
function onTerminal(args: readonly string[], env: Settings = {}): Finished {
  const command = [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(' ');
  return shellOnTerminal(command, env);
}

const isColoured = ({ stdout, stderr }: Finished): boolean =>
  stripVTControlCharacters(stdout + stderr) !== stdout + stderr;

const there = runCommand('sh', ['-c', 'command -v script']).status === 0;
const lent = there && shellOnTerminal('test -t 1').status === 0;
const skip = lent ? false : 'script cannot lend a terminal here';

/** A tree whose only function is another than in the baseline. */
const changedTree = (value: number) => ({ mm: { 'vma.c': `int vma_shrink(void) { return ${value}; }\n` } });

/** Escapes as something that can be read: <31> is red. */
const visible = (text: string): string => text.replaceAll('\u001b[', '<').replaceAll(/<(\d+)m/g, '<$1>');

t.test('help has colours on a terminal', { skip }, async (t) => {
  const help = onTerminal(['--help']);
  t.equal(help.status, 0);
  t.match(visible(help.stdout), '<1>Usage:<22> <36>vma-userland<39>');
  t.match(visible(onTerminal(['port', 'status', '--help']).stdout), '<32>-k, --kernel <tree><39>', 'of each command');
  t.notOk(isColoured(onTerminal(['--help'], { NO_COLOR: '1' })), 'not with NO_COLOR');
  t.notOk(isColoured(onTerminal(['--help'], { TERM: 'dumb' })), 'not on a terminal that has none');
});

t.test('a complaint has them too, and keeps its status', { skip }, async (t) => {
  const usage = onTerminal(['frobnicate']);
  t.equal(usage.status, 2);
  t.match(visible(usage.stdout), "<31>error:<39> unknown command 'frobnicate'");
  const tree = onTerminal(['port', 'status', '--kernel', '/nonexistent']);
  t.equal(tree.status, 2);
  t.match(visible(tree.stdout), '<31>vma-userland port status:<39> /nonexistent');
});

t.test('a pipe has none, unless they are asked for', async (t) => {
  for (const args of [['--help'], ['port', '--help'], ['frobnicate'], ['port', 'status', '--kernel', '/nonexistent']]) {
    t.notOk(isColoured(piped(args)), args.join(' '));
    t.ok(isColoured(piped(args, { FORCE_COLOR: '1' })), `${args.join(' ')} with FORCE_COLOR`);
    t.notOk(isColoured(piped(args, { FORCE_COLOR: '0' })), 'FORCE_COLOR=0 is a no');
  }
});

t.test('each stream is looked at by itself', { skip }, async (t) => {
  const command = `'${process.execPath}' ${CLI} frobnicate 2>&1 | cat; '${process.execPath}' ${CLI} --help | cat`;
  t.notOk(isColoured(shellOnTerminal(command)), 'both go into a pipe');
  const half = `'${process.execPath}' ${CLI} frobnicate | cat`;
  t.ok(isColoured(shellOnTerminal(half)), 'standard error goes to the terminal');
});

t.test('states and changed lines', async (t) => {
  const root = t.testdir({ older: changedTree(1), newer: changedTree(2) });
  const [older, newer] = [join(root, 'older'), join(root, 'newer')];
  const force = { FORCE_COLOR: '1' };
  const plain = piped(['port', 'status', '--kernel', older]);
  const bright = piped(['port', 'status', '--kernel', older], force);
  t.equal(plain.status, 1);
  t.notOk(isColoured(plain));
  t.equal(stripVTControlCharacters(bright.stdout), plain.stdout, 'the same text, in the same columns');
  t.match(visible(bright.stdout), /^<1>state .*<22>$/m);
  t.match(visible(bright.stdout), /^<33>changed<39> +vma_shrink /m);
  t.match(visible(bright.stdout), /^<31>removed<39> +\w/m);

  const args = ['port', 'status', '--kernel', newer, '--baseline', older, '--diff', 'vma_shrink'];
  const diff = piped(args, force).stdout;
  t.match(visible(diff), '<31>-int vma_shrink(void) { return 1; }<39>');
  t.match(visible(diff), '<32>+int vma_shrink(void) { return 2; }<39>');
  t.match(visible(diff), /<1>--- mm\/vma\.c.*<22>/);
  t.match(visible(diff), /<36>@@ .* @@<39>/);
  t.equal(stripVTControlCharacters(diff), piped(args).stdout, 'patch(1) can take it from a pipe');
});

t.test('the help of every command says how it ends', async (t) => {
  const own = [[], ['port', 'status'], ['port', 'accept'], ['port', 'tests'], ['replay'], ['table']];
  for (const args of own) {
    const { status, stdout } = piped([...args, '--help']);
    t.equal(status, 0);
    t.match(stdout, /^Status 0: .+\. (?:1: .+\. )?2: .+\.$/m, `vma-userland ${args.join(' ')}`);
  }
  for (const program of ['report', 'bench', 'coverage']) {
    t.match(
      runNode([`dist/dev/${program}/${program}.js`, '--help'], { env: NEUTRAL }).stdout,
      /^Status 0: .+ 2: .+\.$/m,
      program,
    );
  }
  const { stdout } = piped(['--version']);
  t.match(stdout, /^\d+\.\d+\.\d+\n$/);
  const manifest: { version: string } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  t.equal(stdout.trim(), manifest.version);
});
