// SPDX-License-Identifier: GPL-2.0-only
/** vma_modify_*(): split, merge, and what fails on the way. */

import { test, type VmaTest } from '../../harness/index.js';
import {
  anon_vma_name,
  ENOMEM,
  globals,
  IS_ERR,
  mempolicy,
  mk_vma_flags,
  NULL_VM_UFFD_CTX,
  split_vma,
  stubs,
  VMA_ITERATOR,
  VMA_MAYBE_GUARD_BIT,
  VMA_READ_BIT,
  type vm_area_struct,
  vm_userfaultfd_ctx,
  vma_lookup,
  vma_modify_flags,
  vma_modify_flags_uffd,
  vma_modify_name,
  vma_modify_policy,
} from '../../lib/index.js';
import { DATA, mapRange, vmaAt } from './space.js';

const READ_ONLY = [VMA_READ_BIT];

/** The VMA of a call that must not fail. */
function unwrap(result: vm_area_struct | number): vm_area_struct {
  if (IS_ERR(result) || typeof result === 'number') throw new Error(`failed with ${result}`);
  return result;
}

test('a change in the middle splits in three', (t) => {
  const vma = mapRange(t, 0x10000, 0x16000);
  const flags = mk_vma_flags(...READ_ONLY);
  const got = unwrap(vma_modify_flags(VMA_ITERATOR(t.mm, 0x12000), vma, vma, 0x12000, 0x14000, flags));
  t.ASSERT_EQ(got, vma);
  t.ASSERT_LAYOUT(`
    0x10000-0x12000 pgoff=0x10
    0x12000-0x14000 pgoff=0x12
    0x14000-0x16000 pgoff=0x14`);
  t.unmapAll();
});

test('a change that makes a part equal to its neighbour moves the border', (t) => {
  mapRange(t, 0x10000, 0x12000, { bits: READ_ONLY });
  const vma = mapRange(t, 0x12000, 0x16000);
  const flags = mk_vma_flags(...READ_ONLY);
  const got = unwrap(vma_modify_flags(VMA_ITERATOR(t.mm, 0x12000), vmaAt(t, 0x10000), vma, 0x12000, 0x13000, flags));
  t.ASSERT_EQ(got.vm_start, 0x10000);
  t.ASSERT_LAYOUT(`
    0x10000-0x13000 pgoff=0x10
    0x13000-0x16000 pgoff=0x13`);
  t.unmapAll();
});

test('the sticky flags of what merged are handed back', (t) => {
  mapRange(t, 0x10000, 0x12000, { bits: [...READ_ONLY, VMA_MAYBE_GUARD_BIT] });
  const vma = mapRange(t, 0x12000, 0x14000);
  const flags = mk_vma_flags(...READ_ONLY);
  unwrap(vma_modify_flags(VMA_ITERATOR(t.mm, 0x12000), vmaAt(t, 0x10000), vma, 0x12000, 0x14000, flags));
  t.ASSERT_FLAGS_SAME(flags, VMA_READ_BIT, VMA_MAYBE_GUARD_BIT);
  t.ASSERT_LAYOUT('0x10000-0x14000 pgoff=0x10');
  t.unmapAll();
});

test('the caller keeps its flags when nothing merged', (t) => {
  const vma = mapRange(t, 0x10000, 0x12000, { bits: [...DATA, VMA_MAYBE_GUARD_BIT] });
  const flags = mk_vma_flags(...READ_ONLY);
  unwrap(vma_modify_flags(VMA_ITERATOR(t.mm, 0x10000), null, vma, 0x10000, 0x12000, flags));
  t.ASSERT_FLAGS_SAME(flags, VMA_READ_BIT);
  t.unmapAll();
});

test('a split that is refused is reported, with the first split kept', (t) => {
  const vma = mapRange(t, 0x10000, 0x16000);
  globals.sysctl_max_map_count = 2;
  const flags = mk_vma_flags(...READ_ONLY);
  const got = vma_modify_flags(VMA_ITERATOR(t.mm, 0x12000), vma, vma, 0x12000, 0x14000, flags);
  t.ASSERT_EQ(got, -ENOMEM);
  t.ASSERT_LAYOUT(`
    0x10000-0x12000
    0x12000-0x16000`);
  t.unmapAll();
});

test('memory that runs out during a merge is an error, or nothing if the caller gives up', (t) => {
  mapRange(t, 0x10000, 0x12000, { bits: READ_ONLY });
  const vma = mapRange(t, 0x12000, 0x14000);
  const prev = vmaAt(t, 0x10000);
  const flags = mk_vma_flags(...READ_ONLY);
  const modify = (give_up_on_oom: boolean): vm_area_struct | number =>
    vma_modify_flags_uffd(
      VMA_ITERATOR(t.mm, 0x12000),
      prev,
      vma,
      0x12000,
      0x14000,
      flags,
      NULL_VM_UFFD_CTX,
      give_up_on_oom,
    );

  globals.fail_prealloc = true;
  t.ASSERT_EQ(modify(false), -ENOMEM);
  t.ASSERT_EQ(modify(true), vma);
  t.ASSERT_LAYOUT(`
    0x10000-0x12000
    0x12000-0x14000`);
  globals.fail_prealloc = false;
  t.unmapAll();
});

/** Two neighbours that differ in nothing but what the stub answers for the right one. */
function neighbours(t: VmaTest): [vm_area_struct, vm_area_struct] {
  const left = mapRange(t, 0x10000, 0x14000);
  t.ASSERT_EQ(split_vma(VMA_ITERATOR(t.mm, 0x10000), left, 0x12000, false), 0);
  return [left, vmaAt(t, 0x12000)];
}

test('a name that becomes the neighbour’s merges', (t) => {
  const name = new anon_vma_name('heap');
  const [left, right] = neighbours(t);
  t.sandbox.stub(stubs, 'anon_vma_name').callsFake((vma) => (vma === left ? name : null));
  t.sandbox.stub(stubs, 'anon_vma_name_eq').callsFake((a, b) => a === b);

  const other = new anon_vma_name('other');
  t.ASSERT_EQ(vma_modify_name(VMA_ITERATOR(t.mm, 0x12000), left, right, 0x12000, 0x14000, other), right);
  t.ASSERT_EQ(vma_modify_name(VMA_ITERATOR(t.mm, 0x12000), left, right, 0x12000, 0x14000, name), left);
  t.ASSERT_LAYOUT('0x10000-0x14000');
  t.unmapAll();
});

test('a policy that becomes the neighbour’s merges', (t) => {
  const policy = new mempolicy();
  const [left, right] = neighbours(t);
  t.sandbox.stub(stubs, 'vma_policy').callsFake((vma) => (vma === left ? policy : null));
  t.sandbox.stub(stubs, 'mpol_equal').callsFake((a, b) => a === b);

  t.ASSERT_EQ(vma_modify_policy(VMA_ITERATOR(t.mm, 0x12000), left, right, 0x12000, 0x14000, new mempolicy()), right);
  t.ASSERT_EQ(vma_modify_policy(VMA_ITERATOR(t.mm, 0x12000), left, right, 0x12000, 0x14000, policy), left);
  t.ASSERT_LAYOUT('0x10000-0x14000');
  t.unmapAll();
});

test('a userfaultfd context that becomes the neighbour’s merges', (t) => {
  const ctx = new vm_userfaultfd_ctx({});
  const [left, right] = neighbours(t);
  left.vm_userfaultfd_ctx = ctx;
  t.sandbox
    .stub(stubs, 'is_mergeable_vm_userfaultfd_ctx')
    .callsFake((vma, vm_ctx) => vma.vm_userfaultfd_ctx.ctx === vm_ctx.ctx);
  const flags = left.flags.clone();

  const modify = (to: vm_userfaultfd_ctx): vm_area_struct | number =>
    vma_modify_flags_uffd(VMA_ITERATOR(t.mm, 0x12000), left, right, 0x12000, 0x14000, flags, to, false);
  t.ASSERT_EQ(modify(NULL_VM_UFFD_CTX), right);
  t.ASSERT_EQ(modify(ctx), left);
  t.ASSERT_LAYOUT('0x10000-0x14000');
  t.ASSERT_EQ(vma_lookup(t.mm, 0x13000), left);
  t.unmapAll();
});
