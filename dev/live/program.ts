// SPDX-License-Identifier: GPL-2.0-only
/** Random programs for both sides: those of dev/syscalls, without what cannot be compared here, or would end the live side. */
import { PMD_SIZE } from '../../include/linux/mm.js';
import * as mman from '../../include/uapi/mman.js';
import * as prctl from '../../include/uapi/prctl.js';
import type { CallArgument } from '../../tools/replay/call_arguments.js';
import { type CallLine, parseCallLine } from '../../tools/replay/processes.js';
import type { Random } from '../random.js';
import { PROGRAM_HEAD, type ProgramOptions, randomProgram } from '../syscalls/program.js';
import type { FeatureName } from './features.js';
import type { LiveSide, OwnRange } from './live_side.js';
import { LIVE_WORDS } from './processes.js';

/** What a program is fitted to. */
export type Fit = Pick<LiveSide, 'leftOut' | 'own' | 'permitted'>;

const ADVICE: Readonly<Record<number, FeatureName>> = {
  [mman.MADV_HUGEPAGE]: 'huge',
  [mman.MADV_NOHUGEPAGE]: 'huge',
  [mman.MADV_MERGEABLE]: 'mergeable',
  [mman.MADV_UNMERGEABLE]: 'mergeable',
  [mman.MADV_WIPEONFORK]: 'wipeOnFork',
  [mman.MADV_KEEPONFORK]: 'wipeOnFork',
  [mman.MADV_GUARD_INSTALL]: 'guard',
  [mman.MADV_GUARD_REMOVE]: 'guard',
  [mman.MADV_POPULATE_READ]: 'populate',
  [mman.MADV_POPULATE_WRITE]: 'populate',
  [mman.MADV_FREE]: 'free',
  [mman.MADV_COLD]: 'cold',
  [mman.MADV_PAGEOUT]: 'cold',
  [mman.MADV_DONTNEED_LOCKED]: 'dontNeedLocked',
};

const OPTION: Readonly<Record<number, FeatureName>> = {
  [prctl.PR_SET_MDWE]: 'denyWriteExec',
  [prctl.PR_GET_MDWE]: 'denyWriteExec',
  [prctl.PR_SET_MEMORY_MERGE]: 'mergeAll',
  [prctl.PR_GET_MEMORY_MERGE]: 'mergeAll',
  [prctl.PR_SET_THP_DISABLE]: 'thpDisable',
  [prctl.PR_GET_THP_DISABLE]: 'thpDisable',
  [prctl.PR_SET_VMA]: 'name',
};

const WORD: Readonly<Record<string, FeatureName>> = {
  fork: 'fork',
  read: 'touch',
  write: 'touch',
  mlock: 'lock',
  munlock: 'lock',
  mlock2: 'lockOnFault',
  mlockall: 'lockAll',
  munlockall: 'lockAll',
  mseal: 'seal',
  pkey_mprotect: 'keys',
  brk: 'heap',
  name: 'name',
  remap_file_pages: 'remapFilePages',
  memfd_create: 'memfd',
  add_seals: 'memfd',
};

const bits = (value: CallArgument | undefined): number => (typeof value === 'number' ? value : -1);

function ofMmap(flags: number): FeatureName[] {
  const needs: FeatureName[] = [];
  if ((flags & (mman.MAP_FIXED | mman.MAP_FIXED_NOREPLACE)) === 0) needs.push('placement');
  if ((flags & mman.MAP_FIXED_NOREPLACE) !== 0) needs.push('noReplace');
  if ((flags & mman.MAP_TYPE) === mman.MAP_DROPPABLE) needs.push('droppable');
  if ((flags & mman.MAP_GROWSDOWN) !== 0) needs.push('growsDown');
  if ((flags & mman.MAP_LOCKED) !== 0) needs.push('lock');
  return needs;
}

function ofMremap(flags: number, keepsLength: boolean): FeatureName[] {
  const needs: FeatureName[] = ['move'];
  if ((flags & mman.MREMAP_FIXED) === 0) needs.push('placement');
  else if (keepsLength) needs.push('moveMany');
  if ((flags & mman.MREMAP_DONTUNMAP) !== 0) needs.push('dontUnmap');
  return needs;
}

/** Nobody here has huge pages of their own. MAP_SYNC, and whether a file may have large pages, are a file system's business. */
function isForeign({ word, args }: CallLine): boolean {
  if (word.name !== 'mmap') return false;
  const flags = bits(args[3]);
  if ((flags & mman.MAP_HUGETLB) !== 0) return true;
  if ((flags & mman.MAP_ANONYMOUS) !== 0) return false;
  const isPlaced = (flags & (mman.MAP_FIXED | mman.MAP_FIXED_NOREPLACE)) !== 0;
  return (flags & mman.MAP_SYNC) !== 0 || (!isPlaced && bits(args[1]) >= PMD_SIZE / 2);
}

function isPrivateFile({ word, args }: CallLine): boolean {
  if (word.name !== 'mmap' || bits(args[4]) < 0) return false;
  return (bits(args[3]) & (mman.MAP_TYPE | mman.MAP_ANONYMOUS)) === mman.MAP_PRIVATE;
}

function isMove({ word, args }: CallLine): boolean {
  return word.name === 'mremap' && (bits(args[3]) & mman.MREMAP_MAYMOVE) !== 0;
}

/** What the line asks of the running kernel. */
export function featuresOf({ word, args }: CallLine): FeatureName[] {
  const ofWord = WORD[word.name];
  const needs = ofWord === undefined ? [] : [ofWord];
  if ((word.name === 'mmap' || word.name === 'mremap') && isLarge({ word, args })) needs.push('large');
  if (word.name === 'mmap') needs.push(...ofMmap(bits(args[3])));
  if (word.name === 'mremap') needs.push(...ofMremap(bits(args[3]), args[1] === args[2]));
  const more =
    word.name === 'madvise' ? ADVICE[bits(args[2])] : word.name === 'prctl' ? OPTION[bits(args[0])] : undefined;
  if (more !== undefined) needs.push(more);
  if (more === 'thpDisable' && bits(args[2]) !== 0) needs.push('thpAdvised');
  if (more === 'denyWriteExec' && (bits(args[1]) & prctl.PR_MDWE_NO_INHERIT) !== 0) needs.push('denyNoInherit');
  return needs;
}

/** Ranges that the line is about, by the names of its arguments. */
function rangesOf({ word, args }: CallLine): [start: bigint, end: bigint][] {
  const at = (name: string): bigint | null => {
    const value = args[word.args.indexOf(name)];
    return value === undefined || typeof value === 'string' ? null : BigInt.asUintN(64, BigInt(value));
  };
  const len = at('LEN') ?? 1n;
  const ranges: [bigint | null, bigint][] = [
    [at('ADDR'), len],
    [at('ADDR'), at('OLD') ?? 1n],
    [at('TO'), len],
  ];
  if (word.name === 'prctl') ranges.push([at('ARG3'), at('ARG4') ?? 1n]);
  return ranges.flatMap(([start, size]) => (start === null ? [] : [[start, start + size + 0x1000n]]));
}

function isNear(own: readonly OwnRange[], line: CallLine): boolean {
  return rangesOf(line).some(([from, to]) => own.some(({ start, end }) => from < BigInt(end) && to > BigInt(start)));
}

/** Bytes that may be populated at a time: more would take the machine's memory, and time. */
const MOST_POPULATED = 0x1000000n;
const POPULATING: ReadonlySet<string> = new Set(['mlock', 'mlock2', 'mremap']);

function isLarge({ word, args }: CallLine): boolean {
  const len = args[word.args.indexOf('LEN')];
  return typeof len !== 'string' && len !== undefined && BigInt.asUintN(64, BigInt(len)) > MOST_POPULATED;
}

/** Would it populate a lot? Where all that is mapped is locked from some call on, mapping alone does. */
function isTooMuch(line: CallLine, locksAll: boolean): boolean {
  const { word, args } = line;
  if (!isLarge(line)) return false;
  if (word.name === 'mmap') return locksAll || (bits(args[3]) & (mman.MAP_POPULATE | mman.MAP_LOCKED)) !== 0;
  if (word.name === 'madvise') return ADVICE[bits(args[2])] === 'populate';
  return POPULATING.has(word.name);
}

const FIRST_FD = 3;

/** May the line be carried out, and compared? */
export function fits(line: CallLine, { leftOut, own, permitted }: Fit, locksAll = false): boolean {
  const { word, args } = line;
  if (!LIVE_WORDS.has(word.name) || featuresOf(line).some((feature) => leftOut.has(feature))) return false;
  if (isForeign(line)) return false;
  if (word.name === 'capable' && ((permitted >> BigInt(bits(args[0]))) & 1n) === 0n) return false;
  // What a process has from its parent is no file of a trace.
  const fd = bits(args[word.args.indexOf('FD')]);
  if (fd >= 0 && fd < FIRST_FD) return false;
  return word.name === 'brk' || !(isNear(own, line) || isTooMuch(line, locksAll));
}

/** Nobody can write what is there without reading it before, which is a fault of another kind: something is written. */
function withoutTouch(line: string): string {
  const [word, addr] = line.split(' ');
  return word === 'touch' ? `write ${addr} 1` : line;
}

/** A program of at most that many words; what cannot be compared here is left out. */
export function liveProgram(random: Random, operations: number, fit: Fit, options: ProgramOptions = {}): string[] {
  const lines = randomProgram(random, operations, { ...options, live: true })
    .slice(PROGRAM_HEAD.length)
    .map(withoutTouch);
  const locksAll = lines.some((line) => line.startsWith('mlockall'));
  // Files of the port's disk have no holes; those of a real one may.
  const hasDisk = lines.some((line) => line.startsWith('open'));
  // Either private files or moves, program by program, where they do not go together.
  const apart = fit.leftOut.has('movedFile') ? random.pick([isPrivateFile, isMove]) : () => false;
  return lines.filter((text, i) => {
    const line = parseCallLine(text, i + 1);
    if (line === null || apart(line)) return false;
    if (hasDisk && text.endsWith('MADV_REMOVE')) return false;
    return fits(line, fit, locksAll);
  });
}
