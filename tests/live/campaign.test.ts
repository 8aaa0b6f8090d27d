// SPDX-License-Identifier: GPL-2.0-only
/** Many programs on all cores: what a campaign makes of what its workers say, or do not say. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { LiveCampaign } from '../../dev/live/campaign.js';
import { ROOT, runNode } from '../house/project.js';

/** A worker that does this with each seed; calls are counted in shared[0], the live side's group is shared[1]. */
function worker(onSeed: string): URL {
  const text = `
    import { parentPort, workerData } from 'node:worker_threads';
    const shared = new Int32Array(workerData.shared);
    parentPort.on('message', (seed) => { ${onSeed} });`;
  return new URL(`data:text/javascript,${encodeURIComponent(text)}`);
}

const FINE = 'shared[0] += 10; parentPort.postMessage({ seed, calls: 10, difference: null });';
const campaign = { seed: 50, runs: 7, operations: 10, every: 1, jobs: 2, patience: 60_000 };

t.test('all programs are compared, each once', async (t) => {
  const told: number[] = [];
  const end = await new LiveCampaign({ ...campaign, worker: worker(FINE) }, (done) => told.push(done)).run();
  t.same(end, { programs: 7, calls: 70, difference: null, hanging: null });
  t.same(told, [1, 2, 3, 4, 5, 6, 7]);
});

t.test('the first difference ends it', async (t) => {
  const difference = "{ seed, file: 'f', trace: 't', what: 'w', said: 's' }";
  const module = worker(`parentPort.postMessage({ seed, calls: 10, difference: seed === 53 ? ${difference} : null });`);
  const end = await new LiveCampaign({ ...campaign, runs: 1000, worker: module }).run();
  t.equal(end.difference?.seed, 53);
  t.ok(end.programs < 10, `${end.programs} programs`);
});

t.test('a side that does not come back is found, and told from one that only takes long', async (t) => {
  const loops = worker(
    'if (seed === 52) for (;;); else setTimeout(() => { shared[0]++; parentPort.postMessage({ seed, calls: 1, difference: null }); }, 20);',
  );
  const end = await new LiveCampaign({ ...campaign, patience: 800, worker: loops }).run();
  t.match(end.hanging, /the port does not come back: seed 52/);
});

t.test('a worker that has nothing left to do is waited for', async (t) => {
  const slow = worker(
    'setTimeout(() => { parentPort.postMessage({ seed, calls: 1, difference: null }); }, seed === 51 ? 2000 : 0); if (seed === 51) setInterval(() => shared[0]++, 50);',
  );
  const end = await new LiveCampaign({ ...campaign, runs: 2, patience: 800, worker: slow }).run();
  t.same(end, { programs: 2, calls: 2, difference: null, hanging: null });
});

t.test('a worker that cannot go on ends it, with the reason', async (t) => {
  const end = await new LiveCampaign({ ...campaign, worker: worker("throw new Error('no live side any more')") }).run();
  t.match(end.hanging, /no live side any more: seed 5\d/);
});

t.test('a campaign that is stopped has done what it has done', async (t) => {
  const one = new LiveCampaign({ ...campaign, runs: 1000, worker: worker(FINE) }, (done) => {
    if (done === 20) one.stop();
  });
  const { programs, difference, hanging } = await one.run();
  t.ok(programs >= 20 && programs < 1000);
  t.same([difference, hanging], [null, null]);
});

t.test('the command: a probe, programs on this kernel, and why not where there is no compiler', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'vma-userland-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const live = (...args: string[]) => runNode([join(ROOT, 'dist/dev/live/live.js'), ...args], { cwd: folder });
  const probe = live('--probe');
  t.equal(probe.status, 0, probe.stderr);
  t.match(probe.stdout, /^(kernel: .*|live: skipped: .*)\n/);
  const run = live('--runs', '2', '--ops', '30', '--seed', '1', '--jobs', '1');
  // On another kernel there may be something to find.
  if (run.status === 1) t.same(readdirSync(folder), ['live-1.trace'], run.stdout);
  else t.match(run.stdout, /^(\d+ calls in 2 programs from seed 1: no difference|live: skipped)/);
  const without = runNode([join(ROOT, 'dist/dev/live/live.js')], {
    env: { ...process.env, PATH: folder },
    cwd: folder,
  });
  t.equal(without.status, 0);
  t.match(without.stdout, /^live: skipped: .*\n$/);
  t.equal(live('--seed', 'x').status, 2);
  t.equal(live('--probe', '--selftests').status, 2);
});
