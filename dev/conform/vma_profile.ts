// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a random VMA trace is drawn from. It is small on purpose: few pages, few flags, few files, so that nearly every
 * operation splits or merges something.
 */
import { EINTR, ENOMEM } from '../../include/linux/errno.js';
import {
  VM_ACCOUNT,
  VM_DONTEXPAND,
  VM_EXEC,
  VM_IO,
  VM_LOCKED,
  VM_MAYBE_GUARD,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYWRITE,
  VM_MERGEABLE,
  VM_NORESERVE,
  VM_PFNMAP,
  VM_READ,
  VM_SHARED,
  VM_WIPEONFORK,
  VM_WRITE,
} from '../../include/vma_flags.js';
import { EVERYDAY } from '../../tools/replay/words/everyday.js';
import { KERNEL } from '../../tools/replay/words/kernel.js';
import { SET } from '../../tools/replay/words/set.js';
import type { Word } from '../../tools/replay/words/word.js';
import type { Random } from '../random.js';

const MAY = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
const READ_WRITE = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE;
const PROTECTIONS = [VM_READ | MAY, READ_WRITE, READ_WRITE | VM_ACCOUNT, VM_READ | VM_EXEC | MAY];
export const RARE = [
  VM_MAYBE_GUARD,
  VM_LOCKED,
  VM_NORESERVE,
  VM_WIPEONFORK,
  VM_DONTEXPAND,
  VM_IO,
  VM_PFNMAP,
  VM_SHARED,
];

/** A call, and what it may be answered with. */
export type Answered = readonly [stub: string, values: readonly number[]];

/** Failures, and a world that is another than the harness's. */
const ANSWERS: readonly Answered[] = [
  ...[
    ...['anon_vma_clone', '__anon_vma_prepare', 'anon_vma_prepare', 'vma_dup_policy', 'vm_area_cache_alloc'],
    ...['security_vm_enough_memory_mm', 'userfaultfd_unmap_prep', 'shmem_zero_setup', 'ksm_execve'],
    ...['remap_pfn_range_ptes', 'insert_kernel_pages', 'mmap_prepare', 'mmap', 'mapped', 'may_split'],
  ].map((name) => [name, [-ENOMEM]] as const),
  ...['mmap_write_lock_killable', 'vma_start_write_killable'].map((name) => [name, [-EINTR]] as const),
  ...['may_expand_vm', 'can_modify_mm', 'arch_validate_flags', 'capable', 'mapping_can_writeback'].map(
    (name) => [name, [0]] as const,
  ),
  ...[
    ...['signal_pending', 'vma_iter_prealloc_fails', 'is_vm_hugetlb_page', 'shmem_file', 'vma_supports_mlock'],
    ...['vma_soft_dirty_enabled', 'userfaultfd_wp', 'is_file_hugepages', 'vma_is_dax', 'is_hugepage_only_range'],
  ].map((name) => [name, [1]] as const),
  ['ksm_vma_flags', [Number(VM_MERGEABLE)]],
  ['rlimit', [0, 0x4000, 0x10000, 0x100000]],
  ['vma_kernel_pagesize', [0x200000]],
];

/** What one trace is drawn from. */
export interface Profile {
  /** First page, and number of pages, that mappings are in. */
  base: number;
  pages: number;
  /** Longest mapping, in pages. */
  longest: number;
  /** Flags of nearly all, and how often others are among them. */
  protections: readonly bigint[];
  rare: number;
  files: readonly number[];
  /** Are calls answered otherwise than the harness answers them? How often, in a hundred lines. */
  answers: number;
  /** Which ones. */
  answered: readonly Answered[];
  /** Are there policies, names, userfaultfd contexts, flags of high bits, lists of unmaps? How often. */
  settings: number;
  /** Does memory run out now and then? */
  oom: boolean;
  /** The word that says so. */
  failing: string;
  stacks: boolean;
  sealing: boolean;
  mdwe: boolean;
  /** Words that it has more often than others. */
  favourites: readonly Word[];
  /** Are VMAs listed now and then only? A trace is carried out in less time so. */
  quiet: boolean;
  /** Are there words that do no accounting, and such as set fields by hand? */
  bare: boolean;
}

/** A few files of a kind: those that do little, those whose hooks act, those that are stacked on others. */
function filesOf(random: Random): number[] {
  const acting = Array.from({ length: 4 }, () => random.between(0x30, 0x42));
  const stacked = Array.from({ length: 4 }, () => random.between(0x20, 0x2f));
  return random.pick([
    ...[[0], [0, 0, 1, 2], [1, 2, 3, 4], [0, 5, 6], [0, 6, 7, 8, 9, 10], [0, 1, 6, 9]],
    ...[[0, ...acting], acting, [0, ...stacked], [0, 6, ...acting, ...stacked]],
  ]);
}

/** All of them, or a few that come often then. */
function answeredIn(random: Random): readonly Answered[] {
  return random.chance(50) ? ANSWERS : Array.from({ length: 3 }, () => random.pick(ANSWERS));
}

/** Words that some traces are about, and what is answered otherwise in them, so that what fails is what they call. */
const THEMES: readonly (readonly [words: readonly string[], stubs: readonly string[]])[] = [
  [
    ['down', 'setflags'],
    ['capable', 'rlimit', 'security_vm_enough_memory_mm', 'anon_vma_prepare', 'may_expand_vm'],
  ],
  [
    ['region', 'fault', 'extend'],
    ['anon_vma_clone', 'vma_iter_prealloc_fails'],
  ],
  [
    ['modify', 'setanon'],
    ['anon_vma_clone', 'vma_iter_prealloc_fails', 'vm_area_cache_alloc'],
  ],
  [['locks'], ['signal_pending', 'is_vm_hugetlb_page']],
];

interface Theme {
  favourites: readonly Word[];
  answered: readonly Answered[];
  /** Is it about VMAs that meet? */
  isNarrow: boolean;
}

function themeOf(random: Random): Theme {
  if (random.chance(70)) {
    return {
      favourites: Array.from({ length: 4 }, () => random.pick(DRAWN)),
      answered: answeredIn(random),
      isNarrow: false,
    };
  }
  const [words, stubs] = random.pick(THEMES);
  return {
    favourites: DRAWN.filter(({ name }) => words.includes(name)),
    answered: ANSWERS.filter(([stub]) => stubs.includes(stub)),
    isNarrow: stubs.includes('anon_vma_clone'),
  };
}

/** Words that are drawn by their weight. */
const DRAWN = [EVERYDAY, KERNEL, SET].flatMap(({ words }) => words).filter(({ often }) => often > 0);

/** How much more often a favourite comes. */
export const FAVOURED = 10;

export function profileOf(random: Random): Profile {
  const { isNarrow, ...theme } = themeOf(random);
  const wide = !isNarrow && random.chance(10);
  // With few places and few flags VMAs meet that could merge, and variety hides nothing.
  const plain = isNarrow || (!wide && random.chance(30));
  const base = random.pick([0x20, 0x400, 0x10000]);
  return {
    base,
    pages: wide ? 4096 : random.between(plain ? 6 : 12, plain ? 12 : 64),
    longest: wide ? 32 : random.between(3, plain ? 4 : 12),
    protections: plain ? [random.pick(PROTECTIONS), READ_WRITE] : PROTECTIONS,
    rare: plain ? 0 : 12,
    files: isNarrow ? [0] : filesOf(random),
    answers: random.pick([0, 0, 2, 8, 20]),
    settings: plain ? 0 : random.pick([0, 2, 2, 8]),
    oom: random.chance(25),
    failing: random.pick(['failprealloc', 'nonodes']),
    stacks: random.chance(60),
    sealing: random.chance(10),
    mdwe: random.chance(15),
    bare: random.chance(40),
    ...theme,
    quiet: random.chance(88),
  };
}
