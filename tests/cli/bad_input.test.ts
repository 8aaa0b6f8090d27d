// SPDX-License-Identifier: GPL-2.0-only
/** What a user gets wrong, or a machine has not got: a message that names it, status 2, nothing half done. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeFolder, outputFolder } from '../../tools/commands/folders.js';
import { readable } from '../../tools/commands/program.js';
import { type Finished, ROOT, runCommand, runNode } from '../house/project.js';

const CLI = 'dist/tools/cli.js';
const DEV = ['review', 'fuzz', 'conform', 'bench', 'coverage', 'report'].map((name) => `dist/dev/${name}/${name}.js`);
const RUNNER = 'dist/dev/run/run.js';

function cli(args: readonly string[], env: Record<string, string> = {}, input = ''): Finished {
  return runNode([CLI, ...args], { env, input });
}

/** A line of shell in which $0 is node. */
function shell(line: string, input = ''): Finished {
  return runCommand('bash', ['-c', line, process.execPath], { input });
}

/** One line of message, no stack. */
const isShort = ({ stderr }: Finished): boolean => stderr.trim().split('\n').length === 1 && !/^ +at /m.test(stderr);

t.test('a width of flags that there is not', async (t) => {
  const env = { NUM_VMA_FLAG_BITS: '48' };
  const commands = [
    ...[['replay'], ['replay', '--tree'], ['table'], ['port', 'status', '-k', '.']].map((args) => [CLI, ...args]),
    ...[...DEV, 'dist/dev/port/hard.js', RUNNER].map((file) => [file]),
  ];
  for (const args of commands) {
    const run = runNode(args, { env });
    t.equal(run.status, 2, args.join(' '));
    t.match(run.stderr, 'environment: NUM_VMA_FLAG_BITS = "48": must be 64 or 128');
    t.ok(isShort(run), run.stderr);
    t.equal(run.stdout, '');
  }
  const bits = runNode([RUNNER, '--bits', '64', 'tests/mm/flags.test.ts'], { env });
  t.equal(bits.status, 0, 'but --bits goes before the environment');
});

t.test('--help of every command', async (t) => {
  for (const file of [...DEV, 'dist/dev/port/hard.js', RUNNER]) {
    const { status, stdout, stderr } = runNode([file, '--help']);
    t.equal(status, 0, file);
    t.match(stdout, /^Usage: npm (?:run \w+|test) -- [\s\S]*^Status 0: .+ 2: .+\.$/m);
    t.equal(stderr, '');
    const unknown = runNode([file, '--frobnicate']);
    t.equal(unknown.status, 2);
    t.match(unknown.stderr, /^error: (?:unknown option '--frobnicate'|required option)/);
  }
});

t.test('a reader that has gone', async (t) => {
  for (const args of [`${CLI} --help`, `${RUNNER} --help`, 'dist/dev/review/review.js']) {
    // The reader is gone before the first word.
    const { status, stderr } = shell(`set -o pipefail; (sleep 0.05; exec "$0" ${args}) | true`);
    t.equal(status, 0, args);
    t.equal(stderr, '');
  }
  const million = shell(`yes 'set 5' | head -n 2000000 | timeout 20 "$0" ${CLI} replay --tree | head -n 1`);
  t.equal(million.stderr, '');
  t.match(million.stdout, /^set 0 .*\n$/);
});

t.test('an output that is full', async (t) => {
  for (const line of [`echo 'set 5' | "$0" ${CLI} replay --tree`, `"$0" ${CLI} --help`, `"$0" ${RUNNER} --help`]) {
    const run = shell(`${line} > /dev/full`);
    t.equal(run.status, 2, line);
    t.match(run.stderr, /: standard output: ENOSPC/);
    t.ok(isShort(run));
  }
});

t.test('an error that nobody has caught: what the user can mend has a line, what is ours has its stack', async (t) => {
  const ended = (body: string): Finished => {
    const source = `import { CannotBeDone, guard } from './dist/tools/commands/program.js'; guard('me'); ${body}`;
    return runNode(['--input-type=module', '-e', source]);
  };
  const [mended, ours] = [ended("throw new CannotBeDone('no such file');"), ended('nothing();')];
  t.same([mended.status, mended.stderr], [2, 'me: no such file\n']);
  t.equal(ours.status, 2);
  t.match(ours.stderr, /^me: a defect of this program\nReferenceError: nothing is not defined\n {4}at /);
  t.same(
    [ended("throw 'words';").status, ended("throw 'words';").stderr],
    [2, 'me: a defect of this program\nwords\n'],
  );
  t.same(ended('').status, 0);
  const full = "process.stderr.write('words'); setTimeout(() => {}, 50);";
  const source = `import { guard } from './dist/tools/commands/program.js'; guard('me'); ${full}`;
  t.equal(
    runCommand('bash', ['-c', `"$0" --input-type=module -e "$1" 2> /dev/full`, process.execPath, source]).status,
    2,
  );
});

t.test('input that is none', async (t) => {
  const folder = shell(`"$0" ${CLI} replay < .`);
  t.same([folder.status, folder.stdout], [2, '']);
  t.match(folder.stderr, /^vma-userland(?: replay)?: standard input is a folder\n$/);

  const binary = cli(['replay'], {}, '\u001b[2J\u0000\u009b31m\u202eword\n');
  t.equal(binary.status, 2);
  t.match(binary.stderr, "line 1: unknown operation '\\u{1b}[2J\\u{0}\\u{9b}31m\\u{202e}word'");
  const long = cli(['replay'], {}, `${'x'.repeat(5_000_000)}\n`);
  t.equal(long.status, 2);
  t.ok(long.stderr.length < 300, 'a long word is shortened');
  t.match(long.stderr, 'xxx… (5000002 characters)');
  const option = cli([`--${'y'.repeat(1000)}\u001b[1m`]);
  t.equal(option.status, 2);
  t.match(option.stderr, 'yyy… (');
  t.notMatch(option.stderr, '\u001b');
  t.equal(readable('a\tb\n\u001b'), 'a\tb\n\\u{1b}');
});

t.test('folders that cannot be written', async (t) => {
  const dir = t.testdir({ file: 'kept', kernel: { mm: { 'vma.c': 'int x;\n' } }, out: {} });
  const [file, kernel] = [join(dir, 'file'), join(dir, 'kernel')];
  const outs: [string, RegExp][] = [
    ['', /--out: no folder is named/],
    [file, /--out .*file: cannot be written: .*file is no folder/],
    [join(file, 'below'), /--out .*below: cannot be written: .*file is no folder/],
    ['/proc/foo', /--out \/proc\/foo: cannot be written: ENOENT/],
    ['/proc/foo/bar', /--out \/proc\/foo\/bar: cannot be written: ENOENT/],
  ];
  for (const [out, message] of outs) {
    const runs: Record<string, Finished> = {
      tests: cli(['port', 'tests', '-k', kernel, '-o', out]),
      report: runNode(['dist/dev/report/report.js', '-o', out, 'tests/mm']),
    };
    for (const [name, run] of Object.entries(runs)) {
      t.equal(run.status, 2, `${name} --out '${out}'`);
      t.match(run.stderr, message);
      t.ok(isShort(run), run.stderr);
      t.equal(run.stdout, '');
    }
  }
  t.equal(readFileSync(file, 'utf8'), 'kept');
  t.equal(outputFolder('--out', join(dir, 'out/a/b')), join(dir, 'out/a/b'));
  t.same(readdirSync(join(dir, 'out')), [], 'asking leaves nothing behind');
  makeFolder(join(dir, 'out/a/b'));
  t.ok(existsSync(join(dir, 'out/a/b')));
  t.throws(() => makeFolder('/proc/foo/bar'), { code: 'ENOENT' });
});

t.test('a bad TMPDIR', async (t) => {
  const dir = t.testdir({ tools: { testing: { vma: { Makefile: '' } } } });
  const env = { TMPDIR: '/nonexistent' };
  const runs = [
    runNode([RUNNER, '-j', '2', 'tests/mm/flags.test.ts', 'tests/mm/brk.test.ts'], { env }),
    runNode(['dist/dev/report/report.js', '-o', join(dir, 'report'), 'tests/mm/flags.test.ts'], { env }),
    runNode(['dist/dev/conform/conform.js', '-k', dir], { env }),
  ];
  for (const run of runs) {
    t.equal(run.status, 2);
    t.match(run.stderr, /TMPDIR \/nonexistent: no temporary folder: ENOENT/);
    t.ok(isShort(run), run.stderr);
  }
  t.notOk(existsSync(join(dir, 'report')));
});

t.test('traces that cannot be written', async (t) => {
  const dir = t.testdir({ file: 'kept' });
  for (const folder of [join(dir, 'file'), '/proc/foo']) {
    const env = { VMA_TRACE: '1', VMA_TRACE_DIR: folder };
    const own = runNode([RUNNER, 'tests/upstream/mmap.test.ts'], { env });
    const plain = runNode(['--import', './dist/tools/trace/register.js', 'dist/tests/upstream/mmap.test.js'], { env });
    for (const run of [own, plain]) {
      t.equal(run.status, 2);
      t.match(run.stderr, `VMA_TRACE_DIR ${folder}: cannot be written: `);
      t.ok(isShort(run), run.stderr);
      t.equal(run.stdout, '', 'no test has run');
    }
  }
  t.equal(readFileSync(join(dir, 'file'), 'utf8'), 'kept');
});

t.test('a run that is given up', async (t) => {
  const stays = `import t from '${join(ROOT, 'node_modules/tap/dist/esm/index.js')}';
t.test('stays', async () => { for (;;); });\n`;
  const dir = t.testdir({ 'a.test.js': stays, 'b.test.js': stays });
  for (const args of [['--jobs', '2'], ['--jobs', '1'], ['--upstream']]) {
    const { status, stdout, stderr } = runNode([RUNNER, '--timeout', '1', ...args, dir]);
    t.not(status, 0, args.join(' '));
    t.match(stdout, /given up after 1 s/);
    t.notMatch(stdout + stderr, /\n +at /, 'no error of tap’s');
  }
});
