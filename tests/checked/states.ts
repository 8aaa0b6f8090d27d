// SPDX-License-Identifier: GPL-2.0-only
/** VMAs as judges see them, made up: what is compared before and after an operation, without any operation. */
import { Spaces, type VmaState } from '../../harness/checked/spaces.js';
import { mm_struct, PAGE_SIZE, vm_area_struct } from '../../lib/index.js';

export const P = PAGE_SIZE;
export const BASE = 0x10000;
/** The address space that they are of. */
export const MM = new mm_struct();

/** A VMA of four pages at BASE, unless told otherwise. */
export function state(over: Partial<VmaState> = {}): VmaState {
  const { start = BASE, end = start + 4 * P, vma = new vm_area_struct() } = over;
  return {
    vma,
    mm: MM,
    start,
    end,
    pgoff: start / P,
    anon_pgoff: start / P,
    flags: [0, 0, 0, 0],
    page_prot: vma.vm_page_prot,
    file: null,
    ops: null,
    private_data: null,
    anon: null,
    policy: null,
    name: null,
    uffd: null,
    ...over,
  };
}

/** The same VMA after something has happened to it. */
export function changed(was: VmaState, over: Partial<VmaState>): VmaState {
  return { ...was, ...over };
}

export function spaces(...states: readonly VmaState[]): Spaces {
  const all = new Spaces([], () => null);
  for (const one of states) all.states.set(one.vma, one);
  return all;
}

/** Flags with these bits. */
export function bits(...numbers: readonly number[]): [number, number, number, number] {
  const words: [number, number, number, number] = [0, 0, 0, 0];
  for (const bit of numbers) words[bit >> 5] = (words[bit >> 5] ?? 0) | (1 << (bit & 31));
  return words;
}
