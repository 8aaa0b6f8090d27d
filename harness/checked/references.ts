// SPDX-License-Identifier: GPL-2.0-only
/**
 * Nothing leaks: what kmemleak is to the kernel. VMAs that the code under test allocates, references on files, counts of
 * writable mappings: at the end of a test all that it took is back.
 */
import { type address_space, type file, vm_area_struct } from '../../include/mm_types.js';
import { describeVma, type FreedObjects } from '../../stubs/freed.js';
import { Place } from '../../stubs/place.js';
import type { Reports } from './reports.js';

interface FileAccount {
  /** References when the world first met the file. */
  before: number;
  taken: Place[];
}

export class References {
  private readonly reports: Reports;
  private readonly freed: FreedObjects;
  private readonly vmas: Map<vm_area_struct, Place>;
  private readonly files: Map<file, FileAccount>;
  private readonly mappings: Map<address_space, { before: number; taken: Place[] }>;

  constructor(reports: Reports, freed: FreedObjects) {
    this.reports = reports;
    this.freed = freed;
    this.vmas = new Map();
    this.files = new Map();
    this.mappings = new Map();
  }

  newVma(): vm_area_struct {
    const vma = new vm_area_struct();
    this.vmas.set(vma, new Place());
    return vma;
  }

  freeVma(vma: vm_area_struct): void {
    this.freed.assertLive(vma);
    const place = this.vmas.get(vma) ?? null;
    this.vmas.delete(vma);
    this.freed.add(vma, describeVma(vma), place);
  }

  /** VMAs that the code under test allocated, and has not freed. */
  liveVmas(): vm_area_struct[] {
    return [...this.vmas.keys()];
  }

  private account(f: file): FileAccount {
    const known = this.files.get(f);
    if (known !== undefined) return known;
    const fresh = { before: f.f_ref, taken: [] };
    this.files.set(f, fresh);
    return fresh;
  }

  /** A writable shared mapping is about to be counted. */
  writableTaken(mapping: address_space): void {
    const known = this.mappings.get(mapping);
    if (known !== undefined) known.taken.push(new Place());
    else this.mappings.set(mapping, { before: mapping.i_mmap_writable, taken: [new Place()] });
  }

  getFile(f: file): file {
    this.account(f).taken.push(new Place());
    f.f_ref++;
    return f;
  }

  /** Drops a reference; the last one frees the file. */
  putFile(f: file): void {
    this.freed.assertLive(f);
    const account = this.account(f);
    account.taken.pop();
    f.f_ref--;
    if (f.f_ref > 0) return;
    this.files.delete(f);
    this.freed.add(f, 'file', null);
  }

  unmapWritable(mapping: address_space): void {
    this.mappings.get(mapping)?.taken.pop();
    mapping.i_mmap_writable--;
  }

  end(): void {
    for (const [vma, place] of this.vmas) {
      this.reports.complain(`leak: ${describeVma(vma)}, allocated at ${place}`);
    }
    for (const [f, { before, taken }] of this.files) {
      if (f.f_ref === before) continue;
      const where = taken.map((place) => `taken at ${place}`).join('; ');
      this.reports.complain(`leak: file has ${f.f_ref} references, ${before} before; ${where}`);
    }
    for (const [mapping, { before, taken }] of this.mappings) {
      if (mapping.i_mmap_writable === before) continue;
      const where = taken.map((place) => `taken at ${place}`).join('; ');
      this.reports.complain(`leak: i_mmap_writable is ${mapping.i_mmap_writable}, ${before} before; ${where}`);
    }
  }
}
