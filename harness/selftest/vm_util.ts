// SPDX-License-Identifier: GPL-2.0-only
/** What selftests of memory share: tools/testing/selftests/mm/vm_util.h, as far as they need it. */
import { ENOENT } from '../../include/linux/errno.js';
import { PAGE_SIZE } from '../../include/linux/mm.js';
import type { ProcmapAnswer } from './backend.js';
import { currentCase } from './case.js';
import { ksft_exit_fail_msg } from './ksft.js';
import { mremap } from './libc.js';

export { PM_FILE, PM_GUARD_REGION, PM_MMAP_EXCLUSIVE, PM_PRESENT, PM_SWAP } from '../../lib/fs/proc/pagemap.js';

/** HPAGE_SIZE of x86-64. */
export const HPAGE_SIZE = 2 * 1024 * 1024;

export function psize(): number {
  return PAGE_SIZE;
}

/** What /proc/self/maps is asked by ioctl(). */
export class procmap_fd {
  /** Is it open? The process that opened it is the one that is asked. */
  fd: number;
  query: ProcmapAnswer & { query_flags: number; query_addr: number };

  constructor() {
    this.fd = -1;
    this.query = {
      query_flags: 0,
      query_addr: 0,
      vma_start: 0,
      vma_end: 0,
      vma_flags: 0,
      vma_page_size: 0,
      vma_offset: 0,
      inode: 0,
      name: '',
    };
  }
}

/** 0. */
export function open_self_procmap(procmap: procmap_fd): number {
  procmap.fd = 0;
  return 0;
}

/** 0, or -1 for one that is not open. */
export function close_procmap(procmap: procmap_fd): number {
  if (procmap.fd === -1) return -1;
  procmap.fd = -1;
  return 0;
}

/** Asks, by query_flags and query_addr. 0 or a negative errno. */
export function query_procmap({ query }: procmap_fd): number {
  const { query_addr: addr, query_flags: flags } = query;
  const answer = currentCase('query_procmap').ask(`procmap(${addr}, ${flags})`, (process) =>
    process.procmap(addr, flags),
  );
  if (typeof answer === 'number') return answer;
  Object.assign(query, answer);
  return 0;
}

/** Asks for the mapping at the address. Is there one? */
export function find_vma_procmap(procmap: procmap_fd, address: number): boolean {
  procmap.query.query_flags = 0;
  procmap.query.query_addr = address;
  const err = query_procmap(procmap);
  if (err !== 0 && err !== -ENOENT) ksft_exit_fail_msg(`find_vma_procmap: PROCMAP_QUERY failed with ${err}`);
  return err === 0;
}

/** The text of a file of /proc/self; the test fails where there is none. */
export function read_proc(file: 'maps' | 'smaps' | 'status'): string {
  const text = currentCase('read_proc').ask(`proc(${file})`, (process) => process.proc(file));
  return text ?? ksft_exit_fail_msg(`/proc/self/${file} cannot be read`);
}

/** One mapping of /proc/self/maps. */
export interface MapsEntry {
  readonly start: number;
  readonly end: number;
  /** "rw-p" */
  readonly perms: string;
}

function entryOf(line: string): MapsEntry | null {
  const [, start = '', end = '', perms = ''] = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) /.exec(line) ?? [];
  return perms === '' ? null : { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), perms };
}

/** /proc/self/maps, line by line. */
export function read_maps(): MapsEntry[] {
  return read_proc('maps')
    .split('\n')
    .flatMap((line) => entryOf(line) ?? []);
}

/** What /proc/self/smaps says under a name, "Rss:", of the mapping at the address; null if there is none. */
export function smaps_value(address: number, name: string): string | null {
  let isThere = false;
  for (const line of read_proc('smaps').split('\n')) {
    const entry = entryOf(line);
    if (entry !== null) isThere = entry.start <= address && address < entry.end;
    else if (isThere && line.startsWith(name)) return line.slice(name.length).trim();
  }
  return null;
}

/** Has the mapping at the address that flag of two letters? */
export function check_vmflag(address: number, flag: string): boolean {
  const flags = smaps_value(address, 'VmFlags:') ?? ksft_exit_fail_msg(`no VmFlags of ${address.toString(16)}`);
  return flags.split(' ').includes(flag);
}

export function check_vmflag_guard(address: number): boolean {
  return check_vmflag(address, 'gu');
}

/** The entries of /proc/self/pagemap for so many pages. */
export function pagemap_entries(address: number, pages: number): bigint[] {
  const entries = currentCase('pagemap').ask(`pagemap(${address}, ${pages})`, (process) =>
    process.pagemap(address, pages),
  );
  return [...(entries ?? ksft_exit_fail_msg('/proc/self/pagemap cannot be read'))];
}

/** The entry of one page. */
export function pagemap_get_entry(address: number): bigint {
  const [entry = 0n] = pagemap_entries(address, 1);
  return entry;
}

/** mremap(), whose new address is always handed on. */
export function sys_mremap(
  old_address: number,
  old_size: number,
  new_size: number,
  flags: number,
  new_address: number,
): number {
  return mremap(old_address, old_size, new_size, flags, new_address);
}
