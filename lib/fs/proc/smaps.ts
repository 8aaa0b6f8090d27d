// SPDX-License-Identifier: GPL-2.0
/**
 * /proc/PID/smaps: what each mapping takes. Port of smaps_page_accumulate(), smaps_account(), smaps_pte_entry(),
 * smap_gather_stats(), show_smap_vma_flags(), __show_smap(), show_smap() and show_smaps_rollup() of fs/proc/task_mmu.c
 * (Linux 7.3).
 *
 * Deviations: pages are the page model's: none is swapped out, huge, of KSM or freed lazily, each that is mapped was
 * used, and an anonymous one, or one that is mapped writable, is dirty. No protection keys.
 */
import type { ErrPtr } from '../../../include/linux/errno.js';
import { IS_ERR } from '../../../include/linux/errno.js';
import { PAGE_SIZE } from '../../../include/linux/mm.js';
import type { page, pte_t } from '../../../include/linux/pagetable.js';
import type { mm_struct, vm_area_struct } from '../../../include/mm_types.js';
import * as bits from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { vma_test } from '../../mm/inlines/flag_operations.js';
import { empty_zero_page, entriesOf, folio_test_anon } from '../../mm/page_tables.js';
import { shmem_aops } from '../../mm/shmem.js';
import { type MapEntry, mapEntryOf, show_map_vma, show_vma_header_prefix, showEach, withName } from './task_mmu.js';

/** Bits that shares of pages are counted finer than bytes by. */
const PSS_UNIT = 2 ** 12;

/** Sums over pages, in bytes; shares (pss) in units of 2^-12 bytes. */
class mem_size_stats {
  resident = 0;
  shared_clean = 0;
  shared_dirty = 0;
  private_clean = 0;
  private_dirty = 0;
  referenced = 0;
  anonymous = 0;
  pss = 0;
  pss_anon = 0;
  pss_file = 0;
  pss_shmem = 0;
  pss_dirty = 0;
  pss_locked = 0;
}

/** What a mapping takes, in kilobytes, and its flags by their two letters. */
export interface SmapEntry extends MapEntry {
  readonly size: number;
  readonly rss: number;
  readonly pss: number;
  readonly sharedClean: number;
  readonly sharedDirty: number;
  readonly privateClean: number;
  readonly privateDirty: number;
  readonly anonymous: number;
  readonly locked: number;
  readonly vmFlags: readonly string[];
}

/** The letters of VmFlags, by bit; empty for what is told elsewhere. */
const MNEMONICS: ReadonlyMap<number, string> = new Map([
  [bits.VMA_READ_BIT, 'rd'],
  [bits.VMA_WRITE_BIT, 'wr'],
  [bits.VMA_EXEC_BIT, 'ex'],
  [bits.VMA_SHARED_BIT, 'sh'],
  [bits.VMA_MAYREAD_BIT, 'mr'],
  [bits.VMA_MAYWRITE_BIT, 'mw'],
  [bits.VMA_MAYEXEC_BIT, 'me'],
  [bits.VMA_MAYSHARE_BIT, 'ms'],
  [bits.VMA_GROWSDOWN_BIT, 'gd'],
  [bits.VMA_PFNMAP_BIT, 'pf'],
  [bits.VMA_MAYBE_GUARD_BIT, 'gu'],
  [bits.VMA_LOCKED_BIT, 'lo'],
  [bits.VMA_IO_BIT, 'io'],
  [bits.VMA_SEQ_READ_BIT, 'sr'],
  [bits.VMA_RAND_READ_BIT, 'rr'],
  [bits.VMA_DONTCOPY_BIT, 'dc'],
  [bits.VMA_DONTEXPAND_BIT, 'de'],
  [bits.VMA_LOCKONFAULT_BIT, 'lf'],
  [bits.VMA_ACCOUNT_BIT, 'ac'],
  [bits.VMA_NORESERVE_BIT, 'nr'],
  [bits.VMA_HUGETLB_BIT, 'ht'],
  [bits.VMA_SYNC_BIT, 'sf'],
  [bits.VMA_ARCH_1_BIT, 'ar'],
  [bits.VMA_WIPEONFORK_BIT, 'wf'],
  [bits.VMA_DONTDUMP_BIT, 'dd'],
  [bits.VMA_SOFTDIRTY_BIT, 'sd'],
  [bits.VMA_MIXEDMAP_BIT, 'mm'],
  [bits.VMA_HUGEPAGE_BIT, 'hg'],
  [bits.VMA_NOHUGEPAGE_BIT, 'nh'],
  [bits.VMA_MERGEABLE_BIT, 'mg'],
  [bits.VMA_UFFD_MISSING_BIT, 'um'],
  [bits.VMA_UFFD_WP_BIT, 'uw'],
  [bits.VMA_PKEY_BIT0_BIT, ''],
  [bits.VMA_PKEY_BIT1_BIT, ''],
  [bits.VMA_PKEY_BIT2_BIT, ''],
  [bits.VMA_PKEY_BIT3_BIT, ''],
  [bits.VMA_UFFD_MINOR_BIT, 'ui'],
  [bits.VMA_DROPPABLE_BIT, 'dp'],
  [bits.VMA_SEALED_BIT, 'sl'],
]);

/** The bits that letters of VmFlags stand for; letters that are none of them count for nothing. */
export function flagsOfLetters(letters: readonly string[]): bigint {
  return [...MNEMONICS].reduce((word, [bit, two]) => (letters.includes(two) ? word | (1n << BigInt(bit)) : word), 0n);
}

/** The letters of bits of a flags word. */
export function lettersOfFlags(word: bigint): string[] {
  return lettersOf((bit) => ((word >> BigInt(bit)) & 1n) !== 0n);
}

function lettersOf(isSet: (bit: number) => boolean): string[] {
  return Array.from({ length: 64 }, (_, bit) => (isSet(bit) ? (MNEMONICS.get(bit) ?? '??') : '')).filter(
    (letters) => letters !== '',
  );
}

function vmFlagsOf(vma: vm_area_struct): string[] {
  return lettersOf((bit) => vma_test(vma, bit));
}

/** Which of the three sums of shares a page belongs to. */
function addShare(mss: mem_size_stats, of: page, vma: vm_area_struct, pss: number): void {
  if (folio_test_anon(of)) mss.pss_anon += pss;
  else if (vma.vm_file?.f_mapping.a_ops === shmem_aops) mss.pss_shmem += pss;
  else mss.pss_file += pss;
}

/** Adds a page that is mapped at one address of the VMA. */
function smaps_account(mss: mem_size_stats, { write }: pte_t, of: page, vma: vm_area_struct): void {
  const pss = Math.floor((PAGE_SIZE * PSS_UNIT) / Math.max(1, of._mapcount));
  const isAnon = folio_test_anon(of);
  const isDirty = isAnon || write;
  const isPrivate = of._mapcount < 2;

  if (isAnon) mss.anonymous += PAGE_SIZE;
  mss.resident += PAGE_SIZE;
  mss.referenced += PAGE_SIZE;
  mss.pss += pss;
  addShare(mss, of, vma, pss);
  if (vma_test(vma, bits.VMA_LOCKED_BIT)) mss.pss_locked += pss;
  if (isDirty) mss.pss_dirty += pss;
  if (isDirty && isPrivate) mss.private_dirty += PAGE_SIZE;
  else if (isDirty) mss.shared_dirty += PAGE_SIZE;
  else if (isPrivate) mss.private_clean += PAGE_SIZE;
  else mss.shared_clean += PAGE_SIZE;
}

/** Adds all pages of a VMA. */
function smap_gather_stats(vma: vm_area_struct, mss: mem_size_stats): void {
  if (vma.vm_mm === null) return;
  for (const [, pte] of entriesOf(vma.vm_mm, vma.vm_start, vma.vm_end)) {
    // Markers, device memory and the page of zeroes are no pages that anybody has.
    if (pte.page !== null && pte.page !== empty_zero_page) smaps_account(mss, pte, pte.page, vma);
  }
}

function kilobytes(bytes: number): number {
  return Math.floor(bytes / 1024);
}

function shares(pss: number): number {
  return kilobytes(Math.floor(pss / PSS_UNIT));
}

/** A line of so many kilobytes. */
function line(name: string, value: number, width = 8): string {
  return `${`${name}:`.padEnd(16)}${String(value).padStart(width)} kB\n`;
}

function __show_smap(mss: mem_size_stats, rollup_mode: boolean): string {
  const byKind = rollup_mode
    ? line('Pss_Anon', shares(mss.pss_anon)) +
      line('Pss_File', shares(mss.pss_file)) +
      line('Pss_Shmem', shares(mss.pss_shmem))
    : '';
  const none = ['KSM', 'LazyFree', 'AnonHugePages', 'ShmemPmdMapped', 'FilePmdMapped', 'Shared_Hugetlb'];
  return [
    line('Rss', kilobytes(mss.resident)),
    line('Pss', shares(mss.pss)),
    line('Pss_Dirty', shares(mss.pss_dirty)),
    byKind,
    line('Shared_Clean', kilobytes(mss.shared_clean)),
    line('Shared_Dirty', kilobytes(mss.shared_dirty)),
    line('Private_Clean', kilobytes(mss.private_clean)),
    line('Private_Dirty', kilobytes(mss.private_dirty)),
    line('Referenced', kilobytes(mss.referenced)),
    line('Anonymous', kilobytes(mss.anonymous)),
    ...none.map((name) => line(name, 0)),
    'Private_Hugetlb:       0 kB\n',
    line('Swap', 0),
    line('SwapPss', 0),
    line('Locked', shares(mss.pss_locked)),
  ].join('');
}

/** A mapping with all that it takes, in lines. */
function show_smap(vma: vm_area_struct): string {
  const mss = new mem_size_stats();
  const page_size = kilobytes(stubs.vma_kernel_pagesize(vma));

  smap_gather_stats(vma, mss);
  return [
    show_map_vma(vma),
    line('Size', kilobytes(vma.vm_end - vma.vm_start)),
    line('KernelPageSize', page_size),
    line('MMUPageSize', page_size),
    __show_smap(mss, false),
    `${'THPeligible:'.padEnd(16)}${'0'.padStart(8)}\n`,
    `VmFlags: ${vmFlagsOf(vma)
      .map((letters) => `${letters} `)
      .join('')}\n`,
  ].join('');
}

function smapEntryOf(vma: vm_area_struct): SmapEntry {
  const mss = new mem_size_stats();
  smap_gather_stats(vma, mss);
  return {
    ...mapEntryOf(vma),
    size: kilobytes(vma.vm_end - vma.vm_start),
    rss: kilobytes(mss.resident),
    pss: shares(mss.pss),
    sharedClean: kilobytes(mss.shared_clean),
    sharedDirty: kilobytes(mss.shared_dirty),
    privateClean: kilobytes(mss.private_clean),
    privateDirty: kilobytes(mss.private_dirty),
    anonymous: kilobytes(mss.anonymous),
    locked: shares(mss.pss_locked),
    vmFlags: vmFlagsOf(vma),
  };
}

function joined(lines: string[] | ErrPtr): string | ErrPtr {
  return IS_ERR(lines) ? lines : lines.join('');
}

/** The text of /proc/PID/maps. -EINTR. */
export function proc_pid_maps(mm: mm_struct): string | ErrPtr {
  return joined(showEach(mm, show_map_vma));
}

/** The same as objects. */
export function mapEntries(mm: mm_struct): MapEntry[] | ErrPtr {
  return showEach(mm, mapEntryOf);
}

/** The text of /proc/PID/smaps. -EINTR. */
export function proc_pid_smaps(mm: mm_struct): string | ErrPtr {
  return joined(showEach(mm, show_smap));
}

/** The same as objects. */
export function smapEntries(mm: mm_struct): SmapEntry[] | ErrPtr {
  return showEach(mm, smapEntryOf);
}

/** The text of /proc/PID/smaps_rollup: all mappings together. -EINTR. */
export function show_smaps_rollup(mm: mm_struct): string | ErrPtr {
  const mss = new mem_size_stats();
  const ends: number[] = [];
  const looked = showEach(mm, (vma) => {
    smap_gather_stats(vma, mss);
    ends.push(vma.vm_start, vma.vm_end);
  });
  if (IS_ERR(looked)) return looked;
  const prefix = show_vma_header_prefix(ends[0] ?? 0, ends.at(-1) ?? 0, '---p', 0n, [0, 0], 0);
  return `${withName(prefix, '[rollup]')}\n${__show_smap(mss, true)}`;
}
