// SPDX-License-Identifier: GPL-2.0-only
/**
 * What each operation answers for when it is over. A part of an operation leaves something to its caller: copy_vma()
 * counts no pages, vma_modify_flags() does not set the flags. An operation that is not here is judged by nothing.
 */

export interface Rule {
  /** Counters against VMAs: all of them, the total only (flags are the caller's), or none. */
  readonly sums: 'all' | 'total' | 'none';
  /** Pages charged against mappings that account for pages. */
  readonly charges: boolean;
  /** An address that stays mapped keeps its file and page offset, outside the range that is mapped anew. */
  readonly offsets: boolean;
  /** Flags that stick stay with the addresses, whatever merges. */
  readonly sticky: boolean;
  /** VMAs of files that are new, or changed, are told to uprobes in the end; those that grew to khugepaged. */
  readonly told: boolean;
  /** No VMA gets an anon_vma but by growing over another's pages: nothing is faulted in. */
  readonly anon: boolean;
}

const WHOLE: Rule = { sums: 'all', charges: true, offsets: true, sticky: true, told: true, anon: true };
/** The range is as it was; attributes are the caller's. */
const CHANGE: Rule = { sums: 'total', charges: false, offsets: true, sticky: true, told: true, anon: true };
const SPLIT: Rule = { ...CHANGE, sums: 'all', charges: true };
/** A stack may grow for it. */
const TOUCH: Rule = { ...WHOLE, told: false, anon: false };
/** The caller counts and charges. */
const PART: Rule = { sums: 'none', charges: false, offsets: true, sticky: true, told: false, anon: true };
const FLAGS: Rule = { ...PART, sticky: false };
/** A system call on memory, which may fault pages in; one that maps anew wherever it likes. */
const CALL: Rule = TOUCH;
const MOVING: Rule = { ...CALL, offsets: false, sticky: false };

const PAGES_ONLY: ReadonlySet<string> = new Set([
  'handle_mm_fault',
  'populate_vma_page_range',
  'faultin_page_range',
  'do_user_addr_fault',
  'read_user_byte',
  'write_user_byte',
  'read_user_bytes',
  'write_user_bytes',
]);

const RULES: ReadonlyMap<string, Rule> = new Map([
  ['mmap_region', WHOLE],
  ['__mmap_region', WHOLE],
  ['do_munmap', WHOLE],
  ['vm_munmap', WHOLE],
  ['__vm_munmap', WHOLE],
  ['do_vmi_munmap', WHOLE],
  ['do_vmi_align_munmap', WHOLE],
  ['do_brk_flags', WHOLE],
  ['mprotect', WHOLE],
  // Prepared for its pages before it is known whether it may grow.
  ['expand_downwards', { ...WHOLE, told: false, anon: false }],
  ['relocate_vma_down', { ...WHOLE, offsets: false, sticky: false, told: false }],
  ['create_init_stack_vma', { ...WHOLE, charges: false, told: false }],
  ['handle_mm_fault', TOUCH],
  ['populate_vma_page_range', TOUCH],
  ['faultin_page_range', TOUCH],
  ['do_user_addr_fault', TOUCH],
  ['read_user_byte', TOUCH],
  ['write_user_byte', TOUCH],
  ['read_user_bytes', TOUCH],
  ['write_user_bytes', TOUCH],
  ['dup_mmap', { ...WHOLE, told: false }],
  ['mmap', MOVING],
  ['ksys_mmap_pgoff', MOVING],
  ['vm_mmap', MOVING],
  ['vm_mmap_pgoff', MOVING],
  ['do_mmap', MOVING],
  ['munmap', CALL],
  ['mremap', MOVING],
  ['brk', CALL],
  ['vm_brk_flags', MOVING],
  ['remap_file_pages', MOVING],
  ['mprotect', CALL],
  ['pkey_mprotect', CALL],
  ['madvise', CALL],
  ['process_madvise', CALL],
  // A name that makes VMAs merge takes flags that stick away: upstream's own, see docs/upstream.md.
  ['set_anon_vma_name', { ...CALL, sticky: false }],
  ['mlock', CALL],
  ['mlock2', CALL],
  ['munlock', CALL],
  ['mlockall', CALL],
  ['munlockall', CALL],
  ['mseal', CALL],
  ['prctl', { ...CALL, sticky: false }],
  ['copy_mm', CALL],
  ['mmput', CALL],
  ['__split_vma', SPLIT],
  ['split_vma', SPLIT],
  ['vma_modify_flags', CHANGE],
  ['vma_modify_name', CHANGE],
  ['vma_modify_policy', CHANGE],
  ['vma_modify_flags_uffd', CHANGE],
  ['vma_merge_existing_range', CHANGE],
  ['vma_merge_new_range', PART],
  ['vma_merge_copied_range', PART],
  ['vma_merge_extend', PART],
  ['vma_expand', { ...PART, offsets: false, sticky: false }],
  ['vma_shrink', { ...PART, offsets: false, sticky: false }],
  ['copy_vma', PART],
  ['vma_link', PART],
  ['__install_special_mapping', { ...WHOLE, told: false }],
  ['insert_vm_struct', { ...PART, charges: true }],
  ['mm_take_all_locks', PART],
  ['vm_flags_set', FLAGS],
  ['vm_flags_clear', FLAGS],
]);

/** Null for what is no operation, or relies on write marks of its caller's. */
export function ruleOf(name: string): Rule | null {
  return RULES.get(name) ?? null;
}

/** Does the operation change no more than pages, at addresses that its arguments tell, and a stack that grows? */
export function touchesPagesOnly(name: string): boolean {
  return PAGES_ONLY.has(name);
}
