// SPDX-License-Identifier: GPL-2.0-only
/** How the address space of a test was: at its assertions, and before its last operation. */
import { PAGE_SIZE } from '../include/linux/mm.js';
import { type mm_struct, VMA_ITERATOR } from '../include/mm_types.js';
import { vma_next } from '../lib/mm/inlines/iterator.js';
import { layoutLine, snapshot, type VmaSnapshot } from './picture.js';
import { MOST_OBSERVED } from './recorder.js';

/** A number that changes when any field of a picture does, nearly always; null where the tree cannot be walked. */
function fingerprint(mm: mm_struct): number | null {
  let sum = mm.map_count;
  const mix = (value: number): void => {
    sum = Math.imul(sum ^ (value % 2 ** 31), 0x9e3779b1) ^ (sum >>> 15);
  };
  try {
    const vmi = VMA_ITERATOR(mm, 0);
    for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
      const { flags } = vma;
      for (const value of [vma.vm_start / PAGE_SIZE, vma.vm_end / PAGE_SIZE, vma.vm_pgoff]) mix(value);
      for (const value of [flags.w0, flags.w1, flags.w2, flags.w3]) mix(value);
      mix((vma.vm_file === null ? 0 : 1) + (vma.anon_vma === null ? 0 : 2));
    }
  } catch {
    return null;
  }
  return sum;
}

/** Null where a test has freed VMAs that the tree still has, as upstream's do at their end. */
function trySnapshot(mm: mm_struct): VmaSnapshot[] | null {
  try {
    return snapshot(mm);
  } catch {
    return null;
  }
}

function isSame(a: readonly VmaSnapshot[], b: readonly VmaSnapshot[]): boolean {
  return a.length === b.length && a.every((shot, i) => layoutLine(shot) === layoutLine(b[i] ?? shot));
}

/** Two pictures of an address space. */
export interface Change {
  before: readonly VmaSnapshot[];
  after: readonly VmaSnapshot[];
}

export class History {
  private mm: mm_struct;
  /** As it was seen last, and before it last changed. */
  private seen: readonly VmaSnapshot[];
  private before: readonly VmaSnapshot[];
  /** Before the last operation; null when there was none. */
  private beforeOperation: readonly VmaSnapshot[] | null;
  /** Fingerprint of what was seen last. */
  private print: number | null;

  constructor(mm: mm_struct) {
    this.mm = mm;
    this.seen = [];
    this.before = [];
    this.beforeOperation = null;
    this.print = null;
  }

  /** Another address space is what the test is about from here on. */
  follow(mm: mm_struct): void {
    if (mm === this.mm) return;
    this.mm = mm;
    this.seen = trySnapshot(mm) ?? [];
    this.before = [];
    this.beforeOperation = null;
    this.print = null;
  }

  /** Remembers the address space, if it is another than last time. */
  look(): void {
    if (this.mm.map_count > MOST_OBSERVED) return;
    // A snapshot is text, and most looks see no change.
    const print = fingerprint(this.mm);
    if (print === null || print === this.print) return;
    this.print = print;
    const now = trySnapshot(this.mm);
    if (now === null || isSame(now, this.seen)) return;
    this.before = this.seen;
    this.seen = now;
  }

  /** An operation begins. */
  operation(): void {
    this.look();
    this.beforeOperation = this.seen;
  }

  /** What the last operation and the test have changed since; before the first operation, the last change there was. */
  lastChange(): Change {
    const after = trySnapshot(this.mm) ?? [];
    const before = isSame(after, this.seen) ? this.before : this.seen;
    return { before: this.beforeOperation ?? before, after };
  }
}
