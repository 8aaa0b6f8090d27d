// SPDX-License-Identifier: GPL-2.0-only
/** The ring buffer of examples/driver/, in TypeScript. */
import {
  EBUSY,
  file,
  mmap_action_map_kernel_pages_full,
  page,
  type vm_area_desc,
  type vm_area_struct,
  type vm_operations_struct,
  vma_pages,
} from 'vma-userland';

export class Ring {
  readonly pages: page[];
  readonly file: file;
  readonly vm_ops: vm_operations_struct;
  /** Mappings that there are; the ring must not go before they do. */
  users = 0;
  /** No new mappings any more? */
  stopped = false;
  /** VMAs that a split or a copy has made, for sync(). */
  private readonly parts = new Set<vm_area_struct>();

  constructor(pages: number) {
    this.pages = Array.from({ length: pages }, () => new page());
    this.vm_ops = {
      mapped: () => this.mapped(),
      open: (vma) => this.open(vma),
      close: (vma) => this.close(vma),
    };
    this.file = new file({ mmap_prepare: (desc) => this.mmap_prepare(desc) });
  }

  /** Before the VMA is there: which hooks it gets, and that the ring's pages are to be mapped. */
  mmap_prepare(desc: vm_area_desc): number {
    desc.vm_ops = this.vm_ops;
    mmap_action_map_kernel_pages_full(desc, this.pages);
    return 0;
  }

  /** Once the VMA is there. An error takes it away again, by way of close: so the user is counted in either case. */
  mapped(): number {
    this.users++;
    return this.stopped ? -EBUSY : 0;
  }

  open(vma: vm_area_struct): void {
    this.users++;
    this.parts.add(vma);
  }

  close(vma: vm_area_struct): void {
    this.users--;
    this.parts.delete(vma);
  }

  /** Pages that a write-back would have to look at in the parts. */
  sync(): number {
    let pages = 0;
    for (const vma of this.parts) pages += vma_pages(vma);
    return pages;
  }
}
