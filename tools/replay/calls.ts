// SPDX-License-Identifier: GPL-2.0-only
/**
 * Calls that the code under test makes of the world, as a trace prints them, and answers that a trace wants for them.
 * The C side does the same with the stubs that it makes from the harness's headers.
 */
import type { World } from '../../harness/world.js';
import { PAGE_ALIGN } from '../../include/linux/mm.js';
import { vma_flags_t } from '../../include/vma_flags.js';
import { legacy_to_vma_flags, vma_flags_set_mask } from '../../lib/doors/flags.js';
import { type Stubs, stubs, upstreamStubs } from '../../stubs/index.js';
import type { CallNames } from './call_names.js';

/** Stubs of this port that C has no counterpart for, or none that tells of a call. */
const UNTOLD = new Set([
  ...['vm_area_cache_create', 'mapping_writable_taken', 'anon_rmap_tree_verify'],
  ...['vma_policy', 'warn', 'bug', 'pr_warn_once', 'call_hook'],
]);

/** Where the stub is given more than the function that stands for it in C, or otherwise: what C is given. */
const AS_IN_C: Readonly<Record<string, (args: readonly unknown[]) => unknown[]>> = {
  down_write_nest_lock: ([lock]) => [lock],
  remap_pfn_range_ptes: ([, addr, pfn, size, prot]) => [addr, pfn, PAGE_ALIGN(Number(size)), prot],
  insert_kernel_pages: ([vma, start, , count]) => [vma, start, count],
};

/** What a trace wants of the calls of one name: from the first on, so many; 0 is all. */
interface Answer {
  name: string;
  first: number;
  count: number;
  value: number;
  calls: number;
}

/** What a trace can have answered otherwise: stubs, and the hooks of its files, which are told as stubs are. */
export const ANSWERED: readonly string[] = [
  ...Object.keys(upstreamStubs).filter((name) => !UNTOLD.has(name)),
  ...['mmap', 'mmap_prepare', 'mapped', 'may_split'],
];

export class CallLog {
  /** Are calls printed? */
  telling: boolean;
  private readonly names: CallNames;
  private answers: Answer[];
  private text: string;
  /** Is a stub under way? What it calls itself is not told. */
  private isInside: boolean;
  private isWatching: boolean;

  constructor(names: CallNames) {
    this.telling = false;
    this.names = names;
    this.answers = [];
    this.text = '';
    this.isInside = false;
    this.isWatching = false;
  }

  /** What was told since this was asked last. */
  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }

  answer(name: string, first: number, count: number, value: number): void {
    this.answers.push({ name, first, count, value, calls: 0 });
  }

  answerNone(): void {
    this.answers = [];
  }

  /** Puts itself between the code under test and the stubs of a world that is in force. */
  watch(world: World): void {
    if (this.isWatching) return;
    this.isWatching = true;
    const watched = Object.entries(stubs).map(([name, stub]: [string, Stubs[keyof Stubs]]) => [
      name,
      UNTOLD.has(name) ? stub : this.watched(name, stub),
    ]);
    world.exchangeStubs({
      ...Object.fromEntries(watched),
      warn: (where) => this.note(`WARN in ${where}`),
      pr_warn_once: () => this.note('pr_warn_once()'),
    });
  }

  private note(text: string): void {
    if (this.telling) this.text += ` ${text}\n`;
  }

  private listOf(name: string, args: readonly unknown[]): string {
    const given = AS_IN_C[name]?.(args) ?? args;
    return given.map((value) => this.names.of(value)).join(' ');
  }

  private watched(name: string, stub: Stubs[keyof Stubs]): (...args: unknown[]) => unknown {
    return (...args) => {
      if (this.isInside) return Reflect.apply(stub, undefined, args);
      const answer = this.answerFor(name);
      // Before the call, for it may change what it is given.
      const said = this.telling ? ` ${name}(${this.listOf(name, args)})` : '';
      this.isInside = true;
      try {
        const result = answer === null ? Reflect.apply(stub, undefined, args) : answerOf(name, answer, stub, args);
        if (this.telling) this.text += result === undefined ? `${said}\n` : `${said} = ${this.names.of(result)}\n`;
        return result;
      } finally {
        this.isInside = false;
      }
    };
  }

  /** Tells of a hook that is called, and of its end if it returns something. */
  hook<T extends number | undefined>(name: string, args: readonly unknown[], body: () => T): T | number {
    const answer = this.answerFor(name);
    this.note(`${name}(${this.telling ? this.listOf(name, args) : ''})`);
    const result = answer ?? body();
    if (result !== undefined) this.note(`${name} ends with ${this.names.of(result)}`);
    return result;
  }

  private answerFor(name: string): number | null {
    let found: number | null = null;
    for (const one of this.answers) {
      if (one.name !== name) continue;
      one.calls++;
      if (one.calls >= one.first && (one.count === 0 || one.calls < one.first + one.count)) found = one.value;
    }
    return found;
  }
}

type BooleanStub = { [K in keyof Stubs]: ReturnType<Stubs[K]> extends boolean ? K : never }[keyof Stubs];

/** Stubs that answer with true or false; the compiler sees to it that none is missing. `bug` never answers. */
const BOOLEAN: Readonly<Record<Exclude<BooleanStub, 'bug'>, true>> = {
  anon_vma_name_eq: true,
  arch_validate_flags: true,
  can_do_file_pageout: true,
  can_modify_mm: true,
  capable: true,
  is_file_hugepages: true,
  is_hugepage_only_range: true,
  is_mergeable_vm_userfaultfd_ctx: true,
  is_vm_hugetlb_page: true,
  mapping_can_writeback: true,
  may_expand_vm: true,
  mpol_equal: true,
  mutex_is_locked: true,
  rwsem_is_locked: true,
  shmem_file: true,
  signal_pending: true,
  userfaultfd_remove: true,
  userfaultfd_wp: true,
  vma_has_uffd_without_event_remap: true,
  vma_is_dax: true,
  vma_is_secretmem: true,
  vma_iter_prealloc_fails: true,
  vma_soft_dirty_enabled: true,
  vma_supports_mlock: true,
};

/** What a stub returns in place of its own answer. */
function answerOf(name: string, value: number, stub: Stubs[keyof Stubs], args: unknown[]): unknown {
  if (name === 'vm_area_cache_alloc') return null;
  if (name in BOOLEAN) return value !== 0;
  if (name !== 'ksm_vma_flags') return value;
  const usual: unknown = Reflect.apply(stub, undefined, args);
  if (!(usual instanceof vma_flags_t)) throw new TypeError(`${name}: no flags were returned`);
  const flags = usual.clone();
  vma_flags_set_mask(flags, legacy_to_vma_flags(BigInt(value)));
  return flags;
}
