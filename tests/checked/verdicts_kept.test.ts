// SPDX-License-Identifier: GPL-2.0-only
/** Addresses that an operation has nothing to do with keep what they have: flags, policy, name, userfaultfd context. */
import { MAP_ANONYMOUS, MAP_PRIVATE, MREMAP_MAYMOVE, PROT_READ, PROT_WRITE, test } from '../../harness/index.js';
import {
  anon_vma_name,
  current,
  mempolicy,
  type mm_struct,
  PAGE_SIZE,
  VMA_ITERATOR,
  VMA_LOCKED_BIT,
  VMA_UFFD_MISSING_BIT,
  vm_userfaultfd_ctx,
  vma_lookup,
  vma_modify_flags,
} from '../../lib/index.js';
import { mprotect } from '../../lib/mm/mprotect.js';
import { LEN, type Space, START } from './broken.js';
import { driver, MIDDLE, OTHER, PROTECTED, protect, runCases, split } from './cases.js';

/** Memory in two halves, of which the second has something that the first has not; they become alike in all the rest. */
function meet(give: (space: Space) => void): (space: Space) => void {
  return (space) => {
    space.map();
    protect(space, MIDDLE, START + LEN);
    give(space);
    const [left, right] = [space.at(START), space.at(MIDDLE)];
    vma_modify_flags(VMA_ITERATOR(space.mm, MIDDLE), left, right, MIDDLE, START + LEN, left.flags.clone());
  };
}

test('what differs does not merge', (t) => {
  const wanted = (what: string): RegExp =>
    new RegExp(`^attributes: 0x14000-0x18000 has another ${what} than it is to have; after vma_modify_flags`);
  runCases(t, [
    [
      'a userfaultfd context',
      meet((space) => {
        space.at(MIDDLE).vm_userfaultfd_ctx = new vm_userfaultfd_ctx({});
      }),
      (own) => (own.is_mergeable_vm_userfaultfd_ctx = () => true),
      wanted('userfaultfd context'),
    ],
    [
      'a policy',
      meet((space) => space.world.attributes.setPolicy(space.at(MIDDLE), new mempolicy())),
      (own) => (own.mpol_equal = () => true),
      wanted('policy'),
    ],
    [
      'a name',
      meet((space) => space.world.attributes.setName(space.at(MIDDLE), new anon_vma_name('heap'))),
      (own) => (own.anon_vma_name_eq = () => true),
      wanted('name'),
    ],
    [
      'flags of another VMA, by a hook that marks it',
      (space) => {
        const other = space.map(OTHER);
        const lock = (): number => {
          space.world.stubs.vma_start_write(other);
          other.flags.w0 ^= 1 << VMA_LOCKED_BIT;
          return 0;
        };
        space.map(START, LEN, driver({ may_split: lock }));
        split(space);
        other.flags.w0 ^= 1 << VMA_LOCKED_BIT;
      },
      null,
      /^attributes: 0x40000-0x48000 has another flags than it is to have; after split_vma/,
    ],
    [
      'flags of what is mapped behind mprotect()’s range, by a hook',
      (space) => {
        const other = space.map(OTHER);
        const change = (): number => {
          space.world.stubs.vma_start_write(other);
          other.flags = PROTECTED.clone();
          return 0;
        };
        space.map(START, LEN, driver({ mprotect: change }));
        current.mm = space.mm;
        space.world.locks.mmapWriteUnlock(space.mm);
        space.world.operation('mprotect', { start: START, len: LEN, prot: 1 }, () => mprotect(START, LEN, 1));
        space.world.locks.mmapWriteLock(space.mm);
      },
      null,
      /^attributes: 0x40000-0x48000 has another flags than it is to have; after mprotect/,
    ],
  ]);
});

test('what is copied or moved is no userfaultfd’s any more, what stays still is', { stubs: 'checked' }, (t) => {
  const parent = t.process();
  const at = parent.mmap(0, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const contextAt = (mm: mm_struct, addr: number): unknown => vma_lookup(mm, addr)?.vm_userfaultfd_ctx.ctx;
  const context = new vm_userfaultfd_ctx({});
  const vma = vma_lookup(parent.mm, at);
  if (vma === null) throw new Error('nothing is mapped');
  vma.vm_userfaultfd_ctx = context;
  vma.flags.w0 |= 1 << VMA_UFFD_MISSING_BIT;

  const child = parent.fork();
  t.ASSERT_EQ(contextAt(child.mm, at), null);
  t.ASSERT_EQ(contextAt(parent.mm, at), context.ctx);
  t.ASSERT_FALSE((vma_lookup(child.mm, at)?.flags.w0 ?? -1) & (1 << VMA_UFFD_MISSING_BIT));
  t.ASSERT_TRUE(vma.flags.w0 & (1 << VMA_UFFD_MISSING_BIT));

  const moved = parent.mremap(at, PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE);
  t.ASSERT_NE(moved, at);
  t.ASSERT_EQ(contextAt(parent.mm, moved), null);
  t.ASSERT_EQ(contextAt(parent.mm, at + PAGE_SIZE), context.ctx);
});
