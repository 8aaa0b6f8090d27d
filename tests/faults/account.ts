// SPDX-License-Identifier: GPL-2.0-only
/** What there is of an address space before and after a failure, and what that says of the failure. */
import { layoutLine, snapshot } from '../../harness/index.js';
import { type file, for_each_vma, type mm_struct, VM_MAYWRITE, VM_SHARED, VMA_ITERATOR } from '../../lib/index.js';

/**
 * What a failure leaves:
 * - same: everything as it was;
 * - split: as it was, but for splits that stay, as upstream leaves them;
 * - faulted: as it was, but for an anon_vma that was prepared and stays;
 * - gap: the range is unmapped, because what was there had its close hooks called before the failure;
 * - grown: the VMA grew over the range and stays so, for the death of the process to clean up;
 * - mapped: the new VMA stays, because to unmap it took memory as well;
 * - partly: a part of the range was changed before the failure, and stays so;
 * - done: the operation succeeds in spite of it.
 */
export type Outcome = 'same' | 'split' | 'faulted' | 'gap' | 'grown' | 'mapped' | 'partly' | 'done';

/** What there is of an address space, of VMAs that could be one as if they were. */
export interface Account {
  vmas: string;
  joined: string;
  /** What is mapped outside of the range of the operation, page by page. */
  outside: string;
  /** The same without page offsets, which change as a whole when a VMA grows to be moved. */
  around: string;
  sums: string;
  total: number;
  held: string;
}

/** The range of an operation. */
export type Range = readonly [start: number, end: number];

/** Pages, with what is mapped there, that a range does not have. */
function pagesOutside(mm: mm_struct, [from, to]: Range, withOffsets: boolean): string {
  return snapshot(mm)
    .flatMap(({ start, end, pgoff, flags, hasFile }) =>
      Array.from({ length: (end - start) / 0x1000 }, (_, i) => ({ at: start + i * 0x1000, page: pgoff + i })).flatMap(
        ({ at, page }) =>
          at < from || at >= to ? [`${at.toString(16)} ${withOffsets ? page : ''} ${flags} ${hasFile}`] : [],
      ),
    )
    .join('\n');
}

/** Neighbours that differ in nothing but the split between them, put together. */
export function joinSplits(mm: mm_struct, anon = true): string {
  const joined: { start: number; end: number; pgoff: number; rest: string }[] = [];
  for (const shot of snapshot(mm)) {
    const rest = `${shot.flags} ${shot.hasFile} ${anon && shot.hasAnonVma}`;
    const last = joined.at(-1);
    const follows = last?.end === shot.start && last.pgoff + (last.end - last.start) / 0x1000 === shot.pgoff;
    if (last !== undefined && follows && last.rest === rest) last.end = shot.end;
    else joined.push({ start: shot.start, end: shot.end, pgoff: shot.pgoff, rest });
  }
  return joined.map((one) => `${one.start.toString(16)}-${one.end.toString(16)} ${one.pgoff} ${one.rest}`).join('\n');
}

export function sumsOf({ total_vm, data_vm, exec_vm, stack_vm, locked_vm }: mm_struct): string {
  return [total_vm, data_vm, exec_vm, stack_vm, locked_vm].join(' ');
}

export function accountOf(mm: mm_struct, files: readonly file[] = [], range: Range = [0, 0]): Account {
  const vmas = [...for_each_vma(VMA_ITERATOR(mm, 0))];
  // What there is beside the references of its VMAs, which splits have more of.
  const held = files.map((f) => {
    const mapping = vmas.filter(({ vm_file }) => vm_file === f);
    const writing = mapping.filter(({ vm_flags }) => (vm_flags & VM_SHARED) !== 0n && (vm_flags & VM_MAYWRITE) !== 0n);
    return `${f.f_ref - mapping.length} ${f.f_mapping.i_mmap_writable - writing.length}`;
  });
  return {
    vmas: snapshot(mm).map(layoutLine).join('\n'),
    joined: joinSplits(mm),
    outside: pagesOutside(mm, range, true),
    around: pagesOutside(mm, range, false),
    sums: sumsOf(mm),
    total: mm.total_vm,
    held: held.join(' '),
  };
}

export const NO_WORD = 'nothing that the list has a word for';

/** What the failure left, told by the address space before and after, of an operation on that range. */
export function outcomeOf(
  before: Account,
  after: Account,
  error: number,
  mm: mm_struct,
  [start, end]: Range = [0, 0],
): Outcome | typeof NO_WORD {
  if (error === 0) return 'done';
  const counted = before.sums === after.sums && before.held === after.held;
  if (counted && before.vmas === after.vmas) return 'same';
  if (counted && before.joined === after.joined) return 'split';
  if (counted && before.vmas === after.vmas.replaceAll(' anon', '')) return 'faulted';
  const inside = snapshot(mm).filter((shot) => shot.start < end && start < shot.end);
  const isOutsideSame = before.outside === after.outside;
  const pages = (after.outside === '' ? [] : after.outside.split('\n')).length;
  if (isOutsideSame && inside.length === 0 && before.held === after.held && after.total === pages) return 'gap';
  const [only, ...more] = inside;
  if (only === undefined || more.length > 0) return NO_WORD;
  if (isOutsideSame && only.start === start && only.end === end) return 'mapped';
  const isGrown = only.start <= start && only.end >= end && before.total === after.total;
  return isGrown && before.around === after.around ? 'grown' : NO_WORD;
}

export function sumsLeft(mm: mm_struct): string[] {
  const { map_count, total_vm, locked_vm, data_vm, exec_vm, stack_vm } = mm;
  const left = Object.entries({ map_count, total_vm, locked_vm, data_vm, exec_vm, stack_vm });
  return left.filter(([, value]) => value !== 0).map(([name, value]) => `${name} = ${value} with nothing mapped`);
}
