// SPDX-License-Identifier: GPL-2.0-only
/**
 * The stack of a program about to be run. Port of mm/vma_exec.c (Linux 7.3): relocate_vma_down(),
 * create_init_stack_vma().
 */
import { EFAULT, EINTR, ENOMEM } from '../../include/linux/errno.js';
import { PAGE_SIZE, SIZEOF_VOID_P, STACK_TOP_MAX, USER_PGTABLES_CEILING } from '../../include/linux/mm.js';
import { PAGETABLE_MOVE } from '../../include/linux/pagetable_move.js';
import {
  type mm_struct,
  mmu_gather,
  VMA_ITERATOR,
  type vm_area_struct,
  type vma_iterator,
} from '../../include/mm_types.js';
import type { Ref } from '../../include/ref.js';
import {
  EMPTY_VMA_FLAGS,
  VMA_ACCOUNT_BIT,
  VMA_STACK_BIT,
  VMA_STACK_FLAGS,
  VMA_STACK_INCOMPLETE_SETUP,
} from '../../include/vma_flags.js';
import { stubs } from '../../stubs/index.js';
import { missing, VM_WARN_ON_ONCE } from '../bug.js';
import { dataDefaultFlags } from './inlines/default_flags.js';
import { vma_flags_set, vma_flags_set_mask, vma_flags_test_any_mask } from './inlines/flag_operations.js';
import { vma_iter_prev_range, vma_next, vma_prev } from './inlines/iterator.js';
import { vma_set_anonymous } from './inlines/lifecycle.js';
import { vma_get_page_prot } from './inlines/pgprot.js';
import { vma_start_anon_pgoff, vma_start_pgoff } from './inlines/range.js';
import { insert_vm_struct } from './vma/link.js';
import { vma_expand } from './vma/merge.js';
import { VMG_STATE } from './vma/merge_state.js';
import { vma_shrink } from './vma/split.js';
import { vm_area_alloc, vm_area_free } from './vma_init.js';

/** Frees the page tables that the move left empty, up to the next VMA. */
function freeMovedPageTables(
  mm: mm_struct,
  vmi: vma_iterator,
  old_start: number,
  old_end: number,
  new_end: number,
): void {
  const tlb = new mmu_gather();
  stubs.tlb_gather_mmu(tlb, mm);
  const next = vma_next(vmi);
  const ceiling = next !== null ? next.vm_start : USER_PGTABLES_CEILING;
  // Where old and new range overlap, only what lies past the new one.
  stubs.free_pgd_range(tlb, Math.max(new_end, old_start), old_end, new_end, ceiling);
  stubs.tlb_finish_mmu(tlb);
}

/** Moves a VMA down by shift bytes, with its page tables: it grows over both ranges, then shrinks to the new one. */
export function relocate_vma_down(vma: vm_area_struct, shift: number): number {
  const mm = vma.vm_mm ?? missing('relocate_vma_down', 'vma.vm_mm');
  const { vm_start: old_start, vm_end: old_end } = vma;
  const length = old_end - old_start;
  const new_start = old_start - shift;
  const new_end = old_end - shift;
  const vmi = VMA_ITERATOR(mm, new_start);

  if (vma_next(vmi) !== vma) return -EFAULT;
  vma_iter_prev_range(vmi);

  const vmg = VMG_STATE(mm, vmi, new_start, old_end, EMPTY_VMA_FLAGS, vma_start_pgoff(vma), vma_start_anon_pgoff(vma));
  vmg.target = vma;
  if (vma_expand(vmg) !== 0) return -ENOMEM;

  const pmc = PAGETABLE_MOVE(vma, vma, old_start, new_start, length);
  pmc.for_stack = true;
  if (stubs.move_page_tables(pmc) !== length) return -ENOMEM;

  freeMovedPageTables(mm, vmi, old_start, old_end, new_end);

  vma_prev(vmi);
  return vma_shrink(vmi, vma, new_end);
}

/** Range, flags and protection of the one-page stack at the top of the address space. */
function setUpInitialStack(vma: vm_area_struct): void {
  const flags = VMA_STACK_INCOMPLETE_SETUP.clone();
  vma_flags_set_mask(flags, dataDefaultFlags());
  vma_flags_set(flags, VMA_STACK_BIT, VMA_ACCOUNT_BIT);
  vma_set_anonymous(vma);

  vma.vm_end = STACK_TOP_MAX;
  vma.vm_start = vma.vm_end - PAGE_SIZE;
  vma.flags = flags;
  vma.vm_page_prot = vma_get_page_prot(vma);
}

/**
 * Makes the stack of a new program, one page at the top of the address space, to be moved later. On success it lands in
 * vmap and the address of its last pointer in top_mem_p; on failure vmap becomes null. 0, -EINTR, -ENOMEM or what KSM
 * says. Port of create_init_stack_vma(), mm/vma_exec.c.
 */
export function create_init_stack_vma(mm: mm_struct, vmap: Ref<vm_area_struct | null>, top_mem_p: Ref<number>): number {
  VM_WARN_ON_ONCE(
    vma_flags_test_any_mask(VMA_STACK_INCOMPLETE_SETUP, VMA_STACK_FLAGS),
    'create_init_stack_vma',
    'a flag of an unfinished stack is a flag of every stack',
  );

  const vma = vm_area_alloc(mm);
  if (vma === null) return -ENOMEM;

  const err = insertInitialStack(mm, vma);
  if (err !== 0) {
    vmap.value = null;
    vm_area_free(vma);
    return err;
  }

  vmap.value = vma;
  top_mem_p.value = vma.vm_end - SIZEOF_VOID_P;
  return 0;
}

/** Under mmap_lock, which also keeps ksmd away: enters the address space with KSM and puts the stack in. */
function insertInitialStack(mm: mm_struct, vma: vm_area_struct): number {
  if (stubs.mmap_write_lock_killable(mm) !== 0) return -EINTR;

  let err = stubs.ksm_execve(mm);
  if (err === 0) {
    setUpInitialStack(vma);
    err = insert_vm_struct(mm, vma);
    if (err !== 0) {
      stubs.ksm_exit(mm);
    } else {
      mm.stack_vm = 1;
      mm.total_vm = 1;
    }
  }
  stubs.mmap_write_unlock(mm);
  return err;
}
