// SPDX-License-Identifier: GPL-2.0-only
/** How soon random operations find a bug: measured on a copy, kept bug by bug. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Bug } from '../../dev/bugs/bug.js';
import { type Chance, chanceOf, chances, recordChances, tellChance, tryOnce } from '../../dev/bugs/chance.js';
import { Copy } from '../../dev/bugs/hunt.js';
import { BUGS, INVENTED, UPSTREAM } from '../../dev/bugs/list.js';
import { ROOT, runNode } from '../house/project.js';

/** As many as were found by chance when that was measured last, of upstream's and of those that nobody had. */
const FOUND = 30;
const FOUND_INVENTED = 28;

t.test('a bug that comes soon, one that ends the process, and none', async (t) => {
  const copy = new Copy(ROOT);
  t.teardown(() => copy.remove());
  const soon = BUGS.find(({ id }) => id === 'A25');
  if (soon === undefined) throw new Error('A25 is not on the list');
  const chance = await chanceOf(copy, soon, 2, 3000);
  t.match(chance, { id: 'A25', tries: [Number, Number], median: Number, says: /^lock assertion: i_mmap_rwsem/ });
  t.equal(chance.median, Math.min(...chance.tries.map((operations) => operations ?? Infinity)), 'the lower of two');
  const ends: Bug = { ...soon, changes: [[soon.changes[0]?.[0] ?? '', '    process.exit(0);\n']] };
  t.equal((await chanceOf(copy, ends, 1, 3000)).says, 'the process ends');
  await copy.withBugIn({ ...soon, changes: [] }, async (folder) => {
    t.same(await tryOnce(folder, 1, 250), { operations: null, says: null });
  });
  t.same(
    await chanceOf(copy, { ...soon, changes: [] }, 3, 250),
    {
      id: 'A25',
      tries: [null, null],
      median: null,
      says: null,
    },
    'the third seed cannot change it',
  );
});

t.test('what was measured of a bug takes the place of what was', async (t) => {
  const root = t.testdir();
  mkdirSync(join(root, 'tests/bugs'), { recursive: true });
  t.same(chances(root), []);
  const [one, other] = BUGS.map(({ id }): Chance => ({ id, tries: [5, null], median: 5, says: 'leak' }));
  if (one === undefined || other === undefined) throw new Error('there are no bugs');
  recordChances(root, UPSTREAM, [other]);
  recordChances(root, UPSTREAM, [one]);
  t.same(chances(root), [one, other], 'in the order of the list');
  recordChances(root, UPSTREAM, [{ ...one, median: 7 }]);
  t.equal(chances(root)[0]?.median, 7);
  t.match(readFileSync(join(root, UPSTREAM.chance), 'utf8'), /^\[\n\{.*\},\n\{.*\}\n\]\n$/);
  t.equal(tellChance(one), `${one.id}: 5 operations, by leak (5 -)`);
  t.equal(tellChance({ ...one, median: null, says: null }), `${one.id}: not found (5 -)`);
});

t.test('as many are found by chance as were', async (t) => {
  const found = (list: typeof UPSTREAM): number => chances(ROOT, list).filter(({ median }) => median !== null).length;
  t.equal(found(UPSTREAM), FOUND);
  t.equal(found(INVENTED), FOUND_INVENTED);
  for (const list of [UPSTREAM, INVENTED]) {
    const ids = list.bugs.map(({ id }) => id);
    t.same(
      chances(ROOT, list).filter(({ id }) => !ids.includes(id)),
      [],
    );
  }
});

t.test('the table of the record is printed without a run', async (t) => {
  const { status, stdout } = runNode(['dist/dev/bugs/bugs.js', '--table', 'A25']);
  t.equal(status, 0);
  t.match(stdout, /^\| bug \|.*by chance \|\n\| --- .*\n\| A25 \|.*\n$/);
});

t.test('the command tells how soon random operations find a bug', async (t) => {
  const args = ['A25', '--chance', '--seeds', '1', '--cap', '3000', '--jobs', '1'];
  const { status, stdout, stderr } = runNode(['dist/dev/bugs/bugs.js', ...args]);
  t.equal(stdout, '1 bugs, 1 found by chance within 3000 operations, in the median of 1 seeds\n');
  t.match(stderr, /^A25\b/m);
  t.equal(status, 0);
});
