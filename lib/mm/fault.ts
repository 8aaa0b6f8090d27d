// SPDX-License-Identifier: GPL-2.0-only
/**
 * Page faults: part of mm/memory.c (Linux 7.3), by its functions, on the page model.
 *
 * Deviations: no huge pages, no swap, no userfaultfd; a fault never drops the lock and never has to be tried again;
 * pages around the one that faulted are not mapped along (map_pages is not called); page locks are left out, so
 * VM_FAULT_LOCKED means nothing, and no page is truncated while its handler runs.
 */
import { S_SWAPFILE } from '../../include/linux/fs.js';
import { PAGE_ALIGN_DOWN } from '../../include/linux/mm.js';
import {
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_WRITE,
  type page,
  pte_t,
  VM_FAULT_DONE_COW,
  VM_FAULT_ERROR,
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
  VM_FAULT_SIGSEGV,
} from '../../include/linux/pagetable.js';
import { type mm_struct, type vm_area_struct, vm_fault, type vm_operations_struct } from '../../include/mm_types.js';
import { VM_DROPPABLE, VM_MAYSHARE, VM_SHARED, VM_WRITE } from '../../include/vma_flags.js';
import { stubs } from '../../stubs/index.js';
import { missing } from '../bug.js';
import { vma_is_anonymous } from './inlines/lifecycle.js';
import { __linear_anon_page_index, linear_page_index } from './inlines/range.js';
import { copy_user_highpage, empty_zero_page, folio_test_anon, setEntry } from './page_tables.js';

/** No page comes of a fault that ends so. */
const WITHOUT_PAGE = VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY;

function mmOf(vmf: vm_fault): mm_struct {
  return vmf.vma.vm_mm ?? missing('handle_mm_fault', 'vma.vm_mm');
}

/** May the VMA be written? Then a page that was faulted in for that is. */
function maybe_mkwrite(vma: vm_area_struct): boolean {
  return (vma.vm_flags & VM_WRITE) !== 0n;
}

/** A private page is about to come: the VMA needs an anon_vma. 0 or VM_FAULT_OOM. */
function vmf_anon_prepare(vmf: vm_fault): number {
  return stubs.anon_vma_prepare(vmf.vma) !== 0 ? VM_FAULT_OOM : 0;
}

/** Maps a new page that this process alone has. */
function mapAnon(vmf: vm_fault, page: page): void {
  page.mapping = vmf.vma.anon_vma ?? missing('folio_add_new_anon_rmap', 'vma.anon_vma');
  page.index = __linear_anon_page_index(vmf.vma, vmf.address);
  page.anon_exclusive = true;
  setEntry(mmOf(vmf), vmf.address, new pte_t(page, maybe_mkwrite(vmf.vma)));
}

/** Nothing is mapped, and there is no file. */
function do_anonymous_page(vmf: vm_fault): number {
  // A file whose driver has set no vm_ops.
  if ((vmf.vma.vm_flags & VM_SHARED) !== 0n) return VM_FAULT_SIGBUS;

  if ((vmf.flags & FAULT_FLAG_WRITE) === 0) {
    setEntry(mmOf(vmf), vmf.address, new pte_t(empty_zero_page));
    return 0;
  }
  const ret = vmf_anon_prepare(vmf);
  if (ret !== 0) return ret;
  const page = stubs.alloc_page();
  if (page === null) return VM_FAULT_OOM;
  mapAnon(vmf, page);
  return 0;
}

/** Calls a hook that handles faults. */
function callHook(vmf: vm_fault, name: 'fault' | 'page_mkwrite' | 'pfn_mkwrite'): number {
  const ops = vmf.vma.vm_ops ?? missing('do_fault', 'vma.vm_ops');
  const hook = ops[name] ?? missing('do_fault', `vma.vm_ops.${name}`);
  return stubs.call_hook(ops, name, hook, vmf);
}

/** The page of the file, from its handler. */
function __do_fault(vmf: vm_fault): number {
  const ret = callHook(vmf, 'fault');
  if ((ret & (WITHOUT_PAGE | VM_FAULT_DONE_COW)) === 0 && vmf.page === null) missing('__do_fault', 'vmf.page');
  return ret;
}

/** Maps the page that the handler gave, or the private copy of it. */
function finish_fault(vmf: vm_fault): void {
  const isWrite = (vmf.flags & FAULT_FLAG_WRITE) !== 0;
  if (vmf.cow_page !== null) mapAnon(vmf, vmf.cow_page);
  else setEntry(mmOf(vmf), vmf.address, new pte_t(vmf.page, isWrite && maybe_mkwrite(vmf.vma)));
}

function do_read_fault(vmf: vm_fault): number {
  const ret = __do_fault(vmf);
  if ((ret & WITHOUT_PAGE) !== 0) return ret;
  finish_fault(vmf);
  return ret;
}

/** A write to a private mapping of a page that is not there yet. */
function do_cow_fault(vmf: vm_fault): number {
  const prepared = vmf_anon_prepare(vmf);
  if (prepared !== 0) return prepared;
  const copy = stubs.alloc_page();
  if (copy === null) return VM_FAULT_OOM;

  vmf.cow_page = copy;
  const ret = __do_fault(vmf);
  if ((ret & (WITHOUT_PAGE | VM_FAULT_DONE_COW)) !== 0) return ret;
  copy_user_highpage(copy, vmf.page);
  finish_fault(vmf);
  return ret;
}

/** The file system, or the driver, is told that the page becomes writable. */
function do_page_mkwrite(vmf: vm_fault): number {
  const { flags } = vmf;
  const host = vmf.vma.vm_file?.f_mapping.host;
  if (host !== undefined && (host.i_flags & S_SWAPFILE) !== 0) return VM_FAULT_SIGBUS;

  vmf.flags = FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE;
  const ret = callHook(vmf, 'page_mkwrite');
  vmf.flags = flags;
  return ret;
}

/** A write to a shared mapping of a page that is not there yet. */
function do_shared_fault(vmf: vm_fault, vm_ops: vm_operations_struct): number {
  const ret = __do_fault(vmf);
  if ((ret & WITHOUT_PAGE) !== 0) return ret;

  if (vm_ops.page_mkwrite) {
    const told = do_page_mkwrite(vmf);
    if ((told & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)) !== 0) return told;
  }
  finish_fault(vmf);
  return ret;
}

/** Nothing is mapped yet of a file, or of what a driver has. */
function do_fault(vmf: vm_fault, vm_ops: vm_operations_struct): number {
  if (!vm_ops.fault) return VM_FAULT_SIGBUS;
  if ((vmf.flags & FAULT_FLAG_WRITE) === 0) return do_read_fault(vmf);
  return (vmf.vma.vm_flags & VM_SHARED) === 0n ? do_cow_fault(vmf) : do_shared_fault(vmf, vm_ops);
}

/** The page is written where it is from here on. */
function wp_page_reuse(vmf: vm_fault, pte: pte_t): void {
  pte.write = maybe_mkwrite(vmf.vma);
}

/** Copies a page that others have too, or that is the file's. */
function wp_page_copy(vmf: vm_fault, old: page | null): number {
  const ret = vmf_anon_prepare(vmf);
  if (ret !== 0) return ret;
  const copy = stubs.alloc_page();
  if (copy === null) return VM_FAULT_OOM;
  copy_user_highpage(copy, old);
  mapAnon(vmf, copy);
  return 0;
}

/** A write to what is shared: the file system, or the driver, may want to know. */
function wp_shared(vmf: vm_fault, pte: pte_t): number {
  const { vm_ops } = vmf.vma;
  let ret = 0;
  if (pte.page !== null && vm_ops?.page_mkwrite) {
    ret = do_page_mkwrite(vmf);
  } else if (pte.page === null && vm_ops?.pfn_mkwrite) {
    vmf.flags |= FAULT_FLAG_MKWRITE;
    ret = callHook(vmf, 'pfn_mkwrite');
  }
  if ((ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)) !== 0) return ret;
  wp_page_reuse(vmf, pte);
  return 0;
}

/** Is this the only user of the page? Then it is of this VMA's anon_vma from here on. */
function wp_can_reuse_anon_folio(page: page, vma: vm_area_struct): boolean {
  if (page._mapcount !== 1) return false;
  page.mapping = vma.anon_vma;
  return true;
}

/** A write to a page that is mapped for reading. */
function do_wp_page(vmf: vm_fault, pte: pte_t): number {
  const { vma } = vmf;
  vmf.page = pte.page;
  if ((vma.vm_flags & (VM_SHARED | VM_MAYSHARE)) !== 0n) return wp_shared(vmf, pte);

  const { page } = pte;
  if (page !== null && folio_test_anon(page) && (page.anon_exclusive || wp_can_reuse_anon_folio(page, vma))) {
    page.anon_exclusive = true;
    wp_page_reuse(vmf, pte);
    return 0;
  }
  return wp_page_copy(vmf, page);
}

function __handle_mm_fault(vma: vm_area_struct, address: number, flags: number): number {
  const vmf = new vm_fault(vma, PAGE_ALIGN_DOWN(address), linear_page_index(vma, address), flags);
  const pte = mmOf(vmf).pgd?.get(vmf.address);

  if (pte === undefined) {
    return vma.vm_ops === null || vma_is_anonymous(vma) ? do_anonymous_page(vmf) : do_fault(vmf, vma.vm_ops);
  }
  if (pte.guard) return VM_FAULT_SIGSEGV;
  return (flags & FAULT_FLAG_WRITE) !== 0 && !pte.write ? do_wp_page(vmf, pte) : 0;
}

/**
 * Makes a page be at address, in a VMA that allows the access, and writable with FAULT_FLAG_WRITE. mmap_lock is held at
 * least for reading. VM_FAULT_*, 0 for well.
 */
export function handle_mm_fault(vma: vm_area_struct, address: number, flags: number): number {
  const ret = __handle_mm_fault(vma, address, flags);
  return (vma.vm_flags & VM_DROPPABLE) !== 0n ? ret & ~VM_FAULT_OOM : ret;
}
