// SPDX-License-Identifier: GPL-2.0
/**
 * /proc/PID/maps, and what it can be asked. Port of get_vma_name(), show_vma_header_prefix(), show_map_vma(),
 * query_matching_vma() and do_procmap_query() of fs/proc/task_mmu.c, vma_is_initial_heap() and vma_is_initial_stack() of
 * include/linux/mm.h (Linux 7.3). smaps is in smaps.ts.
 *
 * Deviations: text is returned, not written to a seq_file; the address space is locked as without CONFIG_PER_VMA_LOCK;
 * no gate VMA, no names that an architecture gives, no build IDs. A query's name is a string, not a buffer.
 */
import { EINTR, EINVAL, ENAMETOOLONG, ENOENT, type ErrPtr, IS_ERR, PTR_ERR } from '../../../include/linux/errno.js';
import { PAGE_SIZE } from '../../../include/linux/mm.js';
import { type file, type mm_struct, VMA_ITERATOR, type vm_area_struct } from '../../../include/mm_types.js';
import {
  PROCMAP_QUERY_COVERING_OR_NEXT_VMA,
  PROCMAP_QUERY_FILE_BACKED_VMA,
  PROCMAP_QUERY_VMA_EXECUTABLE,
  PROCMAP_QUERY_VMA_READABLE,
  PROCMAP_QUERY_VMA_SHARED,
  PROCMAP_QUERY_VMA_WRITABLE,
  type procmap_query,
} from '../../../include/uapi/fs.js';
import { VMA_EXEC_BIT, VMA_MAYSHARE_BIT, VMA_READ_BIT, VMA_WRITE_BIT } from '../../../include/vma_flags.js';
import { stubs } from '../../../stubs/index.js';
import { missing } from '../../bug.js';
import { vma_test } from '../../mm/inlines/flag_operations.js';
import { find_vma, for_each_vma } from '../../mm/inlines/iterator.js';

const PATH_MAX = 4096;

/** Where names begin in a line: what seq_setwidth() is told, and a blank. */
const NAME_COLUMN = 25 + 8 * 6;

const VALID_FLAGS =
  PROCMAP_QUERY_VMA_READABLE |
  PROCMAP_QUERY_VMA_WRITABLE |
  PROCMAP_QUERY_VMA_EXECUTABLE |
  PROCMAP_QUERY_VMA_SHARED |
  PROCMAP_QUERY_COVERING_OR_NEXT_VMA |
  PROCMAP_QUERY_FILE_BACKED_VMA;

/** Does the VMA have a part of the heap? */
export function vma_is_initial_heap(vma: vm_area_struct): boolean {
  const mm = vma.vm_mm ?? missing('vma_is_initial_heap', 'vma.vm_mm');
  return vma.vm_start < mm.brk && vma.vm_end > mm.start_brk;
}

/** Is it the stack that the process began with? */
export function vma_is_initial_stack(vma: vm_area_struct): boolean {
  const mm = vma.vm_mm ?? missing('vma_is_initial_stack', 'vma.vm_mm');
  return vma.vm_start <= mm.start_stack && vma.vm_end >= mm.start_stack;
}

/** The path of a file as d_path() tells it: one that has no name any more is said to be deleted. */
function pathOf({ f_path: { name }, f_inode }: file): string {
  return `${name.startsWith('/') ? '' : '/'}${name}${f_inode.i_nlink === 0 ? ' (deleted)' : ''}`;
}

/** What a mapping is called: the path of its file, or a name; null when it has none. */
export function get_vma_name(vma: vm_area_struct): string | null {
  const anon_name = vma.vm_mm === null ? null : stubs.anon_vma_name(vma);

  if (vma.vm_file !== null) return anon_name !== null ? `[anon_shmem:${anon_name.name}]` : pathOf(vma.vm_file);

  const own = vma.vm_ops?.name ? vma.vm_ops.name(vma) : null;
  if (own !== null) return own;
  if (vma.vm_mm === null) return '[vdso]';
  if (vma_is_initial_heap(vma)) return '[heap]';
  if (vma_is_initial_stack(vma)) return '[stack]';
  return anon_name === null ? null : `[anon:${anon_name.name}]`;
}

function hex(value: number | bigint, width: number): string {
  return value.toString(16).padStart(width, '0');
}

/** One mapping, as a line of maps tells it. */
export interface MapEntry {
  readonly start: number;
  /** First address past it. */
  readonly end: number;
  /** "rw-p" and the like. */
  readonly perms: string;
  /** Bytes into the file; past 2^53 rounded. */
  readonly offset: number;
  /** Device of the file: major and minor. */
  readonly dev: readonly [major: number, minor: number];
  readonly inode: number;
  /** Path or name; empty without one. */
  readonly name: string;
}

/** The letters of a mapping's protection; whether it is shared is what it may become. */
function permsOf(vma: vm_area_struct): string {
  const letter = (bit: number, set: string, clear: string): string => (vma_test(vma, bit) ? set : clear);
  return `${letter(VMA_READ_BIT, 'r', '-')}${letter(VMA_WRITE_BIT, 'w', '-')}${letter(VMA_EXEC_BIT, 'x', '-')}${letter(VMA_MAYSHARE_BIT, 's', 'p')}`;
}

/** What a line of maps says. */
export function mapEntryOf(vma: vm_area_struct): MapEntry {
  const host = vma.vm_file?.f_inode ?? null;
  return {
    start: vma.vm_start,
    end: vma.vm_end,
    perms: permsOf(vma),
    offset: host === null ? 0 : vma.vm_pgoff * PAGE_SIZE,
    dev: host?.i_dev ?? [0, 0],
    inode: host?.i_ino ?? 0,
    name: get_vma_name(vma) ?? '',
  };
}

/** The line up to the name. */
export function show_vma_header_prefix(
  start: number,
  end: number,
  perms: string,
  pgoff: bigint,
  [major, minor]: readonly [number, number],
  ino: number,
): string {
  return `${hex(start, 8)}-${hex(end, 8)} ${perms} ${hex(pgoff, 8)} ${hex(major, 2)}:${hex(minor, 2)} ${ino} `;
}

/** Puts a name in its column. */
export function withName(prefix: string, name: string): string {
  return `${prefix.padEnd(NAME_COLUMN - 1)} ${name}`;
}

/** The line of a mapping. */
export function show_map_vma(vma: vm_area_struct): string {
  const { start, end, perms, dev, inode, name } = mapEntryOf(vma);
  const pgoff = vma.vm_file === null ? 0n : BigInt.asUintN(64, BigInt(vma.vm_pgoff) * BigInt(PAGE_SIZE));
  const prefix = show_vma_header_prefix(start, end, perms, pgoff, dev, inode);
  // A path is one line, whatever is in it.
  return `${name === '' ? prefix : withName(prefix, name.replaceAll('\n', '\\012'))}\n`;
}

/** Looks at each mapping, under the lock. -EINTR when it could not be taken. */
export function showEach<T>(mm: mm_struct, show: (vma: vm_area_struct) => T): T[] | ErrPtr {
  if (stubs.mmap_read_lock_killable(mm) !== 0) return -EINTR;
  const shown = [...for_each_vma(VMA_ITERATOR(mm, 0))].map(show);
  stubs.mmap_read_unlock(mm);
  return shown;
}

/** Does the VMA allow all that the query asks for? */
function isPermitted(vma: vm_area_struct, flags: number): boolean {
  return (queryFlagsOf(vma) & flags) === (flags & 0x0f);
}

/** PROCMAP_QUERY_VMA_* of a VMA. */
function queryFlagsOf(vma: vm_area_struct): number {
  const flag = (bit: number, set: number): number => (vma_test(vma, bit) ? set : 0);
  return (
    flag(VMA_READ_BIT, PROCMAP_QUERY_VMA_READABLE) |
    flag(VMA_WRITE_BIT, PROCMAP_QUERY_VMA_WRITABLE) |
    flag(VMA_EXEC_BIT, PROCMAP_QUERY_VMA_EXECUTABLE) |
    flag(VMA_MAYSHARE_BIT, PROCMAP_QUERY_VMA_SHARED)
  );
}

/** The VMA at addr that the flags ask for, or with PROCMAP_QUERY_COVERING_OR_NEXT_VMA the next such one. -ENOENT. */
function query_matching_vma(mm: mm_struct, given: number, flags: number): vm_area_struct | ErrPtr {
  const orNext = (flags & PROCMAP_QUERY_COVERING_OR_NEXT_VMA) !== 0;

  for (let addr = given; ; ) {
    const vma = find_vma(mm, addr);
    if (vma === null) return -ENOENT;
    const hasFile = (flags & PROCMAP_QUERY_FILE_BACKED_VMA) === 0 || vma.vm_file !== null;
    if (hasFile && isPermitted(vma, flags) && (orNext || vma.vm_start <= addr)) return vma;
    if (!orNext) return -ENOENT;
    addr = vma.vm_end;
  }
}

/** Answers in the query itself. 0 or -ENAMETOOLONG. */
function answer(karg: procmap_query, vma: vm_area_struct): number {
  const { vm_file } = vma;
  karg.vma_start = vma.vm_start;
  karg.vma_end = vma.vm_end;
  karg.vma_flags = queryFlagsOf(vma);
  karg.vma_page_size = stubs.vma_kernel_pagesize(vma);
  karg.vma_offset = vm_file === null ? 0 : vma.vm_pgoff * PAGE_SIZE;
  [karg.dev_major, karg.dev_minor] = vm_file?.f_inode.i_dev ?? [0, 0];
  karg.inode = vm_file?.f_inode.i_ino ?? 0;
  if (karg.vma_name_size === 0) return 0;

  const name = get_vma_name(vma);
  const size = name === null ? 0 : name.length + 1;
  if (size > Math.min(PATH_MAX, karg.vma_name_size)) return -ENAMETOOLONG;
  karg.vma_name = name ?? '';
  karg.vma_name_size = size;
  return 0;
}

/** PROCMAP_QUERY: answers in karg. 0, -EINVAL for unknown flags, -ENOENT, -ENAMETOOLONG, -EINTR. */
export function do_procmap_query(mm: mm_struct, karg: procmap_query): number {
  if ((karg.query_flags & ~VALID_FLAGS) !== 0) return -EINVAL;
  if (stubs.mmap_read_lock_killable(mm) !== 0) return -EINTR;

  const vma = query_matching_vma(mm, karg.query_addr, karg.query_flags);
  const err = IS_ERR(vma) ? PTR_ERR(vma) : answer(karg, vma);
  stubs.mmap_read_unlock(mm);
  return err;
}
