// SPDX-License-Identifier: GPL-2.0-only
/** The files and anon_vmas of one test by number, as pictures and the trace have them, in the order they turn up. */
import type { anon_vma, file } from '../../include/mm_types.js';
import { LAST_FILE, LAST_PREPARED } from '../replay/files.js';

/** TestNumbers of the trace's files that have an mmap hook and do nothing, and of those with an mmap_prepare hook. */
const PLAIN = [1, 2, 3, 4, ...Array.from({ length: LAST_FILE - LAST_PREPARED }, (_, i) => LAST_PREPARED + 1 + i)];
const PREPARED = [5, ...Array.from({ length: LAST_PREPARED - 10 }, (_, i) => 11 + i)];

/** A file that was freed says nothing any more. */
function isPrepared(file: file): boolean {
  try {
    return Boolean(file.f_op.mmap_prepare);
  } catch {
    return false;
  }
}

export class TestNumbers {
  private readonly files: Map<file, number>;
  private readonly anons: Map<anon_vma, number>;
  private readonly plain: number[];
  private readonly prepared: number[];

  constructor() {
    this.files = new Map();
    this.anons = new Map();
    this.plain = [...PLAIN];
    this.prepared = [...PREPARED];
  }

  /** The trace's file that stands for this one; 0 for none, null when there are more files than the trace has. */
  ofFile(file: file | null): number | null {
    if (file === null) return 0;
    const known = this.files.get(file);
    if (known !== undefined) return known;
    const number = (isPrepared(file) ? this.prepared : this.plain).shift() ?? null;
    if (number !== null) this.files.set(file, number);
    return number;
  }

  /** 0 for none. The trace's own numbers are found when it is written. */
  ofAnon(anon: anon_vma | null): number {
    if (anon === null) return 0;
    const known = this.anons.get(anon);
    if (known !== undefined) return known;
    this.anons.set(anon, this.anons.size + 1);
    return this.anons.size;
  }
}
