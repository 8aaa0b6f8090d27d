// SPDX-License-Identifier: GPL-2.0-only
/** An address space as both sides can tell it, and as text to compare. */
import type { VmaSnapshot } from '../../harness/picture.js';
import { IS_ERR } from '../../include/linux/errno.js';
import { PAGE_SIZE, PMD_SIZE } from '../../include/linux/mm.js';
import type { mm_struct } from '../../include/mm_types.js';
import { flagsOfLetters, smapEntries } from '../../lib/fs/proc/smaps.js';
import type { LeftOut } from './features.js';
import { OWN_END } from './places.js';
import type { LiveProcess } from './process.js';

export interface Mapping {
  start: number;
  end: number;
  /** "rw-p" and the like. */
  perms: string;
  offset: number;
  name: string;
  /** Kilobytes of anonymous pages; null where they are not told. */
  anonymous: number | null;
  /** Letters of VmFlags; null where they are not told. */
  vmFlags: readonly string[] | null;
}

export interface Space {
  /** Kilobytes by what they are of; null where they are not told. */
  sums: Readonly<Record<string, number>> | null;
  mappings: readonly Mapping[];
}

const KB_A_PAGE = PAGE_SIZE / 1024;

/** The port's, in its world. */
export function portSpace(mm: mm_struct): Space {
  const entries = smapEntries(mm);
  if (IS_ERR(entries)) throw new Error(`smaps of the port: ${entries}`);
  const sums = {
    VmSize: mm.total_vm * KB_A_PAGE,
    VmLck: mm.locked_vm * KB_A_PAGE,
    VmData: mm.data_vm * KB_A_PAGE,
    VmStk: mm.stack_vm * KB_A_PAGE,
    exec: mm.exec_vm * KB_A_PAGE,
  };
  return { sums, mappings: entries };
}

/** The running kernel's. Files are named as the port has them, below `folder`. */
export function liveSpace(p: LiveProcess, folder: string, leftOut: LeftOut): Space {
  const mappings = leftOut.has('smaps')
    ? []
    : p.mappings().map((mapping) => ({
        ...mapping,
        name: plainName(mapping.name, folder),
        anonymous: mapping.sizes.get('Anonymous') ?? null,
      }));
  if (leftOut.has('sums')) return { sums: null, mappings };
  const status = p.status();
  const of = (name: string): number => status.get(name) ?? 0;
  const [VmSize, VmLck, VmData, VmStk] = [of('VmSize'), of('VmLck'), of('VmData'), of('VmStk')];
  return { sums: { VmSize, VmLck, VmData, VmStk, exec: of('VmExe') + of('VmLib') }, mappings };
}

function plainName(name: string, folder: string): string {
  return name.startsWith(`${folder}/`) ? name.slice(folder.length) : name;
}

/** Letters that this kernel does not have, or that are of no use in a comparison. */
function ignored(leftOut: LeftOut): ReadonlySet<string> {
  return new Set([leftOut.has('noSoftDirty') ? 'sd' : '', leftOut.has('guardFlag') ? 'gu' : '']);
}

/** There may be huge pages in it; or it is the live side's own, which it writes as it likes. */
function isUncounted({ start, end }: Mapping): boolean {
  return end - start >= PMD_SIZE || start < OWN_END;
}

function mappingText(mapping: Mapping, leftOut: LeftOut, without: ReadonlySet<string>): string {
  const { start, end, perms, offset, name, vmFlags } = mapping;
  const letters = leftOut.has('vmFlags') ? [] : (vmFlags ?? []).filter((two) => !without.has(two));
  const range = `${start.toString(16)}-${end.toString(16)}`;
  // Neither side has a stack; what lies where it would be is named after it.
  const called = name === '[stack]' ? '' : name;
  const anon = leftOut.has('anonymous') || isUncounted(mapping) ? '' : ` anon=${mapping.anonymous ?? 'unknown'}`;
  return `  ${range} ${perms} ${offset.toString(16)} ${letters.join(' ')}${anon} ${called}`.trimEnd();
}

/** As text: the same on both sides when nothing differs that can be compared. */
export function spaceText({ sums, mappings }: Space, leftOut: LeftOut): string {
  const without = ignored(leftOut);
  const lines = leftOut.has('smaps') ? [] : mappings.map((mapping) => mappingText(mapping, leftOut, without));
  if (sums !== null && !leftOut.has('sums')) {
    const said = Object.entries(sums).map(([name, kilobytes]) => `${name}=${kilobytes}`);
    lines.unshift(`= ${said.join(' ')}`);
  }
  return lines.join('\n');
}

/** As it is drawn. */
export function shotsOf({ mappings }: Space): VmaSnapshot[] {
  return mappings.map(({ start, end, perms, offset, name, vmFlags }) => ({
    start,
    end,
    pgoff: offset / PAGE_SIZE,
    flags: `0x${flagsOfLetters(vmFlags ?? []).toString(16)}`,
    access: perms,
    hasFile: name.startsWith('/'),
    hasAnonVma: false,
  }));
}
