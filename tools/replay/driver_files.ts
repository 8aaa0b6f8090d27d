// SPDX-License-Identifier: GPL-2.0-only
/** The drivers that a trace of system calls opens: what their hooks do goes by a number, and every call of one is told. */
import { EACCES, EINVAL, ENODEV } from '../../include/linux/errno.js';
import { PHYS_PFN } from '../../include/linux/mm.js';
import { page, VM_FAULT_SIGBUS } from '../../include/linux/pagetable.js';
import {
  file,
  type file_operations,
  type vm_area_struct,
  type vm_fault,
  type vm_operations_struct,
} from '../../include/mm_types.js';
import { VM_DONTEXPAND, VM_IO, VM_PFNMAP, VM_WRITE, VMA_DONTEXPAND_BIT } from '../../include/vma_flags.js';
import { vfs_mmap } from '../../lib/doors/driver.js';
import { vm_flags_set, vma_desc_set_flags } from '../../lib/doors/flags.js';
import { thp_get_unmapped_area } from '../../lib/mm/huge_memory.js';
import { mm_get_unmapped_area } from '../../lib/mm/mmap/layout.js';
import { formatHex } from './hex.js';

/** Bits of a driver's number. */
export const DRIVER_OPEN = 1;
export const DRIVER_MAPPED = 2;
export const DRIVER_PICKY = 4;
export const DRIVER_STAYS = 8;
export const DRIVER_FAULTS = 0x10;
export const DRIVER_OLD = 0x20;
export const DRIVER_DEVICE = 0x40;
export const DRIVER_FIXED = 0x80;
export const DRIVER_REFUSES = 0x100;
export const DRIVER_HUGE = 0x200;
export const DRIVER_PLACES = 0x400;
export const DRIVER_GUARDS = 0x800;
export const DRIVER_STACKED = 0x1000;
export const ALL_DRIVERS = 0x1fff;

type Tell = (text: string) => void;

function rangeOf({ vm_start, vm_end }: vm_area_struct): string {
  return `${formatHex(vm_start)}-${formatHex(vm_end)}`;
}

/** A page for each place of the file, with the place in its content. */
function pageOf(pages: Map<number, page>, vmf: vm_fault): number {
  const { pgoff } = vmf;
  if (pgoff >= PAGES) return VM_FAULT_SIGBUS;
  const known = pages.get(pgoff) ?? new page(null, pgoff, pgoff % 256);
  pages.set(pgoff, known);
  vmf.page = known;
  return 0;
}

/** Pages that a driver has. */
const PAGES = 0x40;

function hooksOf(kind: number, tell: Tell): vm_operations_struct {
  const has = (bit: number): boolean => (kind & bit) !== 0;
  const pages = new Map<number, page>();
  return {
    ...(has(DRIVER_OPEN) && {
      open: (vma: vm_area_struct) => tell(`open(${rangeOf(vma)})`),
      close: (vma: vm_area_struct) => tell(`close(${rangeOf(vma)})`),
    }),
    ...(has(DRIVER_MAPPED) && {
      mapped: (start: number, end: number, pgoff: number) => {
        tell(`mapped(${formatHex(start)}-${formatHex(end)} ${formatHex(pgoff)})`);
        return 0;
      },
    }),
    // At even pages only.
    ...(has(DRIVER_PICKY) && {
      may_split: (vma: vm_area_struct, addr: number) => {
        tell(`may_split(${rangeOf(vma)} ${formatHex(addr)})`);
        return PHYS_PFN(addr) % 2 === 1 ? -EINVAL : 0;
      },
    }),
    ...(has(DRIVER_STAYS) && {
      mremap: (vma: vm_area_struct) => {
        tell(`mremap(${rangeOf(vma)})`);
        return -EINVAL;
      },
    }),
    // Nobody gets to write what was mapped without that.
    ...(has(DRIVER_GUARDS) && {
      mprotect: (vma: vm_area_struct, start: number, end: number, newflags: bigint) => {
        tell(`mprotect(${rangeOf(vma)} ${formatHex(start)}-${formatHex(end)})`);
        return (newflags & VM_WRITE) !== 0n ? -EACCES : 0;
      },
    }),
    ...(has(DRIVER_FAULTS) && { fault: (vmf: vm_fault) => pageOf(pages, vmf) }),
  };
}

/** Who chooses addresses: for huge pages, or as for memory without a file; nobody in particular without either bit. */
function placesOf(kind: number): file_operations {
  if ((kind & DRIVER_HUGE) !== 0) return { get_unmapped_area: thp_get_unmapped_area };
  return (kind & DRIVER_PLACES) !== 0 ? { get_unmapped_area: mm_get_unmapped_area } : {};
}

/** A hook that does no more than call that of a driver below. */
function stackedOn(kind: number, tell: Tell): NonNullable<file_operations['mmap']> {
  const below = new file(driverOf(kind & ~(DRIVER_STACKED | DRIVER_OLD), tell));
  return (_file, vma) => {
    tell(`mmap(${rangeOf(vma)} ${formatHex(vma.vm_pgoff)})`);
    return vfs_mmap(below, vma);
  };
}

/** The hooks of the file of a driver; each number has hooks of its own, so that VMAs of two drivers differ. */
export function driverOf(kind: number, tell: Tell): file_operations {
  if (!Number.isInteger(kind) || kind < 0 || kind > ALL_DRIVERS)
    throw new RangeError(`driver: ${kind}: there are 0 to ${formatHex(ALL_DRIVERS)}`);
  const ops = hooksOf(kind, tell);
  const places = placesOf(kind);
  const refused = (kind & DRIVER_REFUSES) !== 0 ? -ENODEV : 0;
  if ((kind & DRIVER_OLD) === 0) {
    return {
      ...places,
      mmap_prepare: (desc) => {
        tell(`mmap_prepare(${formatHex(desc.start)}-${formatHex(desc.end)} ${formatHex(desc.pgoff)})`);
        if ((kind & DRIVER_FIXED) !== 0) vma_desc_set_flags(desc, VMA_DONTEXPAND_BIT);
        desc.vm_ops = ops;
        return refused;
      },
    };
  }
  if ((kind & DRIVER_STACKED) !== 0) return { ...places, mmap: stackedOn(kind, tell) };
  return {
    ...places,
    mmap: (_file, vma) => {
      tell(`mmap(${rangeOf(vma)} ${formatHex(vma.vm_pgoff)})`);
      if ((kind & DRIVER_FIXED) !== 0) vm_flags_set(vma, VM_DONTEXPAND);
      if ((kind & DRIVER_DEVICE) !== 0) vm_flags_set(vma, VM_IO | VM_PFNMAP);
      vma.vm_ops = ops;
      return refused;
    },
  };
}
