// SPDX-License-Identifier: GPL-2.0-only
/** Cases of what an operation is judged by: what is done, and how the world's stubs are doctored to leave something out. */
import type { VmaTest } from '../../harness/index.js';
import {
  copy_vma,
  file,
  mk_vma_flags,
  PAGE_SIZE,
  Ref,
  type Stubs,
  split_vma,
  stubs,
  upstreamStubs,
  VMA_ACCOUNT_BIT,
  VMA_ITERATOR,
  VMA_MAYREAD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_READ_BIT,
  type vm_area_struct,
  type vm_operations_struct,
  vma_lookup,
  vma_modify_flags,
  vma_start_anon_pgoff,
  vma_start_pgoff,
} from '../../lib/index.js';
import { complaintsOf, type Doctor, inSpace, LEN, type Space, START } from './broken.js';

export const MIDDLE = START + LEN / 2;
export const OTHER = 4 * START;

export type Case = [what: string, use: (space: Space) => void, doctor: Doctor | null, wanted: RegExp];

export function runCases(t: VmaTest, cases: readonly Case[]): void {
  for (const [what, use, doctor, wanted] of cases) {
    if (doctor !== null) t.ASSERT_EQ(complaintsOf(inSpace(use)).join(' | '), '', `${what}: silent as it is`);
    const complaints = complaintsOf(inSpace(use), doctor ?? undefined);
    t.ASSERT_TRUE(
      complaints.some((text) => wanted.test(text)),
      `${what}: ${wanted} is among: ${complaints.join(' | ')}`,
    );
  }
}

/** These calls are upstream's, which nobody counts: as if they had been left out. */
export const without =
  (...names: (keyof Stubs)[]): Doctor =>
  (own) => {
    for (const name of names) Reflect.set(own, name, upstreamStubs[name]);
  };

/** Only VMAs that are in no tree yet are marked. */
export const markNewOnly: Doctor = (own) => {
  const { vma_start_write } = own;
  own.vma_start_write = (vma) => {
    if (vma.vm_refcnt === 0) vma_start_write(vma);
  };
};

export const PROTECTED = mk_vma_flags(VMA_READ_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT, VMA_ACCOUNT_BIT);

export function split({ mm }: Space): void {
  const vma = vma_lookup(mm, START);
  if (vma !== null) split_vma(VMA_ITERATOR(mm, START), vma, MIDDLE, true);
}

/** Changes flags of [start, end) as mprotect() does, of the VMA as well. */
export function protect(space: Space, start: number, end: number, like: vm_area_struct | null = null): void {
  const vma = space.at(start);
  const prev = vma.vm_start < start ? vma : vma_lookup(space.mm, start - 1);
  const flags = like === null ? PROTECTED.clone() : like.flags.clone();
  const changed = vma_modify_flags(VMA_ITERATOR(space.mm, start), prev, vma, start, end, flags);
  if (typeof changed === 'number') return;
  stubs.vma_start_write(changed);
  changed.flags = flags;
}

/** A file whose mmap hook gives the VMA these hooks. */
export function driver(vm_ops: vm_operations_struct): file {
  return new file({
    mmap: (_file, vma) => {
      vma.vm_ops = vm_ops;
      return 0;
    },
  });
}

/** The same with mmap_prepare. */
export function prepared(vm_ops: vm_operations_struct): file {
  return new file({
    mmap_prepare: (desc) => {
      desc.vm_ops = vm_ops;
      return 0;
    },
  });
}

export function move(space: Space, from: number, to: number, len: number): vm_area_struct | null {
  const vma = space.at(from);
  const offset = (from - vma.vm_start) / PAGE_SIZE;
  const [pgoff, anon] = [vma_start_pgoff(vma) + offset, vma_start_anon_pgoff(vma) + offset];
  return copy_vma(new Ref(vma), to, len, pgoff, anon, new Ref(false), false);
}
