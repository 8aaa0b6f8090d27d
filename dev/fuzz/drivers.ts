// SPDX-License-Identifier: GPL-2.0-only
/** Files with hooks of every kind. What a hook answers follows from numbers that are given before each step. */

import type { vm_area_desc, vm_area_struct, vm_operations_struct } from '../../lib/index.js';
import {
  compat_vma_mmap,
  EBUSY,
  EIO,
  file,
  mmap_action_remap_full,
  stubs,
  VMA_DONTEXPAND_BIT,
  vfs_mmap,
  vma_desc_set_flags,
} from '../../lib/index.js';
import { vma_set_flags } from '../../lib/mm/inlines/flag_operations.js';
import { vma_set_file } from '../../lib/mm/inlines/mapping.js';

export class Drivers {
  private static readonly huge = new WeakSet<file>();
  /** All files, in the order in which a number picks them. */
  readonly files: readonly file[];
  /** The first of them, whose hook does nothing. */
  private readonly plain: file;
  /** Numbers that hooks take their answers from. */
  private luck: number[];

  constructor() {
    this.luck = [];
    const other = new file({ mmap: () => 0 });
    const inner = new file({ mmap_prepare: (desc) => this.prepare(desc, this.mappedOps()) });
    const huge = new file({ mmap: (_file, vma) => this.mmapHuge(vma) });
    Drivers.huge.add(huge);
    this.plain = new file({ mmap: () => 0 });
    this.files = [
      this.plain,
      huge,
      new file({ mmap_prepare: (desc) => this.prepare(desc, null) }),
      new file({ mmap: (_file, vma) => this.mmap(vma) }),
      new file({ mmap_prepare: (desc) => this.prepare(desc, this.mappedOps()) }),
      new file({ mmap_prepare: (desc) => this.remap(desc) }),
      new file({ mmap_prepare: (desc) => this.swap(desc) }),
      new file({
        mmap: (_file, vma) => {
          vma_set_file(vma, other);
          return this.answer(5, EIO);
        },
      }),
      new file({ mmap: (_file, vma) => compat_vma_mmap(inner, vma) }),
      new file({ mmap: (_file, vma) => vfs_mmap(inner, vma) }),
    ];
  }

  /** Is the file one of huge pages? */
  static isHuge(f: file): boolean {
    return Drivers.huge.has(f);
  }

  /** What hooks take their answers from until the next step. */
  deal(numbers: readonly number[]): void {
    this.luck = [...numbers];
  }

  /** An errno once in n times, else 0. */
  private answer(n: number, errno: number): number {
    return (this.luck.shift() ?? 1) % n === 0 ? -errno : 0;
  }

  private readonly ops: vm_operations_struct = {
    open: () => {},
    close: () => {},
    may_split: () => this.answer(7, EBUSY),
  };

  /** Of mappings of the kernel's own. */
  readonly specialOps: vm_operations_struct = { close: () => {} };

  private readonly opsOfMapped: vm_operations_struct = {
    open: (vma) => {
      vma.vm_private_data = { of: vma.vm_start };
    },
    close: (vma) => {
      vma.vm_private_data = null;
    },
    mapped: (start, _end, _pgoff, _file, data) => {
      data.value = { of: start };
      return this.answer(4, EIO);
    },
  };

  private mappedOps(): vm_operations_struct {
    return this.opsOfMapped;
  }

  private mmap(vma: vm_area_struct): number {
    if (this.answer(2, EIO) !== 0) vma.vm_ops = this.ops;
    vma.vm_private_data = this;
    if (this.answer(3, EIO) !== 0) vma_set_flags(vma, VMA_DONTEXPAND_BIT);
    return this.answer(6, EIO);
  }

  private mmapHuge(vma: vm_area_struct): number {
    vma.vm_ops = { open: () => {}, close: () => {} };
    return 0;
  }

  private prepare(desc: vm_area_desc, ops: vm_operations_struct | null): number {
    if (ops !== null) desc.vm_ops = ops;
    return this.answer(8, EIO);
  }

  private remap(desc: vm_area_desc): number {
    desc.vm_ops = this.opsOfMapped;
    mmap_action_remap_full(desc, 0x100);
    desc.action.hide_from_rmap_until_complete = this.answer(2, EIO) !== 0;
    desc.action.error_override = this.answer(3, EBUSY);
    return this.answer(8, EIO);
  }

  /** As /dev/zero does: a file of its own for each mapping, with the reference on it. */
  private swap(desc: vm_area_desc): number {
    if (this.answer(9, EIO) !== 0) return -EIO;
    if (this.answer(2, EIO) !== 0) {
      desc.vm_file = new file({ mmap: () => 0 });
    } else {
      desc.vm_file = stubs.get_file(this.plain);
    }
    // So that it merges with no other mapping, which would keep the reference (docs/upstream.md).
    vma_desc_set_flags(desc, VMA_DONTEXPAND_BIT);
    desc.vm_ops = this.ops;
    return 0;
  }
}
