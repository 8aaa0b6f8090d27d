// SPDX-License-Identifier: GPL-2.0-only
/**
 * Locks are real: what lockdep is to the kernel. One task runs here, so a lock that is taken twice is a deadlock, and
 * the order between classes is the one at the top of mm/rmap.c (Linux 7.3): mmap_lock, i_mmap_rwsem, anon_vma, and last
 * flush_dcache_mmap_lock(), which is i_pages where it is a lock at all.
 */
import type {
  address_space,
  anon_vma,
  mm_struct,
  mutex,
  rw_semaphore,
  spinlock_t,
  vm_area_struct,
} from '../../include/mm_types.js';
import { Place } from '../../stubs/place.js';
import type { Reports } from './reports.js';

type Mode = 'read' | 'write';

interface Hold {
  mode: Mode;
  place: Place;
}

/** Places in the order of taking: a lock must not be taken while one that comes later is held. */
const ORDER: readonly string[] = [
  'mmap_lock',
  'mm_all_locks_mutex',
  'i_mmap_rwsem',
  'anon_vma',
  'page_table_lock',
  'flush_dcache',
];

/** Of these, the ones that are spinlocks. */
const SPINNING: readonly string[] = ['page_table_lock', 'flush_dcache'];

/** Anything with a lock's name: a semaphore, a mutex, the dcache lock of a mapping. */
interface Lockable {
  readonly name: string;
}

export class Locks {
  private readonly reports: Reports;
  private readonly held: Map<Lockable, Hold>;
  /** VMAs marked for writing, by address space: until its lock is dropped or downgraded. */
  private readonly marks: Map<mm_struct, Set<vm_area_struct>>;
  /** VMAs marked by the operation that runs, while its marks hold; null between operations. */
  private fresh: Set<vm_area_struct> | null;
  /** VMAs that it has marked, whether the marks hold or not. */
  private markedByOperation: Set<vm_area_struct>;
  private readonly everMarked: WeakSet<vm_area_struct>;
  private readonly dcache: Map<address_space, Lockable>;

  constructor(reports: Reports) {
    this.reports = reports;
    this.held = new Map();
    this.marks = new Map();
    this.fresh = null;
    this.markedByOperation = new Set();
    this.everMarked = new WeakSet();
    this.dcache = new Map();
  }

  private acquire(lock: Lockable, mode: Mode, nested: boolean): void {
    const hold = this.held.get(lock);
    if (hold !== undefined) {
      this.reports.complain(`deadlock: ${lock.name} taken at ${new Place()} is held already, since ${hold.place}`);
      return;
    }
    this.checkOrder(lock, nested);
    this.held.set(lock, { mode, place: new Place() });
  }

  /** Under mm_take_all_locks() several of one class may be held; never may a later class be. */
  private checkOrder(lock: Lockable, nested: boolean): void {
    const rank = ORDER.indexOf(lock.name);
    for (const [other, hold] of this.held) {
      const otherRank = ORDER.indexOf(other.name);
      if (otherRank > rank || (otherRank === rank && !nested && lock.name !== 'mmap_lock')) {
        const why = otherRank === rank ? 'a second of its kind' : 'out of order';
        this.reports.complain(
          `lock order: ${lock.name} taken at ${new Place()}, ${why}: ${other.name} is held since ${hold.place}`,
        );
      }
    }
  }

  private release(lock: Lockable, mode: Mode): void {
    const hold = this.held.get(lock);
    if (hold === undefined) {
      this.reports.complain(`${lock.name} dropped at ${new Place()} is not held`);
      return;
    }
    if (hold.mode !== mode) {
      this.reports.complain(
        `${lock.name} dropped for ${mode} at ${new Place()} is held for ${hold.mode}, since ${hold.place}`,
      );
    }
    this.held.delete(lock);
  }

  mmapWriteLock(mm: mm_struct): void {
    this.acquire(mm.mmap_lock, 'write', false);
  }

  mmapWriteUnlock(mm: mm_struct): void {
    this.endMarks(mm);
    this.release(mm.mmap_lock, 'write');
  }

  /** Write marks end with the lock. */
  private endMarks(mm: mm_struct): void {
    for (const vma of this.marks.get(mm) ?? []) this.fresh?.delete(vma);
    this.marks.delete(mm);
  }

  /**
   * An operation begins. Marks that others have made do not count for it, as if the lock had just been taken: a test
   * holds it throughout.
   */
  beginOperation(): void {
    this.fresh = new Set();
    this.markedByOperation = new Set();
  }

  /** It is over. Returns the VMAs that it has marked. */
  endOperation(): ReadonlySet<vm_area_struct> {
    this.fresh = null;
    return this.markedByOperation;
  }

  /** Was this VMA ever marked for writing? */
  wasMarked(vma: vm_area_struct): boolean {
    return this.everMarked.has(vma);
  }

  /** One hold of the mmap lock, to be compared with another; null while it is not held. */
  holdOf(mm: mm_struct): object | null {
    return this.held.get(mm.mmap_lock) ?? null;
  }

  mmapReadLock(mm: mm_struct): void {
    this.acquire(mm.mmap_lock, 'read', false);
  }

  mmapReadUnlock(mm: mm_struct): void {
    this.release(mm.mmap_lock, 'read');
  }

  mmapWriteDowngrade(mm: mm_struct): void {
    this.endMarks(mm);
    const hold = this.held.get(mm.mmap_lock);
    if (hold?.mode !== 'write') {
      this.reports.complain(`mmap_lock downgraded at ${new Place()} is not held for writing`);
      return;
    }
    this.held.set(mm.mmap_lock, { mode: 'read', place: hold.place });
  }

  /** Is the lock held for writing? For what is not a rule of the code under test. */
  isWriteLocked(mm: mm_struct): boolean {
    return this.held.get(mm.mmap_lock)?.mode === 'write';
  }

  /** What is held, as the report shows it. */
  heldNow(): string[] {
    return [...this.held].map(([{ name }, { mode }]) => (mode === 'write' ? name : `${name} (read)`));
  }

  isHeld(lock: rw_semaphore | mutex): boolean {
    return this.held.has(lock);
  }

  /** An address space of null has no lock to hold: upstream's tests hand that in. */
  assertMmapLocked(mm: mm_struct | null): void {
    if (mm !== null && !this.held.has(mm.mmap_lock)) this.missing('mmap_lock', 'at all');
  }

  assertMmapWriteLocked(mm: mm_struct | null): void {
    if (mm !== null && !this.isWriteLocked(mm)) this.missing('mmap_lock', 'for writing');
  }

  private missing(name: string, how: string): void {
    this.reports.assertion(`${name} is not held ${how}`);
  }

  /** Marks a VMA as being written, which the lock of its address space must allow. */
  startWrite(vma: vm_area_struct): void {
    const { vm_mm: mm } = vma;
    if (mm === null) return;
    this.assertMmapWriteLocked(mm);
    const marked = this.marks.get(mm);
    if (marked === undefined) this.marks.set(mm, new Set([vma]));
    else marked.add(vma);
    this.fresh?.add(vma);
    this.markedByOperation.add(vma);
    this.everMarked.add(vma);
  }

  assertVmaWriteLocked(vma: vm_area_struct): void {
    const { vm_mm: mm } = vma;
    const marked = mm === null ? null : (this.fresh ?? this.marks.get(mm));
    if (mm !== null && marked?.has(vma) !== true) this.missing('the VMA', 'for writing');
  }

  forgetVma(vma: vm_area_struct): void {
    for (const marked of this.marks.values()) marked.delete(vma);
  }

  lockMapping(mapping: address_space): void {
    this.acquire(mapping.i_mmap_rwsem, 'write', false);
  }

  unlockMapping(mapping: address_space): void {
    this.release(mapping.i_mmap_rwsem, 'write');
  }

  /** The interval tree of a mapping is changed: its lock must be held. */
  assertMappingLocked(mapping: address_space): void {
    if (!this.held.has(mapping.i_mmap_rwsem)) this.missing('i_mmap_rwsem', 'for writing');
  }

  lockAnonVma(anon_vma: anon_vma): void {
    this.acquire(rootOf(anon_vma).rwsem, 'write', false);
  }

  unlockAnonVma(anon_vma: anon_vma): void {
    this.release(rootOf(anon_vma).rwsem, 'write');
  }

  lockAnonVmaRead(anon_vma: anon_vma): void {
    this.acquire(rootOf(anon_vma).rwsem, 'read', false);
  }

  unlockAnonVmaRead(anon_vma: anon_vma): void {
    this.release(rootOf(anon_vma).rwsem, 'read');
  }

  assertAnonVmaLocked(anon_vma: anon_vma): void {
    if (!this.held.has(rootOf(anon_vma).rwsem)) this.missing('the anon_vma', 'for writing');
  }

  /** Page tables are split where they cannot be walked: the locks of all that can find the VMA's pages must be held. */
  assertRmapLocked({ vm_file, anon_vma }: vm_area_struct): void {
    if (vm_file !== null) this.assertMappingLocked(vm_file.f_mapping);
    if (anon_vma !== null) this.assertAnonVmaLocked(anon_vma);
  }

  /** One of many locks of a class, allowed while nest_lock keeps everybody else away. */
  lockNested(sem: rw_semaphore, nest_lock: rw_semaphore): void {
    if (this.held.get(nest_lock)?.mode !== 'write') this.missing(nest_lock.name, 'around nested locks');
    this.acquire(sem, 'write', true);
  }

  lockDcache(mapping: address_space): void {
    const lock = this.dcache.get(mapping) ?? { name: 'flush_dcache' };
    this.dcache.set(mapping, lock);
    this.acquire(lock, 'write', false);
  }

  unlockDcache(mapping: address_space): void {
    this.release(this.dcache.get(mapping) ?? { name: 'flush_dcache' }, 'write');
  }

  lockMutex(lock: mutex | spinlock_t): void {
    this.acquire(lock, 'write', false);
  }

  unlockMutex(lock: mutex | spinlock_t): void {
    this.release(lock, 'write');
  }

  /** Here the code may sleep, which it must not while it holds a lock that others spin on. */
  assertMaySleep(): void {
    for (const [{ name }, { place }] of this.held) {
      if (!SPINNING.includes(name)) continue;
      this.reports.complain(`sleep: ${name} is held, since ${place}, where one may sleep, at ${new Place()}`);
    }
  }

  /** Every lock that somebody forgot. */
  end(): void {
    for (const [lock, hold] of this.held) {
      this.reports.complain(`lock left held: ${lock.name}, for ${hold.mode}, taken at ${hold.place}`);
    }
  }
}

function rootOf(anon_vma: anon_vma): anon_vma {
  return anon_vma.root ?? anon_vma;
}
