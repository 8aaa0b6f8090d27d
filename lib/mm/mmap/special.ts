// SPDX-License-Identifier: GPL-2.0-only
/**
 * Mappings of the kernel's own, such as the vDSO. Port of special_mapping_close(), special_mapping_name(),
 * special_mapping_mremap(), special_mapping_split(), vma_is_special_mapping() and _install_special_mapping() of
 * mm/mmap.c, and of struct vm_special_mapping, include/linux/mm_types.h (Linux 7.3).
 *
 * Deviation: there is nothing to fault in, so special_mapping_fault() and the pages are left out.
 */
import { EFAULT, EINVAL, type ErrPtr } from '../../../include/linux/errno.js';
import type { mm_struct, vm_area_struct, vm_operations_struct } from '../../../include/mm_types.js';
import type { vm_flags_t } from '../../../include/vma_flags.js';
import { current } from '../../../stubs/index.js';
import { missing, WARN_ON_ONCE } from '../../bug.js';
import { __install_special_mapping } from '../vma/special.js';

/** What the kernel maps, and wants to be told of it. */
export class vm_special_mapping {
  /** As /proc shows it, "[vdso]" for one. */
  readonly name: string;
  /** The mapping was moved. 0 or a negative errno. */
  readonly mremap: ((sm: vm_special_mapping, new_vma: vm_area_struct) => number) | null;
  /** The mapping goes. */
  readonly close: ((sm: vm_special_mapping, vma: vm_area_struct) => void) | null;

  constructor(name: string, hooks: Partial<Pick<vm_special_mapping, 'mremap' | 'close'>> = {}) {
    this.name = name;
    this.mremap = hooks.mremap ?? null;
    this.close = hooks.close ?? null;
  }
}

function mappingOf(vma: vm_area_struct): vm_special_mapping {
  const { vm_private_data: sm } = vma;
  return sm instanceof vm_special_mapping ? sm : missing('special_mapping', 'vma.vm_private_data');
}

function special_mapping_close(vma: vm_area_struct): void {
  const sm = mappingOf(vma);
  sm.close?.(sm, vma);
}

function special_mapping_name(vma: vm_area_struct): string {
  return mappingOf(vma).name;
}

function special_mapping_mremap(new_vma: vm_area_struct): number {
  const sm = mappingOf(new_vma);
  if (WARN_ON_ONCE(current.mm !== new_vma.vm_mm, 'special_mapping_mremap', 'moved in another address space')) {
    return -EFAULT;
  }
  return sm.mremap?.(sm, new_vma) ?? 0;
}

/** The kernel counts on the size. */
function special_mapping_split(): number {
  return -EINVAL;
}

export const special_mapping_vmops: vm_operations_struct = Object.freeze({
  close: special_mapping_close,
  mremap: special_mapping_mremap,
  name: special_mapping_name,
  may_split: special_mapping_split,
});

/** Does the VMA map sm? */
export function vma_is_special_mapping(vma: vm_area_struct, sm: vm_special_mapping): boolean {
  return vma.vm_private_data === sm && vma.vm_ops === special_mapping_vmops;
}

/** Maps len bytes at addr for the kernel; the caller holds mmap_lock for writing. The VMA, or a negative errno. */
export function _install_special_mapping(
  mm: mm_struct,
  addr: number,
  len: number,
  vm_flags: vm_flags_t,
  spec: vm_special_mapping,
): vm_area_struct | ErrPtr {
  return __install_special_mapping(mm, addr, len, vm_flags, spec, special_mapping_vmops);
}
