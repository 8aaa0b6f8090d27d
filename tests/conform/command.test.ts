// SPDX-License-Identifier: GPL-2.0-only
/** `npm run conform` from end to end, on a tree whose code is the port: it agrees, and where its answers are falsified it does not. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { readKept } from '../../dev/conform/kept.js';
import { NUM_VMA_FLAG_BITS } from '../../include/vma_flags.js';
import { type Finished, ROOT, runNode } from '../house/project.js';
import { fakeTree, portProgram } from './fake_tree.js';

interface Run extends Finished {
  /** The folder that it ran in. */
  cwd: string;
}

function conform(test: Test, program: string, ...args: string[]): Run {
  const { kernel, PATH } = fakeTree(test, program);
  const cwd = join(kernel, '..');
  const run = runNode([join(ROOT, 'dist/dev/conform/conform.js'), '--kernel', kernel, ...args], {
    cwd,
    env: { PATH, KERNEL: undefined },
  });
  return { ...run, cwd };
}

const SMALL = ['--only', 'tree', '--ops', '30', '--seed', '5', '--jobs', '1'];

t.test('no difference, and how far it came is kept', async (t) => {
  const kept = join(t.testdir({}), 'campaign.json');
  const { status, stdout, stderr } = conform(t, portProgram(), ...SMALL, '--runs', '2', '--continue', kept);
  t.equal(stdout, `60 tree operations in 2 traces from seed 5, ${NUM_VMA_FLAG_BITS} flag bits: no difference\n`);
  t.match(stderr, /^[\d,]+ operations a second; the kernel's code had \d+ % of the time, the port \d+ %$/m);
  t.equal(status, 0);
  const campaign = { seed: 5, runs: 2, ops: 30, bits: NUM_VMA_FLAG_BITS };
  t.match(readKept(kept), { ...campaign, done: { tree: 2 } });

  const again = conform(t, 'exit 1', '--only', 'tree', '--continue', kept);
  t.equal(again.status, 0, 'nothing is left to be compared');
  t.equal(again.stdout, stdout);
  t.equal(again.stderr, '');
});

t.test('shards have traces of their own, and say so to a merge', async (t) => {
  const folder = t.testdir({});
  const parts = ['1/2', '2/2'].map((shard, i) => {
    const path = join(folder, `${i}.json`);
    const run = conform(t, portProgram(), ...SMALL, '--runs', '3', '--shard', shard, '--json', path);
    t.equal(run.status, 0, run.stderr);
    return { path, stdout: run.stdout };
  });
  t.match(parts[0]?.stdout, /^30 tree operations in 1 traces from seed 5, /);
  t.match(parts[1]?.stdout, /^60 tree operations in 2 traces from seed 6, /);
  const whole = runNode(['dist/dev/shards/merge.js', ...parts.map(({ path }) => path)]);
  t.match(whole.stdout, /^tree: 90 operations in 3 runs from seed 5, \d+ flag bits: no difference$/m, whole.stderr);
  const drawn = conform(t, portProgram(), '--only', 'tree', '--shard', '1/2');
  t.equal(drawn.status, 2);
  t.match(drawn.stderr, /--shard: without --seed each part would draw its own/);
});

t.test('a difference is written to a file, and ends with status 1', async (t) => {
  const { status, stdout, cwd } = conform(t, portProgram("sed '$ s/^/not /'"), ...SMALL, '--runs', '1');
  t.equal(status, 1);
  t.match(stdout, /^tree: /);
  t.match(stdout, /kernel, operation \d+ +≠ port, operation \d+/);
  t.same(
    readdirSync(cwd).filter((name) => name.startsWith('conform-')),
    ['conform-tree-5.expected', 'conform-tree-5.trace'],
  );
});

t.test('a tree that stops to answer cannot be compared', async (t) => {
  const { status, stdout } = conform(t, 'kill -9 $$', ...SMALL, '--runs', '1');
  t.equal(status, 1);
  t.match(stdout, 'ended by SIGKILL');
});

t.test('answers to a trace that is kept are recorded', async (t) => {
  const name = join(t.testdir({}), 'maple-1');
  writeFileSync(`${name}.trace.gz`, gzipSync('set 5\nwalk\n'));
  const good = conform(t, portProgram(), '--record', name);
  t.equal(good.status, 0, good.stderr);
  t.equal(
    gunzipSync(readFileSync(`${name}.expected.gz`)).toString(),
    'set 0 index=5 last=5 start\nwalk 0 index=0 last=max none\n',
  );
  const other = join(t.testdir({}), 'maple-2');
  writeFileSync(`${other}.trace.gz`, gzipSync('set 5\n'));
  const bad = conform(t, 'echo why >&2; exit 7', '--record', other);
  t.equal(bad.status, 2);
  t.match(bad.stderr, /maple-2: the kernel's code ended with status 7: why\n$/);
  t.notOk(existsSync(`${other}.expected.gz`));
});
