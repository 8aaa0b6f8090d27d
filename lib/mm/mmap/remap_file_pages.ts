// SPDX-License-Identifier: GPL-2.0-only
/** Port of remap_file_pages(), mm/mmap.c (Linux 7.3): what became of it, a mapping over a mapping of the same file. */
import { EINTR, EINVAL, IS_ERR_VALUE } from '../../../include/linux/errno.js';
import { PAGE_ALIGN_DOWN, PHYS_PFN, type pgoff_t } from '../../../include/linux/mm.js';
import { type file, type mm_struct, VMA_ITERATOR, type vm_area_struct } from '../../../include/mm_types.js';
import { Ref } from '../../../include/ref.js';
import {
  MAP_FIXED,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_POPULATE,
  MAP_SHARED,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../../../include/uapi/mman.js';
import {
  emptyFlags,
  VMA_EXEC_BIT,
  VMA_LOCKED_BIT,
  VMA_READ_BIT,
  VMA_SHARED_BIT,
  VMA_WRITE_BIT,
  type vma_flags_t,
} from '../../../include/vma_flags.js';
import { current, currentMm, stubs } from '../../../stubs/index.js';
import { missing } from '../../bug.js';
import { vma_flags_same_pair, vma_test } from '../inlines/flag_operations.js';
import { for_each_vma_range, vma_lookup } from '../inlines/iterator.js';
import { sumWraps } from '../inlines/unsigned.js';
import { do_mmap } from './do_mmap.js';
import { mm_populate } from './mmap.js';

/** What the mapping is, in words of mmap(). */
interface Known {
  prot: number;
  flags: number;
  vma_flags: vma_flags_t;
  file: file;
}

/** Looks at the mapping at start, under the lock for reading; takes a reference on its file. A negative errno if none. */
function lookAt(mm: mm_struct, start: number, nonblock: number): Known | number {
  if (stubs.mmap_read_lock_killable(mm) !== 0) return -EINTR;

  const vma = vma_lookup(mm, start);
  if (vma === null || !vma_test(vma, VMA_SHARED_BIT)) {
    stubs.mmap_read_unlock(mm);
    return -EINVAL;
  }
  const known: Known = {
    prot:
      (vma_test(vma, VMA_READ_BIT) ? PROT_READ : 0) |
      (vma_test(vma, VMA_WRITE_BIT) ? PROT_WRITE : 0) |
      (vma_test(vma, VMA_EXEC_BIT) ? PROT_EXEC : 0),
    flags: nonblock | MAP_SHARED | MAP_FIXED | MAP_POPULATE | (vma_test(vma, VMA_LOCKED_BIT) ? MAP_LOCKED : 0),
    vma_flags: vma.flags.clone(),
    file: stubs.get_file(vma.vm_file ?? missing('remap_file_pages', 'vma.vm_file')),
  };
  stubs.mmap_read_unlock(mm);
  return known;
}

/** Do the VMAs from vma on reach to `end` without a hole, all of one file and with one set of flags? */
function isUniform(mm: mm_struct, vma: vm_area_struct, end: number): boolean {
  let prev = vma;
  for (const next of for_each_vma_range(VMA_ITERATOR(mm, vma.vm_end), end)) {
    if (next.vm_start !== prev.vm_end || next.vm_file !== vma.vm_file) return false;
    if (!vma_flags_same_pair(next.flags, vma.flags)) return false;
    if (end <= next.vm_end) return true;
    prev = next;
  }
  return false;
}

/** Maps again what is known, under the lock for writing, unless it changed in the meantime. */
function mapAgain(
  mm: mm_struct,
  known: Known,
  start: number,
  size: number,
  pgoff: pgoff_t,
  populate: Ref<number>,
): number {
  const vma = vma_lookup(mm, start);
  if (vma === null || !vma_flags_same_pair(vma.flags, known.vma_flags) || vma.vm_file !== known.file) return -EINVAL;
  if (start + size > vma.vm_end && !isUniform(mm, vma, start + size)) return -EINVAL;
  return do_mmap(vma.vm_file, start, size, known.prot, known.flags, emptyFlags(), pgoff, populate, null);
}

/**
 * The system call: the pages from pgoff on of the file that is mapped shared at start come there, `size` bytes of them.
 * 0, -EINVAL or another negative errno.
 */
export function remap_file_pages(
  given_start: number,
  given_size: number,
  prot: number,
  pgoff: pgoff_t,
  flags: number,
): number {
  const mm = currentMm('remap_file_pages');
  stubs.pr_warn(`${current.comm} (${current.pid}) uses deprecated remap_file_pages() syscall`);

  if (prot !== 0) return -EINVAL;
  const start = PAGE_ALIGN_DOWN(given_start);
  const size = PAGE_ALIGN_DOWN(given_size);
  if (size === 0 || sumWraps(start, size) || sumWraps(pgoff, PHYS_PFN(size))) return -EINVAL;

  const known = lookAt(mm, start, flags & MAP_NONBLOCK);
  if (typeof known === 'number') return known;

  let ret = stubs.security_mmap_file(known.file, known.prot, known.flags);
  if (ret === 0 && stubs.mmap_write_lock_killable(mm) !== 0) ret = -EINTR;
  if (ret !== 0) {
    stubs.fput(known.file);
    return ret;
  }

  const populate = new Ref(0);
  ret = mapAgain(mm, known, start, size, pgoff, populate);
  stubs.mmap_write_unlock(mm);
  stubs.fput(known.file);
  if (populate.value !== 0) mm_populate(ret, populate.value);
  return IS_ERR_VALUE(ret) ? ret : 0;
}
