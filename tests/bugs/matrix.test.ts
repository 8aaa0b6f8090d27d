// SPDX-License-Identifier: GPL-2.0-only
/**
 * Upstream's bugs that can be put back: each still fits the code, and each is found as recorded. That all of them still
 * are takes a process for each: `npm run bugs -- --confirm`, here only for some.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Bug, StaleBugError, withBug } from '../../dev/bugs/bug.js';
import { chances } from '../../dev/bugs/chance.js';
import { Copy, filesFor, sameTest } from '../../dev/bugs/hunt.js';
import { BUGS, INVENTED as INVENTED_LIST } from '../../dev/bugs/list.js';
import { confirmed, matrix } from '../../dev/bugs/matrix.js';
import { jsonOf, tableOf } from '../../dev/bugs/table.js';
import { findingsOf } from '../../dev/bugs/test_process.js';
import { bugsOf } from '../../dev/report/gather.js';
import { ROOT, runNode } from '../house/project.js';

const VERDICTS = matrix(ROOT);

/** Those that upstream's own tests find. */
const UPSTREAM: readonly string[] = ['A3', 'A7', 'A7b', 'A19', 'A26'];

/** Of the tree; one of mm/vma.c is confirmed by the command. */
const SAMPLE = 'E4';

const INVENTED: Bug = {
  id: 'X1',
  title: 'nothing is unmapped',
  kind: 'invented',
  fixed: '0',
  module: 'lib/mm/vma/munmap.js',
  changes: [],
};

function source({ module }: Bug): string {
  return readFileSync(join(ROOT, 'dist', module), 'utf8');
}

t.test('the matrix is that of the list', async (t) => {
  t.same(
    VERDICTS.map(({ id }) => id),
    BUGS.map(({ id }) => id),
  );
  t.equal(new Set(BUGS.map(({ id }) => id)).size, BUGS.length, 'no id is there twice');
});

t.test('all bugs are found', async (t) => {
  const ids = (chosen: typeof VERDICTS): string[] => chosen.map(({ id }) => id);
  t.same(ids(VERDICTS.filter(({ found }) => found === null)), []);
  t.same(ids(VERDICTS.filter(({ upstream }) => upstream)), UPSTREAM);
  const files = VERDICTS.flatMap(({ found }) => found?.file ?? []);
  t.same(
    files.filter((file) => !existsSync(join(ROOT, file))),
    [],
  );
});

t.test('each bug can be put back', async (t) => {
  for (const bug of [...BUGS, ...INVENTED_LIST.bugs]) {
    t.ok(bug.changes.length > 0, bug.id);
    t.not(withBug(bug, source(bug)), source(bug), bug.id);
  }
});

t.test('a bug whose code is no longer as it was is an error that names it', async (t) => {
  const bug = (now: string): Bug => ({ ...INVENTED, changes: [[now, '$&']] });
  t.equal(withBug(bug('b'), 'abc'), 'a$&c');
  const stale = (times: string) => ({ name: 'StaleBugError', message: `X1: lib/mm/vma/munmap.js has ${times}: "b"` });
  t.throws(() => withBug(bug('b'), 'ac'), stale('nowhere'));
  t.throws(() => withBug(bug('b'), 'abbc'), stale('2 times'));
  const copy = new Copy(ROOT);
  t.teardown(() => copy.remove());
  await t.rejects(copy.judge(bug('no such text'), []), StaleBugError);
});

t.test('the README, the report and the command show one matrix, of the record', async (t) => {
  const shown = /^\| bug \|.*?\n\n/ms.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[0].trimEnd() ?? '';
  t.equal(shown, tableOf(BUGS, VERDICTS, chances(ROOT)));
  const cells = shown.split('\n').map((line) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((text) => text.trim().replaceAll('\\|', '|')),
  );
  t.same(bugsOf(ROOT), [cells[0], ...cells.slice(2)]);
  const json: { id: string; found: unknown; upstream: boolean }[] = JSON.parse(jsonOf(BUGS, VERDICTS, chances(ROOT)));
  t.same(
    json.map(({ id, upstream, found }) => ({ id, upstream, found })),
    VERDICTS,
  );
});

t.test('what found a bug still finds it, and one that does not is named', async (t) => {
  const bugs = BUGS.filter(({ id }) => id === SAMPLE);
  t.equal(bugs.length, 1);
  t.same(await confirmed(ROOT, bugs, VERDICTS, 1), []);
  const blind = VERDICTS.map((verdict) => ({ ...verdict, found: verdict.found && { ...verdict.found, test: 'none' } }));
  t.same(
    (await confirmed(ROOT, bugs, blind, 1)).map((complaint) => complaint.replace(/\(.*/, '')),
    [`${SAMPLE}: not found by "none" `],
  );
});

t.test('a test that fails without the bug is no finder; code that ends the process is found', async (t) => {
  const copy = new Copy(ROOT);
  t.teardown(() => copy.remove());
  const bug = BUGS.find(({ id }) => id === 'A10') ?? INVENTED;
  const found = VERDICTS.find(({ id }) => id === 'A10')?.found;
  if (found === null || found === undefined) throw new Error('A10 is not found');
  const text = source(bug);
  const { found: again } = await copy.judge(bug, [], [found.file]);
  t.same(again, found);
  const { found: other } = await copy.judge(bug, [found], [found.file]);
  t.notOk(other !== null && sameTest(other, found));
  const line = text.slice(0, text.indexOf('\n') + 1);
  const ends: Bug = { ...INVENTED, module: bug.module, changes: [[text, `${line}process.exit(0);\n${text}`]] };
  t.same(await copy.judge(ends, [], [found.file]), {
    id: 'X1',
    upstream: true,
    found: { test: found.file, file: found.file, says: 'the process ends' },
  });
});

t.test('a finding is a test that failed, and what it said first', async (t) => {
  const tap = [
    '# Subtest: good',
    '    ok 1 - a',
    'ok 1 - good # time=1ms',
    '# Subtest: bad',
    '    ok 1 - a',
    '    not ok 2 - leak: vma 3, allocated at lib/x.ts:3:4',
    '    not ok 3 - b',
    'not ok 2 - bad # time=1ms',
    'not ok 3 - late # TODO not yet',
    '',
  ];
  t.same(findingsOf(tap.join('\n'), 'tests/x.test.ts'), [
    { test: 'bad', file: 'tests/x.test.ts', says: 'leak: vma 3' },
  ]);
});

t.test('the likely tests come first, and none is left out', async (t) => {
  const tree = filesFor({ module: 'lib/maple_tree/store.js' }, ROOT);
  const calls = filesFor({ module: 'lib/mm/mremap/move.js' }, ROOT);
  t.match(tree[0], /^tests\/tree\/.*\.test\.ts$/);
  t.match(calls[0], /^tests\/syscalls\//);
  t.match(filesFor(INVENTED, ROOT)[0], /^tests\/checked\//);
  t.same([...tree].sort(), [...calls].sort());
});

t.test('the command refuses what it does not know', async (t) => {
  const refused = (...args: string[]) => {
    const { status, stderr } = runNode(['dist/dev/bugs/bugs.js', ...args]);
    return { status, stderr };
  };
  t.match(refused('Z9'), { status: 2, stderr: /bugs: no bug Z9: there are A1, / });
  t.match(refused('--jobs', '0'), { status: 2, stderr: /--jobs is a number from 1 to 99, not 0/ });
  t.match(refused('A1', '--record', '--confirm'), { status: 2, stderr: /--record and --confirm do not go together/ });
  t.match(refused('A1', '--chance', '--confirm'), { status: 2, stderr: /--chance and --confirm do not go together/ });
  t.match(refused('--cap', 'x'), { status: 2, stderr: /--cap is a number from 1 to 999999999, not x/ });
  t.match(refused('--invented', 'A1'), { status: 2, stderr: /no bug A1: there are X1, / });
});

t.test('the command confirms a bug', async (t) => {
  const { status, stdout } = runNode(['dist/dev/bugs/bugs.js', '--confirm', 'A10']);
  t.same({ status, stdout }, { status: 0, stdout: '1 bugs, 0 no longer found as recorded\n' });
});
