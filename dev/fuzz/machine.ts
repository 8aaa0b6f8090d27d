// SPDX-License-Identifier: GPL-2.0-only
/** Carries out steps on the address spaces of a few processes, each under its lock, with calls that fail on request. */

import type { CheckedWorld } from '../../harness/checked/world.js';
import { list_head } from '../../include/linux/list.js';
import {
  anon_vma_name,
  create_init_stack_vma,
  current,
  do_munmap,
  MM_MT_FLAGS,
  mempolicy,
  mm_struct,
  mtree_destroy,
  Ref,
  TASK_SIZE,
  type vm_area_struct,
  vm_userfaultfd_ctx,
} from '../../lib/index.js';
import { dup_mmap } from '../../lib/mm/mmap/dup.js';
import { CALLS } from './calls.js';
import { mprotectUnlocked } from './changing_calls.js';
import { Drivers } from './drivers.js';
import { unmapUnlocked } from './mapping_calls.js';
import type { Surroundings } from './places.js';
import type { Step } from './steps.js';

const MOST_PROCESSES = 4;

export class Machine implements Surroundings {
  readonly world: CheckedWorld;
  readonly drivers: Drivers;
  readonly policies: readonly mempolicy[];
  readonly names: readonly anon_vma_name[];
  readonly contexts: readonly vm_userfaultfd_ctx[];
  private processes: mm_struct[];
  /** Has the call of the step fail, counted from now. */
  arm: () => void;

  constructor(world: CheckedWorld) {
    this.world = world;
    this.drivers = new Drivers();
    this.policies = [new mempolicy(), new mempolicy()];
    this.names = [new anon_vma_name('a'), new anon_vma_name('b')];
    this.contexts = [new vm_userfaultfd_ctx({}), new vm_userfaultfd_ctx({})];
    this.processes = [new mm_struct(MM_MT_FLAGS)];
    this.arm = () => {};
  }

  /** Its address space, and those of others. */
  get spaces(): readonly mm_struct[] {
    return this.processes;
  }

  step({ word, numbers, failAt, failName, lasting }: Step): void {
    const [which = 0, ...rest] = numbers;
    const mm = this.processes[which % this.processes.length];
    if (mm === undefined) return;
    const { faults } = this.world;
    const arm = (): void => {
      faults.clear();
      if (failAt > 0 && failName !== null) faults.fail(failName, failAt);
      else if (failAt > 0 && lasting) faults.failFrom(failAt);
      else if (failAt > 0) faults.failAt(failAt);
    };
    this.arm = arm;
    // Small numbers are as good as large ones there.
    this.drivers.deal(rest.map((n, i) => Math.imul(n + i + 1, 0x9e3779b1) >>> 16));
    current.mm = mm;
    arm();
    try {
      if (word === 'exit') this.exit(mm);
      else if (word === 'exec') this.exec();
      else if (word === 'fork') this.fork(mm);
      else if (word === 'unmap_unlocked') unmapUnlocked(rest);
      else if (word === 'mprotect') mprotectUnlocked(this, mm, rest);
      else this.locked(mm, () => CALLS[word](this, mm, rest));
    } finally {
      faults.clear();
    }
  }

  /** All processes end. */
  end(): void {
    for (const mm of [...this.processes]) this.destroy(mm);
    current.mm = null;
  }

  private locked(mm: mm_struct, body: () => void): void {
    this.world.locks.mmapWriteLock(mm);
    body();
    if (this.world.locks.isWriteLocked(mm)) this.world.locks.mmapWriteUnlock(mm);
  }

  private fork(mm: mm_struct): void {
    if (this.processes.length >= MOST_PROCESSES) return;
    const child = new mm_struct(MM_MT_FLAGS);
    const error = this.world.operation('dup_mmap', { mm: child, oldmm: mm }, () => {
      const retval = dup_mmap(child, mm);
      if (retval === 0) this.world.pages.share(mm, child, 0, TASK_SIZE);
      return retval;
    });
    this.world.faults.clear();
    if (error === 0) this.processes.push(child);
    else this.world.freeMm(child);
  }

  /** A process with nothing but the stack that exec() begins with. */
  private exec(): void {
    if (this.processes.length >= MOST_PROCESSES) return;
    const mm = new mm_struct(MM_MT_FLAGS);
    current.mm = mm;
    const error = create_init_stack_vma(mm, new Ref<vm_area_struct | null>(null), new Ref(0));
    this.world.faults.clear();
    if (error === 0) this.processes.push(mm);
    else this.destroy(mm);
  }

  /** The last process stays, with nothing mapped. */
  private exit(mm: mm_struct): void {
    this.world.faults.clear();
    this.destroy(mm);
    if (this.processes.length === 0) this.processes.push(new mm_struct(MM_MT_FLAGS));
  }

  private destroy(mm: mm_struct): void {
    current.mm = mm;
    this.locked(mm, () => {
      do_munmap(mm, 0, TASK_SIZE, new list_head());
      mtree_destroy(mm.mm_mt);
    });
    this.processes = this.processes.filter((other) => other !== mm);
    this.world.freeMm(mm);
  }
}
