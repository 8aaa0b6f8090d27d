// SPDX-License-Identifier: GPL-2.0-only
/**
 * Every exported operation, in trees whose leaf is full or half full, on files with hooks, on huge pages, on faulted
 * memory: each call that can fail does, once, and detectors judge what is left. A new operation needs a scenario.
 */
import t from 'tap';
import * as api from '../../lib/index.js';
import { CHANGE } from './doors_change.js';
import { MAP } from './doors_map.js';
import { PROCESS } from './doors_process.js';
import { newSurvey, survey } from './judge.js';
import { Space, VARIANTS, variantName } from './space.js';

const AREA = [0x10000, 0x20000] as const;
const DOORS = { ...CHANGE, ...MAP, ...PROCESS };

/** Scenarios in which nothing can fail. */
const INFALLIBLE = [
  'read_user_byte',
  'read_user_bytes',
  'unlink_file_vma_batch_add, _process, _final and vma_link_file',
  'unmapped_area and unmapped_area_topdown',
  'vm_flags_set and vm_flags_clear',
];

/** Operations that are system calls: calls.test.ts walks over them, by way of a process. */
export const SYSTEM_CALLS = [
  'brk',
  'madvise',
  'mlock',
  'mlock2',
  'mlockall',
  'mmap',
  'mprotect',
  'mremap',
  'mseal',
  'munlock',
  'munlockall',
  'munmap',
  'pkey_mprotect',
  'prctl',
  'process_madvise',
  'remap_file_pages',
];

/** Of trees, not of VMAs. */
const OF_TREES = ['mtree_destroy'];

/** What lib/doors has a world watch, by what is written there. */
function operations(): string[] {
  const sources = Object.values(api).map((value) => (typeof value === 'function' ? `${value}` : ''));
  return sources.flatMap((source) => [...source.matchAll(/\bwatched\(['"](\w+)['"]/g)].map(([, name = '']) => name));
}

const begun = new Set<string>();

for (const variant of VARIANTS) {
  t.test(variantName(variant), async (t) => {
    const found = newSurvey();
    for (const [name, door] of Object.entries(DOORS)) {
      survey(t, found, name, variant, { range: AREA, ...door }, (vt) => {
        const s = new Space(vt, variant);
        const ready = door.prepare(s);
        s.crowd(0x12000);
        return { mm: s.mm, files: s.file === null ? [] : [s.file], ...ready };
      });
    }
    for (const name of found.begun) begun.add(name);
    t.same(found.refused, [], 'all go well when nothing fails');
    t.same(found.infallible.sort(), INFALLIBLE);
    t.same(found.known, [], "nothing is wrong in a way that is upstream's");
    t.comment(`${found.points} points of failure`);
    t.ok(found.points > 500);
  });
}

t.test('every exported operation is walked over', async (t) => {
  const all = operations();
  t.ok(all.length > 80, `${all.length} operations`);
  const missing = all.filter((name) => ![...begun, ...SYSTEM_CALLS, ...OF_TREES].includes(name));
  t.same(missing, []);
  t.same(
    SYSTEM_CALLS.filter((name) => !all.includes(name)),
    [],
  );
});
