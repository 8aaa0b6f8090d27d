// SPDX-License-Identifier: GPL-2.0-only
/** The files of a VMA trace, by their numbers, and their hooks; docs/traces.md says what each does. */
import { EINVAL, EPERM } from '../../include/linux/errno.js';
import { PAGE_SIZE, PHYS_PFN } from '../../include/linux/mm.js';
import {
  file,
  type mmap_action,
  page,
  pgprot_t,
  type vm_area_desc,
  type vm_area_struct,
  type vm_operations_struct,
} from '../../include/mm_types.js';
import { VM_IO, VM_PFNMAP, VM_WIPEONFORK, VMA_MAYWRITE_BIT, VMA_WIPEONFORK_BIT } from '../../include/vma_flags.js';
import {
  mmap_action_ioremap_full,
  mmap_action_map_kernel_pages,
  mmap_action_map_kernel_pages_full,
  mmap_action_remap,
  mmap_action_remap_full,
  mmap_action_simple_ioremap,
  vfs_mmap,
} from '../../lib/doors/driver.js';
import { vm_flags_set, vma_desc_clear_flags, vma_desc_set_flags } from '../../lib/doors/flags.js';
import { vma_set_file } from '../../lib/mm/inlines/mapping.js';
import type { CallLog } from './calls.js';

/** What a set of hooks is told by: they are there, beside them open and close, may_split, page_mkwrite, mapped. */
export const OPS_THERE = 1;
export const OPS_CLOSE = 2;
export const OPS_PICKY = 4;
export const OPS_MKWRITE = 8;
const OPS_MAPPED = 16;
const OPS_FURNISHED = 32;
const NR_OPS = 64;

/** Last number of a file that has an `mmap_prepare` hook and does nothing else, and of one with such an `mmap` hook. */
export const LAST_PREPARED = 15;
export const LAST_FILE = 31;
const FIRST_PREPARED = 5;
const FIRST_ACTING = 0x30;
const NR_FILES = 0x42;

/** Files with an `mmap` hook that calls that of another file. */
const STACKED: ReadonlyMap<number, number> = new Map([
  [0x23, 5],
  [0x24, 6],
  [0x25, 8],
  [0x26, 9],
  [0x27, 0xa],
  [0x28, 0x30],
  [0x29, 0x33],
  [0x2a, 0x36],
  [0x2c, 1],
  [0x2d, 0x37],
  [0x2e, 0x39],
]);

/** First frame that actions map, and where device memory begins. */
const FRAME = 0x100;
/** No type of an action. */
const UNKNOWN_ACTION = 9;
const DEVICE = 0x200000;
/** As many pages as the largest mapping of a trace has. */
const KERNEL_PAGES: page[] = Array.from({ length: 0x1000 }, () => new page());

export class TraceFiles {
  readonly all: readonly file[];
  private readonly ops: readonly vm_operations_struct[];
  private readonly calls: CallLog;

  constructor(calls: CallLog) {
    this.calls = calls;
    this.ops = Array.from({ length: NR_OPS }, (_, kind) => this.opsOf(kind));
    this.all = Array.from({ length: NR_FILES }, (_, i) => this.fileOf(i + 1));
  }

  /** The hooks that `setops` gives a VMA, one object for each kind; null is anonymous memory. */
  operations(kind: number): vm_operations_struct | null {
    const ops = this.ops[kind];
    if (ops === undefined) throw new RangeError(`setops: kind = ${kind}: 0 to ${NR_OPS - 1} are there`);
    return (kind & OPS_THERE) === 0 ? null : ops;
  }

  /** The kind of a set of hooks; -1 for one that is none of these. */
  kindOf(ops: vm_operations_struct): number {
    return this.ops.indexOf(ops);
  }

  private opsOf(kind: number): vm_operations_struct {
    const has = (bit: number): boolean => (kind & bit) !== 0;
    const { calls } = this;
    const silent = (name: string, vma: vm_area_struct): void => void calls.hook(name, [vma], () => undefined);
    return {
      ...(has(OPS_CLOSE) && {
        open: (vma: vm_area_struct) => silent('open', vma),
        close: (vma: vm_area_struct) => silent('close', vma),
      }),
      // At even pages only.
      ...(has(OPS_PICKY) && {
        may_split: (vma: vm_area_struct, addr: number) =>
          calls.hook('may_split', [vma, addr], () => (PHYS_PFN(addr) % 2 === 1 ? -EINVAL : 0)),
      }),
      ...(has(OPS_MKWRITE) && { page_mkwrite: () => 0 }),
      ...((has(OPS_MAPPED) || has(OPS_FURNISHED)) && { mapped: this.mapped(has(OPS_FURNISHED)) }),
    };
  }

  private mapped(isFurnishing: boolean): NonNullable<vm_operations_struct['mapped']> {
    return (start, end, pgoff, mapped, data) => {
      if (isFurnishing) data.value = Number(data.value) + 4;
      return this.calls.hook('mapped', [start, end, pgoff, mapped, Number(data.value)], () => 0);
    };
  }

  private fileOf(id: number): file {
    const prepares = (id >= FIRST_PREPARED && id <= LAST_PREPARED) || id >= FIRST_ACTING;
    if (!prepares) {
      return new file({
        mmap: (mapped, vma) => this.calls.hook('mmap', [mapped, vma], () => this.mmap(id, vma)),
      });
    }
    return new file({
      mmap_prepare: (desc) => {
        const { start, end, pgoff, vm_file, vma_flags, page_prot } = desc;
        const args = [desc.file, start, end, pgoff, vm_file, vma_flags, page_prot];
        return this.calls.hook('mmap_prepare', args, () => this.prepare(id, desc));
      },
    });
  }

  /** The file of a number. @throws RangeError for one that has none */
  numbered(id: number): file {
    const found = this.all[id - 1];
    if (found === undefined) throw new RangeError(`file = ${id}: there are files 1 to ${NR_FILES}, and 0 for none`);
    return found;
  }

  private mmap(id: number, vma: vm_area_struct): number {
    const below = STACKED.get(id);
    if (below !== undefined) return vfs_mmap(this.numbered(below), vma);
    switch (id) {
      case 0x20:
        vm_flags_set(vma, VM_WIPEONFORK);
        vma.vm_private_data = 2;
        vma.vm_ops = this.operations(OPS_THERE | OPS_CLOSE);
        return 0;
      case 0x21:
        vma_set_file(vma, this.numbered(1));
        return 0;
      case 0x22:
        return -EINVAL;
      case 0x2b:
        vma.vm_ops = this.operations(OPS_THERE | OPS_MAPPED);
        return 0;
      case 0x2f:
        vm_flags_set(vma, VM_IO | VM_PFNMAP);
        return 0;
      default:
        return 0;
    }
  }

  private prepare(id: number, desc: vm_area_desc): number {
    switch (id) {
      case 6:
        desc.vm_ops = this.operations(OPS_THERE | OPS_CLOSE);
        return 0;
      case 7:
        desc.vm_ops = this.operations(OPS_THERE | OPS_PICKY);
        return 0;
      case 8:
        return -EINVAL;
      case 9:
        desc.vm_file = this.numbered(1);
        desc.pgoff++;
        return 0;
      case 0xa:
        vma_desc_set_flags(desc, VMA_WIPEONFORK_BIT);
        desc.private_data = 1;
        return 0;
      default:
        this.furnish(id, desc);
        this.act(id, desc, desc.action);
        return 0;
    }
  }

  /** What hooks of files from 30 on set of a description. */
  private furnish(id: number, desc: vm_area_desc): void {
    const told = OPS_THERE | OPS_CLOSE | OPS_MAPPED;
    if ([0x30, 0x39, 0x3a, 0x3c].includes(id)) desc.vm_ops = this.operations(told);
    if (id === 0x31) desc.vm_ops = this.operations(OPS_THERE | OPS_FURNISHED);
    if (id === 0x32) {
      desc.private_data = 3;
      desc.vm_ops = this.operations(OPS_THERE | OPS_CLOSE | OPS_FURNISHED);
    }
    if (id === 0x3d) {
      vma_desc_clear_flags(desc, VMA_MAYWRITE_BIT);
      desc.page_prot = new pgprot_t(0x1000, 0);
      desc.vm_ops = null;
    }
    if (id === 0x3f) desc.vm_file = this.numbered(2);
  }

  /** What they ask for. */
  private act(id: number, desc: vm_area_desc, action: mmap_action): void {
    if ([0x39, 0x3c, 0x3f].includes(id)) action.hide_from_rmap_until_complete = true;
    switch (id) {
      case 0x33:
      case 0x3c:
        mmap_action_remap_full(desc, FRAME);
        return;
      case 0x34:
        mmap_action_ioremap_full(desc, FRAME);
        return;
      case 0x35:
        mmap_action_simple_ioremap(desc, DEVICE, 0x100000);
        return;
      case 0x36:
        mmap_action_map_kernel_pages_full(desc, KERNEL_PAGES);
        return;
      case 0x37:
        mmap_action_remap(desc, desc.end, FRAME, PAGE_SIZE);
        return;
      case 0x38:
        mmap_action_remap(desc, desc.start, FRAME, PAGE_SIZE);
        return;
      case 0x3a:
        action.error_override = -EPERM;
        return;
      case 0x3b:
        action.error_override = 5;
        return;
      case 0x3e:
        mmap_action_simple_ioremap(desc, DEVICE, PAGE_SIZE);
        return;
      case 0x40:
        mmap_action_map_kernel_pages(desc, desc.start, KERNEL_PAGES, PHYS_PFN(desc.end - desc.start) + 1);
        return;
      case 0x41:
        mmap_action_remap(desc, desc.start + 0x10, FRAME, PAGE_SIZE - 0x10);
        return;
      case 0x42:
        Reflect.set(action, 'type', UNKNOWN_ACTION);
        return;
      default:
        return;
    }
  }
}
