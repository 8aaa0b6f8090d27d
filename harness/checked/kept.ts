// SPDX-License-Identifier: GPL-2.0-only
/**
 * What an operation leaves alone: flags, policies, names and userfaultfd contexts of addresses that stay mapped and that
 * it was not told to change. VMAs that differ in one of these do not merge.
 */
import { hexOf } from '../../include/check.js';
import { PAGE_ALIGN, PAGE_ALIGN_DOWN } from '../../include/linux/mm.js';
import { anon_vma_name, vm_userfaultfd_ctx } from '../../include/mm_types.js';
import { PROT_GROWSDOWN, PROT_GROWSUP } from '../../include/uapi/mman.js';
import { vma_merge_struct } from '../../include/vma.js';
import { VMA_IGNORE_MERGE_FLAGS, vma_flags_t } from '../../include/vma_flags.js';
import type { NamedArguments } from '../../lib/doors/operation.js';
import { overlaps } from './judges.js';
import type { VmaState } from './spaces.js';

type Range = readonly [from: number, to: number];
type RangeOf = (args: NamedArguments) => Range;

const NOTHING: Range = [0, 0];

function rangeOf(start: unknown, end: unknown): Range {
  return typeof start === 'number' && typeof end === 'number' ? [start, end] : NOTHING;
}

const none: RangeOf = () => NOTHING;
const mapped: RangeOf = ({ addr, len }) => rangeOf(addr, Number(addr) + Number(len));
const given: RangeOf = ({ start, end }) => rangeOf(start, end);
const merged: RangeOf = ({ vmg }) => (vmg instanceof vma_merge_struct ? [vmg.start, vmg.end] : NOTHING);
const called: RangeOf = ({ start, len, len_in }) => {
  const [from, length] = [Number(start), Number(len ?? len_in)];
  return Number.isSafeInteger(from) && from >= 0 && length >= 0
    ? [PAGE_ALIGN_DOWN(from), PAGE_ALIGN(Math.min(from + length, Number.MAX_SAFE_INTEGER / 2))]
    : NOTHING;
};

/** A stack is changed to its start. */
const protectedRange: RangeOf = (args) => {
  return (Number(args.prot) & (PROT_GROWSDOWN | PROT_GROWSUP)) === 0 ? called(args) : [0, Infinity];
};

type Attribute = 'flags' | 'policy' | 'name' | 'userfaultfd context';

const ALL: readonly Attribute[] = ['flags', 'policy', 'name', 'userfaultfd context'];

/** Operations, the range that each may change or have its caller change, and what of it. */
const CHANGES: ReadonlyMap<string, readonly [RangeOf, ...Attribute[]]> = new Map([
  ['mmap_region', [mapped, ...ALL]],
  ['__mmap_region', [mapped, ...ALL]],
  ['do_brk_flags', [mapped, ...ALL]],
  ['do_munmap', [none]],
  ['vm_munmap', [none]],
  ['__vm_munmap', [none]],
  ['do_vmi_munmap', [none]],
  ['do_vmi_align_munmap', [none]],
  ['munmap', [none]],
  ['brk', [none]],
  ['expand_downwards', [none]],
  ['handle_mm_fault', [none]],
  ['__split_vma', [none]],
  ['split_vma', [none]],
  ['vma_shrink', [none]],
  ['vma_modify_flags', [given, 'flags']],
  ['vma_modify_name', [given, 'name']],
  ['vma_modify_policy', [given, 'policy']],
  ['vma_modify_flags_uffd', [given, 'flags', 'userfaultfd context']],
  ['vma_merge_existing_range', [merged, ...ALL]],
  ['vma_merge_new_range', [none]],
  ['vma_merge_copied_range', [none]],
  ['vma_merge_extend', [none]],
  ['copy_vma', [none]],
  ['vma_link', [none]],
  ['insert_vm_struct', [none]],
  ['__install_special_mapping', [none]],
  ['mprotect', [protectedRange, 'flags']],
  ['pkey_mprotect', [protectedRange, 'flags']],
  ['madvise', [called, 'flags']],
  ['mlock', [called, 'flags']],
  ['mlock2', [called, 'flags']],
  ['munlock', [called, 'flags']],
  ['mseal', [called, 'flags']],
]);

/** Are attributes judged here after this operation? */
export function judgesAttributes(name: string): boolean {
  return CHANGES.has(name);
}

/** But for those that VMAs which merge may differ in. */
function hasSameMergeFlags({ flags: was }: Pick<VmaState, 'flags'>, { flags: now }: VmaState): boolean {
  const { w0, w1, w2, w3 } = VMA_IGNORE_MERGE_FLAGS;
  return [w0, w1, w2, w3].every((ignored, i) => (((was[i] ?? 0) ^ (now[i] ?? 0)) & ~ignored) === 0);
}

/** Has the VMA now what the caller is going to set? A merge has given it that. */
function isAsAsked(attribute: Attribute, now: VmaState, args: NamedArguments): boolean {
  const { vma_flags_ptr, vma_flags = vma_flags_ptr, new_name, new_pol, new_ctx } = args;
  switch (attribute) {
    case 'flags': {
      if (!(vma_flags instanceof vma_flags_t)) return true;
      const { w0, w1, w2, w3 } = vma_flags;
      return hasSameMergeFlags({ flags: [w0, w1, w2, w3] }, now);
    }
    case 'policy':
      return new_pol === undefined || new_pol === now.policy;
    case 'name':
      return new_name === undefined || now.name === (new_name instanceof anon_vma_name ? new_name.name : null);
    default:
      return new_ctx === undefined || (new_ctx instanceof vm_userfaultfd_ctx && new_ctx.ctx === now.uffd);
  }
}

function differences(was: VmaState, now: VmaState): Attribute[] {
  const isSame: Record<Attribute, boolean> = {
    flags: hasSameMergeFlags(was, now),
    policy: was.policy === now.policy,
    name: was.name === now.name,
    'userfaultfd context': was.uffd === now.uffd,
  };
  return ALL.filter((attribute) => !isSame[attribute]);
}

/** What addresses have lost or got that the operation had nothing to do with, a sentence each. */
export function notKept(
  name: string,
  args: NamedArguments,
  before: readonly VmaState[],
  after: readonly VmaState[],
): string[] {
  const rule = CHANGES.get(name);
  if (rule === undefined) return [];
  const [range, ...own] = rule;
  const [from, to] = range(args);
  // Others set what they are given with more to it.
  const isModify = name.startsWith('vma_modify_');
  return overlaps(before, after, 0, 0).flatMap(([was, now, start, end]) => {
    const isOwn = start >= from && end <= to;
    const what = differences(was, now).filter(
      (one) => !isOwn || !own.includes(one) || (isModify && !isAsAsked(one, now, args)),
    );
    if (what.length === 0) return [];
    return [`attributes: ${hexOf(start)}-${hexOf(end)} has another ${what.join(', ')} than it is to have`];
  });
}
