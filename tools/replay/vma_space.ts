// SPDX-License-Identifier: GPL-2.0-only
/** The address space that a VMA trace is replayed on, with its world, its files and anon_vmas by number. */

import { newRootAnonVma } from '../../harness/anon_link.js';
import { World, type WorldOptions } from '../../harness/world.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { MT_FLAGS_ALLOC_RANGE } from '../../include/linux/maple_tree.js';
import {
  type anon_vma,
  type file,
  mm_struct,
  VMA_ITERATOR,
  type vm_operations_struct,
  type vma_iterator,
} from '../../include/mm_types.js';
import type { vma_merge_struct } from '../../include/vma.js';
import { VMA_LOCKED_BIT, type vma_flags_t } from '../../include/vma_flags.js';
import { legacy_to_vma_flags, vma_flags_set_mask, vma_flags_test } from '../../lib/doors/flags.js';
import { vma_next } from '../../lib/doors/iterator.js';
import { accountPages } from '../../lib/mm/inlines/accounting.js';
import { CallNames } from './call_names.js';
import { CallLog } from './calls.js';
import { TraceFiles } from './files.js';
import { Held } from './held.js';
import { attributesText, leftText } from './left.js';
import { Settings } from './settings.js';

/** A sum of pages as C has it: where it fell below 0, it wraps around. */
export function sumText(pages: number): string {
  // Here it wraps at 2^53.
  return pages > ULONG_MAX / 2 ? String(2n ** 64n - 2n ** 53n + BigInt(pages)) : String(pages);
}

export class ReplayedSpace {
  readonly mm: mm_struct;
  /** Are VMAs left out of the answers? */
  quiet: boolean;
  /** Are they listed all the same in the answer to the word that is carried out? */
  isShown: boolean;
  /** Whose current address space it is: every operation is carried out in it. */
  readonly world: World;
  /** What of the world is told and held. */
  readonly calls: CallLog;
  readonly held: Held;
  readonly settings: Settings;
  /** What the last word looked at its neighbours with, and asked for a merge with; null if it did neither. */
  vmi: vma_iterator | null;
  vmg: vma_merge_struct | null;
  private readonly traceFiles: TraceFiles;
  /** Number 1 is the first. */
  private readonly anonVmas: anon_vma[];

  constructor(options: WorldOptions = {}) {
    this.mm = new mm_struct(MT_FLAGS_ALLOC_RANGE);
    this.quiet = false;
    this.isShown = false;
    this.held = new Held();
    const stubs = { ...this.held.stubs(), ...options.stubs };
    this.settings = new Settings();
    this.world = new World({ ...options, stubs, mm: this.mm, allocNodes: () => !this.settings.noNodes });
    this.calls = new CallLog(new CallNames(this));
    this.vmi = null;
    this.vmg = null;
    this.traceFiles = new TraceFiles(this.calls);
    this.anonVmas = [];
  }

  /** Are calls printed from here on? */
  tellCalls(isOn: boolean): void {
    const { calls, world } = this;
    calls.watch(world);
    // The harness is compiled without these checks, and they call the world too.
    world.globals.debug_vm_maple_tree = false;
    calls.telling = isOn;
  }

  /** All files; number 1 is the first. */
  get files(): readonly file[] {
    return this.traceFiles.all;
  }

  /** A flags word of a trace, with the bits that `flagbit` has set. Numbers are safe integers: bits 0 to 52. */
  readonly flagsOf = (word: number): vma_flags_t => {
    const flags = legacy_to_vma_flags(BigInt(word));
    vma_flags_set_mask(flags, this.settings.flags);
    return flags;
  };

  /** The iterator of a word; where it is afterwards is printed with calls. */
  iterator(addr: number): vma_iterator {
    this.vmi = VMA_ITERATOR(this.mm, addr);
    return this.vmi;
  }

  /** Begins an operation. */
  begin(): void {
    this.vmi = null;
    this.vmg = null;
    this.isShown = false;
  }

  /** The hooks of a number, as `setops` has it. */
  readonly operations = (kind: number): vm_operations_struct | null => this.traceFiles.operations(kind);

  kindOf(ops: vm_operations_struct): number {
    return this.traceFiles.kindOf(ops);
  }

  /** Counts pages, which may be negative, into the sums that these flags belong to. */
  account(flags: vma_flags_t, pages: number): void {
    accountPages(this.mm, flags, pages);
    if (vma_flags_test(flags, VMA_LOCKED_BIT)) this.mm.locked_vm += pages;
  }

  /** The answer to one operation: its result, its calls, the sums, and unless `quiet` every VMA. */
  describe(result: string, quiet = this.quiet && !this.isShown): string {
    const { mm, calls } = this;
    const [total, data, exec] = [sumText(mm.total_vm), sumText(mm.data_vm), sumText(mm.exec_vm)];
    const [stack, locked] = [sumText(mm.stack_vm), sumText(mm.locked_vm)];
    let text =
      `${result}\n${calls.take()}= count=${mm.map_count} total=${total} data=${data} exec=${exec}` +
      ` stack=${stack} locked=${locked}\n`;
    if (calls.telling) text += leftText(this);
    if (quiet) return text;

    const vmi = VMA_ITERATOR(mm, 0);
    for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
      text +=
        `  ${vma.vm_start.toString(16)}-${vma.vm_end.toString(16)} pgoff=${vma.vm_pgoff.toString(16)}` +
        ` flags=${vma.vm_flags.toString(16)} file=${this.idOf(vma.vm_file)} anon=${vma.anon_vma !== null ? 1 : 0}\n`;
      if (calls.telling) text += attributesText(this, vma);
    }
    return text;
  }

  /** The number of an anon_vma. Those that have none yet get theirs first, in the order of addresses. */
  anonNumber(wanted: anon_vma): number {
    this.numberAnons();
    if (!this.anonVmas.includes(wanted)) this.anonVmas.push(wanted);
    return this.anonVmas.indexOf(wanted) + 1;
  }

  /** The number of an anon_vma that a call names or that is printed, 0 for none; one that has none gets the next. */
  anonId(found: anon_vma | null): number {
    if (found === null) return 0;
    const known = this.anonVmas.indexOf(found);
    return known >= 0 ? known + 1 : this.anonVmas.push(found);
  }

  /** The anon_vma, among those of the address space, that is looked for. */
  anonWith(is: (anon: anon_vma) => boolean): anon_vma | null {
    const known = this.anonVmas.find(is);
    if (known !== undefined) return known;
    const vmi = VMA_ITERATOR(this.mm, 0);
    for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
      if (vma.anon_vma !== null && is(vma.anon_vma)) return vma.anon_vma;
    }
    return null;
  }

  /** The anon_vma of a number, 0 being none; a number past the last makes a new one. */
  anonOf(number: number): anon_vma | null {
    if (number === 0) return null;
    this.numberAnons();
    return this.anonVmas[number - 1] ?? this.newAnon();
  }

  /** An anon_vma of the next number. */
  newAnon(): anon_vma {
    const fresh = newRootAnonVma();
    this.anonNumber(fresh);
    return fresh;
  }

  private numberAnons(): void {
    const vmi = VMA_ITERATOR(this.mm, 0);
    for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) {
      if (vma.anon_vma !== null && !this.anonVmas.includes(vma.anon_vma)) this.anonVmas.push(vma.anon_vma);
    }
  }

  /** The file of a number; 0 is none. */
  readonly fileOf = (id: number): file | null => (id === 0 ? null : this.traceFiles.numbered(id));

  idOf(found: file | null): number {
    return found === null ? 0 : this.files.indexOf(found) + 1;
  }
}
