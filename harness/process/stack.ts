// SPDX-License-Identifier: GPL-2.0-only
/** The stack that a process begins with, as exec sets it up: setup_arg_pages() of fs/exec.c, without moving it. */
import { type mm_struct, mmu_gather, VMA_ITERATOR, type vm_area_struct } from '../../include/mm_types.js';
import { Ref } from '../../include/ref.js';
import { VM_EXEC, VM_STACK_INCOMPLETE_SETUP } from '../../include/vma_flags.js';
import { vm_flags_clear } from '../../lib/doors/flags.js';
import { expand_stack_locked } from '../../lib/mm/mmap/stack.js';
import { mprotect_fixup } from '../../lib/mm/mprotect.js';
import { create_init_stack_vma } from '../../lib/mm/vma_exec.js';
import { stubs } from '../../stubs/index.js';

/** Bytes that a new stack has below what the program is given on it. */
const STACK_EXPAND = 128 * 1024;

/** Gives a new process its stack, which is not executable. 0 or a negative errno. */
export function setUpStack(mm: mm_struct): number {
  const vmap = new Ref<vm_area_struct | null>(null);
  const top = new Ref(0);
  const error = create_init_stack_vma(mm, vmap, top);
  const { value: vma } = vmap;
  if (error !== 0 || vma === null) return error;

  stubs.mmap_write_lock(mm);
  const { vm_start: start, vm_end: end } = vma;
  const flags = vma.vm_flags & ~VM_EXEC;
  let ret = mprotect_fixup(VMA_ITERATOR(mm, start), new mmu_gather(), vma, new Ref(null), start, end, flags);
  if (ret === 0) {
    vm_flags_clear(vma, VM_STACK_INCOMPLETE_SETUP);
    ret = expand_stack_locked(vma, start - STACK_EXPAND);
    mm.start_stack = top.value;
  }
  stubs.mmap_write_unlock(mm);
  return ret;
}
