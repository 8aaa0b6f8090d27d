// SPDX-License-Identifier: GPL-2.0-only
/**
 * The everyday words of a VMA trace: they unmap what is in the way, or count pages, as the callers of the kernel's
 * functions do.
 */
import { linkAnonVma } from '../../../harness/anon_link.js';
import { EFAULT, EINVAL, ENOMEM, IS_ERR, PTR_ERR } from '../../../include/linux/errno.js';
import { PHYS_PFN } from '../../../include/linux/mm.js';
import { type vm_area_struct, vm_unmapped_area_info } from '../../../include/mm_types.js';
import { Ref } from '../../../include/ref.js';
import { unlink_vma_file_batch } from '../../../include/vma.js';
import { VM_LOCKED, type vma_flags_t } from '../../../include/vma_flags.js';
import {
  vma_modify_flags,
  vma_modify_flags_uffd,
  vma_modify_name,
  vma_modify_policy,
  vma_shrink,
} from '../../../lib/doors/change.js';
import { vma_flags_same_pair } from '../../../lib/doors/flags.js';
import {
  for_each_vma_range,
  vma_find,
  vma_iter_load,
  vma_iter_set,
  vma_lookup,
  vma_next,
  vma_prev,
} from '../../../lib/doors/iterator.js';
import {
  __mmap_region,
  __vm_munmap,
  copy_vma,
  do_brk_flags,
  do_vmi_munmap,
  expand_downwards,
  mm_drop_all_locks,
  mm_take_all_locks,
  mmap_region,
  relocate_vma_down,
  unmapped_area,
  unmapped_area_topdown,
} from '../../../lib/doors/map.js';
import {
  __linear_anon_page_index,
  find_mergeable_anon_vma,
  linear_page_index,
  unlink_file_vma_batch_add,
  unlink_file_vma_batch_final,
  unlink_file_vma_batch_init,
  vma_link_file,
  vma_needs_dirty_tracking,
  vma_pages,
  vma_wants_writenotify,
} from '../../../lib/doors/vma.js';
import { stubs } from '../../../stubs/index.js';
import { at } from '../hex.js';
import { changeRange } from '../protect.js';
import type { ReplayedSpace } from '../vma_space.js';
import { extendUncounted, insertUncounted, shrinkable } from './kernel.js';
import { isPlainSearch, searchOf } from './said.js';
import { type Run, WHAT_IT_RETURNS, type Words, word } from './word.js';

function munmap(space: ReplayedSpace, start: number, len: number): number {
  return do_vmi_munmap(space.iterator(start), space.mm, start, len, space.settings.unmaps, false);
}

/** Gives a VMA the flags that a merge may have added to, and counts its pages under those that were asked for. */
function setFlags(
  space: ReplayedSpace,
  vma: vm_area_struct,
  flags: { old: vma_flags_t; want: vma_flags_t; asked: vma_flags_t },
  pages: number,
): void {
  stubs.vma_start_write(vma);
  vma.flags = flags.want;
  space.account(flags.old, -pages);
  space.account(flags.asked, pages);
}

const modify: Run = (space, a) => {
  const asked = space.flagsOf(at(a, 2));
  return changeRange(space.iterator(at(a, 0)), at(a, 0), at(a, 1), (vmi, prev, vma, start, end) => {
    if (vma_flags_same_pair(vma.flags, asked)) return null;
    const flags = { old: vma.flags.clone(), want: asked.clone(), asked };
    const ret = vma_modify_flags(vmi, prev, vma, start, end, flags.want);
    if (!IS_ERR(ret)) setFlags(space, ret, flags, PHYS_PFN(end - start));
    return ret;
  });
};

const name: Run = (space, a) => {
  const given = space.held.names.of(space.settings.name);
  return changeRange(space.iterator(at(a, 0)), at(a, 0), at(a, 1), (vmi, prev, vma, start, end) => {
    const ret = vma_modify_name(vmi, prev, vma, start, end, given);
    if (!IS_ERR(ret)) space.held.setName(ret, given);
    return ret;
  });
};

const policy: Run = (space, a) => {
  const given = space.held.policies.of(space.settings.policy);
  return changeRange(space.iterator(at(a, 0)), at(a, 0), at(a, 1), (vmi, prev, vma, start, end) => {
    const ret = vma_modify_policy(vmi, prev, vma, start, end, given);
    if (!IS_ERR(ret)) space.held.setPolicy(ret, given);
    return ret;
  });
};

const uffd: Run = (space, a) => {
  const vmi = space.iterator(at(a, 0));
  const vma = vma_iter_load(vmi);
  if (vma === null) return -EFAULT;
  const prev = vma_prev(vmi);
  const { vm_start: start, vm_end: end } = vma;
  vma_iter_set(vmi, start);
  vma_find(vmi, end);

  const asked = space.flagsOf(at(a, 1));
  const context = space.held.context(space.settings.context);
  const flags = { old: vma.flags.clone(), want: asked.clone(), asked };
  const ret = vma_modify_flags_uffd(vmi, prev, vma, start, end, flags.want, context, at(a, 2) !== 0);
  if (IS_ERR(ret)) return PTR_ERR(ret);
  setFlags(space, ret, flags, PHYS_PFN(end - start));
  ret.vm_userfaultfd_ctx = context;
  return 0;
};

const fault: Run = ({ mm }, a) => {
  const vma = vma_lookup(mm, at(a, 0));
  if (vma === null || vma.anon_vma !== null) return 0;
  linkAnonVma(vma, find_mergeable_anon_vma(vma));
  return 1;
};

const brk: Run = (space, a) => {
  const [addr, len] = [at(a, 0), at(a, 1)];
  const error = munmap(space, addr, len);
  if (error !== 0) return error;

  const vmi = space.iterator(addr);
  return do_brk_flags(vmi, vma_prev(vmi), addr, len, space.flagsOf(at(a, 2)));
};

const down: Run = (space, a) => {
  const to = at(a, 0);
  const vma = vma_next(space.iterator(to));
  if (vma === null) return -EFAULT;
  return vma.vm_start <= to ? 0 : expand_downwards(vma, to);
};

const extend: Run = (space, a) => {
  const merged = extendUncounted(space, at(a, 0), at(a, 1));
  if (IS_ERR(merged)) return PTR_ERR(merged);
  space.account(merged.flags, PHYS_PFN(at(a, 1)));
  return 0;
};

const region: Run = ({ fileOf, flagsOf, settings }, a) => {
  return mmap_region(fileOf(at(a, 4)), at(a, 0), at(a, 1), flagsOf(at(a, 2)), at(a, 3), settings.unmaps);
};

/** copy_vma() to a place that is unmapped first; a move unmaps the source afterwards. */
function copyTo(space: ReplayedSpace, a: readonly number[], keep_source: boolean): number {
  const { mm } = space;
  const [addr, len, to] = [at(a, 0), at(a, 1), at(a, 2)];
  const source = vma_lookup(mm, addr);
  if (source === null || source.vm_end < addr + len) return -EFAULT;
  if (addr < to + len && to < addr + len) return -EINVAL;

  const error = munmap(space, to, len);
  if (error !== 0) return error;

  const found = vma_lookup(mm, addr);
  if (found === null) return -EFAULT;
  const need_rmap_locks = new Ref(false);
  const pgoff = linear_page_index(found, addr);
  const anon_pgoff = __linear_anon_page_index(found, addr);
  const copy = copy_vma(new Ref(found), to, len, pgoff, anon_pgoff, need_rmap_locks, keep_source);
  if (copy === null) return -ENOMEM;

  space.account(copy.flags, PHYS_PFN(len));
  const unmapError = keep_source ? 0 : munmap(space, addr, len);
  if (unmapError !== 0) return unmapError;
  return need_rmap_locks.value ? 1 : 0;
}

/** relocate_vma_down(), which the harness lets fail once the VMA has grown. */
const relocate: Run = (space, a) => {
  const shift = at(a, 1);
  const vma = vma_lookup(space.mm, at(a, 0));
  if (vma === null) return -EFAULT;
  if (shift > vma.vm_start) return -EINVAL;
  const pages = vma_pages(vma);
  const ret = relocate_vma_down(vma, shift);
  space.account(vma.flags, vma_pages(vma) - pages);
  return ret;
};

const shrink: Run = (space, a) => {
  const [start, end] = [at(a, 1), at(a, 2)];
  const vmi = space.iterator(at(a, 0));
  const vma = shrinkable(vmi, start, end);
  if (IS_ERR(vma)) return PTR_ERR(vma);
  const pages = vma_pages(vma);
  const ret = vma_shrink(vmi, vma, end);
  if (ret === 0) space.account(vma.flags, vma_pages(vma) - pages);
  return ret;
};

const insert: Run = (space, a) => {
  const ret = insertUncounted(space, a);
  if (ret === 0) space.account(space.flagsOf(at(a, 2)), PHYS_PFN(at(a, 1)));
  return ret;
};

const locks: Run = ({ mm }) => {
  const ret = mm_take_all_locks(mm);
  if (ret === 0) mm_drop_all_locks(mm);
  return ret;
};

const batch: Run = (space, a) => {
  const vb = new unlink_vma_file_batch();
  const vmas = [...for_each_vma_range(space.iterator(at(a, 0)), at(a, 1))];
  unlink_file_vma_batch_init(vb);
  for (const vma of vmas) unlink_file_vma_batch_add(vb, vma);
  unlink_file_vma_batch_final(vb);
  for (const vma of vmas) vma_link_file(vma, false);
  return vmas.filter((vma) => vma.vm_file !== null).length;
};

const notify: Run = ({ mm }, a) => {
  const vma = vma_lookup(mm, at(a, 0));
  if (vma === null) return -EFAULT;
  return (vma_wants_writenotify(vma, vma.vm_page_prot) ? 1 : 0) | (vma_needs_dirty_tracking(vma) ? 2 : 0);
};

function search(info: Partial<vm_unmapped_area_info>, topdown: number): number {
  const asked = new vm_unmapped_area_info(info);
  return topdown !== 0 ? unmapped_area_topdown(asked) : unmapped_area(asked);
}

function limitsOf(a: readonly number[]): Partial<vm_unmapped_area_info> {
  return { length: at(a, 0), low_limit: at(a, 1), high_limit: at(a, 2), align_mask: at(a, 3) };
}

const unmapped: Run = (_, a) => search(limitsOf(a), at(a, 4));
const room: Run = (_, a) => search({ ...limitsOf(a), align_offset: at(a, 4), start_gap: at(a, 5) }, at(a, 6));

export const EVERYDAY: Words = {
  title: 'everyday',
  words: [
    word('mmap ADDR LEN FLAGS PGOFF FILE', {
      does: '`__mmap_region()`',
      gives: WHAT_IT_RETURNS,
      run: ({ fileOf, flagsOf, settings }, a) =>
        __mmap_region(fileOf(at(a, 4)), at(a, 0), at(a, 1), flagsOf(at(a, 2)), at(a, 3), settings.unmaps),
      often: 160,
      says: { __mmap_region: (c) => [c.num(1), c.num(2), c.flags(3), c.num(4), c.file(0)] },
    }),
    word('munmap START LEN', {
      does: '`do_vmi_munmap()`, lock kept',
      gives: WHAT_IT_RETURNS,
      run: (space, a) => munmap(space, at(a, 0), at(a, 1)),
      often: 90,
      says: {
        do_munmap: (c) => [c.num(1), c.num(2)],
        do_vmi_munmap: (c) => [c.num(2), c.num(3)],
        do_vmi_align_munmap: (c) => [c.num(3), c.num(4) - c.num(3)],
      },
    }),
    word('modify START END FLAGS', {
      does: 'the walk of `mprotect()` over the range, with `vma_modify_flags()` for each VMA whose flags are others',
      gives: '0, or the first error; `-c` where nothing is mapped',
      run: modify,
      often: 170,
    }),
    word('fault ADDR', {
      does: "gives the VMA there an anon_vma, a neighbour's if `find_mergeable_anon_vma()` has one",
      gives: '1 if it had none before, else 0',
      run: fault,
      often: 70,
      says: { fault: (c) => [c.vma(0).vm_start] },
    }),
    word('brk ADDR LEN FLAGS', {
      does: 'unmaps the range, then `do_brk_flags()` behind the VMA before it',
      gives: 'the first error, or 0',
      run: brk,
      often: 40,
      choices: { FLAGS: [0, Number(VM_LOCKED)] },
      says: { do_brk_flags: (c) => [c.num(2), c.num(3), c.flags(4)] },
    }),
    word('down TO', {
      does: '`expand_downwards()` of the first VMA that ends above TO',
      gives: '0, `-e` without such a VMA, or the error',
      run: down,
      often: 50,
      says: { expand_downwards: (c) => [c.num(1)] },
    }),
    word('extend ADDR DELTA', {
      does: '`vma_merge_extend()` of the VMA at ADDR',
      gives: '0, `-e` without a VMA, `-c` when something is in the way or memory is out',
      run: extend,
      often: 45,
    }),
    word('move ADDR LEN TO', {
      does: '`copy_vma()` of a part of a VMA to TO, which is unmapped first, then unmaps the source',
      gives: 'whether page tables would move under rmap locks, 0 or 1, or the error',
      run: (space, a) => copyTo(space, a, false),
      often: 60,
    }),
    word('copy ADDR LEN TO', {
      does: 'as `move`, but the source stays (MREMAP_DONTUNMAP)',
      gives: 'the same',
      run: (space, a) => copyTo(space, a, true),
      often: 40,
    }),
    word('region ADDR LEN FLAGS PGOFF FILE', {
      does: '`mmap_region()`',
      gives: WHAT_IT_RETURNS,
      run: region,
      often: 60,
      says: { mmap_region: (c) => [c.num(1), c.num(2), c.flags(3), c.num(4), c.file(0)] },
    }),
    word('unmap START LEN UNLOCK', {
      does: '`__vm_munmap()`',
      gives: WHAT_IT_RETURNS,
      run: (_, a) => __vm_munmap(at(a, 0), at(a, 1), at(a, 2) !== 0),
      often: 10,
      says: {
        vm_munmap: (c) => [c.num(0), c.num(1), 0],
        __vm_munmap: (c) => [c.num(0), c.num(1), c.flag(2)],
      },
    }),
    word('name START END', {
      does: 'the walk of `modify` with `vma_modify_name()`',
      gives: '0, or the first error',
      run: name,
      often: 25,
      says: { vma_modify_name: (c) => [c.num(3), c.num(4)] },
    }),
    word('policy START END', {
      does: 'the walk of `modify` with `vma_modify_policy()`',
      gives: '0, or the first error',
      run: policy,
      often: 25,
      says: { vma_modify_policy: (c) => [c.num(3), c.num(4)] },
    }),
    word('uffd ADDR FLAGS QUIETLY', {
      does: '`vma_modify_flags_uffd()` of the whole VMA at ADDR, QUIETLY being `give_up_on_oom`, and sets its flags',
      gives: '0, `-e` without a VMA, or the error',
      run: uffd,
      often: 25,
    }),
    word('relocate ADDR SHIFT', {
      does: '`relocate_vma_down()`, which ends with `-c` as the harness moves no page tables; the VMA stays grown',
      gives: 'its return, `-e` without a VMA, `-16` where it would pass address 0',
      run: relocate,
      often: 20,
      says: { relocate_vma_down: (c) => [c.vma(0).vm_start, c.num(1)] },
    }),
    word('shrink ADDR START END', {
      does: '`vma_shrink()` from one side',
      gives: '0, `-e`, `-16` unless one side alone moves, or the error',
      run: shrink,
      often: 25,
    }),
    word('insert ADDR LEN FLAGS PGOFF FILE', {
      does: '`insert_vm_struct()` of a VMA made for it',
      gives: WHAT_IT_RETURNS,
      run: insert,
      often: 25,
    }),
    word('locks', {
      does: '`mm_take_all_locks()`, and drops them',
      gives: WHAT_IT_RETURNS,
      run: locks,
      often: 12,
      says: { mm_take_all_locks: () => [] },
    }),
    word('batch START END', {
      does: 'unlinks the file VMAs of the range in batches, and links them again',
      gives: 'how many',
      run: batch,
      often: 8,
    }),
    word('notify ADDR', {
      does: '`vma_wants_writenotify()`, and 2 more for `vma_needs_dirty_tracking()`',
      gives: 'their sum, `-e` without a VMA',
      run: notify,
      often: 10,
    }),
    word('unmapped LEN LOW HIGH MASK TOPDOWN', {
      does: '`unmapped_area()`, or with TOPDOWN `unmapped_area_topdown()`',
      gives: 'the address, or the error',
      run: unmapped,
      often: 25,
      says: {
        unmapped_area: (c) => (isPlainSearch(c.info()) ? searchOf(c.info(), 0) : null),
        unmapped_area_topdown: (c) => (isPlainSearch(c.info()) ? searchOf(c.info(), 1) : null),
      },
    }),
    word('room LEN LOW HIGH MASK OFFSET GAP TOPDOWN', {
      does: 'as `unmapped`, with `align_offset` and `start_gap`',
      gives: 'the address, or the error',
      run: room,
      often: 25,
      says: {
        unmapped_area: (c) => searchOf(c.info(), 0),
        unmapped_area_topdown: (c) => searchOf(c.info(), 1),
      },
    }),
  ],
};
