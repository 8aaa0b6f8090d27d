// SPDX-License-Identifier: GPL-2.0-only
/** The reverse map, notifications, policies and iterators after an operation, as verdicts.test.ts has the rest. */

import { test } from '../../harness/index.js';
import {
  __install_special_mapping,
  __vm_munmap,
  anon_vma_name,
  create_init_stack_vma,
  do_brk_flags,
  expand_downwards,
  mempolicy,
  mk_vma_flags,
  mm_struct,
  mtree_destroy,
  PAGE_SIZE,
  Ref,
  stubs,
  VM_READ,
  VMA_GROWSDOWN_BIT,
  VMA_ITERATOR,
  VMA_WRITE_BIT,
  type vm_area_struct,
} from '../../lib/index.js';
import { mprotect } from '../../lib/mm/mprotect.js';
import { complaintsOf, inSpace, LEN, plainFile, type Space, START } from './broken.js';

import { driver, MIDDLE, OTHER, protect, runCases, split, without } from './cases.js';

test('the reverse map after an operation', (t) => {
  runCases(t, [
    [
      'a VMA that is not on its file',
      (space) => space.map(START, LEN, plainFile()),
      (own) => {
        own.mapping_rmap_tree_insert = () => {};
        own.mapping_rmap_tree_remove = () => {};
      },
      /^rmap: vm_area_struct 0x10000-0x18000 is not on its file's i_mmap; after __mmap_region/,
    ],
    [
      'a VMA that is on its file by another interval',
      (space) => {
        space.map(START, LEN, plainFile());
        split(space);
      },
      (own) => {
        const { mapping_rmap_tree_insert: insert } = own;
        let inserted = 0;
        own.mapping_rmap_tree_insert = (vma, mapping) => {
          inserted++;
          if (inserted !== 3) return insert(vma, mapping);
          vma.vm_end += PAGE_SIZE;
          insert(vma, mapping);
          vma.vm_end -= PAGE_SIZE;
        };
      },
      /^rmap: vm_area_struct 0x14000-0x18000 is on i_mmap by another interval than it has; after split_vma/,
    ],
    [
      'pages that nobody finds',
      (space) => {
        space.world.fault(space.map());
        split(space);
      },
      (own) => {
        own.anon_vma_clone = (dst) => {
          dst.anon_vma = null;
          return 0;
        };
      },
      /^rmap: pages 0x10000-0x14000 cannot be reached through their anon_vma; after split_vma/,
    ],
    [
      'a VMA without a link to its anon_vma',
      (space) => {
        space.world.fault(space.map());
        split(space);
      },
      (own) => {
        own.anon_vma_clone = () => 0;
      },
      /^rmap: vm_area_struct 0x10000-0x14000 has no link to its anon_vma; after split_vma/,
    ],
    [
      'an anon_vma that came to a VMA of itself',
      (space) => {
        const vma = space.map();
        space.map(OTHER, LEN, driver({ close: () => void space.world.fault(vma) }));
        space.unmap(OTHER, LEN);
      },
      null,
      /^rmap: VMA 0x10000-0x18000 did not grow, and has an anon_vma now/,
    ],
    [
      'another page offset',
      (space) => {
        const vma = space.map();
        space.map(OTHER, LEN, driver({ close: () => vma.vm_pgoff++ }));
        space.unmap(OTHER, LEN);
        vma.vm_pgoff--;
      },
      null,
      /^offsets: 0x10000-0x18000 was of VMA 0x10000-0x18000 and has another page offset in VMA 0x10000/,
    ],
    [
      'anonymous pages after a part of them was unmapped',
      (space) => {
        space.world.fault(space.map());
        space.unmap(MIDDLE, LEN / 2);
        space.world.fault(space.map(MIDDLE, LEN / 2));
      },
      (own) => {
        own.unmap_vmas = ((unmap_vmas) => (tlb, unmap) => {
          const { vma_end } = unmap;
          unmap.vma_end = unmap.vma_start;
          unmap_vmas(tlb, unmap);
          unmap.vma_end = vma_end;
        })(own.unmap_vmas);
      },
      /^rmap: pages 0x14000-0x18000 cannot be reached through their anon_vma; after do_munmap/,
    ],
  ]);
});

test('notifications', (t) => {
  const mapped = (space: Space): void => void space.map(START, LEN, plainFile());
  const cut = (space: Space): void => {
    space.map(START, LEN, plainFile());
    split(space);
  };
  const merged = (space: Space): void => {
    const f = plainFile();
    space.map(START, LEN, f);
    protect(space, START, MIDDLE);
    protect(space, START, MIDDLE, space.at(MIDDLE));
  };
  const anonymous = (space: Space): void => void space.map();
  runCases(t, [
    [
      'uprobes of a new mapping',
      mapped,
      without('uprobe_mmap'),
      /^uprobes: uprobe_mmap\(\) was not called for VMA 0x10/,
    ],
    [
      'uprobes before a change',
      cut,
      without('uprobe_munmap'),
      /^uprobes: VMA 0x10000-0x18000 changed its range without/,
    ],
    [
      'uprobes of what is merged away',
      merged,
      (own) => {
        const { uprobe_munmap } = own;
        own.uprobe_munmap = (vma, start, end) => {
          if (vma.vm_refcnt !== 0) uprobe_munmap(vma, start, end);
        };
      },
      /^uprobes: VMA 0x1[0-9a-f-]+x[0-9a-f]+ was merged away without uprobe_munmap\(\)/,
    ],
    [
      'uprobes told too early',
      cut,
      (own) => {
        own.uprobe_mmap = ((probe) => (vma) => {
          const { vm_end } = vma;
          vma.vm_end += PAGE_SIZE;
          probe(vma);
          vma.vm_end = vm_end;
        })(own.uprobe_mmap);
      },
      /^uprobes: uprobe_mmap\(\) was called for VMA .* when it was/,
    ],
    ['huge pages', cut, without('vma_adjust_trans_huge'), /^huge pages: the border of VMA 0x10000-0x18000 moved/],
    ['khugepaged, merged', merged, without('khugepaged_enter_vma'), /^khugepaged: VMA 0x10000-0x18000 grew without/],
    [
      'khugepaged, new',
      mapped,
      without('khugepaged_enter_vma'),
      /^khugepaged: khugepaged_enter_vma\(\) was not called/,
    ],
    ['perf', anonymous, without('perf_event_mmap'), /^perf: perf_event_mmap\(\) was not called in __mmap_region/],
    [
      'perf, brk',
      ({ mm }) => void do_brk_flags(VMA_ITERATOR(mm, START), null, START, LEN, mk_vma_flags(VMA_WRITE_BIT)),
      without('perf_event_mmap'),
      /^perf: perf_event_mmap\(\) was not called in do_brk_flags/,
    ],
    [
      'perf, mprotect()',
      (space) => {
        space.map();
        space.world.locks.mmapWriteUnlock(space.mm);
        const act = (): number => mprotect(START, LEN, 1);
        t.ASSERT_EQ(space.world.operation('mprotect', { start: START, len: LEN, prot: 1 }, act), 0);
        space.world.locks.mmapWriteLock(space.mm);
      },
      without('perf_event_mmap'),
      /^perf: perf_event_mmap\(\) was not called for memory whose protection changed; after mprotect/,
    ],
    [
      'perf, a stack',
      (space) => {
        const vma = space.map(2 ** 30, LEN, null, [VMA_GROWSDOWN_BIT]);
        t.ASSERT_EQ(expand_downwards(vma, 2 ** 30 - PAGE_SIZE), 0);
      },
      without('perf_event_mmap'),
      /^perf: perf_event_mmap\(\) was not called for a stack that grew/,
    ],
    [
      'perf, a special mapping',
      ({ mm }) => void __install_special_mapping(mm, START, LEN, VM_READ, null, {}),
      without('perf_event_mmap'),
      /^perf: perf_event_mmap\(\) was not called for a special mapping/,
    ],
    [
      'a gather that is not finished',
      anonymous,
      without('tlb_finish_mmu'),
      /^tlb: the gather begun at .* was not finished/,
    ],
    ['no gather', anonymous, without('tlb_gather_mmu'), /^tlb: pages are unmapped at .* outside a gather/],
    ['no gather, page tables', anonymous, without('tlb_gather_mmu'), /^tlb: page tables are freed at .* outside a/],
    [
      'a gather that was not begun',
      anonymous,
      without('tlb_gather_mmu'),
      /^tlb: a gather that was not begun is finished/,
    ],
    [
      'the highest RSS',
      anonymous,
      without('update_hiwater_rss'),
      /^hiwater: pages are unmapped at .* without update_hiw/,
    ],
    ['page tables', anonymous, without('free_pgd_range'), /^tlb: free_pgtables\(\) freed no page tables at/],
    [
      'hugetlb',
      cut,
      (own) => {
        own.is_vm_hugetlb_page = () => true;
        own.hugetlb_split = () => {};
      },
      /^hugetlb: VMA 0x10000-0x18000 was split without hugetlb_split\(\)/,
    ],
    [
      'userfaultfd',
      (space) => {
        space.map();
        space.world.locks.mmapWriteUnlock(space.mm);
        t.ASSERT_EQ(__vm_munmap(START, LEN, false), 0);
        space.world.locks.mmapWriteLock(space.mm);
      },
      without('userfaultfd_unmap_complete'),
      /^userfaultfd: unmaps were prepared, and userfaultfd_unmap_complete\(\) was not called/,
    ],
    [
      'KSM',
      ({ world }) => {
        const mm = new mm_struct();
        world.faults.fail('vma_iter_prealloc');
        t.ASSERT_TRUE(create_init_stack_vma(mm, new Ref<vm_area_struct | null>(null), new Ref(0)) < 0);
        mtree_destroy(mm.mm_mt);
      },
      without('ksm_exit'),
      /^ksm: ksm_exit\(\) was not called for an address space that came to nothing/,
    ],
  ]);
});

test('policies, names, NUMA', (t) => {
  const policy = new mempolicy();
  const name = new anon_vma_name('a');
  const given = (space: Space): void => {
    const vma = space.map();
    space.world.attributes.setPolicy(vma, policy);
    space.world.attributes.setName(vma, name);
    split(space);
  };
  runCases(t, [
    ['a policy', given, (own) => (own.mpol_put = () => {}), /^leak: a policy has 2 references/],
    [
      'a name',
      given,
      (own) => (own.free_anon_vma_name = () => {}),
      /^name: vm_area_struct .* freed at .* has its name still/,
    ],
    ['NUMA', given, (own) => (own.vma_numab_state_free = () => {}), /^numa: .* freed at .* has its NUMA state still/],
    [
      'NUMA, a copy',
      given,
      without('vma_numab_state_init'),
      /^numa: vma_numab_state_init\(\) was not called for a copy/,
    ],
    [
      'a policy that is put twice',
      (space) => {
        const vma = space.map();
        space.world.attributes.setPolicy(vma, policy);
        space.unmap();
      },
      (own) => {
        const { mpol_put } = own;
        own.mpol_put = (pol) => {
          mpol_put(pol);
          mpol_put(pol);
        };
      },
      /^policy: a reference was dropped at .* that is not held/,
    ],
  ]);
});

test('iterators stand where the change was', (t) => {
  const complaints = complaintsOf(
    inSpace((space) => {
      const vma = space.map();
      space.map(OTHER);
      const vmi = VMA_ITERATOR(space.mm, OTHER);
      space.world.operation('split_vma', { vmi, vma, addr: MIDDLE, new_below: true }, () => 0);
      space.world.operation('vma_modify_flags', { vmi, vma, start: START, end: MIDDLE }, () => -12);
    }),
  );
  t.ASSERT_EQ(complaints.length, 2, complaints.join(' | '));
  t.ASSERT_TRUE(complaints.every((text) => /^iterator: it stands at 0x40000, and should be at .* 0x10000/.test(text)));
});

test('a test that puts its own stub in place is not judged by what it hides', (t) => {
  const complaints = complaintsOf(
    inSpace((space) => {
      const account = t.sandbox.stub(stubs, 'vm_acct_memory');
      space.map();
      space.unmap();
      account.restore();
      const spy = t.sandbox.spy(stubs, 'vm_acct_memory');
      space.map();
      space.unmap();
      spy.restore();
    }),
  );
  t.ASSERT_EQ(complaints.join(' | '), '');
});
