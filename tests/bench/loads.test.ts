// SPDX-License-Identifier: GPL-2.0-only
/** The benchmark measures what it says, and leaves the world as it was. No time is asserted. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import sinon from 'sinon';
import t from 'tap';
import { compareLoad, jsonOf, PORT_SIDE, programSide, tableOf } from '../../dev/bench/compare.js';
import { heapPerVma, LOADS, prepareLoad } from '../../dev/bench/loads.js';
import { longRun } from '../../dev/bench/long.js';
import { globals, stubs } from '../../stubs/index.js';
import { runNode } from '../house/project.js';

t.test('each load runs, and the stubs are the caller’s again', async (t) => {
  const before = { ...stubs };
  for (const load of LOADS) {
    const run = prepareLoad(load, 50);
    t.ok(run(200) > 0, load);
    t.ok(run(200) > 0, 'and once more');
  }
  t.ok(Number.isFinite(heapPerVma(50)));
  t.ok(Object.entries(before).every(([name, stub]) => Reflect.get(stubs, name) === stub));
  t.equal(globals.debug_vm_maple_tree, true);
});

t.test('sides are compared round by round', async (t) => {
  let round = 0;
  const fixed = (name: string, ns: number) => ({
    name,
    warmUp: () => ({ heapBytesPerVma: -1, run: () => ns * (1 + (round++ >> 1)) }),
  });
  const result = compareLoad([fixed('port', 100), fixed('C', 50)], 'churn', 1000, 3, 1);
  t.same(result.sides.port, { nsPerOp: 200, heapBytesPerVma: 0, ratio: 1 });
  t.same(result.sides.C, { nsPerOp: 100, heapBytesPerVma: 0, ratio: 2 });
  t.match(tableOf([result]), '| churn | 1,000 | 200 | 100 | 2.00 | 0 / 0 |\n');
  t.match(JSON.parse(jsonOf([result])), {
    results: [{ load: 'churn', n: 1000, nsPerOp: 200, others: { C: { ratio: 2 } } }],
  });
});

t.test('a load that fails says so, and the world is put back', async (t) => {
  const before = { ...stubs };
  const run = prepareLoad('protect', 10);
  // The clock is read within the world that is measured, and nothing else of a test's is.
  let fails = true;
  let now = 0n;
  const clock = sinon.stub(process.hrtime, 'bigint').callsFake(() => {
    globals.fail_prealloc = fails;
    return ++now;
  });
  t.teardown(() => clock.restore());
  t.throws(() => run(1), { message: 'vma_modify_flags failed with -12' });
  fails = false;
  t.equal(globals.fail_prealloc, false);
  t.ok(Object.entries(before).every(([name, stub]) => Reflect.get(stubs, name) === stub));
  t.ok(run(1) > 0, 'and it runs again');
});

t.test('a side that is a program', async (t) => {
  const folder = t.testdir({
    good: '#!/bin/sh\necho "$3.5 $2"\n',
    bad: '#!/bin/sh\necho "no load $1" >&2\nexit 3\n',
  });
  for (const name of ['good', 'bad']) chmodSync(join(folder, name), 0o755);
  const warm = programSide('C', join(folder, 'good')).warmUp('churn', 100, 20);
  t.equal(warm.heapBytesPerVma, 100);
  t.equal(warm.run(), 20.5);
  t.throws(() => programSide('C', join(folder, 'bad')).warmUp('churn', 100, 20), /^C churn 100: no load churn/);
});

t.test('heap is measured after collections, where they can be asked for', async (t) => {
  const before = globalThis.gc;
  let asked = 0;
  globalThis.gc = (() => {
    asked++;
  }) as typeof globalThis.gc;
  t.ok(Number.isFinite(heapPerVma(50)));
  globalThis.gc = before;
  t.equal(asked, 2);
});

t.test('one side alone', async (t) => {
  const result = compareLoad([PORT_SIDE], 'lookup', 10, 1, 10);
  t.match(tableOf([result]), /^\| load \| n \| port, ns \| bytes per VMA \|\n/);
});

t.test('a long run, small', async (t) => {
  const { vmas, most } = longRun(300);
  t.equal(vmas, 300);
  t.equal(most, 302, 'one VMA at a time is split in three');
});

t.test('the loop from the command line', async (t) => {
  const { status, stdout } = runNode(['dist/dev/bench/bench.js', '--loop', '--edits', '1']);
  t.equal(status, 0);
  const time = String.raw`\n\d+\.\d\d s; median \d+\.\d\d s`;
  const told = `to its verdict:${time}, \\d+\\.\\d\\d s of CPU\n.* on upstream's tests:${time}\n.* on the nearest files:${time}\n$`;
  t.match(stdout, new RegExp(told));
});

t.test('from the command line', async (t) => {
  const run = runNode(['dist/dev/bench/bench.js', '--json', '--rounds', '1', '--ops', '20', '--sizes', '10']);
  t.equal(run.status, 0);
  const { results }: { results: { load: string; n: number; nsPerOp: number }[] } = JSON.parse(run.stdout);
  t.same(
    results.map(({ load, n }) => `${load} ${n}`),
    ['churn 10', 'protect 10', 'lookup 10'],
  );
  const none = runNode(['dist/dev/bench/bench.js', '--kernel', '/nonexistent']);
  t.equal(none.status, 2);
  t.match(none.stderr, /^bench: \/nonexistent: no kernel tree with tools\/testing\/vma\n$/);
});
