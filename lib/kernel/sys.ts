// SPDX-License-Identifier: GPL-2.0
/**
 * prctl() about memory. Port of get_current_mdwe(), prctl_set_mdwe(), prctl_get_mdwe(), prctl_get_thp_disable(),
 * prctl_set_thp_disable(), prctl_set_vma() and these cases of prctl(), kernel/sys.c (Linux 7.3).
 *
 * Deviation: other options are unknown here; a name is a string, not an address, null for none.
 */
import { EFAULT, EINTR, EINVAL, EPERM } from '../../include/linux/errno.js';
import {
  MMF_DISABLE_THP_COMPLETELY,
  MMF_DISABLE_THP_EXCEPT_ADVISED,
  MMF_HAS_MDWE,
  MMF_HAS_MDWE_NO_INHERIT,
  MMF_VM_MERGE_ANY,
} from '../../include/linux/mm.js';
import type { mm_struct } from '../../include/mm_types.js';
import {
  PR_GET_MDWE,
  PR_GET_MEMORY_MERGE,
  PR_GET_THP_DISABLE,
  PR_MDWE_NO_INHERIT,
  PR_MDWE_REFUSE_EXEC_GAIN,
  PR_SET_MDWE,
  PR_SET_MEMORY_MERGE,
  PR_SET_THP_DISABLE,
  PR_SET_VMA,
  PR_SET_VMA_ANON_NAME,
  PR_THP_DISABLE_EXCEPT_ADVISED,
} from '../../include/uapi/prctl.js';
import { currentMm, stubs } from '../../stubs/index.js';
import { mm_flags_clear, mm_flags_set, mm_flags_test } from '../mm/inlines/flag_operations.js';
import { hasOtherBits } from '../mm/inlines/unsigned.js';
import { ksm_disable_merge_any, ksm_enable_merge_any } from '../mm/ksm.js';
import { set_anon_vma_name } from '../mm/madvise/madvise.js';

/** An argument of prctl(): a number, or for the name of memory a string. */
export type PrctlArgument = number | string | null;

function isSet(arg: PrctlArgument): boolean {
  return arg !== 0 && arg !== null;
}

function get_current_mdwe(mm: mm_struct): number {
  let ret = 0;
  if (mm_flags_test(MMF_HAS_MDWE, mm)) ret |= PR_MDWE_REFUSE_EXEC_GAIN;
  if (mm_flags_test(MMF_HAS_MDWE_NO_INHERIT, mm)) ret |= PR_MDWE_NO_INHERIT;
  return ret;
}

/** Memory-deny-write-execute: 0, -EINVAL, or -EPERM for a change of what was set. */
function prctl_set_mdwe(mm: mm_struct, bits: number): number {
  if (hasOtherBits(bits, PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT)) return -EINVAL;
  if ((bits & PR_MDWE_NO_INHERIT) !== 0 && (bits & PR_MDWE_REFUSE_EXEC_GAIN) === 0) return -EINVAL;

  const current_bits = get_current_mdwe(mm);
  if (current_bits !== 0 && current_bits !== bits) return -EPERM;
  if ((bits & PR_MDWE_NO_INHERIT) !== 0) mm_flags_set(MMF_HAS_MDWE_NO_INHERIT, mm);
  if ((bits & PR_MDWE_REFUSE_EXEC_GAIN) !== 0) mm_flags_set(MMF_HAS_MDWE, mm);
  return 0;
}

function prctl_get_thp_disable(mm: mm_struct): number {
  if (mm_flags_test(MMF_DISABLE_THP_COMPLETELY, mm)) return 1;
  return mm_flags_test(MMF_DISABLE_THP_EXCEPT_ADVISED, mm) ? 1 | PR_THP_DISABLE_EXCEPT_ADVISED : 0;
}

/** Huge pages: all of them, none, or where they are advised. 0, -EINVAL or -EINTR. */
function prctl_set_thp_disable(mm: mm_struct, thp_disable: boolean, flags: number): number {
  if ((!thp_disable && flags !== 0) || hasOtherBits(flags, PR_THP_DISABLE_EXCEPT_ADVISED)) return -EINVAL;
  if (stubs.mmap_write_lock_killable(mm) !== 0) return -EINTR;

  mm_flags_clear(MMF_DISABLE_THP_COMPLETELY, mm);
  mm_flags_clear(MMF_DISABLE_THP_EXCEPT_ADVISED, mm);
  if (thp_disable) {
    const advised = (flags & PR_THP_DISABLE_EXCEPT_ADVISED) !== 0;
    mm_flags_set(advised ? MMF_DISABLE_THP_EXCEPT_ADVISED : MMF_DISABLE_THP_COMPLETELY, mm);
  }
  stubs.mmap_write_unlock(mm);
  return 0;
}

/** KSM for all that can be merged, or not. 0 or a negative errno. */
function setMemoryMerge(mm: mm_struct, merge: boolean): number {
  if (stubs.mmap_write_lock_killable(mm) !== 0) return -EINTR;
  const error = merge ? ksm_enable_merge_any(mm) : ksm_disable_merge_any(mm);
  stubs.mmap_write_unlock(mm);
  return error;
}

/** Changes an attribute of a range. 0 or a negative errno. */
function prctl_set_vma(opt: number, addr: number, size: number, arg: PrctlArgument): number {
  if (opt !== PR_SET_VMA_ANON_NAME) return -EINVAL;
  // No text is at any address.
  if (typeof arg === 'number' && arg !== 0) return -EFAULT;
  return set_anon_vma_name(addr, size, typeof arg === 'string' ? arg : null);
}

/** The system call. What was asked for, 0, or a negative errno; -EINVAL for an option that has nothing to do with memory. */
export function prctl(
  option: number,
  arg2: number,
  arg3: number = 0,
  arg4: number = 0,
  arg5: PrctlArgument = 0,
): number {
  const mm = currentMm('prctl');
  const [more3, more4] = [arg3 !== 0, arg4 !== 0 || isSet(arg5)];
  const unused = !more3 && !more4;

  switch (option) {
    case PR_SET_MDWE:
      return unused ? prctl_set_mdwe(mm, arg2) : -EINVAL;
    case PR_GET_MDWE:
      return unused && arg2 === 0 ? get_current_mdwe(mm) : -EINVAL;
    case PR_SET_THP_DISABLE:
      return more4 ? -EINVAL : prctl_set_thp_disable(mm, arg2 !== 0, arg3);
    case PR_GET_THP_DISABLE:
      return unused && arg2 === 0 ? prctl_get_thp_disable(mm) : -EINVAL;
    case PR_SET_MEMORY_MERGE:
      return unused ? setMemoryMerge(mm, arg2 !== 0) : -EINVAL;
    case PR_GET_MEMORY_MERGE:
      return unused && arg2 === 0 ? Number(mm_flags_test(MMF_VM_MERGE_ANY, mm)) : -EINVAL;
    case PR_SET_VMA:
      return prctl_set_vma(arg2, arg3, arg4, arg5);
    default:
      return -EINVAL;
  }
}
