// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Mapping a region: unmap what lies there, merge with a neighbour or make a new VMA, account it. Port of
 * __mmap_setup(), __mmap_new_file_vma(), __mmap_new_vma(), __mmap_complete(), call_action_prepare(),
 * call_mmap_prepare(), __mmap_region() and mmap_region() of mm/vma.c, and of map_deny_write_exec(), mm/vma.h
 * (Linux 7.3).
 */
import { EACCES, EINVAL, ENOMEM } from '../../../include/linux/errno.js';
import type { list_head } from '../../../include/linux/list.js';
import { MMF_HAS_MDWE, PHYS_PFN } from '../../../include/linux/mm.js';
import {
  type file,
  type mm_struct,
  type mmap_action,
  VMA_ITERATOR,
  vm_area_desc,
  type vm_area_struct,
} from '../../../include/mm_types.js';
import { Ref } from '../../../include/ref.js';
import { vma_munmap_struct } from '../../../include/vma.js';
import {
  VMA_ACCOUNT_BIT,
  VMA_EXEC_BIT,
  VMA_LOCKED_BIT,
  VMA_LOCKED_MASK,
  VMA_MAYWRITE_BIT,
  VMA_SHARED_BIT,
  VMA_WRITE_BIT,
  type vma_flags_t,
} from '../../../include/vma_flags.js';
import { currentMm, stubs, vma_dummy_vm_ops } from '../../../stubs/index.js';
import { missing, VM_WARN_ON_ONCE, WARN_ON_ONCE } from '../../bug.js';
import { accountPages, addPages, vm_unacct_memory } from '../inlines/accounting.js';
import {
  is_shared_maywrite,
  mm_flags_test,
  vma_clear_flags_mask,
  vma_flags_same_pair,
  vma_flags_set_flag,
  vma_flags_test,
  vma_flags_to_legacy,
  vma_test,
} from '../inlines/flag_operations.js';
import {
  vma_find,
  vma_iter_config,
  vma_iter_free,
  vma_iter_next_rewind,
  vma_iter_prealloc,
  vma_iter_set,
  vma_iter_store_new,
} from '../inlines/iterator.js';
import { vma_is_anonymous, vma_set_anonymous } from '../inlines/lifecycle.js';
import { mapping_map_writable } from '../inlines/mapping.js';
import { vma_set_range } from '../inlines/pgoff.js';
import { mmapHooks } from '../mmap_hooks.js';
import { vm_area_alloc, vm_area_free } from '../vma_init.js';
import { vma_link_file } from './file_links.js';
import { vma_merge_new_range } from './merge.js';
import { UNMAP_STATE } from './merge_state.js';
import {
  accountable_mapping,
  can_set_ksm_flags_early,
  mmap_state,
  set_desc_from_map,
  set_vma_user_defined_fields,
  update_ksm_flags,
  VMG_MMAP_STATE,
} from './mmap_state.js';
import {
  init_vma_munmap,
  unmap_region,
  vms_abort_munmap_vmas,
  vms_clean_up_area,
  vms_complete_munmap_vmas,
  vms_gather_munmap_vmas,
} from './munmap.js';
import { detachedTree } from './side_trees.js';
import { validate_mm } from './validate.js';
import { vma_set_page_prot } from './writenotify.js';

/**
 * Under memory-deny-write-execute: would the change make memory writable and executable, or executable that was not?
 */
export function map_deny_write_exec(old: vma_flags_t, wanted: vma_flags_t): boolean {
  if (!mm_flags_test(MMF_HAS_MDWE, currentMm('map_deny_write_exec'))) return false;
  if (!vma_flags_test(wanted, VMA_EXEC_BIT)) return false;
  return vma_flags_test(wanted, VMA_WRITE_BIT) || !vma_flags_test(old, VMA_EXEC_BIT);
}

/** Gathers what lies in the range, or only finds the neighbours of the gap. 0 or a negative errno. */
function gatherOverlap(map: mmap_state, uf: list_head | null): number {
  const { vmi } = map;
  const first = vma_find(vmi, map.end);
  if (first === null) {
    map.next = vma_iter_next_rewind(vmi, map);
    return 0;
  }

  const vms = new vma_munmap_struct(vmi);
  const mas_detach = detachedTree(vmi);
  init_vma_munmap(vms, vmi, first, map.addr, map.end, uf, false);
  const error = vms_gather_munmap_vmas(vms, mas_detach);
  // They were reattached: nothing is left to abort.
  if (error !== 0) return error;

  map.overlap = { vms, mas_detach };
  map.next = vms.next;
  map.prev = vms.prev;
  return 0;
}

/** Charges a private writable mapping, less what those that it replaces were charged. 0 or a negative errno. */
function chargeMapping(map: mmap_state): number {
  if (!accountable_mapping(map)) return 0;

  const { overlap } = map;
  const uncharged = map.pglen - (overlap !== null ? overlap.vms.nr_accounted : 0);
  if (uncharged !== 0) {
    const error = stubs.security_vm_enough_memory_mm(map.mm, uncharged);
    if (error !== 0) return error;
  }

  // The new mapping owns all of the charge from here on.
  map.charged = map.pglen;
  if (overlap !== null) overlap.vms.nr_accounted = 0;
  vma_flags_set_flag(map.vma_flags, VMA_ACCOUNT_BIT);
  return 0;
}

/**
 * Gathers what is to be unmapped, checks limits, charges memory, clears page tables and fills in desc. 0, or a negative
 * errno. Port of __mmap_setup(), mm/vma.c.
 */
function __mmap_setup(map: mmap_state, desc: vm_area_desc | null, uf: list_head | null): number {
  let error = gatherOverlap(map, uf);
  if (error !== 0) return error;

  const { overlap } = map;
  const unmapped = overlap !== null ? overlap.vms.nr_pages : 0;
  if (!stubs.may_expand_vm(map.mm, map.vma_flags, map.pglen - unmapped)) return -ENOMEM;

  error = chargeMapping(map);
  if (error !== 0) return error;

  // While the VMAs are still in the tree, so that no reverse-map walk meets page tables that are going. It also calls
  // the close hooks, which must have run before the new mapping's mmap hook does.
  if (overlap !== null) vms_clean_up_area(overlap.vms, overlap.mas_detach);

  if (desc !== null) set_desc_from_map(desc, map);
  return 0;
}

/** Gives the VMA its file and calls the mmap hook. 0, or a negative errno with the reference on the file dropped. */
function __mmap_new_file_vma(map: mmap_state, vma: vm_area_struct, file: file): number {
  const { vmi } = map;

  vma.vm_file = file;
  if (!map.file_doesnt_need_get) stubs.get_file(file);
  if (!file.f_op.mmap) return 0;

  const error = mmapHooks.mmap_file(file, vma);
  if (error !== 0) {
    const unmap = UNMAP_STATE(vmi, vma, vma.vm_start, vma.vm_end, map.prev, map.next);
    if (vma.vm_file !== null) stubs.fput(vma.vm_file);
    vma.vm_file = null;

    vma_iter_set(vmi, vma.vm_end);
    // The driver may have mapped a part of it before it failed.
    unmap_region(unmap);
    return error;
  }

  WARN_ON_ONCE(map.addr !== vma.vm_start, '__mmap_new_file_vma', 'the mmap hook moved the VMA');
  VM_WARN_ON_ONCE(
    !vma_flags_same_pair(map.vma_flags, vma.flags) &&
      !vma_flags_test(map.vma_flags, VMA_MAYWRITE_BIT) &&
      vma_test(vma, VMA_MAYWRITE_BIT),
    '__mmap_new_file_vma',
    'the mmap hook allows writing where it was not allowed',
  );

  map.file = vma.vm_file;
  map.vma_flags.assign(vma.flags);
  return 0;
}

/**
 * Makes a new VMA for the region, puts it in the tree and in vmap. 0, or a negative errno with none made.
 * Port of __mmap_new_vma(), mm/vma.c.
 */
function __mmap_new_vma(map: mmap_state, vmap: Ref<vm_area_struct | null>, action: mmap_action | null): number {
  const is_anon = map.file === null && !vma_flags_test(map.vma_flags, VMA_SHARED_BIT);
  const { vmi } = map;
  const vma = vm_area_alloc(map.mm);
  if (vma === null) return -ENOMEM;

  vma_iter_config(vmi, map.addr, map.end);
  if (is_anon) vma_set_anonymous(vma);

  vma_set_range(vma, map.addr, map.end, map.pgoff, map.anon_pgoff);
  vma.flags = map.vma_flags;
  vma.vm_page_prot = map.page_prot;

  if (vma_iter_prealloc(vmi, vma) !== 0) {
    vm_area_free(vma);
    return -ENOMEM;
  }

  let error = 0;
  if (map.file !== null) error = __mmap_new_file_vma(map, vma, map.file);
  else if (!is_anon) error = stubs.shmem_zero_setup(vma);
  if (error !== 0) {
    vma_iter_free(vmi);
    vm_area_free(vma);
    return error;
  }

  if (!map.check_ksm_early) {
    update_ksm_flags(map);
    vma.flags = map.vma_flags;
  }

  // It changes after it is in the tree, so it is locked before.
  stubs.vma_start_write(vma);
  vma_iter_store_new(vmi, vma);
  map.mm.map_count++;
  vma_link_file(vma, action?.hide_from_rmap_until_complete === true);

  // A merge has told khugepaged already.
  if (!vma_is_anonymous(vma)) stubs.khugepaged_enter_vma(vma, vma_flags_to_legacy(map.vma_flags));
  vmap.value = vma;
  return 0;
}

/** Unmaps what was there, accounts the new pages and finishes the VMA. Port of __mmap_complete(), mm/vma.c. */
function __mmap_complete(map: mmap_state, vma: vm_area_struct): void {
  const { mm, overlap } = map;

  stubs.perf_event_mmap(vma);
  if (overlap !== null) vms_complete_munmap_vmas(overlap.vms, overlap.mas_detach);

  accountPages(mm, vma.flags, map.pglen);
  if (vma_test(vma, VMA_LOCKED_BIT)) {
    if (!stubs.vma_supports_mlock(vma)) vma_clear_flags_mask(vma, VMA_LOCKED_MASK);
    else mm.locked_vm = addPages(mm.locked_vm, map.pglen);
  }

  if (vma.vm_file !== null) stubs.uprobe_mmap(vma);
  vma_set_page_prot(vma);
}

/** Readies the action that mmap_prepare asked for. 0 or a negative errno. */
function call_action_prepare(desc: vm_area_desc): number {
  return mmapHooks.mmap_action_prepare(desc);
}

/**
 * Calls f_op->mmap_prepare and takes over what it changed, before a merge is decided on. 0 or a negative errno.
 * Port of call_mmap_prepare(), mm/vma.c.
 */
function call_mmap_prepare(map: mmap_state, file: file, desc: vm_area_desc): number {
  let err = mmapHooks.vfs_mmap_prepare(file, desc);
  if (err !== 0) return err;

  err = call_action_prepare(desc);
  if (err !== 0) return err;

  map.pgoff = desc.pgoff;
  if (desc.vm_file !== map.file) {
    map.file_doesnt_need_get = true;
    map.file = desc.vm_file;
  }
  map.vma_flags.assign(desc.vma_flags);
  map.page_prot = desc.page_prot;
  map.vm_ops = desc.vm_ops;
  map.vm_private_data = desc.private_data;
  return 0;
}

/** Gives back the charge, the file that mmap_prepare put in, and what was gathered. Returns the error. */
function abortMapping(map: mmap_state, error: number, charged: boolean): number {
  if (charged && map.charged !== 0) vm_unacct_memory(map.charged);
  // The caller drops its own file only.
  if (map.file_doesnt_need_get && map.file !== null) stubs.fput(map.file);
  if (map.overlap !== null) vms_abort_munmap_vmas(map.overlap.vms, map.overlap.mas_detach);
  return error;
}

/** The description that an mmap_prepare hook will be given. */
function newDescription(mm: mm_struct, file: file): vm_area_desc {
  const desc = new vm_area_desc();
  desc.mm = mm;
  desc.file = file;
  desc.vm_ops = vma_dummy_vm_ops;
  return desc;
}

/** Maps [addr, addr + len), page-aligned, in the current address space. */
export function __mmap_region(
  file: file | null,
  addr: number,
  len: number,
  vma_flags: vma_flags_t,
  pgoff: number,
  uf: list_head | null,
): number {
  const mm = currentMm('__mmap_region');
  const map = new mmap_state(mm, VMA_ITERATOR(mm, addr), addr, len, pgoff, PHYS_PFN(addr), vma_flags, file);
  const preparing = file?.f_op.mmap_prepare ? file : null;
  const desc = preparing !== null ? newDescription(mm, preparing) : null;

  map.check_ksm_early = can_set_ksm_flags_early(map);

  let error = __mmap_setup(map, desc, uf);
  if (error !== 0) return abortMapping(map, error, false);
  if (preparing !== null && desc !== null) error = call_mmap_prepare(map, preparing, desc);
  if (error !== 0) return abortMapping(map, error, true);

  if (map.check_ksm_early) update_ksm_flags(map);

  const vmap = new Ref<vm_area_struct | null>(null);
  if (map.prev !== null || map.next !== null) vmap.value = vma_merge_new_range(VMG_MMAP_STATE(map, null));

  const merged = vmap.value !== null;
  if (!merged) error = __mmap_new_vma(map, vmap, desc !== null ? desc.action : null);
  if (error !== 0) return abortMapping(map, error, true);

  const vma = vmap.value ?? missing('__mmap_region', 'vma');
  if (desc !== null && !merged) set_vma_user_defined_fields(vma, map);
  __mmap_complete(map, vma);

  if (desc !== null && !merged) {
    error = mmapHooks.mmap_action_complete(vma, desc.action, false);
    if (error !== 0) return error;
  }
  return addr;
}

/**
 * Maps a region as __mmap_region() does, after the checks that do not depend on what is mapped already: write-execute
 * denial (-EACCES), the architecture (-EINVAL) and a file that denies writable shared mappings (-EPERM).
 */
export function mmap_region(
  file: file | null,
  addr: number,
  len: number,
  vma_flags: vma_flags_t,
  pgoff: number,
  uf: list_head | null,
): number {
  const mm = currentMm('mmap_region');
  stubs.mmap_assert_write_locked(mm);

  if (map_deny_write_exec(vma_flags, vma_flags)) return -EACCES;
  if (!stubs.arch_validate_flags(vma_flags_to_legacy(vma_flags))) return -EINVAL;

  const counted = file !== null && is_shared_maywrite(vma_flags) ? file.f_mapping : null;
  if (counted !== null) {
    const error = mapping_map_writable(counted);
    if (error !== 0) return error;
  }

  const ret = __mmap_region(file, addr, len, vma_flags, pgoff, uf);

  // The VMA counts for itself by now, if there is one.
  if (counted !== null) stubs.mapping_unmap_writable(counted);

  validate_mm(mm);
  return ret;
}
