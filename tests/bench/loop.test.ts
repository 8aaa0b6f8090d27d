// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { EDITED, measureLoop, median } from '../../dev/bench/loop.js';
import { ROOT, runNode } from '../house/project.js';

t.test('the median', async (t) => {
  t.equal(median([3]), 3);
  t.equal(median([10, 1, 2]), 2);
  t.equal(median([4, 1, 2, 100]), 3);
  t.throws(() => median([]), new RangeError('median: values is empty'));
});

t.test('from an edit to the verdict', async (t) => {
  const before = readFileSync(join(ROOT, EDITED), 'utf8');
  const script = `
    const edits = require('fs').readFileSync('${EDITED}', 'utf8').match(/^\\/\\/ edit /gm);
    console.log(edits.length + ' tests run, 1 passed, ' + (edits.length > 3 ? 1 : 0) + ' failed.')`;
  const times = await measureLoop(ROOT, 2, [process.execPath, '-e', script]);
  t.equal(times.length, 2);
  t.ok(times.every(({ wall }) => wall > 1 && wall < 60_000));
  t.ok(
    times.every(({ wall, cpu }) => cpu > 0 && cpu < 4 * wall + 1000),
    'and of processors',
  );
  await t.rejects(measureLoop(ROOT, 3, [process.execPath, '-e', script]), /no good verdict but: 4 tests run/);
  await t.rejects(measureLoop(ROOT, 1, [process.execPath, '-e', 'process.exit(1)']), /no good verdict/);
  t.equal(readFileSync(join(ROOT, EDITED), 'utf8'), before, 'a copy is edited, not the project');
});

t.test('many VMAs in one address space: none is left, and the heap is told', async (t) => {
  const { status, stdout } = runNode(['--expose-gc', 'dist/dev/bench/bench.js', '--long', '--sizes', '1000']);
  t.equal(status, 0);
  t.match(
    stdout,
    /^1,000 VMAs mapped, split, merged and unmapped, at most 1,002 at a time; heap [\d.]+ MiB before, [\d.]+ MiB full, [\d.]+ MiB after \(-?[\d.]+ %\)\n$/,
  );
});

t.test('a command line that cannot be used', async (t) => {
  const cases: [string[], RegExp][] = [
    [['--rounds', '0'], /A number from 1/],
    [['--edits', 'x'], /A number from 1/],
    [['--ops', '0'], /A number from 1 on is wanted/],
    [['--frobnicate'], /unknown option/],
  ];
  for (const [args, message] of cases) {
    const { status, stderr } = runNode(['dist/dev/bench/bench.js', ...args]);
    t.equal(status, 2, args.join(' '));
    t.match(stderr, message);
  }
});
