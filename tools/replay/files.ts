// SPDX-License-Identifier: GPL-2.0-only
/** The files of a VMA trace, by their numbers; docs/traces.md says what each does. */
import { EINVAL } from '../../include/linux/errno.js';
import { PHYS_PFN } from '../../include/linux/mm.js';
import { file, type file_operations, type vm_area_desc, type vm_operations_struct } from '../../include/mm_types.js';
import { VMA_WIPEONFORK_BIT } from '../../include/vma_flags.js';
import { vma_desc_set_flags } from '../../lib/doors/flags.js';

const doNothing = (): void => {};
const succeed = (): number => 0;
const CLOSING: vm_operations_struct = { open: doNothing, close: doNothing };
/** Lets a VMA be split at even pages only. */
const PICKY: vm_operations_struct = { may_split: (_vma, addr) => (PHYS_PFN(addr) % 2 === 1 ? -EINVAL : 0) };

/** What a set of hooks is told by: they are there, beside them open and close, may_split, page_mkwrite. */
export const OPS_THERE = 1;
export const OPS_CLOSE = 2;
export const OPS_PICKY = 4;
export const OPS_MKWRITE = 8;

/** One object of hooks for each combination, so that VMAs with the same ones are told alike. */
const OPS = Array.from({ length: 16 }, (_, kind): vm_operations_struct | null =>
  (kind & OPS_THERE) === 0
    ? null
    : {
        ...((kind & OPS_CLOSE) === 0 ? {} : CLOSING),
        ...((kind & OPS_PICKY) === 0 ? {} : PICKY),
        ...((kind & OPS_MKWRITE) === 0 ? {} : { page_mkwrite: succeed }),
      },
);

/** The hooks that `setops` gives a VMA; null is anonymous memory. Throws for a number that names none. */
export function traceOps(kind: number): vm_operations_struct | null {
  const ops = OPS[kind];
  if (ops === undefined) throw new RangeError(`setops: kind = ${kind}: 0 to ${OPS.length - 1} are there`);
  return ops;
}

/** Last number of a file that has an `mmap_prepare` hook, and of one with an `mmap` hook. */
export const LAST_PREPARED = 15;
export const LAST_FILE = 31;

/** A fresh set of files; file 1 is the first. */
export function traceFiles(): file[] {
  const plain: file_operations = { mmap: succeed };
  const files = Array.from({ length: 4 }, () => new file(plain));
  const [first] = files;
  const hooks: ((desc: vm_area_desc) => number)[] = [
    succeed,
    (desc) => {
      desc.vm_ops = CLOSING;
      return 0;
    },
    (desc) => {
      desc.vm_ops = PICKY;
      return 0;
    },
    () => -EINVAL,
    (desc) => {
      desc.vm_file = first ?? null;
      desc.pgoff++;
      return 0;
    },
    (desc) => {
      vma_desc_set_flags(desc, VMA_WIPEONFORK_BIT);
      desc.private_data = desc;
      return 0;
    },
  ];
  files.push(...hooks.map((mmap_prepare) => new file({ mmap_prepare })));
  while (files.length < LAST_PREPARED) files.push(new file({ mmap_prepare: succeed }));
  while (files.length < LAST_FILE) files.push(new file(plain));
  return files;
}
