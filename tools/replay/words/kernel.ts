// SPDX-License-Identifier: GPL-2.0-only
/**
 * Words of a VMA trace that are the name of a kernel function: that function and nothing else, where the everyday words
 * unmap before it, or count pages after it. What the function relies on its caller for is looked at first, because C
 * does not survive a range that is taken, or a VMA that is not there.
 */

import { bitsOf } from '../../../harness/picture.js';
import { cleanup_mm } from '../../../harness/shared.js';
import { EFAULT, EINVAL, ENOMEM, ERR_PTR, type ErrPtr, IS_ERR, PTR_ERR } from '../../../include/linux/errno.js';
import { PHYS_PFN } from '../../../include/linux/mm.js';
import { VMA_ITERATOR, type vm_area_struct, type vma_iterator } from '../../../include/mm_types.js';
import { Ref } from '../../../include/ref.js';
import { VMA_MERGE_ERROR_NOMEM, vma_merge_struct } from '../../../include/vma.js';
import {
  __split_vma,
  split_vma,
  vma_expand,
  vma_merge_existing_range,
  vma_merge_extend,
  vma_merge_new_range,
  vma_modify_flags,
  vma_modify_flags_uffd,
  vma_shrink,
} from '../../../lib/doors/change.js';
import { vma_flags_to_legacy } from '../../../lib/doors/flags.js';
import {
  find_vma_intersection,
  vma_iter_load,
  vma_iter_set,
  vma_lookup,
  vma_next,
  vma_prev,
} from '../../../lib/doors/iterator.js';
import { __install_special_mapping, copy_vma, create_init_stack_vma } from '../../../lib/doors/map.js';
import {
  __linear_anon_page_index,
  insert_vm_struct,
  vm_area_alloc,
  vm_area_free,
  vma_is_anonymous,
  vma_link,
  vma_set_anonymous,
  vma_set_range,
} from '../../../lib/doors/vma.js';
import { at } from '../hex.js';
import type { ReplayedSpace } from '../vma_space.js';
import {
  flagsPart,
  HOW_GIVE_UP,
  HOW_JUST_EXPAND,
  HOW_NEXT,
  HOW_PREV,
  howOf,
  mappingOf,
  mergeOf,
  Unsayable,
} from './said.js';
import { type Part, type Run, WHAT_IT_RETURNS, type Words, word } from './word.js';

function has(how: number, bit: number): boolean {
  return (how & bit) !== 0;
}

const link: Run = (space, a) => {
  if (find_vma_intersection(space.mm, at(a, 0), at(a, 0) + at(a, 1)) !== null) return -ENOMEM;
  const vma = newVma(space, a);
  if (vma === null) return -ENOMEM;
  const ret = vma_link(space.mm, vma);
  if (ret !== 0) vm_area_free(vma);
  return ret;
};

/** A new VMA for a range and file, in no tree yet; null when memory is out. */
function newVma(space: ReplayedSpace, a: readonly number[]): vm_area_struct | null {
  const vm_file = space.fileOf(at(a, 4));
  const vma = vm_area_alloc(space.mm);
  if (vma === null) return null;
  vma_set_range(vma, at(a, 0), at(a, 0) + at(a, 1), at(a, 3), PHYS_PFN(at(a, 0)));
  vma.flags = space.flagsOf(at(a, 2));
  vma.vm_file = vm_file;
  return vma;
}

/** insert_vm_struct() of a VMA made for it; its pages are counted nowhere. */
export function insertUncounted(space: ReplayedSpace, a: readonly number[]): number {
  const vma = newVma(space, a);
  if (vma === null) return -ENOMEM;
  if (vma.vm_file === null) vma_set_anonymous(vma);
  const ret = insert_vm_struct(space.mm, vma);
  if (ret !== 0) vm_area_free(vma);
  return ret;
}

/** What a merge of a range is asked for with; the attributes are those that the trace has set. */
function merging(
  { mm, held, settings, flagsOf }: ReplayedSpace,
  vmi: vma_iterator,
  a: readonly number[],
  { start, end, flags }: { start: number; end: number; flags: number },
): vma_merge_struct {
  const init = { mm, start, end, pgoff: at(a, 3), anon_pgoff: PHYS_PFN(start), vma_flags: flagsOf(flags) };
  const vmg = new vma_merge_struct(vmi, init);
  vmg.policy = held.policies.of(settings.policy);
  vmg.anon_name = held.names.of(settings.name);
  vmg.uffd_ctx = held.context(settings.context);
  return vmg;
}

function mergeResult(space: ReplayedSpace, vmg: vma_merge_struct, merged: vm_area_struct | null): number {
  space.vmg = vmg;
  if (merged !== null) return 1;
  return vmg.state === VMA_MERGE_ERROR_NOMEM ? -ENOMEM : 0;
}

const mergeNew: Run = (space, a) => {
  const [start, end, how] = [at(a, 0), at(a, 1), at(a, 6)];
  const vmi = space.iterator(start);
  if (start < end && find_vma_intersection(space.mm, start, end) !== null) return -ENOMEM;

  const vmg = merging(space, vmi, a, { start, end, flags: at(a, 2) });
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
  return mergeResult(space, vmg, vma_merge_new_range(vmg));
};

/** The VMA at the iterator, and the one before it or, if the range begins inside, itself. */
function withPrev(vmi: vma_iterator, start: number): { vma: vm_area_struct; prev: vm_area_struct | null } | null {
  const vma = vma_iter_load(vmi);
  if (vma === null) return null;
  const before = vma_prev(vmi);
  vma_iter_set(vmi, start);
  vma_iter_load(vmi);
  return { vma, prev: start > vma.vm_start ? vma : before };
}

const mergeExisting: Run = (space, a) => {
  const [start, end, how] = [at(a, 0), at(a, 1), at(a, 5)];
  const vmi = space.iterator(start);
  const found = withPrev(vmi, start);
  if (found === null) return -EFAULT;
  if (end > found.vma.vm_end) return -EINVAL;

  const vmg = merging(space, vmi, a, { start, end, flags: at(a, 2) });
  vmg.file = space.fileOf(at(a, 4));
  vmg.anon_vma = found.vma.anon_vma;
  vmg.middle = found.vma;
  vmg.prev = has(how, HOW_PREV) || found.prev === found.vma ? found.prev : null;
  vmg.give_up_on_oom = has(how, HOW_GIVE_UP);
  return mergeResult(space, vmg, vma_merge_existing_range(vmg));
};

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
  if (above === null) return true;
  return above === next && end === next.vm_end && (space.settings.careless || !next.vm_ops?.close);
}

const expand: Run = (space, a) => {
  const { mm } = space;
  const [start, end] = [at(a, 1), at(a, 2)];
  const vmi = space.iterator(start);
  const target = vma_lookup(mm, at(a, 0));
  if (target === null) return -EFAULT;
  const next = has(at(a, 5), HOW_NEXT) ? vma_next(VMA_ITERATOR(mm, target.vm_end)) : null;
  if (!canExpand(space, target, next, start, end)) return -EINVAL;

  const vmg = merging(space, vmi, a, { start, end, flags: at(a, 4) });
  vmg.target = target;
  vmg.next = next;
  const ret = vma_expand(vmg);
  space.vmg = vmg;
  return ret;
};

/** The VMA at the iterator, if it can be cut down to [start, end) from one side; else the error that says why not. */
export function shrinkable(vmi: vma_iterator, start: number, end: number): vm_area_struct | ErrPtr {
  const vma = vma_iter_load(vmi);
  if (vma === null) return ERR_PTR(-EFAULT);
  if (start < vma.vm_start || end > vma.vm_end || start >= end) return ERR_PTR(-EINVAL);
  // Only the end of a VMA may be cut off.
  if (start !== vma.vm_start || end === vma.vm_end) return ERR_PTR(-EINVAL);
  return vma;
}

const shrink: Run = (space, a) => {
  const [start, end] = [at(a, 1), at(a, 2)];
  const vmi = space.iterator(at(a, 0));
  const vma = shrinkable(vmi, start, end);
  if (IS_ERR(vma)) return PTR_ERR(vma);
  return vma_shrink(vmi, vma, end);
};

function split(space: ReplayedSpace, a: readonly number[], cut: typeof split_vma): number {
  const addr = at(a, 0);
  const vmi = space.iterator(addr);
  const vma = vma_iter_load(vmi);
  if (vma === null) return -EFAULT;
  if (addr === vma.vm_start) return -EINVAL;
  return cut(vmi, vma, addr, at(a, 1) !== 0);
}

/** vma_merge_extend() of the VMA at addr, into room that must be there. */
export function extendUncounted(space: ReplayedSpace, addr: number, delta: number): vm_area_struct | ErrPtr {
  const { mm } = space;
  const vmi = space.iterator(addr);
  const vma = vma_iter_load(vmi);
  if (vma === null) return ERR_PTR(-EFAULT);
  if (find_vma_intersection(mm, vma.vm_end, vma.vm_end + delta) !== null) return ERR_PTR(-ENOMEM);
  return vma_merge_extend(vmi, vma, delta) ?? ERR_PTR(-ENOMEM);
}

const copy: Run = (space, a) => {
  const [addr, len, to] = [at(a, 0), at(a, 1), at(a, 2)];
  const source = vma_lookup(space.mm, addr);
  if (source === null || source.vm_end < addr + len) return -EFAULT;
  // What has pages, or a file, must not grow into its own copy: mremap() sees to it that it does not.
  const isFaulted = source.anon_vma !== null || !vma_is_anonymous(source);
  const isBeside = to === source.vm_end || to + len === source.vm_start;
  if (isFaulted && isBeside && !space.settings.careless) return -EINVAL;

  const need_rmap_locks = new Ref(false);
  const anon_pgoff = __linear_anon_page_index(source, addr);
  const copied = copy_vma(new Ref(source), to, len, at(a, 3), anon_pgoff, need_rmap_locks, at(a, 4) !== 0);
  if (copied === null) return -ENOMEM;
  return need_rmap_locks.value ? 1 : 0;
};

function errnoOf(result: vm_area_struct | ErrPtr): number {
  return IS_ERR(result) ? PTR_ERR(result) : 0;
}

const modifyFlags: Run = (space, a) => {
  const [start, end] = [at(a, 0), at(a, 1)];
  const vmi = space.iterator(start);
  const found = withPrev(vmi, start);
  if (found === null) return -EFAULT;
  if (end > found.vma.vm_end) return -EINVAL;
  return errnoOf(vma_modify_flags(vmi, found.prev, found.vma, start, end, space.flagsOf(at(a, 2))));
};

const modifyUffd: Run = (space, a) => {
  const [start, end, quietly] = [at(a, 0), at(a, 1), at(a, 3) !== 0];
  const vmi = space.iterator(start);
  const found = withPrev(vmi, start);
  if (found === null) return -EFAULT;
  const { vma, prev } = found;
  if (end > vma.vm_end || (quietly && (start !== vma.vm_start || end !== vma.vm_end))) return -EINVAL;
  const context = space.held.context(space.settings.context);
  return errnoOf(vma_modify_flags_uffd(vmi, prev, vma, start, end, space.flagsOf(at(a, 2)), context, quietly));
};

const install: Run = ({ mm, flagsOf, operations }, a) => {
  const flags = vma_flags_to_legacy(flagsOf(at(a, 2)));
  return errnoOf(__install_special_mapping(mm, at(a, 0), at(a, 1), flags, at(a, 3), operations(at(a, 4))));
};

/** What a merge asks for, as the arguments of vma_expand. */
function expansionOf({ target, start, end, pgoff, vma_flags, ...vmg }: vma_merge_struct): Part[] {
  if (target === null) throw new Unsayable('vmg.target is null');
  const next = vmg.next === null ? 0 : HOW_NEXT;
  return [target.vm_start, start, end, pgoff, flagsPart(bitsOf(vma_flags)), next];
}

const MERGED = '1 when something merged, 0 when not, `-c` when memory is out';

export const KERNEL: Words = {
  title: 'kernel functions',
  words: [
    word('vma_link ADDR LEN FLAGS PGOFF FILE', {
      does: 'makes a VMA and links it',
      gives: WHAT_IT_RETURNS,
      run: link,
      often: 30,
      says: {
        vma_link: (c) => mappingOf(c, c.vma(1)),
        attach_vma: (c) => mappingOf(c, c.vma(1)),
        alloc_and_link_vma: (c) => [c.num(1), c.num(2) - c.num(1), c.flags(4), c.num(3), 0],
      },
    }),
    word('insert_vm_struct ADDR LEN FLAGS PGOFF FILE', {
      does: 'the same with `insert_vm_struct()`',
      gives: WHAT_IT_RETURNS,
      run: insertUncounted,
      often: 10,
      says: { insert_vm_struct: (c) => mappingOf(c, c.vma(1)) },
    }),
    word('vma_merge_new_range START END FLAGS PGOFF FILE ANON HOW', {
      does:
        'HOW is a sum: 1 for a `prev`, the VMA before START; 2 for a `next`, that after it; 4 for `just_expand`; ' +
        '8 for `give_up_on_oom`',
      gives: MERGED,
      run: mergeNew,
      often: 60,
      choices: { HOW: [3, 3, 3, 1, 2, 5, 0xb] },
      says: { vma_merge_new_range: (c) => [...mergeOf(c, c.vmg()), { anon: c.vmg().anon_vma }, howOf(c.vmg())] },
    }),
    word('vma_merge_existing_range START END FLAGS PGOFF FILE HOW', {
      does: 'of a part of the VMA at START, which is `middle`; where START lies inside it, it is `prev` too',
      gives: 'the same',
      run: mergeExisting,
      often: 60,
      choices: { HOW: [1, 1, 1, 0, 9] },
      says: { vma_merge_existing_range: (c) => [...mergeOf(c, c.vmg()), howOf(c.vmg())] },
    }),
    word('vma_expand ADDR START END PGOFF FLAGS HOW', {
      does: 'HOW: 2 for a `next`, the VMA after that at ADDR',
      gives: WHAT_IT_RETURNS,
      run: expand,
      often: 20,
      choices: { HOW: [0, 2] },
      says: { vma_expand: (c) => expansionOf(c.vmg()) },
    }),
    word('vma_shrink ADDR START END PGOFF', {
      does: 'from one side',
      gives: WHAT_IT_RETURNS,
      run: shrink,
      often: 15,
      says: { vma_shrink: (c) => [c.vma(1).vm_start, c.vma(1).vm_start, c.num(2), c.vma(1).vm_pgoff] },
    }),
    word('split_vma ADDR BELOW', {
      does: 'at ADDR, inside a VMA; with BELOW the new one is the lower',
      gives: WHAT_IT_RETURNS,
      run: (space, a) => split(space, a, split_vma),
      often: 25,
      says: { split_vma: (c) => [c.num(2), c.flag(3)] },
    }),
    word('__split_vma ADDR BELOW', {
      does: 'the same with `__split_vma()`',
      gives: WHAT_IT_RETURNS,
      run: (space, a) => split(space, a, __split_vma),
      often: 25,
      says: { __split_vma: (c) => [c.num(2), c.flag(3)] },
    }),
    word('vma_merge_extend ADDR DELTA', {
      does: 'of the VMA at ADDR',
      gives: '0, or `-c`',
      run: (space, a) => errnoOf(extendUncounted(space, at(a, 0), at(a, 1))),
      often: 20,
      says: { vma_merge_extend: (c) => [c.vma(1).vm_start, c.num(2)] },
    }),
    word('copy_vma ADDR LEN TO PGOFF KEEP', {
      does: 'of a part of a VMA; right beside itself only what has neither pages nor a file',
      gives: 'whether page tables would move under rmap locks, 0 or 1, or `-c`',
      run: copy,
      often: 30,
      says: { copy_vma: (c) => [c.source().vm_start, c.num(2), c.num(1), c.num(3), c.flag(6)] },
    }),
    word('vma_modify_flags START END FLAGS', {
      does: 'of a part of a VMA; sets no flags',
      gives: '0, or the error',
      run: modifyFlags,
      often: 40,
      says: { vma_modify_flags: (c) => [c.num(3), c.num(4), c.flags(5)] },
    }),
    word('vma_modify_flags_uffd START END FLAGS QUIETLY', {
      does: 'the same; with QUIETLY the VMA must be given whole',
      gives: '0, or the error',
      run: modifyUffd,
      often: 15,
      says: {
        vma_modify_flags_uffd(c) {
          if (c.uffd(6).ctx !== null) throw new Unsayable('a userfaultfd context');
          return [c.num(3), c.num(4), c.flags(5), c.flag(7)];
        },
      },
    }),
    word('create_init_stack_vma', {
      does: 'of the address space',
      gives: WHAT_IT_RETURNS,
      run: ({ mm }) => create_init_stack_vma(mm, new Ref(null), new Ref(0)),
      often: 2,
      says: { create_init_stack_vma: () => [] },
    }),
    word('__install_special_mapping ADDR LEN FLAGS PRIVATE KIND', {
      does: 'with private data and hooks, KIND as `setops` has it',
      gives: '0, or the error',
      run: install,
      often: 6,
      choices: { KIND: [0, 1, 3] },
    }),
    word('cleanup_mm', {
      does: "the harness's: frees all VMAs and the tree",
      gives: 'how many there were',
      run: (space) => cleanup_mm(space.mm, space.iterator(0)),
      often: 1,
      says: { mtree_destroy: () => [], cleanup_mm: () => [] },
    }),
  ],
};
