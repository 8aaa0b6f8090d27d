// SPDX-License-Identifier: GPL-2.0-only
/**
 * The address space that a VMA trace is replayed on: each operation of the format as one method that returns what the
 * trace prints as its result.
 */
import { EFAULT, EINVAL, ENOMEM, ERR_PTR, type ErrPtr, IS_ERR, PTR_ERR } from '../../include/linux/errno.js';
import { INIT_LIST_HEAD, list_add } from '../../include/linux/list.js';
import { MT_FLAGS_ALLOC_RANGE } from '../../include/linux/maple_tree.js';
import { MMF_HAS_MDWE, PHYS_PFN } from '../../include/linux/mm.js';
import {
  anon_vma,
  anon_vma_chain,
  type file,
  mm_struct,
  NULL_VM_UFFD_CTX,
  VMA_ITERATOR,
  type vm_area_struct,
  vm_unmapped_area_info,
  type vma_iterator,
} from '../../include/mm_types.js';
import { Ref } from '../../include/ref.js';
import { unlink_vma_file_batch } from '../../include/vma.js';
import { VMA_LOCKED_BIT, type vma_flags_t } from '../../include/vma_flags.js';
import { accountPages } from '../../lib/mm/inlines/accounting.js';
import { legacy_to_vma_flags, vma_flags_same_pair, vma_flags_test } from '../../lib/mm/inlines/flag_operations.js';
import {
  find_vma_intersection,
  for_each_vma_range,
  vma_find,
  vma_iter_load,
  vma_iter_set,
  vma_lookup,
  vma_next,
  vma_prev,
} from '../../lib/mm/inlines/iterator.js';
import { vma_set_anonymous, vma_set_range } from '../../lib/mm/inlines/lifecycle.js';
import { vma_pages } from '../../lib/mm/inlines/range.js';
import { mm_drop_all_locks, mm_take_all_locks } from '../../lib/mm/vma/all_locks.js';
import { find_mergeable_anon_vma } from '../../lib/mm/vma/anon_vma.js';
import { do_brk_flags } from '../../lib/mm/vma/brk.js';
import { copy_vma } from '../../lib/mm/vma/copy.js';
import {
  unlink_file_vma_batch_add,
  unlink_file_vma_batch_final,
  unlink_file_vma_batch_init,
  vma_link_file,
} from '../../lib/mm/vma/file_links.js';
import { insert_vm_struct } from '../../lib/mm/vma/link.js';
import { vma_merge_extend } from '../../lib/mm/vma/merge.js';
import { __mmap_region, mmap_region } from '../../lib/mm/vma/mmap_region.js';
import {
  vma_modify_flags,
  vma_modify_flags_uffd,
  vma_modify_name,
  vma_modify_policy,
} from '../../lib/mm/vma/modify.js';
import { __vm_munmap, do_vmi_munmap } from '../../lib/mm/vma/munmap.js';
import { vma_shrink } from '../../lib/mm/vma/split.js';
import { expand_downwards } from '../../lib/mm/vma/stack.js';
import { unmapped_area, unmapped_area_topdown } from '../../lib/mm/vma/unmapped_area.js';
import { vma_needs_dirty_tracking, vma_wants_writenotify } from '../../lib/mm/vma/writenotify.js';
import { relocate_vma_down } from '../../lib/mm/vma_exec.js';
import { vm_area_alloc, vm_area_free } from '../../lib/mm/vma_init.js';
import { stubs } from '../../stubs/index.js';
import { traceFiles } from './files.js';

/** A flags word of a trace. Its numbers are safe integers, which is room enough for all named flags. */
export function flagsOf(word: number): vma_flags_t {
  return legacy_to_vma_flags(BigInt(word));
}

/** Counts pages, which may be negative, into the sums that these flags belong to. */
function account(mm: mm_struct, flags: vma_flags_t, pages: number): void {
  accountPages(mm, flags, pages);
  if (vma_flags_test(flags, VMA_LOCKED_BIT)) mm.locked_vm += pages;
}

type ChangeOne = (
  vmi: vma_iterator,
  prev: vm_area_struct | null,
  vma: vm_area_struct,
  start: number,
  end: number,
) => vm_area_struct | ErrPtr | null;

/** One word of the format: how many arguments it takes, and what it does. */
export interface Operation {
  args: number;
  run(space: ReplayedSpace, args: readonly number[]): number;
}

export class ReplayedSpace {
  readonly mm: mm_struct;
  private readonly files: file[];
  /** Number 1 is the first. */
  private readonly anonVmas: anon_vma[];

  constructor() {
    this.mm = new mm_struct(MT_FLAGS_ALLOC_RANGE);
    this.files = traceFiles();
    this.anonVmas = [];
  }

  mmap(addr: number, len: number, flags: number, pgoff: number, id: number): number {
    return __mmap_region(this.fileOf(id), addr, len, flagsOf(flags), pgoff, null);
  }

  munmap(start: number, len: number): number {
    return do_vmi_munmap(VMA_ITERATOR(this.mm, start), this.mm, start, len, null, false);
  }

  /** mmap_region(), which looks at MDWE and counts writable mappings. */
  region(addr: number, len: number, flags: number, pgoff: number, id: number): number {
    return mmap_region(this.fileOf(id), addr, len, BigInt(flags), pgoff, null);
  }

  /** __vm_munmap(), which takes the lock itself. */
  unmap(start: number, len: number, unlock: boolean): number {
    return __vm_munmap(start, len, unlock);
  }

  modify(start: number, end: number, word: number): number {
    const flags = flagsOf(word);
    return this.walk(start, end, (vmi, prev, vma, from, to) =>
      vma_flags_same_pair(vma.flags, flags) ? null : this.changeFlags(vmi, prev, vma, from, to, flags),
    );
  }

  name(start: number, end: number): number {
    return this.walk(start, end, (vmi, prev, vma, from, to) => vma_modify_name(vmi, prev, vma, from, to, null));
  }

  policy(start: number, end: number): number {
    return this.walk(start, end, (vmi, prev, vma, from, to) => vma_modify_policy(vmi, prev, vma, from, to, null));
  }

  /** Walks the range as mprotect() does. `change` leaves a VMA alone by returning null. */
  private walk(start: number, end: number, change: ChangeOne): number {
    const vmi = VMA_ITERATOR(this.mm, start);
    const first = vma_find(vmi, end);
    if (first === null) return -ENOMEM;

    let prev = vma_prev(vmi);
    if (start > first.vm_start) prev = first;
    vma_iter_set(vmi, Math.max(start, first.vm_start));

    let nstart = start;
    for (let vma = vma_find(vmi, end); vma !== null; vma = vma_find(vmi, end)) {
      const tmp = Math.min(vma.vm_end, end);
      nstart = Math.max(nstart, vma.vm_start);
      const changed = change(vmi, prev, vma, nstart, tmp);
      if (changed === null) {
        prev = vma;
        nstart = tmp;
      } else {
        if (IS_ERR(changed)) return PTR_ERR(changed);
        prev = changed;
        nstart = changed.vm_end;
      }
      vma_iter_set(vmi, nstart);
      if (nstart >= end) break;
    }
    return 0;
  }

  private changeFlags(
    vmi: vma_iterator,
    prev: vm_area_struct | null,
    vma: vm_area_struct,
    start: number,
    end: number,
    flags: vma_flags_t,
  ): vm_area_struct | ErrPtr {
    const old = vma.flags.clone();
    const want = flags.clone();
    const ret = vma_modify_flags(vmi, prev, vma, start, end, want);
    if (IS_ERR(ret)) return ret;

    stubs.vma_start_write(ret);
    ret.flags = want;
    account(this.mm, old, -PHYS_PFN(end - start));
    account(this.mm, flags, PHYS_PFN(end - start));
    return ret;
  }

  fault(addr: number): number {
    const vma = vma_lookup(this.mm, addr);
    if (vma === null || vma.anon_vma !== null) return 0;

    vma.anon_vma = find_mergeable_anon_vma(vma) ?? newRootAnonVma();
    const avc = new anon_vma_chain({ anon_vma: vma.anon_vma, vma });
    INIT_LIST_HEAD(vma.anon_vma_chain);
    list_add(avc.same_vma, vma.anon_vma_chain);
    return 1;
  }

  brk(addr: number, len: number, flags: number): number {
    const error = this.munmap(addr, len);
    if (error !== 0) return error;

    const vmi = VMA_ITERATOR(this.mm, addr);
    const prev = vma_prev(vmi);
    return do_brk_flags(vmi, prev, addr, len, flagsOf(flags));
  }

  down(to: number): number {
    const vma = vma_next(VMA_ITERATOR(this.mm, to));
    if (vma === null) return -EFAULT;
    return vma.vm_start <= to ? 0 : expand_downwards(vma, to);
  }

  extend(addr: number, delta: number): number {
    const merged = this.extendUncounted(addr, delta);
    if (IS_ERR(merged)) return PTR_ERR(merged);
    account(this.mm, merged.flags, PHYS_PFN(delta));
    return 0;
  }

  /** vma_merge_extend() of the VMA at addr, into room that must be there. */
  extendUncounted(addr: number, delta: number): vm_area_struct | ErrPtr {
    const vmi = VMA_ITERATOR(this.mm, addr);
    const vma = vma_iter_load(vmi);
    if (vma === null) return ERR_PTR(-EFAULT);
    if (find_vma_intersection(this.mm, vma.vm_end, vma.vm_end + delta) !== null) return ERR_PTR(-ENOMEM);
    return vma_merge_extend(vmi, vma, delta) ?? ERR_PTR(-ENOMEM);
  }

  /** vma_modify_flags_uffd() of a whole VMA. */
  uffd(addr: number, word: number, give_up_on_oom: boolean): number {
    const vmi = VMA_ITERATOR(this.mm, addr);
    const vma = vma_iter_load(vmi);
    if (vma === null) return -EFAULT;
    const prev = vma_prev(vmi);
    const { vm_start: start, vm_end: end } = vma;
    vma_iter_set(vmi, start);
    vma_find(vmi, end);

    const old = vma.flags.clone();
    const want = flagsOf(word);
    const ret = vma_modify_flags_uffd(vmi, prev, vma, start, end, want, NULL_VM_UFFD_CTX, give_up_on_oom);
    if (IS_ERR(ret)) return PTR_ERR(ret);
    stubs.vma_start_write(ret);
    ret.flags = want;
    account(this.mm, old, -PHYS_PFN(end - start));
    account(this.mm, flagsOf(word), PHYS_PFN(end - start));
    return 0;
  }

  /** relocate_vma_down(), which the harness lets fail once the VMA has grown. */
  relocate(addr: number, shift: number): number {
    const vma = vma_lookup(this.mm, addr);
    if (vma === null) return -EFAULT;
    if (shift > vma.vm_start) return -EINVAL;
    const pages = vma_pages(vma);
    const ret = relocate_vma_down(vma, shift);
    account(this.mm, vma.flags, vma_pages(vma) - pages);
    return ret;
  }

  /** vma_shrink() from one side. */
  shrink(addr: number, start: number, end: number): number {
    const vmi = VMA_ITERATOR(this.mm, addr);
    const vma = shrinkable(vmi, start, end);
    if (IS_ERR(vma)) return PTR_ERR(vma);
    const pages = vma_pages(vma);
    const ret = vma_shrink(vmi, vma, start, end, vma.vm_pgoff + PHYS_PFN(start - vma.vm_start));
    if (ret === 0) account(this.mm, vma.flags, vma_pages(vma) - pages);
    return ret;
  }

  /** insert_vm_struct() of a VMA made for it. */
  insert(addr: number, len: number, word: number, pgoff: number, id: number): number {
    const ret = this.insertUncounted(addr, len, word, pgoff, id);
    if (ret === 0) account(this.mm, flagsOf(word), PHYS_PFN(len));
    return ret;
  }

  insertUncounted(addr: number, len: number, word: number, pgoff: number, id: number): number {
    const vma = this.newVma(addr, len, word, pgoff, id);
    if (vma === null) return -ENOMEM;
    if (vma.vm_file === null) vma_set_anonymous(vma);
    const ret = insert_vm_struct(this.mm, vma);
    if (ret !== 0) vm_area_free(vma);
    return ret;
  }

  /** A new VMA for a range and file, in no tree yet; null when memory is out. */
  newVma(addr: number, len: number, word: number, pgoff: number, id: number): vm_area_struct | null {
    const vm_file = this.fileOf(id);
    const vma = vm_area_alloc(this.mm);
    if (vma === null) return null;
    vma_set_range(vma, addr, addr + len, pgoff);
    vma.flags = flagsOf(word);
    vma.vm_file = vm_file;
    return vma;
  }

  /** mm_take_all_locks(), and drops them again. */
  locks(): number {
    const ret = mm_take_all_locks(this.mm);
    if (ret === 0) mm_drop_all_locks(this.mm);
    return ret;
  }

  /** Takes the file VMAs of a range off their files in batches, and puts them back. Their number. */
  batch(start: number, end: number): number {
    const vb = new unlink_vma_file_batch();
    const vmas = [...for_each_vma_range(VMA_ITERATOR(this.mm, start), end)];
    unlink_file_vma_batch_init(vb);
    for (const vma of vmas) unlink_file_vma_batch_add(vb, vma);
    unlink_file_vma_batch_final(vb);
    for (const vma of vmas) vma_link_file(vma, false);
    return vmas.filter((vma) => vma.vm_file !== null).length;
  }

  /** Bit 0: vma_wants_writenotify(); bit 1: vma_needs_dirty_tracking(). */
  notify(addr: number): number {
    const vma = vma_lookup(this.mm, addr);
    if (vma === null) return -EFAULT;
    return (vma_wants_writenotify(vma, vma.vm_page_prot) ? 1 : 0) | (vma_needs_dirty_tracking(vma) ? 2 : 0);
  }

  move(addr: number, len: number, to: number): number {
    return this.copyTo(addr, len, to, false);
  }

  copy(addr: number, len: number, to: number): number {
    return this.copyTo(addr, len, to, true);
  }

  /** copy_vma() to a place that is unmapped first; a move unmaps the source afterwards. */
  private copyTo(addr: number, len: number, to: number, keep_source: boolean): number {
    const source = vma_lookup(this.mm, addr);
    if (source === null || source.vm_end < addr + len) return -EFAULT;
    if (addr < to + len && to < addr + len) return -EINVAL;

    const error = this.munmap(to, len);
    if (error !== 0) return error;

    const found = vma_lookup(this.mm, addr);
    if (found === null) return -EFAULT;
    const vma = new Ref(found);
    const need_rmap_locks = new Ref(false);
    const pgoff = found.vm_pgoff + PHYS_PFN(addr - found.vm_start);
    const copy = copy_vma(vma, to, len, pgoff, need_rmap_locks, keep_source);
    if (copy === null) return -ENOMEM;

    account(this.mm, copy.flags, PHYS_PFN(len));
    const unmapError = keep_source ? 0 : this.munmap(addr, len);
    if (unmapError !== 0) return unmapError;
    return need_rmap_locks.value ? 1 : 0;
  }

  unmapped(length: number, low_limit: number, high_limit: number, align_mask: number, topdown: boolean): number {
    const info = new vm_unmapped_area_info({ length, low_limit, high_limit, align_mask });
    return topdown ? unmapped_area_topdown(info) : unmapped_area(info);
  }

  /** As unmapped(), with an offset for the alignment and a gap before the mapping. */
  room(info: Partial<vm_unmapped_area_info>, topdown: boolean): number {
    const asked = new vm_unmapped_area_info(info);
    return topdown ? unmapped_area_topdown(asked) : unmapped_area(asked);
  }

  /** Denies memory that is writable and executable, or allows it again. */
  mdwe(deny: boolean): number {
    if (deny) this.mm.flags.add(MMF_HAS_MDWE);
    else this.mm.flags.delete(MMF_HAS_MDWE);
    return 0;
  }

  /** The answer to one operation: its result, the sums, and unless `quiet` every VMA. */
  describe(result: string, quiet: boolean): string {
    const { mm } = this;
    let text =
      `${result}\n= count=${mm.map_count} total=${mm.total_vm} data=${mm.data_vm} exec=${mm.exec_vm}` +
      ` stack=${mm.stack_vm} locked=${mm.locked_vm}\n`;
    if (quiet) return text;

    const vmi = VMA_ITERATOR(mm, 0);
    for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
      text +=
        `  ${vma.vm_start.toString(16)}-${vma.vm_end.toString(16)} pgoff=${vma.vm_pgoff.toString(16)}` +
        ` flags=${vma.vm_flags.toString(16)} file=${this.idOf(vma.vm_file)} anon=${vma.anon_vma !== null ? 1 : 0}\n`;
    }
    return text;
  }

  /** The number of an anon_vma. Those that have none yet get theirs first, in the order of addresses. */
  anonNumber(wanted: anon_vma): number {
    this.numberAnons();
    if (!this.anonVmas.includes(wanted)) this.anonVmas.push(wanted);
    return this.anonVmas.indexOf(wanted) + 1;
  }

  /** The anon_vma of a number, 0 being none; a number past the last makes a new one. */
  anonOf(number: number): anon_vma | null {
    if (number === 0) return null;
    this.numberAnons();
    return this.anonVmas[number - 1] ?? this.newAnon();
  }

  /** An anon_vma of the next number. */
  newAnon(): anon_vma {
    const fresh = newRootAnonVma();
    this.anonNumber(fresh);
    return fresh;
  }

  private numberAnons(): void {
    const vmi = VMA_ITERATOR(this.mm, 0);
    for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
      if (vma.anon_vma !== null && !this.anonVmas.includes(vma.anon_vma)) this.anonVmas.push(vma.anon_vma);
    }
  }

  fileOf(id: number): file | null {
    if (id === 0) return null;
    const found = this.files[id - 1];
    if (found === undefined)
      throw new RangeError(`file = ${id}: there are files 1 to ${this.files.length}, and 0 for none`);
    return found;
  }

  idOf(found: file | null): number {
    return found === null ? 0 : this.files.indexOf(found) + 1;
  }
}

/** The VMA at the iterator, if it can be cut down to [start, end) from one side; else the error that says why not. */
export function shrinkable(vmi: vma_iterator, start: number, end: number): vm_area_struct | ErrPtr {
  const vma = vma_iter_load(vmi);
  if (vma === null) return ERR_PTR(-EFAULT);
  if (start < vma.vm_start || end > vma.vm_end || start >= end) return ERR_PTR(-EINVAL);
  if ((start === vma.vm_start) === (end === vma.vm_end)) return ERR_PTR(-EINVAL);
  return vma;
}

function newRootAnonVma(): anon_vma {
  const fresh = new anon_vma();
  fresh.root = fresh;
  return fresh;
}
