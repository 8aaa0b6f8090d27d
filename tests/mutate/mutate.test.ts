// SPDX-License-Identifier: GPL-2.0-only
/** Mutants of a small module, each with its fate; how they are found, recorded and chosen. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { changedLines, isIn } from '../../dev/mutate/changed.js';
import { isDeletedStubCall, shardOf, shuffled } from '../../dev/mutate/choose.js';
import { Copy } from '../../dev/mutate/copy.js';
import { isOf, readEquivalents, recordOf, staleRecords } from '../../dev/mutate/equivalent.js';
import { Kept } from '../../dev/mutate/kept.js';
import { changeOf, type Mutant, named } from '../../dev/mutate/mutant.js';
import { mutantsOf, readMutants, withMutants } from '../../dev/mutate/mutants.js';
import { Plan } from '../../dev/mutate/plan.js';
import { lineOf, ratesOf } from '../../dev/mutate/summary.js';
import { Modules } from '../../dev/mutate/tests.js';
import { type Judged, judgeAll } from '../../dev/mutate/verdicts.js';
import { ROOT, runNode } from '../house/project.js';

const FIXTURE = 'tests/mutate/fixture';
const CODE = `${FIXTURE}/code.ts`;
const TEST = `${FIXTURE}/code.test.ts`;

/** Of the fixture: what some test notices, by the test; "" is nothing, null is reached by no test. */
const FATES: Readonly<Record<string, string | null>> = {
  '4 false → true': 'one after the other',
  '4 0 → 1': '',
  '7 4 → 5': 'the larger one',
  '7 4 → 3': 'the larger one',
  '10 larger a > b → true': 'the larger one',
  '10 larger a > b → false': 'the larger one',
  '10 larger a > b → a >= b': '',
  '10 larger a → null': 'the larger one',
  '11 larger b → null': 'the larger one',
  '15 countTo 0 → 1': '',
  '16 countTo i < n → false': 'counting',
  '16 countTo i < n → i <= n': 'counting',
  '16 countTo i < n → i >= n': 'counting',
  '16 countTo i++ → i--': 'it never ends',
  '17 countTo i → null': 'counting',
  '22 note world.notes = BASE; → nothing': '',
  '27 within world.entered → true': 'one after the other',
  '27 within world.entered → false': '',
  '28 within world.entered = true; → nothing': '',
  '28 within true → false': '',
  '30 within world.entered = false; → nothing': 'one after the other',
  '30 within false → true': 'one after the other',
  '31 within result → null': 'one after the other',
  '35 never !a → a': null,
};

function inOneLine({ line, where, ...mutant }: Mutant): string {
  return [line, where, changeOf(mutant)].filter((part) => part !== '').join(' ');
}

function fateOf({ fate, by }: Judged): string | null {
  if (fate === 'unreached') return null;
  return fate === 'timed out' ? (by?.says ?? '') : (by?.test ?? '');
}

t.test('each mutant of a small module has its fate, and is judged once', async (t) => {
  const copy = new Copy(ROOT);
  t.teardown(() => copy.remove());
  const kept = new Kept(t.testdir());
  const mutants = readMutants(ROOT, CODE);
  const plan = (): Promise<Plan> => Plan.make(copy, kept, [FIXTURE], [FIXTURE], 1);
  const options = { jobs: 1, fresh: false, seconds: null, progress: () => {} };
  const judged = await judgeAll(copy, kept, await plan(), mutants, options);
  t.same(Object.fromEntries(judged.map((one) => [inOneLine(one.mutant), fateOf(one)])), FATES);
  t.same(
    judged.flatMap(({ by }) => (by === null ? [] : by.file)).filter((file) => file !== TEST),
    [],
  );

  const rates = ratesOf({ all: mutants, chosen: mutants, equivalent: [] }, judged);
  t.equal(
    rates.map(lineOf).join(),
    'others: 16 of 24 killed, 66.7 %; 8 survived (24 of 24 mutants, 1 timed out, 1 reached by no test)',
  );

  const again = await judgeAll(copy, kept, await plan(), mutants, { ...options, seconds: 1 });
  const sorted = (all: readonly Judged[]): string[] => all.map(({ mutant, ms }) => `${ms} ${named(mutant)}`).sort();
  t.same(sorted(again), sorted(judged), 'a run without any change judges nothing');
  const none = await judgeAll(copy, kept, await plan(), mutants, { ...options, fresh: true, seconds: 0.001 });
  t.ok(none.length < judged.length, 'a run that had no time says nothing of the rest');
});

t.test('a module with its mutants is as it was while none is in force', async (t) => {
  const compiled = 'export const f = (a, b) => { if (a && b) g(a + 1); else { h(); b--; } };\n';
  const mutants = mutantsOf('lib/x.ts', compiled, null);
  t.same(
    mutants.map(inOneLine),
    [
      'a && b → true',
      'a && b → false',
      'a && b → a || b',
      'g(a + 1); → nothing',
      'a + 1 → a - 1',
      '1 → 2',
      '1 → 0',
      '{ h(); b--; } → nothing',
      'h(); → nothing',
      'b-- → b++',
    ].map((line) => `1 f ${line}`),
  );
  const text = withMutants(
    compiled,
    mutants.map((mutant, i) => [i + 1, mutant]),
  );
  t.equal(text.split('\n').length, compiled.split('\n').length, 'lines stay where they are');
  t.match(text, '{if($m.is(4)){}else {g(($m.is(5)?(a - 1):(a + ($m.is(6)?(2):$m.is(7)?(0):(1)))));}}');
  t.equal(withMutants(compiled, []).split(';').slice(1).join(';'), compiled);
  t.same(mutantsOf('lib/x.ts', "import 'a'; throw new RangeError(1 + 1); f('a' + b);", null).map(changeOf), [
    "f('a' + b); → nothing",
  ]);
});

t.test('a record of an equivalent mutant is of its text, and stale when that is gone', async (t) => {
  const mutants = readMutants(ROOT, CODE);
  const [mutant] = mutants.filter(({ to }) => to === 'a >= b');
  if (mutant === undefined) throw new Error('the fixture has changed');
  const record = { ...recordOf(mutant, false), reason: 'either is as large' };
  t.same(record, {
    file: CODE,
    where: 'larger',
    statement: 'if (a > b)',
    change: 'a > b → a >= b',
    reason: 'either is as large',
  });
  t.same(
    mutants.filter((other) => isOf(record, other)),
    [mutant],
  );
  t.same(
    staleRecords([record], () => mutants),
    [],
  );
  const stale = { ...record, statement: 'if (b < a)' };
  t.same(
    staleRecords([stale, record], () => mutants),
    [stale],
  );
  t.notOk(isOf({ ...record, nth: 1 }, mutant));

  const folder = t.testdir();
  const read = (records: unknown) => {
    writeFileSync(join(folder, 'list.json'), JSON.stringify(records));
    return readEquivalents(folder, 'list.json');
  };
  t.same(read([record]), [record]);
  t.throws(() => read([record, { ...record, reason: 'so' }]), /list\.json: record 2: it says no reason/);
  t.throws(() => read([{ ...record, line: 3 }]), /list\.json: record 1 wants file, where/);
  t.throws(() => read({}), /list\.json: not a list/);
});

t.test('the records of this project fit its code', async (t) => {
  const records = readEquivalents(ROOT);
  t.same(
    staleRecords(records, (file) => readMutants(ROOT, file)),
    [],
  );
});

t.test('mutants are chosen by deleted calls, at random, in parts, and by changed lines', async (t) => {
  const code = 'stubs.perf_event_mmap(vma); other(); err = stubs.security(1); stubs.a.b();';
  t.same(mutantsOf('lib/x.ts', code, null).filter(isDeletedStubCall).map(changeOf), [
    'stubs.perf_event_mmap(vma); → nothing',
  ]);
  const mutants = readMutants(ROOT, CODE);
  t.same(shuffled(mutants, 7), shuffled(mutants, 7));
  t.notSame(shuffled(mutants, 7), shuffled(mutants, 8));
  t.same(new Set(shuffled(mutants, 7)), new Set(mutants));
  const parts = [1, 2, 3].map((shard) => shardOf(mutants, { shard, of: 3 }));
  t.equal(parts.flat().length, mutants.length);
  t.same(new Set(parts.flat()), new Set(mutants));

  const diff = [
    '--- a/x.ts',
    '+++ b/x.ts',
    '@@ -3,0 +4,2 @@ f()',
    '+a',
    '+b',
    '@@ -9 +11 @@',
    '-c',
    '+d',
    '+++ /dev/null',
    '@@ -1,3 +0,0 @@',
  ];
  const changed = changedLines(diff.join('\n'));
  const lines = Array.from({ length: 12 }, (_one, i) => i).filter((line) => isIn(changed.get('x.ts'), line));
  t.same(lines, [4, 5, 11]);
  t.same([...changed.keys()], ['x.ts']);
});

t.test('tests that can start a program are left out, also when a helper of theirs can', async (t) => {
  const modules = new Modules(ROOT);
  const starts = (name: string): boolean => modules.startsPrograms(join(ROOT, 'dist/tests', name));
  t.ok(starts('mutate/mutate.test.js'));
  t.ok(starts('cli/cli.test.js'));
  t.notOk(starts('mutate/fixture/code.test.js'));
  t.notOk(starts('mm/munmap.test.js'));
  t.notMatch(readFileSync(join(ROOT, 'tests/cli/cli.test.ts'), 'utf8'), 'child_process', 'it does so through a helper');
});

t.test('the command lists, and refuses what it does not know', async (t) => {
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = runNode(['dist/dev/mutate/mutate.js', ...args]);
    return { status, stdout, stderr };
  };
  const { status, stdout } = run('--list', '--deletions', 'lib/mm/vma/split.ts');
  t.equal(status, 0);
  t.match(stdout, /^lib\/mm\/vma\/split\.ts:\d+ completeSplit: stubs\.get_file\(half\.vm_file\); → nothing$/m);
  t.match(run('lib/none.ts'), { status: 2, stderr: /no such file: lib\/none\.ts/ });
  t.match(run('tools'), { status: 2, stderr: /tools: mutants are of lib, stubs, harness/ });
  t.match(run('--tests', 'none', 'lib/bug.ts'), { status: 2, stderr: /--tests: no folder tests\/none/ });
  t.match(run('--shard', '3/2'), { status: 2, stderr: /i\/n is wanted/ });
  t.match(run('--sample', '0'), { status: 2, stderr: /from 1 to/ });
  t.match(run('--since', 'no-such-commit'), { status: 2, stderr: /git knows no such commit/ });
});
