// SPDX-License-Identifier: GPL-2.0-only
/** Exported functions that change VMAs, and the steps that they are made of: one scenario or more for each. */
import {
  __split_vma,
  anon_vma_name,
  commit_merge,
  copy_vma,
  dup_anon_vma,
  ENOMEM,
  GFP_KERNEL,
  IS_ERR,
  init_vma_prep,
  insert_vm_struct,
  mk_vma_flags,
  NULL_VM_UFFD_CTX,
  PTR_ERR,
  Ref,
  remove_vma,
  split_vma,
  stubs,
  UNMAP_STATE,
  unlink_file_vma_batch_add,
  unlink_file_vma_batch_final,
  unlink_file_vma_batch_init,
  unlink_file_vma_batch_process,
  unlink_vma_file_batch,
  unmap_region,
  VM_SEQ_READ,
  VMA_ACCOUNT_BIT,
  VMA_ITERATOR,
  VMA_READ_BIT,
  VMG_STATE,
  VMG_VMA_STATE,
  vm_area_alloc,
  vm_area_free,
  type vm_area_struct,
  vm_flags_clear,
  vm_flags_set,
  vma_complete,
  vma_expand,
  type vma_flags_t,
  vma_iter_clear,
  vma_iter_clear_gfp,
  vma_iter_config,
  vma_iter_load,
  vma_iter_next_range,
  vma_iter_prealloc,
  vma_iter_store_gfp,
  vma_iter_store_new,
  vma_iter_store_overwrite,
  vma_link,
  vma_link_file,
  vma_lookup,
  vma_mark_detached,
  vma_merge_copied_range,
  vma_merge_existing_range,
  vma_merge_extend,
  vma_merge_new_range,
  vma_modify_flags,
  vma_modify_flags_uffd,
  vma_modify_name,
  vma_modify_policy,
  vma_next,
  vma_prepare,
  vma_prev,
  vma_set_anonymous,
  vma_set_range,
  vma_shrink,
} from '../../lib/index.js';
import { accountPages } from '../../lib/mm/inlines/accounting.js';
import type { Judged, Ready } from './judge.js';
import { FAR, type Space } from './space.js';

export interface Door extends Partial<Judged> {
  prepare(s: Space): Ready;
}

function errnoOf(result: vm_area_struct | number): number {
  return IS_ERR(result) ? PTR_ERR(result) : 0;
}

/** The middle of a VMA of six pages gets something that its ends have not. */
function middle(
  s: Space,
  change: (vma: vm_area_struct, prev: vm_area_struct | null) => vm_area_struct | number,
): Ready {
  s.setPolicy(s.map(0x10000, 0x16000));
  return {
    run: () => {
      const vma = s.at(0x12000);
      return errnoOf(change(vma, vma.vm_start < 0x12000 ? vma : s.at(0x11000)));
    },
  };
}

/** A VMA that is in no tree and has no file, as a caller of vma_link() and the like makes one. */
function newVma(s: Space, start: number, end: number): vm_area_struct | null {
  const vma = vm_area_alloc(s.mm);
  if (vma === null) return null;
  vma_set_range(vma, start, end, start / 0x1000, start / 0x1000);
  vma.flags = flagsOf(s);
  vma_set_anonymous(vma);
  return vma;
}

/** Four pages, of which the last two were never used: what shrinks has no pages where it goes from. */
function mapHalfUsed(s: Space): void {
  const vma = s.mapUnfaulted(0x10000, 0x14000);
  if (s.variant.kind === 'faulted') s.t.world.checked.fault(vma, 0x10000, 0x12000);
}

/** What vma_link() does after the store. */
function linked(s: Space, vma: vm_area_struct): number {
  s.mm.map_count++;
  vma_link_file(vma, false);
  return 0;
}

function flagsOf(s: Space): vma_flags_t {
  return mk_vma_flags(...s.bits, VMA_ACCOUNT_BIT);
}

export const CHANGE: Record<string, Door> = {
  __split_vma: {
    prepare: (s) => {
      s.setPolicy(s.map(0x10000, 0x14000));
      return {
        run: () => {
          const vma = s.at(0x12000);
          return vma.vm_start === 0x12000 ? 0 : __split_vma(VMA_ITERATOR(s.mm, vma.vm_start), vma, 0x12000, true);
        },
      };
    },
  },
  split_vma: {
    prepare: (s) => {
      s.setPolicy(s.map(0x10000, 0x14000));
      return {
        run: () => {
          const vma = s.at(0x11000);
          return vma.vm_end === 0x12000 ? 0 : split_vma(VMA_ITERATOR(s.mm, vma.vm_start), vma, 0x12000, false);
        },
      };
    },
  },
  vma_modify_flags: {
    prepare: (s) =>
      middle(s, (vma, prev) =>
        vma_modify_flags(VMA_ITERATOR(s.mm, 0x12000), prev, vma, 0x12000, 0x14000, mk_vma_flags(VMA_READ_BIT)),
      ),
  },
  vma_modify_flags_uffd: {
    prepare: (s) =>
      middle(s, (vma, prev) =>
        vma_modify_flags_uffd(
          VMA_ITERATOR(s.mm, 0x12000),
          prev,
          vma,
          0x12000,
          0x14000,
          mk_vma_flags(VMA_READ_BIT),
          NULL_VM_UFFD_CTX,
          false,
        ),
      ),
  },
  vma_modify_name: {
    prepare: (s) => {
      const name = new anon_vma_name('heap');
      return middle(s, (vma, prev) => vma_modify_name(VMA_ITERATOR(s.mm, 0x12000), prev, vma, 0x12000, 0x14000, name));
    },
  },
  vma_modify_policy: {
    prepare: (s) => {
      const policy = {};
      return middle(s, (vma, prev) =>
        vma_modify_policy(VMA_ITERATOR(s.mm, 0x12000), prev, vma, 0x12000, 0x14000, policy),
      );
    },
  },
  vma_shrink: {
    prepare: (s) => {
      mapHalfUsed(s);
      return {
        run: () => vma_shrink(VMA_ITERATOR(s.mm, 0x12000), s.at(0x10000), 0x12000),
        settle: () => accountPages(s.mm, flagsOf(s), -2),
      };
    },
  },
  vma_expand: {
    prepare: (s) => {
      s.map(0x10000, 0x12000);
      s.mapUnfaulted(0x14000, 0x16000);
      return {
        run: () => {
          const vmg = VMG_STATE(s.mm, VMA_ITERATOR(s.mm, 0x10000), 0x10000, 0x16000, flagsOf(s), 0x10, 0x10);
          vma_iter_load(vmg.vmi);
          vmg.prev = s.at(0x10000);
          vmg.target = vmg.prev;
          vmg.next = s.at(0x14000);
          vmg.middle = null;
          return vma_expand(vmg);
        },
        settle: () => accountPages(s.mm, flagsOf(s), 2),
      };
    },
  },
  commit_merge: {
    prepare: (s) => {
      s.map(0x10000, 0x12000);
      s.map(0x13000, 0x14000);
      return {
        run: () => {
          const vmg = VMG_STATE(s.mm, VMA_ITERATOR(s.mm, 0x10000), 0x10000, 0x13000, flagsOf(s), 0x10, 0x10);
          vma_iter_load(vmg.vmi);
          vmg.prev = s.at(0x10000);
          vmg.target = vmg.prev;
          stubs.vma_start_write(vmg.prev);
          return commit_merge(vmg);
        },
        settle: () => accountPages(s.mm, flagsOf(s), 1),
      };
    },
  },
  vma_merge_new_range: {
    prepare: (s) => {
      s.map(0x10000, 0x12000);
      s.mapUnfaulted(0x14000, 0x16000);
      return {
        run: () => {
          const vmi = VMA_ITERATOR(s.mm, 0x12000);
          const vmg = VMG_STATE(s.mm, vmi, 0x12000, 0x14000, flagsOf(s), 0x12, 0x12);
          vmg.next = vma_next(vmi);
          vmg.prev = vma_prev(vmi);
          vmg.file = s.file;
          vma_iter_next_range(vmi);
          return vma_merge_new_range(vmg) === null ? -ENOMEM : 0;
        },
        settle: () => accountPages(s.mm, flagsOf(s), 2),
      };
    },
  },
  vma_merge_extend: {
    prepare: (s) => {
      s.map(0x10000, 0x12000);
      s.mapUnfaulted(0x14000, 0x16000);
      return {
        run: () => {
          const vmi = VMA_ITERATOR(s.mm, 0x10000);
          vma_iter_load(vmi);
          return vma_merge_extend(vmi, s.at(0x10000), 0x2000) === null ? -ENOMEM : 0;
        },
        settle: () => accountPages(s.mm, flagsOf(s), 2),
      };
    },
  },
  vma_merge_existing_range: {
    prepare: (s) => {
      s.map(0x10000, 0x12000);
      s.mapOther(0x12000, 0x14000);
      s.mapUnfaulted(0x14000, 0x16000);
      const [old, wanted] = [s.at(0x12000).flags.clone(), s.at(0x10000).flags.clone()];
      return {
        run: () => {
          const vmg = VMG_VMA_STATE(VMA_ITERATOR(s.mm, 0x12000), s.at(0x10000), s.at(0x12000), 0x12000, 0x14000);
          vmg.vma_flags = wanted;
          return vma_merge_existing_range(vmg) === null ? -ENOMEM : 0;
        },
        settle: () => {
          accountPages(s.mm, old, -2);
          accountPages(s.mm, wanted, 2);
        },
      };
    },
  },
  vma_merge_copied_range: {
    prepare: (s) => {
      // What no page was faulted into has the page offset of its place.
      const pgoff = s.file === null ? 0x16 : 0x10;
      s.mapUnfaulted(0x10000, 0x12000);
      s.map(0x18000, 0x1a000, s.bits, pgoff + 2);
      return {
        run: () => {
          const vmg = VMG_VMA_STATE(VMA_ITERATOR(s.mm, 0x16000), null, s.at(0x10000), 0x16000, 0x18000);
          vmg.next = s.at(0x18000);
          vmg.pgoff = pgoff;
          vmg.anon_pgoff = 0x16;
          return vma_merge_copied_range(vmg) === null ? -ENOMEM : 0;
        },
        settle: () => accountPages(s.mm, flagsOf(s), 2),
      };
    },
  },
  copy_vma: {
    prepare: (s) => {
      s.map(0x10000, 0x14000);
      return {
        run: () => {
          const moved = copy_vma(new Ref(s.at(0x10000)), 0x18000, 0x4000, 0x10, 0x10, new Ref<boolean>(false), false);
          return moved === null ? -ENOMEM : 0;
        },
        settle: () => accountPages(s.mm, flagsOf(s), 4),
      };
    },
  },
  dup_anon_vma: {
    prepare: (s) => {
      s.mapUnfaulted(0x10000, 0x12000);
      s.mapOther(0x12000, 0x14000);
      s.t.fault(s.at(0x12000));
      return {
        run: () => dup_anon_vma(s.at(0x10000), s.at(0x12000), new Ref<vm_area_struct | null>(null)),
      };
    },
  },
  'vma_prepare, vma_iter_clear and vma_complete': {
    prepare: (s) => {
      mapHalfUsed(s);
      return {
        run: () => {
          const vmi = VMA_ITERATOR(s.mm, 0x12000);
          const vma = s.at(0x10000);
          vma_iter_config(vmi, 0x12000, 0x14000);
          if (vma_iter_prealloc(vmi, null) !== 0) return -ENOMEM;
          stubs.vma_start_write(vma);
          const vp = init_vma_prep(vma);
          vma_prepare(vp);
          vma_iter_clear(vmi);
          vma_set_range(vma, 0x10000, 0x12000, 0x10, 0x10);
          vma_complete(vp, vmi, s.mm);
          return 0;
        },
        settle: () => accountPages(s.mm, flagsOf(s), -2),
      };
    },
  },
  vma_link: {
    prepare: (s) => ({
      run: () => {
        const vma = newVma(s, 0x10000, 0x14000);
        if (vma === null) return -ENOMEM;
        const error = vma_link(s.mm, vma);
        if (error !== 0) vm_area_free(vma);
        return error;
      },
      settle: () => accountPages(s.mm, flagsOf(s), 4),
    }),
  },
  insert_vm_struct: {
    prepare: (s) => ({
      run: () => {
        const vma = newVma(s, 0x10000, 0x14000);
        if (vma === null) return -ENOMEM;
        const error = insert_vm_struct(s.mm, vma);
        if (error !== 0) vm_area_free(vma);
        return error;
      },
      settle: () => accountPages(s.mm, flagsOf(s), 4),
    }),
  },
  'vma_iter_store_gfp and vma_link_file': {
    prepare: (s) => ({
      run: () => {
        const vma = newVma(s, 0x10000, 0x14000);
        if (vma === null) return -ENOMEM;
        stubs.vma_start_write(vma);
        const vmi = VMA_ITERATOR(s.mm, 0x10000);
        const error = vma_iter_store_gfp(vmi, vma, GFP_KERNEL);
        if (error !== 0) {
          vm_area_free(vma);
          return error;
        }
        return linked(s, vma);
      },
      settle: () => accountPages(s.mm, flagsOf(s), 4),
    }),
  },
  'vma_iter_store_new and vma_iter_store_overwrite': {
    prepare: (s) => ({
      run: () => {
        const vma = newVma(s, 0x10000, 0x14000);
        if (vma === null) return -ENOMEM;
        stubs.vma_start_write(vma);
        const vmi = VMA_ITERATOR(s.mm, 0x10000);
        vma_iter_config(vmi, 0x10000, 0x14000);
        if (vma_iter_prealloc(vmi, vma) !== 0) {
          vm_area_free(vma);
          return -ENOMEM;
        }
        vma_iter_store_new(vmi, vma);
        linked(s, vma);
        // Over itself, as a VMA that changed is stored again.
        vma_iter_config(vmi, 0x10000, 0x14000);
        if (vma_iter_prealloc(vmi, vma) === 0) vma_iter_store_overwrite(vmi, vma);
        return 0;
      },
      settle: () => accountPages(s.mm, flagsOf(s), 4),
    }),
  },
  'vma_iter_clear_gfp, unmap_region and remove_vma': {
    prepare: (s) => {
      s.map(0x10000, 0x14000);
      return {
        run: () => {
          const vma = s.at(0x10000);
          const vmi = VMA_ITERATOR(s.mm, 0x10000);
          stubs.vma_start_write(vma);
          const error = vma_iter_clear_gfp(vmi, 0x10000, 0x14000, GFP_KERNEL);
          if (error !== 0) return error;
          vma_mark_detached(vma);
          s.mm.map_count--;
          unmap_region(UNMAP_STATE(vmi, vma, 0x10000, 0x14000, null, vma_lookup(s.mm, FAR)));
          remove_vma(vma);
          return 0;
        },
        settle: () => accountPages(s.mm, flagsOf(s), -4),
      };
    },
  },
  'unlink_file_vma_batch_add, _process, _final and vma_link_file': {
    prepare: (s) => {
      s.map(0x10000, 0x12000);
      s.mapOther(0x12000, 0x14000);
      return {
        run: () => {
          const vmas = [s.at(0x10000), s.at(0x12000)];
          for (const finish of [unlink_file_vma_batch_process, unlink_file_vma_batch_final]) {
            const vb = new unlink_vma_file_batch();
            unlink_file_vma_batch_init(vb);
            for (const vma of vmas) unlink_file_vma_batch_add(vb, vma);
            if (vb.count > 0) finish(vb);
            for (const vma of vmas) vma_link_file(vma, false);
          }
          return 0;
        },
      };
    },
  },
  'vm_flags_set and vm_flags_clear': {
    prepare: (s) => {
      s.map(0x10000, 0x12000);
      return {
        run: () => {
          vm_flags_set(s.at(0x10000), VM_SEQ_READ);
          vm_flags_clear(s.at(0x10000), VM_SEQ_READ);
          return 0;
        },
      };
    },
  },
};
