// SPDX-License-Identifier: GPL-2.0-only
/** The line for a call, and what a replay answers to it; arguments that no line can have are named. */
import t from 'tap';
import { mm_struct, VMA_ITERATOR } from '../../include/mm_types.js';
import { Ref } from '../../include/ref.js';
import { ENOMEM, VMA_MERGE_ERROR_NOMEM, vm_area_struct, vma_merge_struct } from '../../lib/index.js';
import { TestNumbers } from '../../tools/trace/numbers.js';
import { lineOf, resultOf } from '../../tools/trace/words.js';

function line(name: string, ...args: unknown[]): unknown {
  return lineOf(name, args, new TestNumbers());
}

t.test('an argument that is of another kind, or dead, has no place in a line', async (t) => {
  const vma = new vm_area_struct();
  vma.vm_start = 0x10000;
  vma.vm_end = 0x14000;
  t.same(line('expand_downwards', vma, 0xf000), ['down', 0xf000]);
  t.throws(() => line('expand_downwards', vma, -1), /^argument 2 is no number that a trace has/);
  t.throws(() => line('vma_shrink', null, {}, 0x11000), /^argument 2 is no live vm_area_struct/);
  t.throws(() => line('copy_vma', new Ref({}), 0x30000, 0x1000, 0x30), /^argument 1 holds no live VMA/);
  t.throws(() => line('mm_drop_all_locks', new mm_struct()), /^`locks` drops them itself/);
  t.throws(() => line('vma_link_file', vma), /^a trace shows nothing of reverse maps/);
  t.throws(() => line('fly', vma), /^the format has no word for it/);
});

t.test('results as a replay prints them', async (t) => {
  const vma = new vm_area_struct();
  const moving = (locks: boolean): unknown[] => [new Ref(vma), 0, 0, 0, 0, new Ref(locks)];
  t.equal(resultOf('copy_vma', moving(true), vma), 1);
  t.equal(resultOf('copy_vma', moving(false), vma), 0);
  t.equal(resultOf('copy_vma', moving(false), null), -ENOMEM);
  t.equal(resultOf('vma_merge_extend', [], null), -ENOMEM, 'no memory for it');
  t.equal(resultOf('vma_merge_extend', [], vma), 0);
  const vmg = new vma_merge_struct(VMA_ITERATOR(new mm_struct(), 0), {});
  t.equal(resultOf('vma_merge_new_range', [vmg], vma), 1);
  t.equal(resultOf('vma_merge_new_range', [vmg], null), 0);
  vmg.state = VMA_MERGE_ERROR_NOMEM;
  t.equal(resultOf('vma_merge_new_range', [vmg], null), -ENOMEM);
  t.equal(resultOf('vma_modify_flags', [], -ENOMEM), -ENOMEM);
  t.equal(resultOf('mmap_region', [], 0x10000), 0x10000);
  t.equal(resultOf('alloc_and_link_vma', [], vma), 0);
  t.equal(resultOf('vma_lookup', [], undefined), null, 'it does not say');
});
