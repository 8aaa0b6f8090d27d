// SPDX-License-Identifier: GPL-2.0-only
/**
 * What drivers' hooks return and do, and when they are called: each VMA that was mapped, or opened, is closed once before
 * it is freed; one that was split off or copied is opened; none of a VMA whose mmap hook failed is called any more; and
 * none lets go of the mmap lock.
 */
import { IS_ERR_VALUE } from '../../include/linux/errno.js';
import { vm_area_desc, vm_area_struct } from '../../include/mm_types.js';
import { vma_lookup } from '../../lib/mm/inlines/iterator.js';
import { describeVma } from '../../stubs/freed.js';
import { current } from '../../stubs/index.js';
import { Place } from '../../stubs/place.js';
import type { Locks } from './locks.js';
import type { References } from './references.js';
import type { Reports } from './reports.js';
import type { Spaces } from './spaces.js';

/** Hooks that have a say: 0, or a negative errno. */
const ANSWERS: readonly string[] = ['mmap', 'mmap_prepare', 'mapped', 'may_split'];

/** What became of one VMA. */
interface Life {
  /** A copy of another VMA, as a split or a move makes it. */
  copy: boolean;
  opened: boolean;
  mapped: boolean;
  closed: Place | null;
  /** Its mmap hook failed. */
  failed: boolean;
  /** It was in a tree when an operation was over; had it a close hook then? */
  established: boolean;
  closes: boolean;
  /** hugetlb was told that the reservations are not its. */
  fixed: boolean;
}

export class Hooks {
  private readonly reports: Reports;
  private readonly locks: Locks;
  private readonly references: References;
  private readonly lives: WeakMap<vm_area_struct, Life>;
  /** VMAs that a hook was called on since the operation began. */
  readonly touched: Set<object>;
  /** Where mapped() was called since then: it is not told the VMA. */
  private readonly mappedAt: Set<unknown>;
  /** Hooks that run now. */
  private depth: number;

  constructor(reports: Reports, locks: Locks, references: References) {
    this.reports = reports;
    this.locks = locks;
    this.references = references;
    this.lives = new WeakMap();
    this.touched = new Set();
    this.mappedAt = new Set();
    this.depth = 0;
  }

  /** Does a hook run? */
  get isRunning(): boolean {
    return this.depth > 0;
  }

  private lifeOf(vma: vm_area_struct): Life {
    const known = this.lives.get(vma);
    if (known !== undefined) return known;
    const life: Life = {
      copy: false,
      opened: false,
      mapped: false,
      closed: null,
      failed: false,
      established: false,
      closes: false,
      fixed: false,
    };
    this.lives.set(vma, life);
    return life;
  }

  /** vm_area_dup() made this VMA. */
  copied(vma: vm_area_struct): void {
    this.lifeOf(vma).copy = true;
  }

  isCopy(vma: vm_area_struct): boolean {
    return this.lives.get(vma)?.copy === true;
  }

  /** fixup_hugetlb_reservations() was called. */
  fixedUp(vma: vm_area_struct): void {
    this.lifeOf(vma).fixed = true;
  }

  beginOperation(): void {
    this.touched.clear();
    this.mappedAt.clear();
  }

  /** Calls a hook: what it is called on is among its arguments. */
  call<R>(name: string, args: readonly unknown[], hook: () => R): R {
    const on = this.subjectOf(name, args);
    const mm = (on === null ? null : on instanceof vm_area_desc ? on.mm : on.vm_mm) ?? current.mm;
    const file = on instanceof vm_area_desc ? on.vm_file : null;
    if (on instanceof vm_area_struct) this.before(name, on);
    if (on !== null) this.touched.add(on);
    if (name === 'mapped') this.mappedAt.add(args[0]);

    const hold = mm === null ? null : this.locks.holdOf(mm);
    this.depth++;
    let result: R;
    try {
      result = hook();
    } finally {
      this.depth--;
    }
    if (mm !== null && this.locks.holdOf(mm) !== hold) {
      this.reports.complain(`hook: ${name}() dropped mmap_lock, or took it anew; called at ${new Place()}`);
    }
    this.checkResult(name, result);
    if (on instanceof vm_area_desc) {
      if (on.vm_file !== null && on.vm_file !== file) this.references.swappedIn(on.vm_file);
    } else if (on !== null && name === 'mmap' && typeof result === 'number' && result !== 0) {
      this.lifeOf(on).failed = true;
    }
    return result;
  }

  /** The VMA, or the description of one, that a hook is called on. mapped() is told its place only. */
  private subjectOf(name: string, args: readonly unknown[]): vm_area_struct | vm_area_desc | null {
    const [start] = args;
    if (name === 'mapped' && typeof start === 'number' && current.mm !== null) {
      const vma = vma_lookup(current.mm, start);
      return vma?.vm_start === start && vma.vm_ops?.mapped ? vma : null;
    }
    return args.find((arg) => arg instanceof vm_area_struct || arg instanceof vm_area_desc) ?? null;
  }

  private before(name: string, vma: vm_area_struct): void {
    const life = this.lifeOf(vma);
    const what = `${name}() of ${describeVma(vma)}`;
    if (life.failed) this.reports.complain(`hook: ${what} called at ${new Place()}, whose mmap hook failed`);
    if (life.closed !== null) {
      this.reports.complain(`hook: ${what} called at ${new Place()}, which was closed at ${life.closed}`);
    }
    switch (name) {
      case 'open':
        if (life.opened) this.reports.complain(`hook: ${what} called a second time, at ${new Place()}`);
        life.opened = true;
        break;
      case 'mapped':
        if (life.mapped) this.reports.complain(`hook: ${what} called a second time, at ${new Place()}`);
        life.mapped = true;
        break;
      case 'close':
        if (life.copy && !life.opened && vma.vm_ops?.open) {
          this.reports.complain(`hook: ${what} called at ${new Place()}, a copy that was not opened`);
        }
        // Only a copy that was linked was marked for writing.
        if (life.copy && !life.fixed && !this.locks.wasMarked(vma)) {
          this.reports.complain(
            `hook: ${what} called at ${new Place()} takes the hugetlb reservations of its source: fixup_hugetlb_reservations() was not called`,
          );
        }
        life.closed = new Place();
        break;
      default:
        break;
    }
  }

  private checkResult(name: string, result: unknown): void {
    const wrong = `hook: ${name}() returned`;
    const isAnswer = typeof result === 'number' && (result === 0 || IS_ERR_VALUE(result));
    const shown = typeof result === 'bigint' ? `${result}n` : String(result);
    if (result instanceof Promise) {
      this.reports.complain(`${wrong} a Promise: nobody waits for it; called at ${new Place()}`);
    } else if (ANSWERS.includes(name) && !isAnswer) {
      this.reports.complain(`${wrong} ${shown}, not 0 or a negative errno; called at ${new Place()}`);
    }
  }

  /** A VMA dies: if it was mapped, copied or opened, it was closed. */
  assertClosed(vma: vm_area_struct): void {
    const life = this.lives.get(vma);
    if (life === undefined || life.closed !== null || life.failed) return;
    if (life.established ? life.closes : vma.vm_ops?.close && (life.opened || life.mapped)) {
      this.reports.complain(`hook: ${describeVma(vma)} freed at ${new Place()} was not closed`);
    }
  }

  /** What an operation left undone: copies that are in a tree and were not opened, new mappings not told of it. */
  missed(before: Spaces, after: Spaces, succeeded: boolean): string[] {
    const found: string[] = [];
    for (const { vma, ops, start } of after.states.values()) {
      const life = this.lifeOf(vma);
      if (life.established) life.closes = Boolean(ops?.close);
      if (before.states.has(vma)) continue;
      life.established = true;
      life.closes = Boolean(ops?.close);
      if (life.copy && ops?.open && !life.opened) {
        found.push(`hook: open() was not called for ${describeVma(vma)}, a copy`);
      }
      if (succeeded && !life.copy && ops?.mapped && vma.vm_file?.f_op.mmap_prepare && !this.mappedAt.has(start)) {
        found.push(`hook: mapped() was not called for ${describeVma(vma)}`);
      }
    }
    return found;
  }
}
