// SPDX-License-Identifier: GPL-2.0-only
/** A ring buffer that userland maps: first version. It has a bug; see docs/driver-test.md. */
import { EBUSY, file, mmap_action_map_kernel_pages_full, page, vma_pages } from 'vma-userland';

export class Ring {
  constructor(pages) {
    this.pages = Array.from({ length: pages }, () => new page());
    /** Mappings that there are; the ring must not go before they do. */
    this.users = 0;
    /** No new mappings any more? */
    this.stopped = false;
    /** VMAs that a split or a copy has made, for sync(). */
    this.parts = new Set();
    this.vm_ops = {
      mapped: () => this.mapped(),
      open: (vma) => this.open(vma),
      close: (vma) => this.close(vma),
    };
    this.file = new file({ mmap_prepare: (desc) => this.mmap_prepare(desc) });
  }

  /** Before the VMA is there: which hooks it gets, and that the ring's pages are to be mapped. */
  mmap_prepare(desc) {
    desc.vm_ops = this.vm_ops;
    mmap_action_map_kernel_pages_full(desc, this.pages);
    return 0;
  }

  /** Once the VMA is there. An error takes it away again, by way of close: so the user is counted in either case. */
  mapped() {
    this.users++;
    return this.stopped ? -EBUSY : 0;
  }

  open(vma) {
    this.users++;
    this.parts.add(vma);
  }

  close() {
    this.users--;
  }

  /** Pages that a write-back would have to look at in the parts. */
  sync() {
    let pages = 0;
    for (const vma of this.parts) pages += vma_pages(vma);
    return pages;
  }
}
