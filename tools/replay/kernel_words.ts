// SPDX-License-Identifier: GPL-2.0-only
/**
 * Words of a VMA trace that are the name of a kernel function: that function and nothing else, where the shorter words
 * unmap before it, or count pages after it. What the function relies on its caller for is looked at first, because C
 * does not survive a range that is taken, or a VMA that is not there.
 */
import { EFAULT, EINVAL, ENOMEM, type ErrPtr, IS_ERR, PTR_ERR } from '../../include/linux/errno.js';
import { NULL_VM_UFFD_CTX, VMA_ITERATOR, type vm_area_struct, type vma_iterator } from '../../include/mm_types.js';
import { Ref } from '../../include/ref.js';
import { VMA_MERGE_ERROR_NOMEM, vma_merge_struct } from '../../include/vma.js';
import { mtree_destroy } from '../../lib/maple_tree.js';
import {
  find_vma_intersection,
  vma_iter_load,
  vma_iter_set,
  vma_lookup,
  vma_next,
  vma_prev,
} from '../../lib/mm/inlines/iterator.js';
import { vma_is_anonymous, vma_mark_detached } from '../../lib/mm/inlines/lifecycle.js';
import { copy_vma } from '../../lib/mm/vma/copy.js';
import { vma_link } from '../../lib/mm/vma/link.js';
import { vma_expand, vma_merge_existing_range, vma_merge_new_range } from '../../lib/mm/vma/merge.js';
import { vma_modify_flags, vma_modify_flags_uffd } from '../../lib/mm/vma/modify.js';
import { __split_vma, split_vma, vma_shrink } from '../../lib/mm/vma/split.js';
import { create_init_stack_vma } from '../../lib/mm/vma_exec.js';
import { vm_area_free } from '../../lib/mm/vma_init.js';
import { globals } from '../../stubs/index.js';
import { at } from './hex.js';
import { flagsOf, type Operation, type ReplayedSpace, shrinkable } from './vma_space.js';

/** Bits of the last argument of a merge: which neighbours the caller names, and what else it sets. */
export const HOW_PREV = 1;
export const HOW_NEXT = 2;
export const HOW_JUST_EXPAND = 4;
export const HOW_GIVE_UP = 8;

function has(how: number, bit: number): boolean {
  return (how & bit) !== 0;
}

function link(space: ReplayedSpace, a: readonly number[]): number {
  if (find_vma_intersection(space.mm, at(a, 0), at(a, 0) + at(a, 1)) !== null) return -ENOMEM;
  const vma = space.newVma(at(a, 0), at(a, 1), at(a, 2), at(a, 3), at(a, 4));
  if (vma === null) return -ENOMEM;
  const ret = vma_link(space.mm, vma);
  if (ret !== 0) vm_area_free(vma);
  return ret;
}

function insert(space: ReplayedSpace, a: readonly number[]): number {
  return space.insertUncounted(at(a, 0), at(a, 1), at(a, 2), at(a, 3), at(a, 4));
}

function mergeResult(vmg: vma_merge_struct, merged: vm_area_struct | null): number {
  if (merged !== null) return 1;
  return vmg.state === VMA_MERGE_ERROR_NOMEM ? -ENOMEM : 0;
}

function mergeNew(space: ReplayedSpace, a: readonly number[]): number {
  const { mm } = space;
  const [start, end, how] = [at(a, 0), at(a, 1), at(a, 6)];
  if (start < end && find_vma_intersection(mm, start, end) !== null) return -ENOMEM;

  const vmi = VMA_ITERATOR(mm, start);
  const vmg = new vma_merge_struct(vmi, { mm, start, end, pgoff: at(a, 3), vma_flags: flagsOf(at(a, 2)) });
  vmg.file = space.fileOf(at(a, 4));
  vmg.anon_vma = space.anonOf(at(a, 5));
  const next = vma_next(vmi);
  const prev = vma_prev(vmi);
  vmg.prev = has(how, HOW_PREV) ? prev : null;
  vmg.next = has(how, HOW_NEXT) ? next : null;
  vmg.just_expand = has(how, HOW_JUST_EXPAND);
  vmg.give_up_on_oom = has(how, HOW_GIVE_UP);
  // A caller that wants no more than that has its iterator at prev already.
  vma_iter_set(vmi, vmg.just_expand && prev !== null ? prev.vm_start : start);
  return mergeResult(vmg, vma_merge_new_range(vmg));
}

/** The VMA at the iterator, and the one before it or, if the range begins inside, itself. */
function withPrev(vmi: vma_iterator, start: number): { vma: vm_area_struct; prev: vm_area_struct | null } | null {
  const vma = vma_iter_load(vmi);
  if (vma === null) return null;
  const before = vma_prev(vmi);
  vma_iter_set(vmi, start);
  vma_iter_load(vmi);
  return { vma, prev: start > vma.vm_start ? vma : before };
}

function mergeExisting(space: ReplayedSpace, a: readonly number[]): number {
  const { mm } = space;
  const [start, end, how] = [at(a, 0), at(a, 1), at(a, 5)];
  const vmi = VMA_ITERATOR(mm, start);
  const found = withPrev(vmi, start);
  if (found === null) return -EFAULT;
  if (end > found.vma.vm_end) return -EINVAL;

  const vmg = new vma_merge_struct(vmi, { mm, start, end, pgoff: at(a, 3), vma_flags: flagsOf(at(a, 2)) });
  vmg.file = space.fileOf(at(a, 4));
  vmg.anon_vma = found.vma.anon_vma;
  vmg.middle = found.vma;
  vmg.prev = has(how, HOW_PREV) || found.prev === found.vma ? found.prev : null;
  vmg.give_up_on_oom = has(how, HOW_GIVE_UP);
  return mergeResult(vmg, vma_merge_existing_range(vmg));
}

/** May target grow to [start, end), over next if that is not null and ends there? */
function canExpand(
  space: ReplayedSpace,
  target: vm_area_struct,
  next: vm_area_struct | null,
  start: number,
  end: number,
): boolean {
  if (start > target.vm_start || end < target.vm_end) return false;
  if (start < target.vm_start && find_vma_intersection(space.mm, start, target.vm_start) !== null) return false;
  if (end === target.vm_end) return true;
  const above = find_vma_intersection(space.mm, target.vm_end, end);
  return above === null || (above === next && end === next.vm_end && !next.vm_ops?.close);
}

function expand(space: ReplayedSpace, a: readonly number[]): number {
  const { mm } = space;
  const [start, end] = [at(a, 1), at(a, 2)];
  const target = vma_lookup(mm, at(a, 0));
  if (target === null) return -EFAULT;
  const next = has(at(a, 5), HOW_NEXT) ? vma_next(VMA_ITERATOR(mm, target.vm_end)) : null;
  if (!canExpand(space, target, next, start, end)) return -EINVAL;

  const vmi = VMA_ITERATOR(mm, start);
  const vmg = new vma_merge_struct(vmi, {
    mm,
    target,
    next,
    start,
    end,
    pgoff: at(a, 3),
    vma_flags: flagsOf(at(a, 4)),
  });
  return vma_expand(vmg);
}

function shrink(space: ReplayedSpace, a: readonly number[]): number {
  const [start, end] = [at(a, 1), at(a, 2)];
  const vmi = VMA_ITERATOR(space.mm, at(a, 0));
  const vma = shrinkable(vmi, start, end);
  if (IS_ERR(vma)) return PTR_ERR(vma);
  return vma_shrink(vmi, vma, start, end, at(a, 3));
}

function split(space: ReplayedSpace, a: readonly number[], cut: typeof split_vma): number {
  const addr = at(a, 0);
  const vmi = VMA_ITERATOR(space.mm, addr);
  const vma = vma_iter_load(vmi);
  if (vma === null) return -EFAULT;
  if (addr === vma.vm_start) return -EINVAL;
  return cut(vmi, vma, addr, at(a, 1) !== 0);
}

function extend(space: ReplayedSpace, a: readonly number[]): number {
  return errnoOf(space.extendUncounted(at(a, 0), at(a, 1)));
}

function copy(space: ReplayedSpace, a: readonly number[]): number {
  const [addr, len, to] = [at(a, 0), at(a, 1), at(a, 2)];
  const source = vma_lookup(space.mm, addr);
  if (source === null || source.vm_end < addr + len) return -EFAULT;
  // What has pages, or a file, and grew into its own copy would be a BUG: mremap() sees to it that this does not happen.
  const faulted = source.anon_vma !== null || !vma_is_anonymous(source);
  if (faulted && (to === source.vm_end || to + len === source.vm_start)) return -EINVAL;

  const need_rmap_locks = new Ref(false);
  if (copy_vma(new Ref(source), to, len, at(a, 3), need_rmap_locks, at(a, 4) !== 0) === null) return -ENOMEM;
  return need_rmap_locks.value ? 1 : 0;
}

function errnoOf(result: vm_area_struct | ErrPtr): number {
  return IS_ERR(result) ? PTR_ERR(result) : 0;
}

function modifyFlags(space: ReplayedSpace, a: readonly number[]): number {
  const [start, end] = [at(a, 0), at(a, 1)];
  const vmi = VMA_ITERATOR(space.mm, start);
  const found = withPrev(vmi, start);
  if (found === null) return -EFAULT;
  if (end > found.vma.vm_end) return -EINVAL;
  return errnoOf(vma_modify_flags(vmi, found.prev, found.vma, start, end, flagsOf(at(a, 2))));
}

function modifyUffd(space: ReplayedSpace, a: readonly number[]): number {
  const [start, end, quietly] = [at(a, 0), at(a, 1), at(a, 3) !== 0];
  const vmi = VMA_ITERATOR(space.mm, start);
  const found = withPrev(vmi, start);
  if (found === null) return -EFAULT;
  const { vma, prev } = found;
  if (end > vma.vm_end || (quietly && (start !== vma.vm_start || end !== vma.vm_end))) return -EINVAL;
  return errnoOf(vma_modify_flags_uffd(vmi, prev, vma, start, end, flagsOf(at(a, 2)), NULL_VM_UFFD_CTX, quietly));
}

/** cleanup_mm() of the harness: frees all VMAs and the tree; the sums are not touched. */
function cleanup({ mm }: ReplayedSpace): number {
  const vmi = VMA_ITERATOR(mm, 0);
  let count = 0;
  globals.fail_prealloc = false;
  for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
    vma_mark_detached(vma);
    vm_area_free(vma);
    count++;
  }
  mtree_destroy(mm.mm_mt);
  mm.map_count = 0;
  return count;
}

export const KERNEL_WORDS: readonly (readonly [string, Operation])[] = [
  ['vma_link', { args: 5, run: link }],
  ['insert_vm_struct', { args: 5, run: insert }],
  ['vma_merge_new_range', { args: 7, run: mergeNew }],
  ['vma_merge_existing_range', { args: 6, run: mergeExisting }],
  ['vma_expand', { args: 6, run: expand }],
  ['vma_shrink', { args: 4, run: shrink }],
  ['split_vma', { args: 2, run: (s, a) => split(s, a, split_vma) }],
  ['__split_vma', { args: 2, run: (s, a) => split(s, a, __split_vma) }],
  ['vma_merge_extend', { args: 2, run: extend }],
  ['copy_vma', { args: 5, run: copy }],
  ['vma_modify_flags', { args: 3, run: modifyFlags }],
  ['vma_modify_flags_uffd', { args: 4, run: modifyUffd }],
  ['create_init_stack_vma', { args: 0, run: (s) => create_init_stack_vma(s.mm, new Ref(null), new Ref(0)) }],
  ['cleanup_mm', { args: 0, run: cleanup }],
];
