// SPDX-License-Identifier: GPL-2.0-only
/**
 * From the arguments of mmap() to a region. Port of round_hint_to_min() and do_mmap(), mm/mmap.c, whose two switches
 * over the type of mapping are functions here, and of file_inode() and its like (Linux 7.3).
 *
 * Deviation: no protection keys, so execute_only_pkey() has none to give.
 */
import {
  EACCES,
  EAGAIN,
  EEXIST,
  EINVAL,
  ENODEV,
  ENOMEM,
  EOPNOTSUPP,
  EOVERFLOW,
  EPERM,
  ETXTBSY,
  IS_ERR_VALUE,
} from '../../../include/linux/errno.js';
import { FMODE_READ, FMODE_WRITE, FOP_MMAP_SYNC, S_APPEND, S_SWAPFILE } from '../../../include/linux/fs.js';
import type { list_head } from '../../../include/linux/list.js';
import { PAGE_ALIGN, PAGE_ALIGN_DOWN, PHYS_PFN, type pgoff_t, READ_IMPLIES_EXEC } from '../../../include/linux/mm.js';
import type { file } from '../../../include/mm_types.js';
import type { Ref } from '../../../include/ref.js';
import {
  MAP_DROPPABLE,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_SYNC,
  MAP_TYPE,
  OVERCOMMIT_NEVER,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../../../include/uapi/mman.js';
import {
  VMA_DONTDUMP_BIT,
  VMA_DROPPABLE,
  VMA_EXEC_BIT,
  VMA_LOCKED_BIT,
  VMA_MAYEXEC_BIT,
  VMA_MAYREAD_BIT,
  VMA_MAYSHARE_BIT,
  VMA_MAYWRITE_BIT,
  VMA_NORESERVE_BIT,
  VMA_SHARED_BIT,
  VMA_WIPEONFORK_BIT,
  type vma_flags_t,
} from '../../../include/vma_flags.js';
import { current, currentMm, globals, stubs } from '../../../stubs/index.js';
import { path_noexec } from '../../fs/file_table.js';
import { get_sysctl_max_map_count, mlock_future_ok } from '../inlines/accounting.js';
import { file_mmap_ok } from '../inlines/file.js';
import {
  legacy_to_vma_flags,
  vma_flags_clear,
  vma_flags_empty,
  vma_flags_set,
  vma_flags_set_mask,
  vma_flags_test,
} from '../inlines/flag_operations.js';
import { find_vma_intersection } from '../inlines/iterator.js';
import { can_mmap_file } from '../inlines/mapping.js';
import { can_do_mlock } from '../inlines/mlock.js';
import { calc_vm_flag_bits, calc_vm_prot_bits, LEGACY_MAP_MASK, vma_flags_can_grow } from '../inlines/mman.js';
import { hasOtherBits, sumWraps, withBits, wrappingPageAlign } from '../inlines/unsigned.js';
import { memfd_check_seals_mmap } from '../memfd.js';
import { mmap_region } from '../vma/mmap_region.js';
import { __get_unmapped_area } from './get_unmapped_area.js';

/** A hint as an address that may be mapped: page-aligned, and not below the lowest. */
function round_hint_to_min(hint: number): number {
  const addr = PAGE_ALIGN_DOWN(hint);
  return addr !== 0 && addr < globals.mmap_min_addr ? PAGE_ALIGN(globals.mmap_min_addr) : addr;
}

/** What a shared mapping of a file asks for beyond a private one. 0 or a negative errno. */
function checkShared(file: file, prot: number, flags: number, vma_flags: vma_flags_t): number {
  const sync = ((file.f_op.fop_flags ?? 0) & FOP_MMAP_SYNC) !== 0 ? MAP_SYNC : 0;
  const writable = (file.f_mode & FMODE_WRITE) !== 0;

  if ((flags & MAP_TYPE) === MAP_SHARED_VALIDATE && hasOtherBits(flags, LEGACY_MAP_MASK | sync)) return -EOPNOTSUPP;
  if ((prot & PROT_WRITE) !== 0) {
    if (!writable) return -EACCES;
    if ((file.f_mapping.host.i_flags & S_SWAPFILE) !== 0) return -ETXTBSY;
  }
  // Writing through a mapping is not appending.
  if ((file.f_inode.i_flags & S_APPEND) !== 0 && writable) return -EACCES;

  vma_flags_set(vma_flags, VMA_SHARED_BIT, VMA_MAYSHARE_BIT);
  if (!writable) vma_flags_clear(vma_flags, VMA_MAYWRITE_BIT, VMA_SHARED_BIT);
  return 0;
}

/** What any mapping of a file asks for. 0 or a negative errno. */
function checkPrivate(file: file, vma_flags: vma_flags_t): number {
  if ((file.f_mode & FMODE_READ) === 0) return -EACCES;
  if (path_noexec(file.f_path)) {
    if (vma_flags_test(vma_flags, VMA_EXEC_BIT)) return -EPERM;
    vma_flags_clear(vma_flags, VMA_MAYEXEC_BIT);
  }
  if (!can_mmap_file(file)) return -ENODEV;
  return vma_flags_can_grow(vma_flags) ? -EINVAL : 0;
}

/** Checks a mapping of a file and settles its flags. 0 or a negative errno. */
function checkFile(
  file: file,
  len: number,
  prot: number,
  flags: number,
  vma_flags: vma_flags_t,
  pgoff: pgoff_t,
): number {
  if (!file_mmap_ok(file, file.f_inode, pgoff, len)) return -EOVERFLOW;

  const type = flags & MAP_TYPE;
  let error = 0;
  if (type === MAP_SHARED || type === MAP_SHARED_VALIDATE) error = checkShared(file, prot, flags, vma_flags);
  else if (type !== MAP_PRIVATE) error = -EINVAL;
  if (error === 0) error = checkPrivate(file, vma_flags);
  if (error !== 0) return error;

  // Last: a seal takes a right away that the mode of the file gives.
  return memfd_check_seals_mmap(file, vma_flags);
}

/**
 * Settles the flags of memory that may go away at any time, where there is a flag for it. 0 or a negative errno.
 * @internal
 */
export function checkDroppable(flags: number, vma_flags: vma_flags_t, droppable: vma_flags_t = VMA_DROPPABLE): number {
  if (vma_flags_empty(droppable)) return -EOPNOTSUPP;
  vma_flags_set_mask(vma_flags, droppable);

  if ((flags & (MAP_LOCKED | MAP_HUGETLB)) !== 0) return -EINVAL;
  if (vma_flags_can_grow(vma_flags)) return -EINVAL;

  // Nothing to reserve, to inherit or to dump.
  vma_flags_set(vma_flags, VMA_NORESERVE_BIT, VMA_WIPEONFORK_BIT, VMA_DONTDUMP_BIT);
  return 0;
}

/** Checks an anonymous mapping and settles its flags. 0 or a negative errno. */
function checkAnonymous(flags: number, vma_flags: vma_flags_t): number {
  switch (flags & MAP_TYPE) {
    case MAP_SHARED:
      if (vma_flags_can_grow(vma_flags)) return -EINVAL;
      vma_flags_set(vma_flags, VMA_SHARED_BIT, VMA_MAYSHARE_BIT);
      return 0;
    case MAP_DROPPABLE:
      return checkDroppable(flags, vma_flags);
    case MAP_PRIVATE:
      return 0;
    default:
      return -EINVAL;
  }
}

/** Does PROT_READ mean PROT_EXEC for this task and file? */
function readImpliesExec(file: file | null, prot: number): boolean {
  if ((prot & PROT_READ) === 0 || (current.personality & READ_IMPLIES_EXEC) === 0) return false;
  return file === null || !path_noexec(file.f_path);
}

/** The flags of the VMA as far as they follow from the arguments and the address space alone. */
function flagsFor(given: vma_flags_t, prot: number, flags: number): vma_flags_t {
  const vma_flags = given.clone();
  vma_flags_set_mask(vma_flags, legacy_to_vma_flags(calc_vm_prot_bits(prot)));
  vma_flags_set_mask(vma_flags, legacy_to_vma_flags(calc_vm_flag_bits(flags)));
  vma_flags_set_mask(vma_flags, currentMm('do_mmap').def_vma_flags);
  vma_flags_set(vma_flags, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT, VMA_MAYEXEC_BIT);
  return vma_flags;
}

/** Without MAP_NORESERVE, or where every page must be charged, nothing changes. */
function settleReserve(file: file | null, flags: number, vma_flags: vma_flags_t): void {
  if ((flags & MAP_NORESERVE) === 0) return;
  if (globals.sysctl_overcommit_memory !== OVERCOMMIT_NEVER) vma_flags_set(vma_flags, VMA_NORESERVE_BIT);
  // Huge pages are charged apart.
  if (file !== null && stubs.is_file_hugepages(file)) vma_flags_set(vma_flags, VMA_NORESERVE_BIT);
}

/** May the current address space have another `len` bytes of memory with these flags, locked or not? 0 or an errno. */
function checkLocks(flags: number, vma_flags: vma_flags_t, len: number): number {
  if ((flags & MAP_LOCKED) !== 0 && !can_do_mlock()) return -EPERM;
  const locked = vma_flags_test(vma_flags, VMA_LOCKED_BIT);
  return mlock_future_ok(currentMm('do_mmap'), locked, len) ? 0 : -EAGAIN;
}

/**
 * Maps len bytes of a file, or of anonymous memory, in the current address space, whose lock the caller holds for
 * writing. given_flags come on top of what prot and flags ask for. populate.value becomes the number of bytes that the
 * caller is to fault in, or 0. The address, or a negative errno.
 */
export function do_mmap(
  file: file | null,
  given_addr: number,
  given_len: number,
  given_prot: number,
  given_flags: number,
  given_vma_flags: vma_flags_t,
  given_pgoff: pgoff_t,
  populate: Ref<number>,
  uf: list_head | null,
): number {
  const mm = currentMm('do_mmap');
  populate.value = 0;
  stubs.mmap_assert_write_locked(mm);
  if (given_len === 0) return -EINVAL;

  const prot = readImpliesExec(file, given_prot) ? withBits(given_prot, PROT_EXEC) : given_prot;
  const noreplace = (given_flags & MAP_FIXED_NOREPLACE) !== 0;
  const flags = noreplace ? withBits(given_flags, MAP_FIXED) : given_flags;
  const hint = (flags & MAP_FIXED) !== 0 ? given_addr : round_hint_to_min(given_addr);

  const len = wrappingPageAlign(given_len);
  if (len === 0) return -ENOMEM;
  if (sumWraps(given_pgoff, PHYS_PFN(len))) return -EOVERFLOW;
  if (mm.map_count > get_sysctl_max_map_count()) return -ENOMEM;

  const vma_flags = flagsFor(given_vma_flags, prot, flags);
  const addr = __get_unmapped_area(file, hint, len, given_pgoff, flags);
  if (IS_ERR_VALUE(addr)) return addr;
  if (noreplace && find_vma_intersection(mm, addr, addr + len) !== null) return -EEXIST;

  let error = checkLocks(flags, vma_flags, len);
  if (error !== 0) return error;
  error = file !== null ? checkFile(file, len, prot, flags, vma_flags, given_pgoff) : checkAnonymous(flags, vma_flags);
  if (error !== 0) return error;
  settleReserve(file, flags, vma_flags);

  const ret = mmap_region(file, addr, len, vma_flags, pgoffOf(file, addr, flags, given_pgoff), uf);
  if (!IS_ERR_VALUE(ret) && isToBePopulated(flags, vma_flags)) populate.value = len;
  return ret;
}

/** The page offset of the mapping: private anonymous memory has that of its address, shared begins at 0. */
function pgoffOf(file: file | null, addr: number, flags: number, pgoff: pgoff_t): pgoff_t {
  if (file !== null) return pgoff;
  return (flags & MAP_TYPE) === MAP_SHARED ? 0 : PHYS_PFN(addr);
}

function isToBePopulated(flags: number, vma_flags: vma_flags_t): boolean {
  return vma_flags_test(vma_flags, VMA_LOCKED_BIT) || (flags & (MAP_POPULATE | MAP_NONBLOCK)) === MAP_POPULATE;
}
