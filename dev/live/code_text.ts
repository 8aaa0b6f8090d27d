// SPDX-License-Identifier: GPL-2.0-only
/** VMAs of the kernel's own code as /proc tells of mappings. */
import { PAGE_SIZE } from '../../include/linux/mm.js';
import { lettersOfFlags } from '../../lib/fs/proc/smaps.js';
import type { CodeVma } from './code_replayer.js';

export const KB = PAGE_SIZE / 1024;
const [READ, WRITE, EXEC, MAYSHARE] = [1n, 2n, 4n, 0x80n];

/** PROCMAP_QUERY_VMA_* of a VMA's flags. */
export function queryFlags(flags: bigint): number {
  return Number((flags & (READ | WRITE | EXEC)) | ((flags & MAYSHARE) !== 0n ? 8n : 0n));
}

/** Its line of /proc/PID/maps. */
export function mapsLine({ start, end, flags, pgoff, file }: CodeVma): string {
  const letter = (bit: bigint, set: string, clear: string): string => ((flags & bit) !== 0n ? set : clear);
  const perms = `${letter(READ, 'r', '-')}${letter(WRITE, 'w', '-')}${letter(EXEC, 'x', '-')}${letter(MAYSHARE, 's', 'p')}`;
  const offset = (file === 0 ? 0 : pgoff * PAGE_SIZE).toString(16).padStart(8, '0');
  return `${start.toString(16)}-${end.toString(16)} ${perms} ${offset} 00:00 ${file} ${file === 0 ? '' : `/file${file}`}\n`;
}

/** Its lines of smaps, as far as tests look at them. */
export function smapsLines(vma: CodeVma): string {
  const letters = lettersOfFlags(vma.flags);
  const resident = vma.pages.filter(({ what }) => !'gzp'.includes(what)).length * KB;
  return (
    `${mapsLine(vma)}Size: ${(vma.end - vma.start) / 1024} kB\nRss: ${resident} kB\nAnonymous: ${resident} kB\n` +
    `Locked: ${letters.includes('lo') ? resident : 0} kB\nVmFlags: ${letters.join(' ')} \n`
  );
}
