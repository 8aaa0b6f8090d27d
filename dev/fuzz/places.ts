// SPDX-License-Identifier: GPL-2.0-only
/** Where things are in the address spaces of random programs, and how numbers pick a place, a VMA, a part of one. */
import type { CheckedWorld } from '../../harness/checked/world.js';
import {
  type anon_vma_name,
  type file,
  list_head,
  type mempolicy,
  mk_vma_flags,
  type mm_struct,
  mmap_region,
  PAGE_SIZE,
  VMA_EXEC_BIT,
  VMA_ITERATOR,
  VMA_MAYEXEC_BIT,
  VMA_MAYREAD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_READ_BIT,
  VMA_WRITE_BIT,
  type vm_area_struct,
  type vm_userfaultfd_ctx,
  vma_next,
  vma_pages,
} from '../../lib/index.js';
import type { Drivers } from './drivers.js';
export const BASE = 0x400000;
/** Pages in which mappings come to lie: few, so that they meet. */
export const PAGES = 48;
export const MOST_PAGES = 8;
export const HEAP = 0x2000000;
export const STACKS = 0x8000000;
export const STACK_PAGES = 64;
export const SPECIAL = 0x6000000;
export const SPECIAL_END = STACKS + STACK_PAGES * PAGE_SIZE;

export const MAY = [VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT, VMA_MAYEXEC_BIT];
/** What PROT_* come to. */
export const ACCESS: readonly (readonly number[])[] = [
  [VMA_READ_BIT, VMA_WRITE_BIT],
  [VMA_READ_BIT],
  [VMA_READ_BIT, VMA_WRITE_BIT],
  [VMA_READ_BIT, VMA_WRITE_BIT],
  [VMA_READ_BIT],
  [VMA_READ_BIT, VMA_EXEC_BIT],
  [],
];

export type Numbers = readonly number[];

/** What the calls find around an address space. */
export interface Surroundings {
  readonly world: CheckedWorld;
  readonly drivers: Drivers;
  readonly policies: readonly mempolicy[];
  readonly names: readonly anon_vma_name[];
  readonly contexts: readonly vm_userfaultfd_ctx[];
  /** Has the call that is to fail counted from here: what came before was preparation. */
  readonly arm: () => void;
}

export type Call = (around: Surroundings, mm: mm_struct, numbers: Numbers) => void;

export function accessBits(n: number): readonly number[] {
  return ACCESS[n % ACCESS.length] ?? [];
}

/** A range of the window, in bytes. */
export function rangeOf(at = 0, length = 0): { start: number; len: number } {
  const first = at % PAGES;
  const pages = 1 + (length % Math.min(MOST_PAGES, PAGES - first));
  return { start: BASE + first * PAGE_SIZE, len: pages * PAGE_SIZE };
}

/** A range of the window, or a VMA or a part of one. */
export function targetOf(mm: mm_struct, [a = 0, b = 0, , , c = 0]: Numbers): { start: number; len: number } {
  const vma = a % 4 === 0 ? null : pickVma(mm, b);
  if (vma === null) return rangeOf(a, b);
  const { start, end } = partOf(vma, a, c);
  return { start, len: end - start };
}

/** All VMAs of an address space, in order. */
export function vmasOf(mm: mm_struct): vm_area_struct[] {
  const vmas: vm_area_struct[] = [];
  const vmi = VMA_ITERATOR(mm, 0);
  for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) vmas.push(vma);
  return vmas;
}

export function pickVma(mm: mm_struct, n = 0): vm_area_struct | null {
  const vmas = vmasOf(mm);
  return vmas[n % Math.max(1, vmas.length)] ?? null;
}

/** A part of a VMA that may be all of it. */
export function partOf(vma: vm_area_struct, a = 0, b = 0): { start: number; end: number } {
  const pages = vma_pages(vma);
  const first = a % 3 === 0 ? 0 : a % pages;
  const length = b % 3 === 0 ? pages - first : 1 + (b % (pages - first));
  return { start: vma.vm_start + first * PAGE_SIZE, end: vma.vm_start + (first + length) * PAGE_SIZE };
}

/** What is mapped: where, how, and what of a file. */
export interface Mapping {
  readonly file: file | null;
  readonly start: number;
  readonly len: number;
  readonly bits: readonly number[];
  readonly pgoff: number;
}

export function map({ file: mapped, start, len, bits, pgoff }: Mapping): void {
  mmap_region(mapped, start, len, mk_vma_flags(...bits), pgoff, new list_head());
}
