// SPDX-License-Identifier: GPL-2.0-only
/** `port status` and `port accept` from the command line. */
import t from 'tap';
import { readBaseline } from '../../tools/port/manifest.js';
import { closingLines } from '../../tools/port/report.js';
import { runNode } from '../house/project.js';
import { compareTrees, folderWith } from './trees.js';
import { CLI } from './workshop.js';

const OLDER = {
  Makefile: 'VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 9\n',
  'mm/vma.c': 'int before;\nint vma_shrink(void) { return 1; }\nint vma_find(int a) { return a; }\n',
  'mm/util.c': 'int not_of_ours(int a) { return a; }\n',
};
const NEWER = {
  ...OLDER,
  Makefile: 'VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 10\n',
  'mm/vma.c': 'int before;\n\nint vma_shrink(void)\n{ return vma_find(2); }\nint vma_find(int a) { return -a; }\n',
  'tools/testing/vma/tests/shrink.c': 'static bool test_shrink(void) { return true; }\n',
};

t.test('what cannot be carried out ends with status 2, and says why', async (t) => {
  const empty = folderWith(t, {});
  const older = folderWith(t, OLDER);
  for (const [args, message] of [
    [['status', '--kernel', '/nonexistent'], /port status: \/nonexistent: no such folder/],
    [['status', '--kernel', empty], /has none of the files that the port follows, such as mm\/vma\.c/],
    [['accept', '--kernel', empty], /port accept: .* has none of the files/],
    [['status', '--kernel', older, '--diff', 'vma_shrink'], /give the older one with --baseline/],
    [['status', '--kernel', older, '--baseline', older, '--diff', 'nowhere'], /no such symbol or file.*: nowhere/],
    [['accept', '--kernel', older, 'nowhere'], /no such symbol or file.*: nowhere/],
    [['status'], /required option '-k, --kernel <tree>' not specified/],
    [['frobnicate'], /unknown command 'frobnicate'/],
  ] as const) {
    const { status, stdout, stderr } = runNode([CLI, 'port', ...args]);
    t.equal(status, 2, args.join(' '));
    t.match(stderr, message);
    t.equal(stdout, '');
  }
});

t.test('status against the baseline', async (t) => {
  const { status, stdout } = runNode([CLI, 'port', 'status', '--kernel', folderWith(t, OLDER)]);
  t.equal(status, 1);
  t.match(stdout, /^missing file mm\/vma\.h: \d+ symbols$/m);
  t.match(stdout, /^state +symbol +kind +upstream +home here\n/m);
  t.match(stdout, /^changed +vma_shrink +function +mm\/vma\.c:\d+ -> :2 +lib\/mm\/vma\/\w+\.ts:\d+$/m);
  t.match(stdout, /^added +not_of_ours +function +-> mm\/util\.c:1 +not ported$/m);
  t.match(stdout, /^not ported, of files that are followed in part: 0 changed, 1 added, \d+ removed/m);
  const { kernel } = readBaseline();
  t.ok(stdout.includes(` (6.1.9) against the baseline ${kernel}: `), stdout);
});

t.test('status against another tree, as a table and as JSON', async (t) => {
  const [older, newer] = [folderWith(t, OLDER), folderWith(t, NEWER)];
  const run = (...args: string[]): string => {
    const { status, stdout } = runNode([CLI, 'port', 'status', '--kernel', newer, '--baseline', older, ...args]);
    t.equal(status, 1, args.join(' '));
    return stdout;
  };
  const table = run();
  t.match(table, /^new file tools\/testing\/vma\/tests\/shrink\.c: 1 symbol, of them 1 test/m);
  t.match(table, /^changed +vma_shrink +function +mm\/vma\.c:2 -> :3 /m);
  t.match(table, /^files: 1 new$/m);
  t.match(
    table,
    /^6\.1\.10 is another point release than the baseline's: a difference is a finding to read, no failure$/m,
  );
  t.match(table, / \(6\.1\.10\) against the baseline 6\.1\.9: 2 changed, 0 added, 0 removed, 1 unchanged\n$/);
  t.notMatch(table, /^unchanged/m);
  t.match(run('--all'), /^unchanged +before +variable +mm\/vma\.c:1 -> :1 +no row yet$/m);
  const json: unknown = JSON.parse(run('--json'));
  t.match(json, {
    kernel: '6.1.10',
    baseline: '6.1.9',
    counts: { changed: 2, added: 0, removed: 0 },
    notPorted: { unchanged: 1 },
    files: [{ file: 'tools/testing/vma/tests/shrink.c', state: 'new', symbols: 1, tests: 1 }],
  });
  t.equal(runNode([CLI, 'port', 'status', '--kernel', older, '--baseline', older]).status, 0);
});

t.test('diffs: one, all in an order in which they can be ported, and what is unchanged', async (t) => {
  const [older, newer] = [folderWith(t, OLDER), folderWith(t, NEWER)];
  const run = (...args: string[]): { status: number | null; stdout: string } =>
    runNode([CLI, 'port', 'status', '--kernel', newer, '--baseline', older, ...args]);
  const one = run('--diff', 'vma_shrink');
  t.equal(one.status, 1);
  t.equal(
    one.stdout.replace(/: lib\/.*/, ''),
    [
      'changed vma_shrink',
      '--- mm/vma.c:2 vma_shrink (6.1.9)',
      '+++ mm/vma.c:3 vma_shrink (6.1.10)',
      '@@ -2,1 +3,2 @@',
      '-int vma_shrink(void) { return 1; }',
      '+int vma_shrink(void)',
      '+{ return vma_find(2); }',
      '',
    ].join('\n'),
  );
  const unchanged = run('--diff', 'mm/vma.c:before');
  t.equal(unchanged.status, 0);
  t.match(unchanged.stdout, /\nunchanged: before\n$/);
  const all = run('--diff').stdout;
  t.same(
    [...all.matchAll(/^\+\+\+ \S+ (\w+)/gm)].map(([, name]) => name),
    ['vma_find', 'vma_shrink', 'test_shrink'],
  );
  t.match(all, /^\+\+\+ tools\/testing\/vma\/tests\/shrink\.c \(6\.1\.10\)\nnew file, symbol by symbol below$/m);
  t.match(run('--diff', 'mm/vma.c').stdout, /unchanged: before/);
  const wide = folderWith(t, { ...OLDER, 'tools/testing/vma/Makefile': 'BITS = 128\n' });
  const narrow = folderWith(t, { ...OLDER, 'tools/testing/vma/Makefile': 'BITS = 64\n' });
  const whole = runNode([CLI, 'port', 'status', '--kernel', narrow, '--baseline', wide, '--diff']);
  t.equal(
    whole.stdout,
    [
      '--- tools/testing/vma/Makefile (6.1.9)',
      '+++ tools/testing/vma/Makefile (6.1.9)',
      '@@ -1,1 +1,1 @@',
      '-BITS = 128',
      '+BITS = 64',
      '',
    ].join('\n'),
  );
  const none = runNode([CLI, 'port', 'status', '--kernel', older, '--baseline', older, '--diff']);
  t.same([none.status, none.stdout], [0, 'unchanged: everything\n']);
});

t.test('a later point release of the same version is said to be one, another version is not', async (t) => {
  const { comparison } = compareTrees(t, OLDER, OLDER);
  const lines = (version: string): string[] => closingLines('linux', version, '7.3.4', comparison).slice(0, -1);
  t.match(lines('7.3.5').join(), /^7\.3\.5 is another point release/);
  for (const version of ['7.3.4', '7.4.0', 'of unknown version']) t.same(lines(version), [], version);
});

const kernel = process.env.KERNEL;
t.test('nothing differs in the tree of the baseline', { skip: kernel ? false : 'KERNEL is not set' }, async (t) => {
  const { status, stdout } = runNode([CLI, 'port', 'status', '--kernel', kernel ?? '']);
  const { kernel: baseline } = readBaseline();
  if (!stdout.includes(`(${baseline}) against`)) {
    t.comment(`a finding to read, as the tree is not the baseline's ${baseline}: ${stdout.split('\n').at(-2)}`);
    t.match(stdout, /: \d+ changed, \d+ added, \d+ removed, .*\d+ unchanged\n$/);
    return;
  }
  t.match(stdout, /: 0 changed, 0 added, 0 removed, \d+ unchanged\n$/);
  t.equal(status, 0);
});
