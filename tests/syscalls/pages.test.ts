// SPDX-License-Identifier: GPL-2.0-only
/** The page model: faults, copies on write, forks, guards, and what unmapping and moving leave. */
import { test } from '../../harness/index.js';
import {
  __mmap_region,
  EFAULT,
  EINVAL,
  ENOMEM,
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_WRITE,
  faultin_page_range,
  file,
  handle_mm_fault,
  mk_vma_flags,
  mm_alloc_pgd,
  mm_struct,
  mmap_action_map_kernel_pages_full,
  mmap_action_remap_full,
  mmu_gather,
  PAGE_SIZE,
  page,
  populate_vma_page_range,
  pte_t,
  read_user_bytes,
  S_SWAPFILE,
  split_vma,
  truncate_pagecache_range,
  truncate_setsize,
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
  VM_FAULT_SIGBUS,
  VM_FAULT_SIGSEGV,
  VM_WRITE,
  VMA_EXEC_BIT,
  VMA_GROWSDOWN_BIT,
  VMA_ITERATOR,
  VMA_LOCKONFAULT_BIT,
  VMA_MAYREAD_BIT,
  VMA_MAYSHARE_BIT,
  VMA_MAYWRITE_BIT,
  VMA_MIXEDMAP_BIT,
  VMA_PFNMAP_BIT,
  VMA_READ_BIT,
  VMA_SHARED_BIT,
  VMA_WRITE_BIT,
  type vm_fault,
  vm_flags_clear,
  vm_flags_set,
  vma_desc_set_flags,
  write_user_bytes,
} from '../../lib/index.js';
import { stubs } from '../../stubs/index.js';
import { DATA, mapRange } from '../mm/space.js';
import { asProcess, diskFile, leave, locked, pagesOf, peek, poke, rangesOf, worldOf } from './memory.js';

const AT = 0x100000;
const SHARED = [...DATA, VMA_SHARED_BIT, VMA_MAYSHARE_BIT];

test('what was never written reads as zeroes, of a page that nobody has', (t) => {
  const mm = asProcess(t);
  const vma = locked(mm, () => mapRange(t, AT, AT + 3 * PAGE_SIZE));

  t.ASSERT_EQ(peek(mm, AT + 5), 0);
  t.ASSERT_EQ(vma.anon_vma, null, 'reading makes no anon_vma');
  t.ASSERT_EQ(pagesOf(mm), '100000:z');
  t.ASSERT_EQ(poke(mm, AT, 7), 0);
  t.ASSERT_NE(vma.anon_vma, null, 'writing does');
  t.ASSERT_EQ(peek(mm, AT + PAGE_SIZE - 1), 7, 'a page has one byte of content');
  t.ASSERT_EQ(poke(mm, AT + 2 * PAGE_SIZE, 255), 0);
  t.ASSERT_EQ(pagesOf(mm), '100000:7 102000:255');

  const anon = vma.anon_vma;
  const [[, pte] = [0, new pte_t(null)]] = mm.pgd ?? [];
  t.ASSERT_EQ(pte.page?.mapping, anon);
  t.ASSERT_EQ(pte.page?.index, AT / PAGE_SIZE);
  t.ASSERT_EQ(pte.page?._mapcount, 1);

  leave(t);
  t.ASSERT_EQ(pagesOf(mm), '', 'unmapping drops them');
  t.ASSERT_EQ(pte.page?._mapcount, 0);
});

test('what a program dies of', (t) => {
  const mm = asProcess(t);
  locked(mm, () => {
    mapRange(t, AT, AT + PAGE_SIZE, { bits: [VMA_READ_BIT, VMA_MAYREAD_BIT] });
    mapRange(t, AT + 0x10000, AT + 0x11000, { bits: [VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT] });
    mapRange(t, AT + 0x20000, AT + 0x21000, { bits: [VMA_WRITE_BIT, VMA_MAYWRITE_BIT] });
    mapRange(t, AT + 0x30000, AT + 0x31000, { file: new file({ mmap: () => 0 }), bits: SHARED });
    mapRange(t, AT + 0x40000, AT + 0x42000, { file: diskFile(1), pgoff: 0 });
  });

  t.ASSERT_EQ(peek(mm, AT - 1), -VM_FAULT_SIGSEGV, 'nothing mapped');
  t.ASSERT_EQ(peek(mm, 2 ** 47), -VM_FAULT_SIGSEGV, 'past the end of user space');
  t.ASSERT_EQ(poke(mm, AT, 1), VM_FAULT_SIGSEGV, 'read-only');
  t.ASSERT_EQ(peek(mm, AT + 0x10000), -VM_FAULT_SIGSEGV, 'no access at all');
  t.ASSERT_EQ(peek(mm, AT + 0x20000), 0, 'the processor reads what may be written');
  t.ASSERT_EQ(poke(mm, AT + 0x20000, 3), 0);
  t.ASSERT_EQ(peek(mm, AT + 0x30000), -VM_FAULT_SIGBUS, 'a driver without a fault hook');
  t.ASSERT_EQ(peek(mm, AT + 0x40fff), 0);
  t.ASSERT_EQ(peek(mm, AT + 0x41000), -VM_FAULT_SIGBUS, 'past the end of the file');
  t.ASSERT_EQ(poke(mm, AT + 0x41000, 1), VM_FAULT_SIGBUS);

  const { faults } = worldOf(t);
  for (const name of ['alloc_page', 'anon_vma_chain_alloc']) {
    locked(mm, () => mapRange(t, AT + 0x50000, AT + 0x51000, { file: diskFile(1), pgoff: 0 }));
    faults.fail(name);
    t.ASSERT_EQ(poke(mm, AT + 0x50000, 1), VM_FAULT_OOM, name);
    t.ASSERT_EQ(mm.pgd?.has(AT + 0x50000), false, 'nothing is there');
  }
  leave(t);
});

test('a private mapping of a file has the pages of the file until it writes', (t) => {
  const mm = asProcess(t);
  const f = diskFile(4);
  const [vma, other] = locked(mm, () => [
    mapRange(t, AT, AT + 4 * PAGE_SIZE, { file: f, pgoff: 0 }),
    mapRange(t, AT + 0x10000, AT + 0x14000, { file: f, pgoff: 0, bits: SHARED }),
  ]);

  t.ASSERT_EQ(poke(mm, AT + 0x11000, 9), 0);
  t.ASSERT_EQ(peek(mm, AT + 0x1000), 9, 'the same page');
  t.ASSERT_EQ(other.anon_vma, null, 'shared memory has no anon_vma');
  t.ASSERT_EQ(vma.anon_vma, null);
  t.ASSERT_EQ(poke(mm, AT + 0x1000, 4), 0, 'copied');
  t.ASSERT_EQ(poke(mm, AT + 0x2000, 5), 0, 'copied without having been there');
  t.ASSERT_EQ(peek(mm, AT + 0x11000), 9);
  t.ASSERT_EQ(peek(mm, AT + 0x12000), 0);
  t.ASSERT_EQ(poke(mm, AT + 0x11000, 8), 0);
  t.ASSERT_EQ(peek(mm, AT + 0x1000), 4, 'the copy stays what it is');
  t.ASSERT_EQ(pagesOf(mm), '101000:4 102000:5 111000:8 112000:0');

  truncate_pagecache_range(f.f_mapping, PAGE_SIZE, 3 * PAGE_SIZE);
  t.ASSERT_EQ(pagesOf(mm), '101000:4 102000:5', 'a hole leaves private copies');
  t.ASSERT_EQ(peek(mm, AT + 0x11000), 0);
  truncate_setsize(f.f_mapping, 2 * PAGE_SIZE);
  t.ASSERT_EQ(pagesOf(mm), '101000:4 111000:0', 'a file that becomes shorter does not');
  t.ASSERT_EQ(peek(mm, AT + 0x2000), -VM_FAULT_SIGBUS);
  truncate_setsize(f.f_mapping, 4 * PAGE_SIZE);
  t.ASSERT_EQ(peek(mm, AT + 0x2000), 0);
  leave(t);
});

test('a handler of faults says what comes of them', (t) => {
  const mm = asProcess(t);
  const told: string[] = [];
  let [result, mkwrite] = [0, 0];
  const device = diskFile(1);
  device.f_op = {
    mmap_prepare: (desc) => {
      desc.vm_ops = {
        fault: (vmf: vm_fault) => {
          told.push(`fault ${vmf.pgoff} ${vmf.flags & FAULT_FLAG_WRITE}`);
          vmf.page = stubs.alloc_page();
          return result;
        },
        page_mkwrite: (vmf: vm_fault) => {
          told.push(`mkwrite ${vmf.pgoff}`);
          return mkwrite;
        },
      };
      return 0;
    },
  };
  locked(mm, () => mapRange(t, AT, AT + 4 * PAGE_SIZE, { file: device, bits: SHARED, pgoff: 10 }));

  t.ASSERT_EQ(peek(mm, AT), 0);
  t.ASSERT_EQ(poke(mm, AT, 6), 0);
  t.ASSERT_EQ(poke(mm, AT, 7), 0);
  t.ASSERT_EQ(told.join(', '), 'fault 10 0, mkwrite 10', 'the first write is told, and only that');
  told.length = 0;
  mkwrite = VM_FAULT_SIGBUS;
  t.ASSERT_EQ(poke(mm, AT + 0x1000, 1), VM_FAULT_SIGBUS);
  t.ASSERT_EQ(told.join(', '), 'fault 11 1, mkwrite 11');
  t.ASSERT_EQ(mm.pgd?.has(AT + 0x1000), false);
  t.ASSERT_EQ(peek(mm, AT + 0x1000), 0);
  t.ASSERT_EQ(poke(mm, AT + 0x1000, 1), VM_FAULT_SIGBUS, 'also where the page is there');
  result = VM_FAULT_OOM;
  t.ASSERT_EQ(peek(mm, AT + 0x2000), -VM_FAULT_OOM);
  t.ASSERT_EQ(peek(mm, AT), 7);
  leave(t);
});

test('parent and child have the same pages until one of them writes', (t) => {
  const mm = asProcess(t);
  const child = t.newMm();
  const vma = locked(mm, () => mapRange(t, AT, AT + 4 * PAGE_SIZE));
  for (const i of [0, 1, 2]) t.ASSERT_EQ(poke(mm, AT + i * PAGE_SIZE, 1 + i), 0);
  t.ASSERT_EQ(peek(mm, AT + 3 * PAGE_SIZE), 0);

  // The child's VMA is mapped by hand, with the parent's anon_vma as anon_vma_clone() would have it.
  stubs.mmap_write_lock(mm);
  const { anon_vma } = vma;
  t.ASSERT_EQ(stubs.copy_page_range(Object.assign(Object.create(vma), { vm_mm: child }), vma), 0);
  stubs.mmap_write_unlock(mm);
  t.ASSERT_EQ(pagesOf(child), pagesOf(mm));
  t.ASSERT_EQ(poke(mm, AT, 9), 0, 'the parent writes: a copy');
  t.ASSERT_EQ(pagesOf(mm), '100000:9 101000:2 102000:3 103000:z');
  t.ASSERT_EQ(pagesOf(child), '100000:1 101000:2 102000:3 103000:z');
  child.pgd?.clear();

  const shared = mm.pgd?.get(AT + PAGE_SIZE)?.page;
  if (shared) shared._mapcount = 1;
  t.ASSERT_EQ(poke(mm, AT + PAGE_SIZE, 8), 0);
  t.ASSERT_EQ(mm.pgd?.get(AT + PAGE_SIZE)?.page, shared, 'once nobody else has it, it is written where it is');
  t.ASSERT_EQ(vma.anon_vma, anon_vma);
  leave(t);
});

test('populating', (t) => {
  const mm = asProcess(t);
  const at = (i: number): number => AT + i * PAGE_SIZE;
  const [data, file_shared, locked_later, none] = locked(mm, () => [
    mapRange(t, at(0), at(4)),
    mapRange(t, at(4), at(8), { file: diskFile(2), pgoff: 0, bits: SHARED }),
    mapRange(t, at(8), at(9), { bits: [...DATA, VMA_LOCKONFAULT_BIT] }),
    mapRange(t, at(9), at(10), { bits: [VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT] }),
    mapRange(t, at(12), at(13), { bits: [...DATA, VMA_PFNMAP_BIT] }),
  ]);
  const codeOnly = locked(mm, () => mapRange(t, at(14), at(15), { bits: [VMA_EXEC_BIT, VMA_MAYREAD_BIT] }));
  stubs.mmap_read_lock(mm);
  t.ASSERT_EQ(populate_vma_page_range(codeOnly, at(14), at(15)), 1, 'also what can only be executed');
  t.ASSERT_EQ(faultin_page_range(mm, at(14), at(15), false), -EINVAL, 'which is not for everybody');
  mm.pgd?.delete(at(14));
  t.ASSERT_EQ(populate_vma_page_range(data, at(1), at(3)), 2);
  t.ASSERT_EQ(pagesOf(mm), '101000:0 102000:0', 'written to, where that is private');
  t.ASSERT_EQ(populate_vma_page_range(file_shared, at(4), at(8)), 2, 'as far as the file goes');
  t.ASSERT_EQ(populate_vma_page_range(file_shared, at(6), at(8)), -EFAULT);
  t.ASSERT_EQ(populate_vma_page_range(locked_later, at(8), at(9)), 1, 'said to be there');
  t.ASSERT_EQ(populate_vma_page_range(none, at(9), at(10)), -EFAULT);
  t.ASSERT_EQ(pagesOf(mm), '101000:0 102000:0 104000:0 105000:0');

  t.ASSERT_EQ(faultin_page_range(mm, at(0), at(4), false), 4);
  t.ASSERT_EQ(mm.pgd?.get(at(0))?.page, mm.pgd?.get(at(3))?.page, 'only read');
  t.ASSERT_EQ(faultin_page_range(mm, at(3), at(5), true), 2);
  t.ASSERT_EQ(faultin_page_range(mm, at(9), at(10), false), -EINVAL, 'no access');
  t.ASSERT_EQ(faultin_page_range(mm, at(10), at(11), false), -ENOMEM, 'no VMA');
  t.ASSERT_EQ(faultin_page_range(mm, at(12), at(13), false), -EINVAL, 'page frames');
  t.ASSERT_EQ(faultin_page_range(mm, at(6), at(7), false), -EFAULT, 'past the end of the file');
  worldOf(t).faults.fail('alloc_page');
  t.ASSERT_EQ(faultin_page_range(mm, at(0), at(1), true), -ENOMEM);
  stubs.mmap_read_unlock(mm);

  t.ASSERT_EQ(stubs.__mm_populate(at(0), 4 * PAGE_SIZE, false), 0);
  t.ASSERT_EQ(stubs.__mm_populate(at(4), 4 * PAGE_SIZE, false), -EFAULT);
  t.ASSERT_EQ(stubs.__mm_populate(at(0), 16 * PAGE_SIZE, true), 0);
  t.ASSERT_EQ(stubs.__mm_populate(at(10), PAGE_SIZE, false), 0, 'nothing is mapped, nothing to do');
  leave(t);
});

test('a stack grows when it is touched', (t) => {
  const mm = asProcess(t);
  const vma = locked(mm, () => mapRange(t, AT, AT + PAGE_SIZE, { bits: [...DATA, VMA_GROWSDOWN_BIT] }));
  t.ASSERT_EQ(poke(mm, AT - 3, 5), 0);
  t.ASSERT_EQ(vma.vm_start, AT - PAGE_SIZE);
  t.ASSERT_EQ(peek(mm, AT - PAGE_SIZE), 5);
  worldOf(t).faults.fail('may_expand_vm');
  t.ASSERT_EQ(poke(mm, AT - 3 * PAGE_SIZE, 5), VM_FAULT_SIGSEGV);
  t.ASSERT_EQ(rangesOf(mm), 'ff000-101000');
  leave(t);
});

test('guards fault, and stay when pages are dropped', (t) => {
  const mm = asProcess(t);
  const vma = locked(mm, () => mapRange(t, AT, AT + 3 * PAGE_SIZE));
  t.ASSERT_EQ(poke(mm, AT, 1), 0);
  mm.pgd?.set(AT + PAGE_SIZE, new pte_t(null, false, true));
  t.ASSERT_EQ(peek(mm, AT + PAGE_SIZE), -VM_FAULT_SIGSEGV);
  t.ASSERT_EQ(poke(mm, AT + PAGE_SIZE, 1), VM_FAULT_SIGSEGV);
  stubs.zap_vma_range(vma, AT, 3 * PAGE_SIZE);
  t.ASSERT_EQ(pagesOf(mm), '101000:G');
  leave(t);
  t.ASSERT_EQ(pagesOf(mm), '', 'they go with the VMA');
});

test('page tables that were not asked for are not there', (t) => {
  const vma = mapRange(t, AT, AT + PAGE_SIZE);
  t.ASSERT_EQ(t.mm.pgd, null);
  t.tap.throws(() => handle_mm_fault(vma, AT, 0), /^TypeError|has no page tables/);
  t.ASSERT_EQ(__mmap_region(null, AT, PAGE_SIZE, mk_vma_flags(...DATA), AT / PAGE_SIZE, null), AT);
  t.unmapAll();
});

test('a page that the reverse map cannot find is seen', (t) => {
  const mm = asProcess(t);
  const vma = locked(mm, () => mapRange(t, AT, AT + PAGE_SIZE));
  t.ASSERT_EQ(poke(mm, AT, 1), 0);
  const page = mm.pgd?.get(AT)?.page;
  const drain = t.sandbox.stub(stubs, 'lru_add_drain').callsFake(() => {
    if (page) page.index++;
  });
  locked(mm, () => t.ASSERT_EQ(populate_vma_page_range(vma, AT, AT + PAGE_SIZE), 1));
  drain.restore();
  if (page) page.index--;
  t.tap.match(worldOf(t).takeComplaints(), [/^rmap: pages 0x100000-0x101000 cannot be reached/]);
  leave(t);
});

test('a page where there is no VMA is seen', (t) => {
  const mm = asProcess(t);
  const vma = locked(mm, () => mapRange(t, AT, AT + 2 * PAGE_SIZE));
  const drain = t.sandbox.stub(stubs, 'lru_add_drain').callsFake(() => mm.pgd?.set(AT - PAGE_SIZE, new pte_t(null)));
  locked(mm, () => t.ASSERT_EQ(faultin_page_range(mm, AT, AT + PAGE_SIZE, true), 1));
  t.tap.same(worldOf(t).takeComplaints(), [], 'a fault answers for its own pages');
  mm.pgd?.clear();
  t.ASSERT_EQ(poke(mm, AT, 1), 0);
  drain.restore();
  t.sandbox.stub(stubs, 'vma_adjust_trans_huge').callsFake(() => mm.pgd?.set(AT - PAGE_SIZE, new pte_t(null)));
  locked(mm, () => t.ASSERT_EQ(split_vma(VMA_ITERATOR(mm, AT), vma, AT + PAGE_SIZE, true), 0));
  t.tap.match(worldOf(t).takeComplaints().join(), /pages: 0xff000 is mapped, where there is no VMA; after split_vma/);
  mm.pgd?.delete(AT - PAGE_SIZE);
  leave(t);
});

test('pages of an address space that is freed are seen', (t) => {
  const mm = new mm_struct();
  mm_alloc_pgd(mm);
  mm.pgd?.set(AT, new pte_t(null));
  stubs.free_mm(mm);
  t.tap.same(worldOf(t).takeComplaints(), ['leak: 1 pages are mapped in an address space that was freed']);
});

test('a page whose protection changes stays the same page', (t) => {
  const mm = asProcess(t);
  const vma = locked(mm, () => mapRange(t, AT, AT + 2 * PAGE_SIZE));
  t.ASSERT_EQ(poke(mm, AT, 1), 0);
  const page = mm.pgd?.get(AT)?.page;
  const change = (set: boolean): number =>
    locked(mm, () => {
      stubs.vma_start_write(vma);
      if (set) vm_flags_set(vma, VM_WRITE);
      else vm_flags_clear(vma, VM_WRITE);
      return stubs.change_protection(new mmu_gather(), vma, AT, AT + 2 * PAGE_SIZE, 0);
    });
  t.ASSERT_EQ(change(false), 1, 'one page is there');
  t.ASSERT_EQ(mm.pgd?.get(AT)?.write, false);
  t.ASSERT_EQ(poke(mm, AT, 2), VM_FAULT_SIGSEGV);
  t.ASSERT_EQ(change(true), 1);
  t.ASSERT_EQ(mm.pgd?.get(AT)?.write, false, 'left to the next fault');
  t.ASSERT_EQ(poke(mm, AT, 3), 0);
  t.ASSERT_EQ(mm.pgd?.get(AT)?.page, page, 'not copied: nobody else has it');
  t.ASSERT_EQ(peek(mm, AT), 3);
  leave(t);
});

test('device memory and pages of the kernel', (t) => {
  const mm = asProcess(t);
  const [own, second] = [new page(), new page()];
  const frames = new file({
    mmap_prepare: (desc) => {
      mmap_action_remap_full(desc, 0x77);
      return 0;
    },
  });
  const kernel = new file({
    mmap_prepare: (desc) => {
      vma_desc_set_flags(desc, VMA_MIXEDMAP_BIT);
      mmap_action_map_kernel_pages_full(desc, [own, second]);
      return 0;
    },
  });
  locked(mm, () => {
    mapRange(t, AT, AT + 2 * PAGE_SIZE, { file: frames, bits: SHARED, pgoff: 0 });
    mapRange(t, AT + 0x10000, AT + 0x12000, { file: kernel, bits: SHARED, pgoff: 0 });
    mapRange(t, AT + 0x20000, AT + 0x22000, { file: kernel, pgoff: 0 });
  });
  t.ASSERT_EQ(pagesOf(mm), '100000:pfn 101000:pfn 110000:0 111000:0 120000:0 121000:0', 'there from the start');
  t.ASSERT_EQ(peek(mm, AT), 0, 'the device does not say what it has');
  const bytes = Uint8Array.of(7, 7, 7);
  t.ASSERT_EQ(write_user_bytes(mm, AT + PAGE_SIZE - 1, bytes), 3);
  t.ASSERT_EQ(read_user_bytes(mm, AT + PAGE_SIZE - 1, bytes), 3, 'it takes all the same, and gives nothing back');
  t.equal([...bytes], [0, 0, 0]);
  t.ASSERT_EQ(poke(mm, AT, 3), 0);
  t.ASSERT_EQ(poke(mm, AT + 0x11000, 5), 0);
  t.ASSERT_EQ(second.data, 5);
  t.ASSERT_EQ(peek(mm, AT + 0x21000), 5);
  t.ASSERT_EQ(poke(mm, AT + 0x20000, 9), 0, 'a private mapping copies');
  t.ASSERT_EQ(own.data, 0);
  t.ASSERT_EQ(own._mapcount, 1);
  leave(t);
  t.ASSERT_EQ(own._mapcount + second._mapcount, 0);

  const { faults } = worldOf(t);
  for (const [f, name] of [
    [frames, 'remap_pfn_range_ptes'],
    [kernel, 'insert_kernel_pages'],
  ] as const) {
    faults.fail(name);
    const failed = locked(mm, () => __mmap_region(f, AT, 2 * PAGE_SIZE, mk_vma_flags(...SHARED), 0, null));
    t.ASSERT_EQ(failed, -ENOMEM, name);
    t.ASSERT_EQ(pagesOf(mm), '');
  }
});

test('a swap file, and frames that the driver wants to know of, when they are written', (t) => {
  const mm = asProcess(t);
  const f = diskFile(1);
  f.f_mapping.host.i_flags |= S_SWAPFILE;
  const asked: number[] = [];
  let answer = 0;
  const frames = new file({
    mmap_prepare: (desc) => {
      desc.vm_ops = {
        pfn_mkwrite: (vmf: vm_fault) => {
          asked.push(vmf.pgoff, vmf.flags);
          return answer;
        },
      };
      mmap_action_remap_full(desc, 0x77);
      return 0;
    },
  });
  locked(mm, () => {
    mapRange(t, AT, AT + PAGE_SIZE, { file: f, bits: SHARED, pgoff: 0 });
    mapRange(t, AT + 0x10000, AT + 0x11000, { file: frames, bits: SHARED, pgoff: 5 });
  });
  t.ASSERT_EQ(poke(mm, AT, 1), VM_FAULT_SIGBUS);
  t.ASSERT_EQ(peek(mm, AT), 0);

  const pte = mm.pgd?.get(AT + 0x10000);
  if (pte) pte.write = false;
  answer = VM_FAULT_SIGBUS;
  t.ASSERT_EQ(poke(mm, AT + 0x10000, 1), VM_FAULT_SIGBUS);
  answer = 0;
  t.ASSERT_EQ(poke(mm, AT + 0x10000, 1), 0);
  t.ASSERT_EQ(poke(mm, AT + 0x10000, 1), 0);
  t.ASSERT_EQ(asked.length, 4, 'asked until it says yes');
  t.ASSERT_EQ((asked[1] ?? 0) & FAULT_FLAG_MKWRITE, FAULT_FLAG_MKWRITE);
  leave(t);
});

test('a fault handler that lies is a bug', (t) => {
  const mm = asProcess(t);
  const f = diskFile(1);
  let answer = VM_FAULT_NOPAGE;
  f.f_op = {
    mmap_prepare: (desc) => {
      desc.vm_ops = { fault: () => answer };
      return 0;
    },
  };
  const vma = locked(mm, () => mapRange(t, AT, AT + PAGE_SIZE, { file: f, bits: SHARED, pgoff: 0 }));
  locked(mm, () => t.throws(() => populate_vma_page_range(vma, AT, AT + PAGE_SIZE), '', 'no page for NOPAGE'));
  answer = 0;
  locked(mm, () => t.throws(() => populate_vma_page_range(vma, AT, AT + PAGE_SIZE), '', 'no page at all'));
  worldOf(t).takeComplaints();
  leave(t);
});

test('bytes that differ within a page', (t) => {
  const mm = asProcess(t);
  locked(mm, () => mapRange(t, AT, AT + 3 * PAGE_SIZE));
  const bytesAt = (addr: number, length: number): number[] => {
    const bytes = new Uint8Array(length).fill(99);
    const came = read_user_bytes(mm, addr, bytes);
    return [...bytes.subarray(0, came)];
  };
  const edge = AT + PAGE_SIZE - 2;

  t.equal(bytesAt(edge, 4), [0, 0, 0, 0]);
  t.ASSERT_EQ(pagesOf(mm), '100000:z 101000:z', 'reading takes no page');
  t.ASSERT_EQ(write_user_bytes(mm, edge, Uint8Array.of(1, 2, 3, 4)), 4);
  t.equal(bytesAt(edge - 1, 6), [0, 1, 2, 3, 4, 0]);
  t.ASSERT_EQ(peek(mm, edge + 1), 2, 'one byte of them');
  t.ASSERT_EQ(peek(mm, edge - 1), 0);

  t.ASSERT_EQ(write_user_bytes(mm, AT, new Uint8Array(PAGE_SIZE).fill(7)), PAGE_SIZE);
  t.ASSERT_EQ(mm.pgd?.get(AT)?.page?.bytes, null, 'a single value needs no memory');
  t.equal(bytesAt(edge, 3), [7, 7, 3]);
  t.ASSERT_EQ(write_user_bytes(mm, AT + 9, Uint8Array.of(7)), 1);
  t.ASSERT_EQ(mm.pgd?.get(AT)?.page?.bytes, null, 'nor does what is there already');
  t.ASSERT_EQ(write_user_bytes(mm, AT + 9, Uint8Array.of(8)), 1);
  t.equal(bytesAt(AT + 8, 3), [7, 8, 7], 'the rest of the page stays');
  t.ASSERT_EQ(poke(mm, AT + PAGE_SIZE, 5), 0);
  t.equal(bytesAt(AT + PAGE_SIZE, 2), [5, 5], 'a byte alone is all of the page');

  const end = AT + 3 * PAGE_SIZE;
  t.ASSERT_EQ(write_user_bytes(mm, end - 2, Uint8Array.of(1, 2, 3)), 2, 'as far as it is mapped');
  t.equal(bytesAt(end - 2, 5), [1, 2]);
  t.ASSERT_EQ(write_user_bytes(mm, end, Uint8Array.of(1)), 0);
  t.ASSERT_EQ(read_user_bytes(mm, end, new Uint8Array(0)), 0);
  t.throws(() => read_user_bytes(mm, AT, JSON.parse('[1]')), 'read_user_bytes: bytes = 1: no Uint8Array');
  leave(t);
});

test('a copy has the bytes that differ, and its own from then on', (t) => {
  const mm = asProcess(t);
  const mapping = diskFile(1);
  locked(mm, () => {
    mapRange(t, AT, AT + PAGE_SIZE, { file: mapping, pgoff: 0, bits: SHARED });
    mapRange(t, AT + 0x10000, AT + 0x11000, { file: mapping, pgoff: 0 });
  });
  const first = new Uint8Array(3);

  write_user_bytes(mm, AT, Uint8Array.of(1, 2, 3));
  write_user_bytes(mm, AT + 0x10001, Uint8Array.of(9));
  read_user_bytes(mm, AT + 0x10000, first);
  t.equal([...first], [1, 9, 3], "the private page is a copy of the file's");
  read_user_bytes(mm, AT, first);
  t.equal([...first], [1, 2, 3], 'which stays as it was');
  leave(t);
});
