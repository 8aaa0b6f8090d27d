// SPDX-License-Identifier: GPL-2.0-only
/**
 * What an operation is judged by: each rule is broken, by a driver or as if the code under test had left a call out, and
 * the complaint comes. What is doctored is silent as it is.
 */

import { tooMany } from '../../harness/checked/judges.js';
import { test } from '../../harness/index.js';
import {
  file,
  globals,
  mk_vma_flags,
  mm_drop_all_locks,
  mm_take_all_locks,
  mmap_region,
  stubs,
  VM_LOCKED,
  VM_READ,
  VMA_ACCOUNT_BIT,
  VMA_LOCKED_BIT,
  VMA_MAYBE_GUARD_BIT,
  VMA_WRITE_BIT,
  vm_area_struct,
  vm_flags_clear,
  vm_flags_set,
  type vm_operations_struct,
} from '../../lib/index.js';
import { LEN, plainFile, type Space, START } from './broken.js';

import { type Case, driver, markNewOnly, move, OTHER, PROTECTED, prepared, runCases, split, without } from './cases.js';

/** Changes the flags of a VMA behind everybody's back, and has no objection. */
function setBit(vma: vm_area_struct): number {
  vma.flags.w0 ^= 1;
  return 0;
}

test('write marks', (t) => {
  runCases(t, [
    [
      'a range',
      (space) => {
        space.map();
        split(space);
      },
      markNewOnly,
      /^write mark: VMA 0x10000-0x18000 changed its range.* without one; after split_vma\(\)/,
    ],
    [
      'flags',
      (space) => {
        const vma = space.map();
        vma.flags = mk_vma_flags(VMA_LOCKED_BIT, VMA_ACCOUNT_BIT);
        vm_flags_clear(vma, VM_LOCKED);
        vm_flags_set(vma, VM_READ);
        vma.flags = mk_vma_flags(VMA_WRITE_BIT, VMA_ACCOUNT_BIT);
      },
      markNewOnly,
      /^write mark: VMA 0x10000-0x18000 changed its flags without one; after vm_flags_clear\(\)/,
    ],
    [
      'all locks',
      (space) => {
        space.map();
        t.ASSERT_EQ(mm_take_all_locks(space.mm), 0);
        mm_drop_all_locks(space.mm);
      },
      markNewOnly,
      /^write mark: vm_area_struct 0x10000-0x18000 has none, with all locks taken; after mm_take_all_locks/,
    ],
    [
      'flags of another VMA, by a hook',
      (space) => {
        const other = space.map(OTHER);
        space.map(START, LEN, driver({ may_split: () => setBit(other) }));
        split(space);
        other.flags.w0 ^= 1;
      },
      null,
      /^write mark: VMA 0x40000-0x48000 changed its flags/,
    ],
    [
      'flags under the read lock',
      (space) => {
        const vma = space.map();
        const { locks } = space.world;
        locks.mmapWriteUnlock(space.mm);
        locks.mmapReadLock(space.mm);
        vm_flags_clear(vma, VM_LOCKED);
        locks.mmapReadUnlock(space.mm);
        locks.mmapWriteLock(space.mm);
      },
      null,
      /^lock assertion: mmap_lock is not held for writing at vm_flags_clear/,
    ],
  ]);
});

test('flags that stick', (t) => {
  runCases(t, [
    [
      'one that is lost, of memory that stays',
      (space) => {
        const other = space.map(OTHER);
        other.flags.w0 |= 1 << VMA_MAYBE_GUARD_BIT;
        const lose = (): number => {
          other.flags.w0 &= ~(1 << VMA_MAYBE_GUARD_BIT);
          return 0;
        };
        space.map(START, LEN, driver({ may_split: lose }));
        split(space);
      },
      null,
      /^flags: 0x40000-0x48000 lost one that sticks, in VMA 0x40000-0x48000; after split_vma\(\)/,
    ],
  ]);
});

test('page tables that a border cuts', (t) => {
  const callEarly = (call: (vma: vm_area_struct, addr: number) => void) => (space: Space) => {
    const may_split = (vma: vm_area_struct, addr: number): number => {
      call(vma, addr);
      return 0;
    };
    space.map(START, LEN, driver({ may_split }));
    space.world.fault(space.at(START));
    split(space);
  };
  const calls: [string, (vma: vm_area_struct, addr: number) => void][] = [
    ['hugetlb', (vma, addr) => stubs.hugetlb_split(vma, addr)],
    ['transparent', (vma, addr) => stubs.vma_adjust_trans_huge(vma, vma.vm_start, addr, null)],
    ['next', (vma, addr) => stubs.vma_adjust_trans_huge(new vm_area_struct(), 0, addr, vma)],
  ];
  runCases(
    t,
    calls.flatMap(([what, call]): Case[] => [
      [`${what}, the file's lock`, callEarly(call), null, /^lock assertion: i_mmap_rwsem is not held for writing at /],
      [`${what}, the pages' lock`, callEarly(call), null, /^lock assertion: the anon_vma is not held for writing at /],
    ]),
  );
});

test('sums and charges', (t) => {
  const counters = ['total_vm', 'data_vm', 'locked_vm', 'exec_vm', 'stack_vm'] as const;
  runCases(
    t,
    counters.map((counter) => [
      counter,
      (space) => {
        const { mm } = space;
        space.map(START, LEN, driver({ close: () => (mm[counter] += 2) }));
        space.unmap();
        mm[counter] = 0;
      },
      null,
      new RegExp(`^sums: ${counter} is 2 pages too many for the VMAs; after do_munmap\\(\\)`),
    ]),
  );
  runCases(t, [
    [
      'a charge too many',
      (space) => space.map(),
      (own) => {
        const { security_vm_enough_memory_mm: charge } = own;
        own.security_vm_enough_memory_mm = (mm, pages) => charge(mm, pages + 1);
      },
      /^charges: 1 pages are charged that no mapping accounts for; after __mmap_region\(\)/,
    ],
    [
      'a charge given back twice',
      (space) => {
        space.map();
        space.unmap();
      },
      (own) => {
        const { vm_acct_memory: account } = own;
        own.vm_acct_memory = (pages) => account(2 * pages);
      },
      /^charges: mappings account for 8 pages that are not charged; after do_munmap\(\)/,
    ],
    [
      'the highest total',
      (space) => {
        space.map();
        space.unmap();
      },
      without('update_hiwater_vm'),
      /^hiwater: total_vm went down without update_hiwater_vm\(\)/,
    ],
  ]);
});

test('limits', (t) => {
  const { sysctl_max_map_count: most } = globals;
  t.ASSERT_EQ(tooMany(1, most + 1).length, 0, 'one mmap() may pass it');
  t.ASSERT_EQ(tooMany(1, most + 2).length, 1);
  t.ASSERT_EQ(tooMany(1, most + 2, true).length, 0, 'one that fails may have split twice');
  t.ASSERT_EQ(tooMany(most + 3, most + 2).length, 0, 'it was worse before');
});

test('files and what is counted of them', (t) => {
  const other = plainFile();
  runCases(t, [
    [
      'close() drops a reference that is not its own',
      (space) => {
        space.map(START, LEN, driver({ close: (vma) => vma.vm_file !== null && stubs.fput(vma.vm_file) }));
        space.unmap();
      },
      null,
      /^files: the opener's reference on a file was dropped at/,
    ],
    [
      'a file that was there before is mapped without a reference',
      (space) => {
        const old = plainFile();
        const f = new file({
          mmap_prepare: (desc) => {
            desc.vm_file = old;
            return 0;
          },
        });
        space.map(START, LEN, f);
        stubs.get_file(old);
      },
      null,
      /^files: a file has 1 references, where 1 are the opener's and 1 VMAs map it; after __mmap_region/,
    ],
    [
      'a file that is set without a reference',
      (space) => {
        const f = new file({
          mmap: (old, vma) => {
            vma.vm_file = other;
            stubs.fput(old);
            return 0;
          },
        });
        space.map(START, LEN, f);
        stubs.get_file(other);
      },
      null,
      /^files: a file has \d references, where \d are the opener's and 1 VMAs map it; after __mmap_region/,
    ],
    [
      'a reference too many',
      (space) => space.map(START, LEN, plainFile()),
      (own) => {
        const { get_file } = own;
        own.get_file = (f) => get_file(get_file(f));
      },
      /^files: 2 references on a file were taken, where 1 VMAs more map it; after __mmap_region/,
    ],
    [
      'a file of its own that nobody maps in the end',
      (space) => {
        const f = new file({
          mmap_prepare: (desc) => {
            desc.vm_file = new file();
            return 0;
          },
        });
        space.world.faults.fail('vm_area_cache_alloc');
        mmap_region(f, START, LEN, PROTECTED, 0, null);
      },
      (own) => {
        own.fput = () => {};
      },
      /^files: a file that a hook put in has 1 references, where 0 VMAs map it; after mmap_region/,
    ],
    [
      'a private mapping that counts as writable',
      (space) => space.map(START, LEN, plainFile()),
      (own) => {
        const { mapping_rmap_tree_insert } = own;
        own.mapping_rmap_tree_insert = (vma, mapping) => {
          mapping.i_mmap_writable++;
          mapping_rmap_tree_insert(vma, mapping);
        };
        own.mapping_rmap_tree_remove = ((remove) => (vma, mapping) => {
          mapping.i_mmap_writable--;
          remove(vma, mapping);
        })(own.mapping_rmap_tree_remove);
      },
      /^writable: i_mmap_writable went up by 1 more than there are mappings/,
    ],
  ]);
});

test('hooks', (t) => {
  const callAgain: vm_operations_struct = { open: () => {}, close: () => {} };
  runCases(t, [
    [
      'a positive answer',
      (space) => {
        space.map(START, LEN, driver({ may_split: () => 5 }));
        split(space);
      },
      null,
      /^hook: may_split\(\) returned 5, not 0 or a negative errno/,
    ],
    [
      'a Promise',
      (space) => {
        const late = async (): Promise<void> => {};
        space.map(START, LEN, driver({ close: late }));
      },
      null,
      /^hook: close\(\) returned a Promise: nobody waits for it/,
    ],
    [
      'the lock is dropped and taken again',
      (space) => {
        const { mm, world } = space;
        const relock = (): void => {
          world.locks.mmapWriteUnlock(mm);
          world.locks.mmapWriteLock(mm);
        };
        space.map(START, LEN, driver({ open: relock, close: () => {} }));
        split(space);
      },
      null,
      /^hook: open\(\) dropped mmap_lock, or took it anew/,
    ],
    [
      'the lock is dropped in mapped()',
      (space) => {
        const { mm, world } = space;
        const relock = (): number => {
          world.locks.mmapWriteUnlock(mm);
          world.locks.mmapWriteLock(mm);
          return 0;
        };
        space.map(START, LEN, prepared({ mapped: relock }));
      },
      null,
      /^hook: mapped\(\) dropped mmap_lock, or took it anew/,
    ],
    [
      'a copy is not opened',
      (space) => {
        space.map(START, LEN, driver(callAgain));
        split(space);
      },
      (own) => {
        const { call_hook } = own;
        own.call_hook = (ops, name, hook, ...args) =>
          name === 'open' ? Reflect.apply(hook, ops, args) : call_hook(ops, name, hook, ...args);
      },
      /^hook: open\(\) was not called for vm_area_struct 0x10000-0x14000, a copy; after split_vma/,
    ],
    [
      'a new mapping is not told',
      (space) => space.map(START, LEN, prepared({ mapped: () => 0 })),
      (own) => {
        const { call_hook } = own;
        own.call_hook = (ops, name, hook, ...args) =>
          name === 'mapped' ? Reflect.apply(hook, ops, args) : call_hook(ops, name, hook, ...args);
      },
      /^hook: mapped\(\) was not called for vm_area_struct 0x10000-0x18000; after __mmap_region/,
    ],
    [
      'a VMA is not closed',
      (space) => space.map(START, LEN, driver(callAgain)),
      (own) => {
        const { call_hook } = own;
        own.call_hook = (ops, name, hook, ...args) =>
          name === 'close' ? Reflect.apply(hook, ops, args) : call_hook(ops, name, hook, ...args);
      },
      /^hook: vm_area_struct 0x10000-0x18000 freed at .* was not closed/,
    ],
    [
      'a VMA is closed twice, or after its mmap hook failed',
      (space) => {
        const vma = space.map(START, LEN, driver(callAgain));
        stubs.call_hook(callAgain, 'close', callAgain.close ?? (() => {}), vma);
      },
      null,
      /^hook: close\(\) of vm_area_struct 0x10000-0x18000 called at .*, which was closed at/,
    ],
    [
      'hooks of a VMA whose mmap hook failed',
      (_space) => {
        const failing = new file({
          mmap: (_file, vma) => {
            vma.vm_ops = callAgain;
            return -5;
          },
        });
        mmap_region(failing, START, LEN, PROTECTED, 0, null);
      },
      (own) => {
        const { vm_area_cache_free } = own;
        own.vm_area_cache_free = (vma) => {
          own.call_hook(callAgain, 'open', (_vma: vm_area_struct) => {}, vma);
          vm_area_cache_free(vma);
        };
      },
      /^hook: open\(\) of vm_area_struct 0x10000-0x18000 called at .*, whose mmap hook failed/,
    ],
    [
      'the reservations of a source',
      (space) => {
        space.map(START, LEN, driver(callAgain));
        space.world.faults.fail('vma_iter_prealloc');
        t.ASSERT_EQ(move(space, START, OTHER, LEN), null);
      },
      without('fixup_hugetlb_reservations'),
      /^hook: close\(\) of .* takes the hugetlb reservations of its source/,
    ],
    [
      'private data of a VMA that was there before',
      (space) => {
        const vma = space.map();
        space.map(OTHER, LEN, driver({ close: () => (vma.vm_private_data = 7) }));
        space.unmap(OTHER, LEN);
      },
      null,
      /^VMA 0x10000-0x18000 was there before, and has another vm_private_data now; after do_munmap/,
    ],
  ]);
});
