// SPDX-License-Identifier: GPL-2.0-only
/** Exported functions that map and unmap, heaps and stacks, locks, and what the kernel maps for itself. */
import {
  __install_special_mapping,
  __mmap_region,
  __vm_munmap,
  _install_special_mapping,
  create_init_stack_vma,
  current,
  do_brk_flags,
  do_munmap,
  do_vmi_align_munmap,
  do_vmi_munmap,
  ENOMEM,
  expand_downwards,
  find_vma_intersection,
  GFP_KERNEL,
  IS_ERR,
  IS_ERR_VALUE,
  init_vma_munmap,
  list_head,
  MA_STATE,
  MT_FLAGS_LOCK_EXTERN,
  type ma_state,
  maple_tree,
  mk_vma_flags,
  mm_drop_all_locks,
  mm_struct,
  mm_take_all_locks,
  mmap_region,
  PTR_ERR,
  Ref,
  relocate_vma_down,
  stubs,
  unmapped_area,
  unmapped_area_topdown,
  VM_MAYREAD,
  VM_READ,
  VMA_GROWSDOWN_BIT,
  VMA_ITERATOR,
  VMA_LOCKED_BIT,
  type vm_area_struct,
  vm_munmap,
  vm_special_mapping,
  vm_unmapped_area_info,
  vma_iter_clear_gfp,
  vma_munmap_struct,
  vma_prev,
  vms_abort_munmap_vmas,
  vms_clean_up_area,
  vms_complete_munmap_vmas,
  vms_gather_munmap_vmas,
} from '../../lib/index.js';
import { accountPages } from '../../lib/mm/inlines/accounting.js';
import { DATA } from '../mm/space.js';
import type { Door } from './doors_change.js';
import type { Ready } from './judge.js';
import type { Space } from './space.js';

function addressOr(error: number): number {
  return IS_ERR_VALUE(error) ? error : 0;
}

function vmaOr(result: vm_area_struct | number): number {
  return IS_ERR(result) ? PTR_ERR(result) : 0;
}

/** The range [0x12000, 0x18000): parts of two VMAs, and all of a third between them. */
function three(s: Space): void {
  s.map(0x10000, 0x14000);
  s.mapOther(0x14000, 0x16000);
  s.map(0x16000, 0x1a000);
}

function overThree(run: (s: Space) => number): Door {
  return {
    prepare: (s) => {
      three(s);
      return { run: () => run(s) };
    },
  };
}

/** A call that takes the lock itself. */
function unlocked(s: Space, call: () => number): number {
  s.t.world.unlock(s.mm);
  const result = call();
  s.t.world.lock(s.mm);
  return result;
}

/** An unmap by its steps, up to where its VMAs are gathered. */
function gathered(s: Space, finish: (vms: vma_munmap_struct, mas: ma_state<vm_area_struct>) => number): number {
  const first = find_vma_intersection(s.mm, 0x12000, 0x18000);
  if (first === null) return 0;
  const vmi = VMA_ITERATOR(s.mm, Math.max(first.vm_start, 0x12000));
  const mas = MA_STATE(new maple_tree<vm_area_struct>(MT_FLAGS_LOCK_EXTERN), 0, 0);
  const vms = new vma_munmap_struct(vmi);
  init_vma_munmap(vms, vmi, first, 0x12000, 0x18000, null, false);
  const error = vms_gather_munmap_vmas(vms, mas);
  return error !== 0 ? error : finish(vms, mas);
}

function mapOver(map: typeof mmap_region): Door {
  return {
    ...overThree((s) => addressOr(map(s.file, 0x12000, 0x6000, mk_vma_flags(...s.bits), 0x12, null))),
    range: [0x12000, 0x18000],
    may: ['gap', 'mapped'],
  };
}

function brk(s: Space): Ready {
  s.mapAnon(0x10000, 0x12000, DATA);
  return {
    run: () => {
      const vmi = VMA_ITERATOR(s.mm, 0x12000);
      return do_brk_flags(vmi, vma_prev(vmi), 0x12000, 0x2000, mk_vma_flags());
    },
  };
}

export const MAP: Record<string, Door> = {
  mmap_region: mapOver(mmap_region),
  __mmap_region: mapOver(__mmap_region),
  'mmap_region between two that merge': {
    prepare: (s) => {
      s.map(0x10000, 0x12000);
      s.mapUnfaulted(0x14000, 0x16000);
      return { run: () => addressOr(mmap_region(s.file, 0x12000, 0x2000, mk_vma_flags(...s.bits), 0x12, null)) };
    },
  },
  do_munmap: overThree((s) => do_munmap(s.mm, 0x12000, 0x6000, new list_head())),
  do_vmi_munmap: overThree((s) => do_vmi_munmap(VMA_ITERATOR(s.mm, 0x12000), s.mm, 0x12000, 0x6000, null, false)),
  do_vmi_align_munmap: overThree((s) => {
    const first = find_vma_intersection(s.mm, 0x12000, 0x18000);
    if (first === null) return 0;
    const vmi = VMA_ITERATOR(s.mm, Math.max(first.vm_start, 0x12000));
    return do_vmi_align_munmap(vmi, first, s.mm, 0x12000, 0x18000, null, false);
  }),
  vm_munmap: overThree((s) => unlocked(s, () => vm_munmap(0x12000, 0x6000))),
  __vm_munmap: overThree((s) => unlocked(s, () => __vm_munmap(0x12000, 0x6000, true))),
  'vms_gather_munmap_vmas, vms_complete_munmap_vmas': overThree((s) =>
    gathered(s, (vms, mas) => {
      const error = vma_iter_clear_gfp(vms.vmi, 0x12000, 0x18000, GFP_KERNEL);
      if (error !== 0) vms_abort_munmap_vmas(vms, mas);
      else vms_complete_munmap_vmas(vms, mas);
      return error;
    }),
  ),
  vms_clean_up_area: overThree((s) =>
    gathered(s, (vms, mas) => {
      vms_clean_up_area(vms, mas);
      // What was closed does not come back.
      vms_abort_munmap_vmas(vms, mas);
      return 0;
    }),
  ),
  vms_abort_munmap_vmas: overThree((s) =>
    gathered(s, (vms, mas) => {
      vms_abort_munmap_vmas(vms, mas);
      return 0;
    }),
  ),
  do_brk_flags: { prepare: brk },
  expand_downwards: {
    prepare: (s) => {
      s.mapAnon(0x800000, 0x802000, [...DATA, VMA_GROWSDOWN_BIT, VMA_LOCKED_BIT]);
      return { run: () => expand_downwards(s.at(0x801000), 0x7f8000) };
    },
    range: [0x7f8000, 0x802000],
  },
  relocate_vma_down: {
    prepare: (s) => {
      const vma = s.mapAnon(0x800000, 0x804000);
      s.t.fault(vma);
      s.t.sandbox
        .stub(stubs, 'move_page_tables')
        .callsFake((pmc) => (s.t.world.checked.faults.check('move_page_tables', -ENOMEM) === 0 ? pmc.len_in : 0));
      return {
        run: () => relocate_vma_down(s.at(0x800000), 0x2000),
        giveUp: () => accountPages(s.mm, vma.flags, 2),
      };
    },
    range: [0x7fe000, 0x802000],
    may: ['grown'],
    moves: true,
  },
  create_init_stack_vma: {
    prepare: (s) => {
      const mm = new mm_struct();
      return {
        run: () => create_init_stack_vma(mm, new Ref<vm_area_struct | null>(null), new Ref(0)),
        settle: () => {
          current.mm = mm;
          s.t.world.lock(mm);
          s.t.unmapAll(mm);
          s.t.world.unlock(mm);
          current.mm = s.mm;
        },
      };
    },
  },
  mm_take_all_locks: {
    prepare: (s) => {
      three(s);
      return {
        run: () => {
          const error = mm_take_all_locks(s.mm);
          if (error === 0) mm_drop_all_locks(s.mm);
          return error;
        },
      };
    },
  },
  __install_special_mapping: {
    prepare: (s) => ({
      run: () => vmaOr(__install_special_mapping(s.mm, 0x12000, 0x2000, VM_READ | VM_MAYREAD, null, {})),
    }),
  },
  _install_special_mapping: {
    prepare: (s) => {
      const spec = new vm_special_mapping('[vdso]');
      return { run: () => vmaOr(_install_special_mapping(s.mm, 0x12000, 0x2000, VM_READ | VM_MAYREAD, spec)) };
    },
  },
  'unmapped_area and unmapped_area_topdown': {
    prepare: (s) => {
      three(s);
      return {
        run: () => {
          const info = new vm_unmapped_area_info();
          Object.assign(info, { length: 0x4000, low_limit: 0x10000, high_limit: 0x20000000 });
          return addressOr(unmapped_area(info)) || addressOr(unmapped_area_topdown(info));
        },
      };
    },
  },
};
