// SPDX-License-Identifier: GPL-2.0-only
/**
 * mmap(): from a descriptor to do_mmap(). Port of ksys_mmap_pgoff(), mm/mmap.c, of vm_mmap_pgoff() and vm_mmap(),
 * mm/util.c, of mm_populate(), include/linux/mm.h, and of mmap(), arch/x86/kernel/sys_x86_64.c (Linux 7.3).
 *
 * Deviation: a kernel without huge page files, so that MAP_HUGETLB is an error.
 */
import { EBADF, EINTR, EINVAL } from '../../../include/linux/errno.js';
import { list_head } from '../../../include/linux/list.js';
import { offset_in_page, PAGE_ALIGN, PAGE_SIZE, PHYS_PFN, type pgoff_t } from '../../../include/linux/mm.js';
import type { file } from '../../../include/mm_types.js';
import { Ref } from '../../../include/ref.js';
import { MAP_ANONYMOUS, MAP_HUGETLB } from '../../../include/uapi/mman.js';
import { emptyFlags } from '../../../include/vma_flags.js';
import { currentMm, stubs } from '../../../stubs/index.js';
import { sumWraps } from '../inlines/unsigned.js';
import { do_mmap } from './do_mmap.js';

/** Faults in [addr, addr + len) of the current address space as far as it goes. */
export function mm_populate(addr: number, len: number): void {
  stubs.__mm_populate(addr, len, true);
}

/** Maps len bytes of a file, or of anonymous memory, in the current address space, whose lock it takes. */
export function vm_mmap_pgoff(
  file: file | null,
  addr: number,
  len: number,
  prot: number,
  flag: number,
  pgoff: pgoff_t,
): number {
  const mm = currentMm('vm_mmap_pgoff');
  const populate = new Ref(0);
  const uf = new list_head();

  const error =
    stubs.security_mmap_file(file, prot, flag) || stubs.fsnotify_mmap_perm(file, prot, pgoff * PAGE_SIZE, len);
  if (error !== 0) return error;

  if (stubs.mmap_write_lock_killable(mm) !== 0) return -EINTR;
  const ret = do_mmap(file, addr, len, prot, flag, emptyFlags(), pgoff, populate, uf);
  stubs.mmap_write_unlock(mm);
  stubs.userfaultfd_unmap_complete(mm, uf);
  if (populate.value !== 0) mm_populate(ret, populate.value);
  return ret;
}

/** The same with an offset in bytes, page-aligned. */
export function vm_mmap(
  file: file | null,
  addr: number,
  len: number,
  prot: number,
  flag: number,
  offset: number,
): number {
  if (sumWraps(offset, PAGE_ALIGN(len)) || offset_in_page(offset) !== 0) return -EINVAL;
  return vm_mmap_pgoff(file, addr, len, prot, flag, PHYS_PFN(offset));
}

/** Maps the file behind a descriptor, or anonymous memory, for which the descriptor does not count. */
export function ksys_mmap_pgoff(
  addr: number,
  len: number,
  prot: number,
  flags: number,
  fd: number,
  pgoff: pgoff_t,
): number {
  if ((flags & MAP_ANONYMOUS) !== 0) {
    // No size of huge pages is known.
    return (flags & MAP_HUGETLB) !== 0 ? -EINVAL : vm_mmap_pgoff(null, addr, len, prot, flags, pgoff);
  }

  const file = stubs.fget(fd);
  if (file === null) return -EBADF;
  const retval = (flags & MAP_HUGETLB) !== 0 ? -EINVAL : vm_mmap_pgoff(file, addr, len, prot, flags, pgoff);
  stubs.fput(file);
  return retval;
}

/** The system call. `off` is in bytes. */
export function mmap(addr: number, len: number, prot: number, flags: number, fd: number, off: number): number {
  return offset_in_page(off) !== 0 ? -EINVAL : ksys_mmap_pgoff(addr, len, prot, flags, fd, PHYS_PFN(off));
}
