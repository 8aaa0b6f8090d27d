// SPDX-License-Identifier: GPL-2.0-only
/**
 * Nothing leaks: what kmemleak is to the kernel. VMAs that the code under test allocates, references on files, counts of
 * writable mappings: at the end of a test all that it took is back.
 */
import { type address_space, file, vm_area_struct } from '../../include/mm_types.js';
import { describeVma, type FreedObjects } from '../../stubs/freed.js';
import { FRAMES, Place } from '../../stubs/place.js';
import type { Reports } from './reports.js';

interface FileAccount {
  /** References when the world first met the file. */
  before: number;
  taken: Place[];
  /** Those of whoever opened it: none, for a file that a hook has made to be mapped. */
  opener: number;
  /** Made by the operation that runs, to be mapped in place of another file. */
  handedOver: boolean;
  /** Taken less dropped in the operation that runs: by hooks, and by the code under test. */
  byHooks: number;
  byCode: number;
  /** Did a hook take or drop any? */
  touched: boolean;
  /** It came to be mapped in a way that the world did not see: nothing can be said of it. */
  unsure: boolean;
}

/** Who it is that takes or drops a reference. */
export interface Caller {
  /** Does an operation run, and in it a hook? */
  readonly inOperation: boolean;
  readonly inHook: boolean;
}

export class References {
  private readonly reports: Reports;
  private readonly freed: FreedObjects;
  private readonly vmas: Map<vm_area_struct, Place>;
  private readonly files: Map<file, FileAccount>;
  private readonly mappings: Map<address_space, { before: number; taken: Place[] }>;
  /** Files that were there when the operation began, by their number. */
  private oldFiles: number;
  caller: Caller;

  constructor(reports: Reports, freed: FreedObjects) {
    this.reports = reports;
    this.freed = freed;
    this.vmas = new Map();
    this.files = new Map();
    this.mappings = new Map();
    this.oldFiles = 0;
    this.caller = { inOperation: false, inHook: false };
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
    const isNew = this.caller.inOperation && f.serial >= this.oldFiles;
    const fresh: FileAccount = {
      before: f.f_ref,
      taken: [],
      opener: isNew ? 0 : f.f_ref,
      handedOver: false,
      byHooks: 0,
      byCode: 0,
      touched: false,
      unsure: false,
    };
    this.files.set(f, fresh);
    return fresh;
  }

  /** Books a reference more, or less, to whom it belongs. */
  private book(account: FileAccount, by: number): void {
    const { inOperation, inHook } = this.caller;
    if (inHook) {
      account.byHooks += by;
      account.touched = true;
    } else if (inOperation) {
      account.byCode += by;
    } else if (new Place(FRAMES).frames().some((frame) => /\blib\/(?!doors)/.test(frame))) {
      // The code under test, entered by a way that is not watched.
      account.unsure = true;
    } else {
      account.opener += by;
    }
  }

  /** A hook has put this file in place of another one, with a reference on it. */
  swappedIn(f: file): void {
    const account = this.account(f);
    account.handedOver = this.caller.inOperation && f.serial >= this.oldFiles;
  }

  /** An operation begins, with these files mapped. */
  beginOperation(mapped: ReadonlyMap<file, number>): void {
    this.oldFiles = file.made;
    for (const f of mapped.keys()) if (!this.files.has(f)) this.account(f).unsure = true;
    for (const account of this.files.values()) {
      account.byHooks = 0;
      account.byCode = 0;
      account.touched = false;
      account.handedOver = false;
    }
  }

  /** It is over: references against VMAs, before and after. */
  endOperation(before: ReadonlyMap<file, number>, after: ReadonlyMap<file, number>, failed: boolean): string[] {
    for (const f of after.keys()) this.account(f);
    const found: string[] = [];
    for (const [f, account] of this.files) {
      if (account.unsure) continue;
      const what = this.wrongWith(f, account, before.get(f) ?? 0, after.get(f) ?? 0, failed);
      if (what === null) continue;
      found.push(what);
      account.unsure = true;
    }
    return found;
  }

  private wrongWith(f: file, account: FileAccount, before: number, vmas: number, failed: boolean): string | null {
    const { opener, byHooks, byCode, touched } = account;
    if (account.handedOver) {
      // A mapping that merges keeps the reference: upstream's own, see docs/upstream.md.
      const left = f.f_ref - vmas - byHooks;
      if (left === 0 || (vmas === 0 && !failed)) return null;
      return `files: a file that a hook put in has ${f.f_ref} references, where ${vmas} VMAs map it`;
    }
    if (f.serial >= this.oldFiles && !touched) {
      // The code under test has made it, to be held by its mappings alone.
      return f.f_ref === vmas ? null : `files: a new file has ${f.f_ref} references, where ${vmas} VMAs map it`;
    }
    if (f.f_ref < opener + vmas) {
      return `files: a file has ${f.f_ref} references, where ${opener} are the opener's and ${vmas} VMAs map it`;
    }
    if (touched || byCode === vmas - before) return null;
    return `files: ${byCode} references on a file were taken, where ${vmas - before} VMAs more map it`;
  }

  /** A writable shared mapping is about to be counted. */
  writableTaken(mapping: address_space): void {
    const known = this.mappings.get(mapping);
    if (known !== undefined) known.taken.push(new Place());
    else this.mappings.set(mapping, { before: mapping.i_mmap_writable, taken: [new Place()] });
  }

  getFile(f: file): file {
    const account = this.account(f);
    account.taken.push(new Place());
    this.book(account, 1);
    f.f_ref++;
    return f;
  }

  /** Drops a reference; the last one frees the file. */
  putFile(f: file): void {
    this.freed.assertLive(f);
    const account = this.account(f);
    account.taken.pop();
    this.book(account, -1);
    f.f_ref--;
    if (f.f_ref > 0) return;
    if (account.opener > 0 && !account.unsure) {
      this.reports.complain(`files: the opener's reference on a file was dropped at ${new Place()}`);
    }
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
      // Below 0 it says that nobody may, which only a file that nobody has mapped so can be made to.
      if (mapping.i_mmap_writable === before || mapping.i_mmap_writable < 0) continue;
      const where = taken.map((place) => `taken at ${place}`).join('; ');
      this.reports.complain(`leak: i_mmap_writable is ${mapping.i_mmap_writable}, ${before} before; ${where}`);
    }
  }
}
