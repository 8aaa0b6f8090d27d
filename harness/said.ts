// SPDX-License-Identifier: GPL-2.0-only
/** Operations in words: the call with its arguments, and what came of it. */
import { hexOf } from '../include/check.js';
import { anon_vma, file, mm_struct, vm_area_struct, vm_unmapped_area_info, vma_iterator } from '../include/mm_types.js';
import { Ref } from '../include/ref.js';
import { vma_merge_struct } from '../include/vma.js';
import { vma_flags_t } from '../include/vma_flags.js';
import { checkLive } from '../lib/doors/guards.js';
import type { NamedArguments } from '../lib/doors/operation.js';
import { errorName } from './error_name.js';
import { bitsOf } from './picture.js';

/** Files and anon_vmas by number. */
export interface Numbering {
  /** Null when there is no number left. */
  ofFile(file: file): number | null;
  ofAnon(anon: anon_vma): number;
}

/** Was it freed? In the checked world it is no VMA any more, and even to look at it is an error. */
export function isFreed(vma: vm_area_struct): boolean {
  try {
    checkLive('trace', 'vma', vma);
    return false;
  } catch {
    return true;
  }
}

function showVma(vma: vm_area_struct): string {
  return `${hexOf(vma.vm_start)}-${hexOf(vma.vm_end)}`;
}

/** The fields of a struct that a caller sets, those left out that are null, false or an iterator. */
function showFields(fields: Record<string, unknown>, numbers: Numbering): string {
  const said = Object.entries(fields).flatMap(([name, value]) => {
    const text = value === false ? null : showArgument(value, numbers);
    return text === null ? [] : [`${name}=${text}`];
  });
  return `{${said.join(' ')}}`;
}

/** An argument as it is printed; null for one that says nothing. */
function showArgument(value: unknown, numbers: Numbering): string | null {
  if (value === null || value === undefined || value instanceof mm_struct || value instanceof vma_iterator) return null;
  if (typeof value === 'number' || typeof value === 'bigint') return hexOf(value);
  if (typeof value !== 'object') return typeof value === 'function' ? null : String(value);
  if (value instanceof vm_area_struct) return isFreed(value) ? 'freed' : showVma(value);
  if (value instanceof vma_flags_t) return hexOf(bitsOf(value));
  if (value instanceof file) return `file ${numbers.ofFile(value) ?? 'of no number'}`;
  if (value instanceof anon_vma) return `anon ${numbers.ofAnon(value)}`;
  if (value instanceof Ref) return showArgument(value.value, numbers);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof vm_unmapped_area_info) return showFields({ ...value }, numbers);
  if (value instanceof vma_merge_struct) {
    const { start, end, pgoff, vma_flags: flags, prev, middle, next, target, just_expand, give_up_on_oom } = value;
    const { file: mapped, anon_vma: anon } = value;
    const fields = { start, end, pgoff, flags, prev, middle, next, target, file: mapped, anon };
    return showFields({ ...fields, just_expand, give_up_on_oom }, numbers);
  }
  return null;
}

/** `vma_shrink(vma=0x0-0x3000, start=0x0, …)`. */
export function showCall(name: string, args: NamedArguments, numbers: Numbering): string {
  const said = Object.entries(args).flatMap(([parameter, value]) => {
    const text = showArgument(value, numbers);
    return text === null ? [] : [`${parameter}=${text}`];
  });
  return `${name}(${said.join(', ')})`;
}

/** ` = -ENOMEM`, and nothing for a call that returns nothing. */
export function showResult(result: unknown): string {
  if (result === undefined) return '';
  if (typeof result === 'number') return ` = ${errorName(result) ?? hexOf(result)}`;
  if (result instanceof vm_area_struct) return ` = VMA ${isFreed(result) ? 'freed' : showVma(result)}`;
  return ` = ${String(result)}`;
}
