// SPDX-License-Identifier: GPL-2.0-only
/** What tests of pages and of system calls begin with: an address space with page tables that nobody has locked. */
import type { CheckedWorld } from '../../harness/checked/world.js';
import type { VmaTest } from '../../harness/index.js';
import {
  address_space,
  file,
  for_each_vma,
  generic_file_mmap_prepare,
  inode,
  mm_alloc_pgd,
  type mm_struct,
  PAGE_SIZE,
  Ref,
  read_user_byte,
  S_IFREG,
  TASK_SIZE,
  VMA_ITERATOR,
  write_user_byte,
} from '../../lib/index.js';
import { stubs } from '../../stubs/index.js';

/** The checked world of the test. */
export function worldOf(t: VmaTest): CheckedWorld {
  const { checked } = t.world;
  if (checked === null) throw new Error('the test needs the checked stubs');
  return checked;
}

/** Gives the test's address space its page tables, and drops its lock, which system calls take. */
export function asProcess(t: VmaTest): mm_struct {
  mm_alloc_pgd(t.mm);
  t.mm.mmap_base = TASK_SIZE - 0x10000000;
  t.world.unlock(t.mm);
  return t.mm;
}

/** Does something with the lock held for writing. */
export function locked<R>(mm: mm_struct, call: () => R): R {
  stubs.mmap_write_lock(mm);
  try {
    return call();
  } finally {
    stubs.mmap_write_unlock(mm);
  }
}

/** Unmaps everything. */
export function leave(t: VmaTest, mm: mm_struct = t.mm): void {
  locked(mm, () => t.unmapAll(mm));
}

/** The byte at addr; negative, as -VM_FAULT_*, where the program would die. */
export function peek(mm: mm_struct, addr: number): number {
  const value = new Ref(0);
  const ret = read_user_byte(mm, addr, value);
  return ret === 0 ? value.value : -ret;
}

/** Writes the byte at addr. 0 or VM_FAULT_*. */
export function poke(mm: mm_struct, addr: number, value: number): number {
  return write_user_byte(mm, addr, value);
}

/** The pages that are mapped, as a line of text: address and what is there, G for a guard marker, z for the zero page. */
export function pagesOf(mm: mm_struct): string {
  const entries = [...(mm.pgd ?? [])].sort(([a], [b]) => a - b);
  return entries
    .map(([addr, { page, guard }]) => {
      const what = guard ? 'G' : page === null ? 'pfn' : Object.isFrozen(page) ? 'z' : `${page.data}`;
      return `${addr.toString(16)}:${what}`;
    })
    .join(' ');
}

/** The VMAs, as a line of text: start-end in hex. */
export function rangesOf(mm: mm_struct): string {
  const vmas = [...for_each_vma(VMA_ITERATOR(mm, 0))];
  return vmas.map((vma) => `${vma.vm_start.toString(16)}-${vma.vm_end.toString(16)}`).join(' ');
}

/** A file on a disk, of `pages` pages. */
export function diskFile(pages: number): file {
  const host = new inode(S_IFREG | 0o644);
  host.i_size = pages * PAGE_SIZE;
  return new file({ mmap_prepare: generic_file_mmap_prepare }, new address_space(host));
}
