// SPDX-License-Identifier: GPL-2.0-only
/** Many traces on all cores: that agree, that differ, that hang; ended early, and gone on with. */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { type Campaign, CampaignRun } from '../../dev/conform/campaign.js';
import { compareSeed } from '../../dev/conform/compare.js';
import { KeptError, readKept, writeKept } from '../../dev/conform/kept.js';
import { Meter } from '../../dev/conform/meter.js';
import { portAgrees, portSide } from '../../dev/conform/sides.js';
import { NUM_VMA_FLAG_BITS } from '../../include/vma_flags.js';
import { ROOT } from '../house/project.js';

/** A program that answers traces as the port does, its answers passed through a filter. */
function programOf(test: Test, filter: string): string {
  const program = join(test.testdir({}), 'program');
  writeFileSync(program, `#!/bin/sh\n"${process.execPath}" "${join(ROOT, 'dist/tools/cli.js')}" replay | ${filter}\n`);
  chmodSync(program, 0o755);
  return program;
}

function campaignOf(program: string, more: Partial<Campaign> = {}): Campaign {
  return { kind: 'vma', program, seed: 7, runs: 3, operations: 40, jobs: 2, patience: 60_000, done: 0, ...more };
}

t.test('all traces agree', async (t) => {
  const seen: number[] = [];
  const run = new CampaignRun(campaignOf(programOf(t, 'cat')), (done) => seen.push(done));
  const end = await run.run();
  t.match(end, { done: 3, compared: 3, difference: null });
  t.ok(end.kernelShare > 0 && end.kernelShare < 1, 'the kernel had a part of the time');
  t.same(seen, [1, 2, 3]);
  t.equal(run.doneSoFar, 3);
});

t.test('what is done already is not done again', async (t) => {
  const none = new CampaignRun(campaignOf('/nonexistent/program', { done: 3 }));
  t.match(await none.run(), { done: 3, compared: 0, difference: null });
});

t.test('a difference ends it, shortened and said', async (t) => {
  // Something is locked sooner or later.
  const program = programOf(t, "sed 's/locked=[0-9]*/locked=0/'");
  const { difference } = await new CampaignRun(campaignOf(program, { jobs: 1, runs: 2 })).run();
  if (difference === null) throw new Error('no difference was found');
  t.equal(difference.file, `conform-vma-${difference.seed}.trace`);
  const lines = difference.trace.trim().split('\n');
  t.same(lines.slice(0, 3), [
    `# vma, seed ${difference.seed}, ${NUM_VMA_FLAG_BITS} flag bits`,
    'calls 1',
    'setsums 1000000 1000000 1000000 1000000 1000000',
  ]);
  t.equal(lines.length, 3, 'the head alone shows it');
  t.match(difference.said, `npx vma-userland replay < ${difference.file}`);
});

t.test('a port that does not come back is named, with operation and seed', async (t) => {
  const worker = join(t.testdir({}), 'loops.mjs');
  writeFileSync(
    worker,
    `import { parentPort, workerData } from 'node:worker_threads';
     parentPort.on('message', () => {
       Atomics.store(new Int32Array(workerData.answered), 0, 2);
       for (;;);
     });`,
  );
  const run = new CampaignRun(campaignOf('none', { worker: pathToFileURL(worker), patience: 200, jobs: 1, seed: 11 }));
  const { difference, compared } = await run.run();
  t.equal(compared, 0);
  t.match(difference?.what, /^the port does not come back: seed 11, operation 3: \w+/);
  t.equal(difference?.said, 'no answer for 0.2 s; conform-vma-11.trace ends with that operation\n');
  t.equal(difference?.trace.trim().split('\n').length, 4, 'its head line, two operations and the one that hangs');
});

t.test('a worker that breaks is no difference', async (t) => {
  await t.rejects(new CampaignRun(campaignOf('/nonexistent/program')).run(), /ENOENT/);
});

t.test('one that is stopped says how far it came', async (t) => {
  const run = new CampaignRun(
    campaignOf(programOf(t, 'cat'), { runs: 1000, jobs: 1 }),
    (done) => done === 2 && run.stop(),
  );
  t.match(await run.run(), { done: 2, compared: 2, difference: null });
});

t.test('where a campaign goes on is kept in a file', async (t) => {
  const folder = t.testdir({});
  const file = join(folder, 'kept.json');
  t.equal(readKept(file), null);
  const kept = { seed: 5, runs: 9, ops: 100, bits: NUM_VMA_FLAG_BITS, done: { tree: 9, vma: 4, syscalls: 1 } };
  writeKept(file, kept);
  t.same(readKept(file), kept);
  t.same(readdirSync(folder), ['kept.json']);
  t.match(readFileSync(file, 'utf8'), /\n$/);
  for (const wrong of [
    'nothing',
    '{}',
    JSON.stringify({ ...kept, done: { trees: 1 } }),
    JSON.stringify({ ...kept, done: null }),
    JSON.stringify({ ...kept, seed: -1 }),
  ]) {
    writeFileSync(file, wrong);
    t.throws(() => readKept(file), new KeptError(`${file}: no campaign to go on with`));
  }
  writeKept(file, { ...kept, bits: 32 });
  t.throws(() => readKept(file), /a campaign with 32 flag bits, not /);
});

t.test('answers are compared as they come', async (t) => {
  const trace = 'mmap 10000 1000 33 10 0\nfault 10000\n';
  const answer = portSide('vma')(trace);
  let answered = 0;
  t.ok(portAgrees('vma', trace, answer, () => answered++));
  t.equal(answered, 2);
  t.notOk(portAgrees('vma', trace, { ...answer, output: `${answer.output}more` }));
  t.notOk(portAgrees('vma', trace, { ...answer, output: answer.output.replace('fault 1', 'fault 0') }));
  t.notOk(portAgrees('vma', trace, { ...answer, failure: 'ended by SIGSEGV' }));
  t.equal(compareSeed({ kind: 'tree', kernel: portSide('tree') }, 3, 60), null);
});

t.test('a meter says how fast it went', async (t) => {
  const meter = new Meter('tree', 10, 1000, 0);
  meter.show(1);
  const rate = meter.rate(1);
  meter.stop();
  t.ok(rate > 0 && rate <= 1_000_000, `${rate} operations a second`);
});
