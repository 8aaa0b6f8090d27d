// SPDX-License-Identifier: GPL-2.0-only
/**
 * Every call of a process, in trees whose leaf is full or half full, on files with hooks, on huge pages, on memory that
 * is used: each call that can fail does, once, and detectors judge what is left. A new call needs a row.
 */
import t from 'tap';
import { Process } from '../../harness/process/process.js';
import { RawCalls } from '../../harness/process/raw.js';
import { ENOMEM } from '../../lib/index.js';
import { BASE, CALLS } from './calls.js';
import { newSurvey, survey } from './judge.js';
import { ProcessSpace, VARIANTS, variantName } from './space.js';

/** Members of a process that ask, or set what is not memory, and parts of calls. */
const NO_CALLS = new Set([
  'capabilities',
  'constructor',
  'file',
  'fileFor',
  'getrlimit',
  'isAlive',
  'mapEntries',
  'maps',
  'memory',
  'mm',
  'mustLive',
  'ofMemory',
  'pagemap',
  'pid',
  'procmapQuery',
  'result',
  'run',
  'setMaxMapCount',
  'setOvercommit',
  'smapEntries',
  'smaps',
  'smapsRollup',
  'touchPages',
]);

/** Calls in which nothing can fail. */
const INFALLIBLE = [
  'addSeals',
  'close',
  'fallocate',
  'ftruncate',
  'memfd_create',
  'open',
  'personality',
  'read',
  'readBytes',
  'setrlimit',
  'unlink',
];

for (const variant of VARIANTS) {
  t.test(variantName(variant), async (t) => {
    const found = newSurvey();
    for (const [name, { prepare, ...judged }] of Object.entries(CALLS)) {
      survey(
        t,
        found,
        name,
        variant,
        { range: [BASE, BASE + 16 * 4096], ...judged },
        (vt) => {
          const s = new ProcessSpace(vt, variant);
          const run = prepare(s, s.p);
          s.crowd(judged.range?.[0] ?? BASE);
          // The process exits with its world.
          return { mm: s.mm, run, end: () => {} };
        },
        variant.kind === 'plain',
      );
    }
    const driver = variant.kind === 'hooks' || variant.kind === 'hugetlb';
    t.same(found.refused, driver ? [`mlock, ${variant.kind}: ${-ENOMEM}`] : [], 'it cannot populate what has no pages');
    t.same(found.infallible.sort(), INFALLIBLE);
    t.same(found.known, ['mremap', 'mremap of a part'], 'as upstream');
    t.comment(`${found.points} points of failure`);
    t.ok(found.points > 250);
  });
}

t.test('every call of a process has a row, and no row is of none', async (t) => {
  const members = [RawCalls, Process].flatMap((of) => Object.getOwnPropertyNames(of.prototype));
  const calls = [...new Set(members.filter((name) => !NO_CALLS.has(name)))];
  const rows = new Set(Object.keys(CALLS).map((name) => name.split(' ')[0]));
  t.same(calls.sort(), [...rows].sort());
  t.same(
    [...NO_CALLS].filter((name) => !members.includes(name)),
    [],
  );
});
