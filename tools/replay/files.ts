// SPDX-License-Identifier: GPL-2.0-only
/** The files of a VMA trace, by their numbers; docs/traces.md says what each does. */
import { EINVAL } from '../../include/linux/errno.js';
import { PHYS_PFN } from '../../include/linux/mm.js';
import { file, type file_operations, type vm_area_desc, type vm_operations_struct } from '../../include/mm_types.js';
import { VMA_WIPEONFORK_BIT } from '../../include/vma_flags.js';
import { vma_desc_set_flags } from '../../lib/mm/vma_flags.js';

const doNothing = (): void => {};
const CLOSING: vm_operations_struct = { open: doNothing, close: doNothing };
/** Lets a VMA be split at even pages only. */
const PICKY: vm_operations_struct = { may_split: (_vma, addr) => (PHYS_PFN(addr) % 2 === 1 ? -EINVAL : 0) };

/** A fresh set of files; file 1 is the first. */
export function traceFiles(): file[] {
  const plain: file_operations = { mmap: () => 0 };
  const files = Array.from({ length: 4 }, () => new file(plain));
  const [first] = files;
  const hooks: ((desc: vm_area_desc) => number)[] = [
    () => 0,
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
  return [...files, ...hooks.map((mmap_prepare) => new file({ mmap_prepare }))];
}
