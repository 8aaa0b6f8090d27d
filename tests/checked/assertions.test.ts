// SPDX-License-Identifier: GPL-2.0-only
/**
 * Every lock that a function says it needs: with it the function is silent, without it the world says so, by its name. And
 * every place that may sleep, under a spinlock. The list is held against the sources.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckedWorld, test, World } from '../../harness/index.js';
import {
  anon_vma,
  dup_anon_vma,
  expand_downwards,
  find_vma,
  find_vma_intersection,
  list_head,
  mk_vma_flags,
  mm_drop_all_locks,
  mm_take_all_locks,
  mmap_region,
  Ref,
  VMA_GROWSDOWN_BIT,
  VMA_ITERATOR,
  VMA_MAYREAD_BIT,
  VMA_OP_SPLIT,
  VMA_READ_BIT,
  VMA_WRITE_BIT,
  vm_area_alloc,
  vm_area_desc,
  type vm_area_struct,
  vm_flags_reset,
  vma_expand,
  vma_merge_existing_range,
  vma_merge_new_range,
  vma_merge_struct,
} from '../../lib/index.js';
import { mmput } from '../../lib/kernel/fork.js';
import { faultin_page_range, populate_vma_page_range } from '../../lib/mm/gup.js';
import { vma_assert_can_modify, vma_mark_attached, vma_mark_detached } from '../../lib/mm/inlines/lifecycle.js';
import { ksm_disable } from '../../lib/mm/ksm.js';
import { map_kernel_pages_prepare } from '../../lib/mm/memory.js';
import { do_mmap } from '../../lib/mm/mmap/do_mmap.js';
import { tear_down_vmas } from '../../lib/mm/mmap/exit.js';
import { check_map_count_against_split_early, vma_remap_struct } from '../../lib/mm/mremap/vrm.js';
import { __anon_vma_prepare, anon_vma_clone, anon_vma_free, unlink_anon_vmas } from '../../lib/mm/rmap.js';
import { remove_vma } from '../../lib/mm/vma/munmap.js';
import { ROOT } from '../house/project.js';
import { LEN, Space, START } from './broken.js';
import { MIDDLE } from './cases.js';

/** What a function needs: mmap_lock at all, or for writing; a VMA marked; or that it may sleep. */
type Need = 'mmap_assert_locked' | 'mmap_assert_write_locked' | 'vma_assert_write_locked' | 'might_sleep';

/** The function, what it needs, and a call of it on memory that is mapped and a VMA in no tree. */
type Row = readonly [
  fn: string,
  need: Need,
  call: (space: Space, vma: vm_area_struct, other: vm_area_struct) => unknown,
];

/** A merge of the hole behind the VMA. */
function hole(space: Space, vma: vm_area_struct): vma_merge_struct {
  const vmg = new vma_merge_struct(VMA_ITERATOR(space.mm, vma.vm_end));
  vmg.mm = space.mm;
  vmg.prev = vma;
  vmg.start = vma.vm_end;
  vmg.end = vma.vm_end + LEN;
  vmg.vma_flags = mk_vma_flags(VMA_READ_BIT);
  vmg.pgoff = vmg.anon_pgoff = vmg.start / 0x1000;
  return vmg;
}

function grown(space: Space, vma: vm_area_struct): vma_merge_struct {
  const vmg = hole(space, vma);
  vmg.start = vma.vm_start;
  vmg.target = vma;
  vmg.pgoff = vmg.anon_pgoff = vma.vm_pgoff;
  return vmg;
}

/** Its first half, to be merged with what lies before it. */
function part(space: Space, vma: vm_area_struct): vma_merge_struct {
  const vmg = hole(space, vma);
  vmg.vmi = VMA_ITERATOR(space.mm, START);
  vmg.vmi.mas.index = START;
  vmg.prev = null;
  vmg.middle = vma;
  vmg.start = START;
  vmg.end = MIDDLE;
  vmg.pgoff = vmg.anon_pgoff = vma.vm_pgoff;
  return vmg;
}

/** As the kernel has one that is about to be freed. */
function unused(space: Space): anon_vma {
  const anon = space.world.rmap.newAnonVma();
  anon.refcount = 0;
  anon.root = anon;
  return anon;
}

const ROWS: readonly Row[] = [
  ['anon_vma_free', 'might_sleep', (space) => anon_vma_free(unused(space))],
  ['__anon_vma_prepare', 'mmap_assert_locked', (_space, vma) => __anon_vma_prepare(vma)],
  ['__anon_vma_prepare', 'might_sleep', (_space, vma) => __anon_vma_prepare(vma)],
  [
    'check_anon_vma_clone',
    'mmap_assert_write_locked',
    (_space, vma, other) => anon_vma_clone(other, vma, VMA_OP_SPLIT),
  ],
  ['unlink_anon_vmas', 'mmap_assert_locked', (_space, vma) => unlink_anon_vmas(vma)],
  [
    'do_mmap',
    'mmap_assert_write_locked',
    () => do_mmap(null, 0, 0, 0, 0, mk_vma_flags(), 0, new Ref(0), new list_head()),
  ],
  [
    'tear_down_vmas',
    'mmap_assert_write_locked',
    ({ mm }, vma) => tear_down_vmas(mm, VMA_ITERATOR(mm, 0), vma, 2 ** 40),
  ],
  [
    'map_kernel_pages_prepare',
    'mmap_assert_write_locked',
    ({ mm }) => map_kernel_pages_prepare(Object.assign(new vm_area_desc(), { mm })),
  ],
  ['ksm_disable', 'mmap_assert_write_locked', ({ mm }) => ksm_disable(mm)],
  ['find_vma_intersection', 'mmap_assert_locked', ({ mm }) => find_vma_intersection(mm, START, MIDDLE)],
  ['find_vma', 'mmap_assert_locked', ({ mm }) => find_vma(mm, START)],
  ['vma_assert_can_modify', 'vma_assert_write_locked', (_space, vma) => vma_assert_can_modify(vma)],
  ['vma_mark_attached', 'vma_assert_write_locked', (_space, _vma, other) => vma_mark_attached(other)],
  ['vma_mark_detached', 'vma_assert_write_locked', (_space, vma) => vma_mark_detached(vma)],
  ['vm_flags_reset', 'vma_assert_write_locked', (_space, vma) => vm_flags_reset(vma, 1n)],
  ['populate_vma_page_range', 'mmap_assert_locked', (_space, vma) => populate_vma_page_range(vma, START, MIDDLE)],
  ['faultin_page_range', 'mmap_assert_locked', ({ mm }) => faultin_page_range(mm, START, MIDDLE, false)],
  [
    '__check_map_count_against_split',
    'mmap_assert_write_locked',
    () =>
      check_map_count_against_split_early(
        new vma_remap_struct(
          { addr: START, old_len: LEN, new_len: LEN, flags: 0, new_addr: 0 },
          { early: new list_head(), late: new list_head() },
        ),
      ),
  ],
  ['mm_take_all_locks', 'mmap_assert_write_locked', ({ mm }) => mm_take_all_locks(mm)],
  ['mm_drop_all_locks', 'mmap_assert_write_locked', ({ mm }) => mm_drop_all_locks(mm)],
  ['remove_vma', 'might_sleep', (_space, _vma, other) => remove_vma(other)],
  ['mmput', 'might_sleep', ({ mm }) => mmput(Object.assign(mm, { mm_users: 2 }))],
  [
    'mmap_region',
    'mmap_assert_write_locked',
    () => mmap_region(null, 2 * START, LEN, mk_vma_flags(VMA_READ_BIT), 2 * (START / 0x1000), null),
  ],
  [
    'dup_anon_vma',
    'vma_assert_write_locked',
    (_space, vma, other) => {
      vma.anon_vma = new anon_vma();
      return dup_anon_vma(other, vma, new Ref<vm_area_struct | null>(null));
    },
  ],
  ['assertExistingRange', 'mmap_assert_write_locked', (space, vma) => vma_merge_existing_range(part(space, vma))],
  ['vma_merge_new_range', 'mmap_assert_write_locked', (space, vma) => vma_merge_new_range(hole(space, vma))],
  ['vma_expand', 'mmap_assert_write_locked', (space, vma) => vma_expand(grown(space, vma))],
  [
    'expand_downwards',
    'mmap_assert_write_locked',
    (_space, vma) => {
      vma.flags = mk_vma_flags(VMA_GROWSDOWN_BIT, VMA_READ_BIT, VMA_WRITE_BIT, VMA_MAYREAD_BIT);
      return expand_downwards(vma, 0);
    },
  ],
];

/** Takes from the space what the function needs. */
const TAKE: Readonly<Record<Need, (space: Space) => void>> = {
  mmap_assert_locked: ({ world, mm }) => world.locks.mmapWriteUnlock(mm),
  mmap_assert_write_locked: ({ world, mm }) => world.locks.mmapWriteDowngrade(mm),
  // Marks end with the lock.
  vma_assert_write_locked: ({ world, mm }) => {
    world.locks.mmapWriteUnlock(mm);
    world.locks.mmapWriteLock(mm);
  },
  might_sleep: ({ world, mm }) => world.stubs.spin_lock(mm.page_table_lock),
};

const SAYS: Readonly<Record<Need, string>> = {
  mmap_assert_locked: 'lock assertion: mmap_lock is not held at all at',
  mmap_assert_write_locked: 'lock assertion: mmap_lock is not held for writing at',
  vma_assert_write_locked: 'lock assertion: the VMA is not held for writing at',
  might_sleep: 'sleep: page_table_lock is held, since .*, where one may sleep, at',
};

/** What the world says of the function's own check. */
function saidOf([fn, need, call]: Row, take: boolean): string[] {
  const world = new CheckedWorld();
  const said = new RegExp(`^${SAYS[need]} (?:\\w+\\.)?${fn} \\(`);
  return new World(world.worldOptions()).run(() => {
    const space = new Space(world);
    const vma = space.map();
    const other = vm_area_alloc(space.mm);
    if (other === null) throw new Error('out of memory');
    world.stubs.vma_start_write(other);
    if (take) TAKE[need](space);
    try {
      call(space, vma, other);
    } catch {
      // Without the lock it may find anything.
    }
    return world.takeComplaints().filter((text) => said.test(text));
  });
}

for (const row of ROWS) {
  const [fn, need] = row;
  test(`${fn}: ${need}`, { stubs: 'checked' }, (t) => {
    t.ASSERT_EQ(saidOf(row, false).join(' | '), '', 'silent with it');
    // vma_expand() goes on to mark the VMA, which wants the same lock.
    t.ASSERT_EQ(saidOf(row, true).length, fn === 'vma_expand' ? 2 : 1, 'said without');
  });
}

/** Each function of lib/ with what it asserts. */
function assertedInSources(): string[] {
  const found: string[] = [];
  for (const name of readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    let fn = '';
    for (const line of readFileSync(join(ROOT, 'lib', name), 'utf8').split('\n')) {
      fn = /^(?:export )?function (\w+)/.exec(line)?.[1] ?? fn;
      const need = /stubs\.(mmap_assert_locked|mmap_assert_write_locked|vma_assert_write_locked|might_sleep)\(/.exec(
        line,
      );
      if (need !== null) found.push(`${fn}: ${need[1]}`);
    }
  }
  return found.sort();
}

test('every assertion of the sources has its row', (t) => {
  t.equal(ROWS.map(([fn, need]) => `${fn}: ${need}`).sort(), assertedInSources());
});
