// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Page protections. Port of inlines of mm/vma.h and tools/testing/vma/include/dup.h (Linux 7.3), where a protection is
 * simply the flags word.
 */
import { pgprot_t, type vm_area_struct } from '../../../include/mm_types.js';
import type { vm_flags_t, vma_flags_t } from '../../../include/vma_flags.js';
import { legacy_to_vma_flags } from './flag_operations.js';

/** The protection as a 64-bit value. */
export function pgprot_val(prot: pgprot_t): bigint {
  return prot.pgprot;
}

/** A protection from a 64-bit value; throws on a wider one. */
export function __pgprot(value: bigint): pgprot_t {
  return vm_get_page_prot(value);
}

/**
 * Same bits?
 * @internal
 */
export function pgprotSame(a: pgprot_t, b: pgprot_t): boolean {
  return a.low === b.low && a.high === b.high;
}

/** Protections handed out lately. They are immutable and few are in use, so that one object serves all who ask. */
const recent: pgprot_t[] = Array.from({ length: 64 }, () => new pgprot_t(0, 0));

function pgprotOf(low: number, high: number): pgprot_t {
  const place = (low ^ (low >> 8) ^ (low >> 20) ^ high) & 63;
  const known = recent[place];
  if (known !== undefined && known.low === low && known.high === high) return known;
  const made = new pgprot_t(low, high);
  recent[place] = made;
  return made;
}

/** The protection that a flags word stands for. */
export function vm_get_page_prot(vm_flags: vm_flags_t): pgprot_t {
  return vma_flags_to_page_prot(legacy_to_vma_flags(vm_flags));
}

/** The protection that the lowest 64 flags stand for. */
export function vma_flags_to_page_prot(vma_flags: vma_flags_t): pgprot_t {
  return pgprotOf(vma_flags.w0, vma_flags.w1);
}

/** The protection that the flags of a VMA stand for. */
export function vma_get_page_prot(vma: vm_area_struct): pgprot_t {
  return vma_flags_to_page_prot(vma.flags);
}

/** What a change of protection keeps of the old one: all of it, here. */
export function pgprot_modify(oldprot: pgprot_t, newprot: pgprot_t): pgprot_t {
  return pgprotOf(oldprot.low | newprot.low, oldprot.high | newprot.high);
}

/** A protection changed towards what the flags stand for. */
export function vma_pgprot_modify(oldprot: pgprot_t, vma_flags: vma_flags_t): pgprot_t {
  return pgprot_modify(oldprot, vma_flags_to_page_prot(vma_flags));
}
