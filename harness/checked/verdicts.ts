// SPDX-License-Identifier: GPL-2.0-only
/**
 * One operation after the other: what the address spaces, the reverse map, references and counters were before it, what
 * they are after it, and whether the difference is one that it may make. What was wrong before, a test has made itself.
 */
import { hexOf } from '../../include/check.js';
import { PAGE_ALIGN_DOWN, PAGE_SIZE } from '../../include/linux/mm.js';
import type { file, mempolicy } from '../../include/mm_types.js';
import { mm_struct, vm_area_struct, vma_iterator } from '../../include/mm_types.js';
import { vma_merge_struct } from '../../include/vma.js';
import type { NamedArguments, OperationWatch } from '../../lib/doors/operation.js';
import { vma_is_shared_maywrite } from '../../lib/mm/inlines/flag_operations.js';
import { vma_iter_addr, vma_lookup } from '../../lib/mm/inlines/iterator.js';
import { describeVma } from '../../stubs/freed.js';
import { current } from '../../stubs/index.js';
import { elsewhere, unmerged } from './chances.js';
import { wrongChild } from './child.js';
import type { Hooks } from './hooks.js';
import {
  chargedStacks,
  drifted,
  driftOf,
  foreignFields,
  lostSticky,
  movedAnon,
  movedOffsets,
  tooMany,
  unmarked,
} from './judges.js';
import { notKept } from './kept.js';
import type { Locks } from './locks.js';
import type { Notifications } from './notifications.js';
import { changedOutside } from './outside.js';
import { type Counted, crowded, overLimit, unknownError, unsealed } from './promises.js';
import type { References } from './references.js';
import type { Reports } from './reports.js';
import { type Rule, ruleOf, touchesPagesOnly } from './rules.js';
import { Spaces, sharedCharge, sumsOf } from './spaces.js';
import type { Structure } from './structure.js';

type Args = NamedArguments;
type Drift = ReturnType<typeof driftOf>;

/** Everything that is looked at twice. */
interface Picture {
  readonly spaces: Spaces;
  readonly drift: ReadonlyMap<mm_struct, Drift>;
  readonly totals: ReadonlyMap<mm_struct, number>;
  readonly counted: ReadonlyMap<mm_struct, Counted>;
  /** Charged pages less those that mappings account for. */
  readonly charges: number;
  /** Calls that were made to fail by then. */
  readonly failures: number;
  readonly files: ReadonlyMap<file, number>;
  readonly defects: ReadonlySet<string>;
  /** For each mapping of a file: the count of writable mappings, less those that there are. */
  readonly writable: ReadonlyMap<object, number>;
}

/** What the judges are. */
export interface Judges {
  readonly reports: Reports;
  readonly locks: Locks;
  readonly references: References;
  readonly hooks: Hooks;
  readonly notifications: Notifications;
  readonly structure: Structure;
  /** Pages charged against the commit limit. */
  charged(): number;
  /** Calls that were made to fail so far, by name. */
  failed(): readonly string[];
  policyOf(vma: vm_area_struct): mempolicy | null;
  /** Does the world still see every call of these stubs? A test may have put its own in place. */
  sees(...names: string[]): boolean;
}

function fileCounts(spaces: Spaces): Map<file, number> {
  const counts = new Map<file, number>();
  for (const { file: mapped } of spaces.states.values()) {
    if (mapped !== null) counts.set(mapped, (counts.get(mapped) ?? 0) + 1);
  }
  return counts;
}

/** Pages that mappings account for, themselves or by their files. */
function chargeOf(spaces: Spaces): number {
  return sumsOf(spaces.states.values()).accounted + sharedCharge(spaces.states.values());
}

/** The range that an operation maps anew. */
function mappedRange(name: string, args: Args): [number, number] {
  const { addr, len } = args;
  const maps = name === 'mmap_region' || name === '__mmap_region' || name === 'do_brk_flags';
  return maps && typeof addr === 'number' && typeof len === 'number' ? [addr, addr + len] : [0, 0];
}

/** Everywhere, or where an operation can do no more than fault pages in. */
function pagesInReach(name: string, { address, addr, start, end }: Args): [number, number] {
  if (!touchesPagesOnly(name)) return [0, Infinity];
  if (typeof start === 'number' && typeof end === 'number') return [start, end];
  const at = PAGE_ALIGN_DOWN(Number(address ?? addr));
  return [at, at + PAGE_SIZE];
}

/** VMAs that were not marked where all locks were to be taken. */
function unlocked({ mm }: Args, spaces: Spaces, marked: ReadonlySet<vm_area_struct>): string[] {
  return [...spaces.states.values()].flatMap((state) =>
    state.mm === mm && !marked.has(state.vma)
      ? [`write mark: ${describeVma(state.vma)} has none, with all locks taken`]
      : [],
  );
}

function hasFailed(result: unknown): boolean {
  return result === null || (typeof result === 'number' && result < 0);
}

export class Verdicts implements OperationWatch {
  private readonly judges: Judges;
  private readonly known: Set<mm_struct>;
  private running: boolean;
  /** Was another operation carried out within the one that runs? */
  private hasNested: boolean;
  /** Pages that upstream itself has left charged, so far. */
  chargedForGood: number;

  constructor(judges: Judges) {
    this.judges = judges;
    this.known = new Set();
    this.running = false;
    this.hasNested = false;
    this.chargedForGood = 0;
  }

  /** An address space to look at in each operation. */
  add(mm: mm_struct): void {
    this.known.add(mm);
  }

  /** One that is gone. */
  remove(mm: mm_struct): void {
    this.known.delete(mm);
  }

  /** Carries out `call`, an operation that began outside, and judges it. */
  operation<R>(name: string, args: Args, call: () => R): R {
    // A hook that does something itself: what comes of it is not what was asked for.
    if (this.running) this.hasNested = true;
    const rule = this.running ? null : ruleOf(name);
    if (rule === null) return call();

    const { locks, references, hooks, notifications, structure } = this.judges;
    this.meet(args);
    const before = this.picture(name, args);
    if (before.spaces.broken) return call();

    this.running = true;
    this.hasNested = false;
    references.caller = { inOperation: true, inHook: false };
    locks.beginOperation();
    references.beginOperation(before.files);
    notifications.beginOperation();
    hooks.beginOperation();
    try {
      const result = call();
      // Pages that were moved or unmapped unseen are not known any more.
      if (!this.judges.sees('move_page_tables', 'unmap_vmas', 'free_pgtables')) structure.forgetPages(this.known);
      this.judge(name, rule, args, before, result);
      return result;
    } finally {
      locks.endOperation();
      references.caller = { inOperation: false, inHook: false };
      this.running = false;
    }
  }

  /** Address spaces that the arguments are of. */
  private meet(args: Args): void {
    if (current.mm !== null) this.add(current.mm);
    for (const arg of Object.values(args)) {
      if (arg instanceof mm_struct) this.add(arg);
      else if (arg instanceof vm_area_struct && arg.vm_mm !== null) this.add(arg.vm_mm);
      else if (arg instanceof vma_merge_struct && arg.mm !== null) this.add(arg.mm);
    }
  }

  private picture(name: string, args: Args): Picture {
    const { structure, charged, failed, policyOf } = this.judges;
    const spaces = new Spaces(this.known, policyOf);
    const drift = new Map<mm_struct, Drift>();
    const totals = new Map<mm_struct, number>();
    const counted = new Map<mm_struct, Counted>();
    if (!spaces.broken) {
      for (const mm of this.known) {
        drift.set(mm, driftOf(mm, spaces));
        totals.set(mm, mm.total_vm);
        counted.set(mm, { total_vm: mm.total_vm, locked_vm: mm.locked_vm });
      }
    }
    return {
      spaces,
      drift,
      totals,
      counted,
      charges: spaces.broken ? 0 : charged() - chargeOf(spaces),
      failures: failed().length,
      files: fileCounts(spaces),
      defects: spaces.broken ? new Set() : structure.defects(spaces, this.known, pagesInReach(name, args)),
      writable: spaces.broken ? new Map() : this.writable(spaces, args),
    };
  }

  private writable(spaces: Spaces, { file: mapped }: Args): Map<object, number> {
    const counts = new Map<object, number>();
    const meet = (mapping: { i_mmap_writable: number }, by: number): void => {
      counts.set(mapping, (counts.get(mapping) ?? mapping.i_mmap_writable) - by);
    };
    for (const { vma, file: f } of spaces.states.values()) {
      if (f !== null) meet(f.f_mapping, vma_is_shared_maywrite(vma) ? 1 : 0);
    }
    if (typeof mapped === 'object' && mapped !== null && 'f_mapping' in mapped) {
      const { f_mapping: mapping } = mapped;
      if (typeof mapping === 'object' && mapping !== null && 'i_mmap_writable' in mapping) {
        const { i_mmap_writable: count } = mapping;
        if (!counts.has(mapping) && typeof count === 'number') counts.set(mapping, count);
      }
    }
    return counts;
  }

  private judge(name: string, rule: Rule, args: Args, before: Picture, result: unknown): void {
    const { reports, structure } = this.judges;
    if (name === 'relocate_vma_down' && hasFailed(result)) {
      // As upstream documents, it leaves the stack grown over both places, for the death of the process to clean up.
      structure.forgetPages(this.known);
      return;
    }
    // The child of a fork that failed is not relied on any more: its counters are the parent's.
    if (name === 'dup_mmap' && hasFailed(result) && args.mm instanceof mm_struct) this.remove(args.mm);
    const after = this.picture(name, args);
    if (after.spaces.broken) {
      reports.complain(`tree: it holds VMAs that were freed; after ${name}()`);
      return;
    }
    const found = [
      ...this.vmas(name, rule, args, before, after, result),
      ...this.counters(name, rule, args, before, after, result),
      ...this.others(name, rule, before, after, result),
      ...this.iterator(name, args, before, result),
    ];
    for (const text of found) reports.complain(`${text}; after ${name}()`);
  }

  private vmas(name: string, rule: Rule, args: Args, before: Picture, after: Picture, result: unknown): string[] {
    const { locks, hooks, structure, sees } = this.judges;
    const found: string[] = [];
    if (sees('vma_start_write', 'vma_start_write_killable')) {
      const marked = locks.endOperation();
      found.push(...unmarked(before.spaces, after.spaces, marked));
      if (name === 'mm_take_all_locks' && result === 0) found.push(...unlocked(args, after.spaces, marked));
    }
    found.push(...foreignFields(before.spaces, after.spaces, hooks.touched));
    const known = [...before.drift.keys()];
    if (!this.hasNested) found.push(...changedOutside(name, args, result, before.spaces, after.spaces, known));
    found.push(...crowded(before.spaces, after.spaces), ...this.children(name, args, before, after, result));
    if (rule.anon) found.push(...movedAnon(before.spaces, after.spaces, structure.knows));
    const [from, to] = mappedRange(name, args);
    for (const mm of this.known) {
      const [was, now] = [before.spaces.of(mm), after.spaces.of(mm)];
      if (rule.offsets) found.push(...movedOffsets(was, now, from, to));
      found.push(...notKept(name, args, was, now));
      if (name !== 'mmput') found.push(...unsealed(was, now));
      if (/^(?:pkey_)?mprotect$/.test(name) && result === 0) found.push(...unmerged(was, now));
      if (mm === current.mm) found.push(...elsewhere(name, args, was, result));
      if (rule.sticky) found.push(...lostSticky(was, now, from, to));
      // A fork copies what there is.
      if (name !== '__split_vma' && before.drift.has(mm))
        found.push(...tooMany(was.length, now.length, hasFailed(result)));
    }
    for (const defect of after.defects) if (!before.defects.has(defect)) found.push(defect);
    return found;
  }

  private counters(name: string, rule: Rule, args: Args, before: Picture, after: Picture, result: unknown): string[] {
    const { notifications, sees, failed } = this.judges;
    const found: string[] = unknownError(name, result);
    for (const [mm, was] of before.drift) {
      const now = after.drift.get(mm);
      if (now === undefined) continue;
      // A child that could not be made has the sums of its parent, and is not looked at.
      if (name === 'dup_mmap' && hasFailed(result) && mm === args.mm) continue;
      if (rule.sums === 'all') {
        found.push(...drifted(was, now, ['total_vm', 'locked_vm', 'data_vm', 'exec_vm', 'stack_vm']));
      } else if (rule.sums === 'total') {
        found.push(...drifted(was, now, ['total_vm']));
      }
      if (!hasFailed(result) && failed().length === before.failures)
        found.push(...overLimit(mm, before.counted.get(mm) ?? mm));
      const fell = (after.totals.get(mm) ?? 0) < (before.totals.get(mm) ?? 0);
      if (fell && sees('update_hiwater_vm')) found.push(...notifications.totalFell(mm));
    }
    const by = after.charges - before.charges - this.forgiven(name, before, after);
    if (rule.charges && by !== 0 && sees('security_vm_enough_memory_mm', 'vm_acct_memory')) {
      found.push(
        by > 0
          ? `charges: ${by} pages are charged that no mapping accounts for`
          : `charges: mappings account for ${-by} pages that are not charged`,
      );
    }
    return found;
  }

  /** Children of a fork that succeeded: address spaces that there were not before. */
  private children(name: string, args: Args, before: Picture, after: Picture, result: unknown): string[] {
    if (!/^(?:dup_mmap|copy_mm)$/.test(name) || result !== 0) return [];
    const parent = args.oldmm instanceof mm_struct ? args.oldmm : current.mm;
    const born = [...this.known].filter((mm) => mm === args.mm || !before.drift.has(mm));
    return parent === null ? [] : born.flatMap((mm) => wrongChild(parent, mm, after.spaces));
  }

  /**
   * Of the pages charged, those that upstream leaves charged for good (docs/upstream.md): of stacks; and, where memory
   * ran out for the unmap of what mremap() has moved, all that it did.
   */
  private forgiven(name: string, before: Picture, after: Picture): number {
    const failed = this.judges.failed().slice(before.failures);
    const ranOut = name === 'mremap' && failed.some((call) => call !== 'move_page_tables');
    const grows = name !== 'relocate_vma_down' && name !== 'vma_expand';
    const stacks = grows ? chargedStacks(before.spaces, after.spaces) : 0;
    const pages = ranOut ? after.charges - before.charges : stacks;
    this.chargedForGood += pages;
    return pages;
  }

  private others(name: string, rule: Rule, before: Picture, after: Picture, result: unknown): string[] {
    const { references, hooks, notifications, sees } = this.judges;
    const found: string[] = [];
    if (sees('get_file', 'fput')) found.push(...references.endOperation(before.files, after.files, hasFailed(result)));
    if (sees('call_hook', 'dup_anon_vma_name') && rule.sums !== 'none') {
      found.push(...hooks.missed(before.spaces, after.spaces, !hasFailed(result)));
    }
    const told = ['uprobe_mmap', 'uprobe_munmap', 'khugepaged_enter_vma', 'perf_event_mmap', 'vma_adjust_trans_huge'];
    if (sees(...told, 'userfaultfd_unmap_complete', 'unmap_vmas')) {
      found.push(...notifications.missed(name, rule, before.spaces, after.spaces, !hasFailed(result)));
    }
    for (const [mapping, was] of before.writable) {
      const by = (after.writable.get(mapping) ?? was) - was;
      if (after.writable.has(mapping) && by !== 0 && sees('mapping_unmap_writable')) {
        found.push(
          `writable: i_mmap_writable went ${by > 0 ? 'up' : 'down'} by ${Math.abs(by)} more than there are mappings`,
        );
      }
    }
    return found;
  }

  /** Where an operation says that it leaves the iterator: at what it changed, or, out of memory, where it began. */
  private iterator(name: string, args: Args, before: Picture, result: unknown): string[] {
    const { vmi, vma, start, end } = args;
    if (!(vmi instanceof vma_iterator) || !(vma instanceof vm_area_struct)) return [];
    let at: vm_area_struct | null = null;
    if (/^(?:__)?split_vma$/.test(name)) {
      if (result === 0) at = vma;
    } else if (name.startsWith('vma_modify_')) {
      if (result instanceof vm_area_struct) {
        // A VMA that neither merged nor was split may have been left for a look at its neighbours.
        const was = before.spaces.states.get(vma);
        at = result === vma && was?.start === start && was?.end === end ? null : result;
      } else if (typeof start === 'number' && vma.vm_mm !== null) {
        at = vma_lookup(vma.vm_mm, start);
      }
    }
    if (at === null) return [];
    const where = vma_iter_addr(vmi);
    if (where >= at.vm_start && where < at.vm_end) return [];
    return [`iterator: it stands at ${hexOf(where)}, and should be at ${describeVma(at)}`];
  }
}
