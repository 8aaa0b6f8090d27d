// SPDX-License-Identifier: GPL-2.0-only
/** Operations as lines of a trace (docs/traces.md): which word says what a test called, and what the result is there. */

import { bitsOf } from '../../harness/picture.js';
import { ENOMEM, IS_ERR, PTR_ERR } from '../../include/linux/errno.js';
import {
  type anon_vma,
  file,
  vm_area_struct,
  vm_unmapped_area_info,
  vm_userfaultfd_ctx,
} from '../../include/mm_types.js';
import { Ref } from '../../include/ref.js';
import { VMA_MERGE_ERROR_NOMEM, vma_merge_struct } from '../../include/vma.js';
import { vma_flags_t } from '../../include/vma_flags.js';
import { HOW_GIVE_UP, HOW_JUST_EXPAND, HOW_NEXT, HOW_PREV } from '../replay/kernel_words.js';
import type { Numbers } from './numbers.js';

/** A part of a line: its word, a number, or an anon_vma whose number is known when the trace is written. */
export type Part = string | number | { anon: anon_vma | null };

/** An operation, or something set by hand, that the format has no word for. The message says what is missing. */
export class Unsayable extends Error {}

/** Flags of a trace are numbers that fit a double. */
export function flagsPart(bits: bigint): number {
  const word = Number(bits);
  if (!Number.isSafeInteger(word)) throw new Unsayable(`flags 0x${bits.toString(16)}: a trace has bits 0 to 52`);
  return word;
}

/** The arguments of a call, each of the type that its place asks for. */
class Arguments {
  private readonly args: readonly unknown[];
  private readonly numbers: Numbers;

  constructor(args: readonly unknown[], numbers: Numbers) {
    this.args = args;
    this.numbers = numbers;
  }

  private a<T>(i: number, type: abstract new (...args: never[]) => T): T {
    const value = this.args[i];
    if (value instanceof type) return value;
    throw new Unsayable(`argument ${i + 1} is no live ${type.name}`);
  }

  num(i: number): number {
    const value = this.args[i];
    if (typeof value === 'bigint') return flagsPart(value);
    if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
    throw new Unsayable(`argument ${i + 1} is no number that a trace has`);
  }

  flag(i: number): number {
    return this.args[i] ? 1 : 0;
  }

  flags(i: number): number {
    return flagsPart(bitsOf(this.a(i, vma_flags_t)));
  }

  file(i: number): number {
    return this.args[i] === null ? 0 : this.fileNumber(this.a(i, file));
  }

  fileNumber(mapped: file | null): number {
    const number = this.numbers.ofFile(mapped);
    if (number === null) throw new Unsayable('there are more files than a trace has');
    return number;
  }

  vma(i: number): vm_area_struct {
    return this.a(i, vm_area_struct);
  }

  vmg(): vma_merge_struct {
    return this.a(0, vma_merge_struct);
  }

  info(): vm_unmapped_area_info {
    return this.a(0, vm_unmapped_area_info);
  }

  uffd(i: number): vm_userfaultfd_ctx {
    return this.a(i, vm_userfaultfd_ctx);
  }

  /** The VMA in a Ref. */
  source(): vm_area_struct {
    const { value } = this.a(0, Ref<unknown>);
    if (value instanceof vm_area_struct) return value;
    throw new Unsayable('argument 1 holds no live VMA');
  }
}

type Say = (a: Arguments) => Part[];

/** Range, flags, offset and file of a VMA that a test has made. */
function mapping(a: Arguments, vma: vm_area_struct): Part[] {
  const { vm_start: start, vm_end: end, vm_pgoff: pgoff } = vma;
  return [start, end - start, flagsPart(bitsOf(vma.flags)), pgoff, a.fileNumber(vma.vm_file)];
}

function how(vmg: vma_merge_struct): number {
  const bits: [boolean, number][] = [
    [vmg.prev !== null, HOW_PREV],
    [vmg.next !== null, HOW_NEXT],
    [vmg.just_expand, HOW_JUST_EXPAND],
    [vmg.give_up_on_oom, HOW_GIVE_UP],
  ];
  return bits.reduce((sum, [set, bit]) => sum | (set ? bit : 0), 0);
}

/** Range and attributes of a merge. */
function merging(a: Arguments, vmg: vma_merge_struct): Part[] {
  return [vmg.start, vmg.end, flagsPart(bitsOf(vmg.vma_flags)), vmg.pgoff, a.fileNumber(vmg.file)];
}

function expansion(vmg: vma_merge_struct): Part[] {
  const { target, start, end, pgoff } = vmg;
  if (target === null) throw new Unsayable('vmg.target is null');
  return ['vma_expand', target.vm_start, start, end, pgoff, flagsPart(bitsOf(vmg.vma_flags)), how(vmg) & HOW_NEXT];
}

function search(
  { length, low_limit, high_limit, align_mask, ...rest }: vm_unmapped_area_info,
  topdown: number,
): Part[] {
  const { align_offset, start_gap } = rest;
  if (align_offset === 0 && start_gap === 0) {
    return ['unmapped', length, low_limit, high_limit, align_mask, topdown];
  }
  return ['room', length, low_limit, high_limit, align_mask, align_offset, start_gap, topdown];
}

function uffd(a: Arguments): Part[] {
  if (a.uffd(6).ctx !== null) throw new Unsayable('a userfaultfd context');
  return ['vma_modify_flags_uffd', a.num(3), a.num(4), a.flags(5), a.flag(7)];
}

const WORDS = new Map<string, Say>([
  ['__mmap_region', (a) => ['mmap', a.num(1), a.num(2), a.flags(3), a.num(4), a.file(0)]],
  ['mmap_region', (a) => ['region', a.num(1), a.num(2), a.num(3), a.num(4), a.file(0)]],
  ['do_munmap', (a) => ['munmap', a.num(1), a.num(2)]],
  ['do_vmi_munmap', (a) => ['munmap', a.num(2), a.num(3)]],
  ['do_vmi_align_munmap', (a) => ['munmap', a.num(3), a.num(4) - a.num(3)]],
  ['vm_munmap', (a) => ['unmap', a.num(0), a.num(1), 0]],
  ['__vm_munmap', (a) => ['unmap', a.num(0), a.num(1), a.flag(2)]],
  ['vma_modify_flags', (a) => ['vma_modify_flags', a.num(3), a.num(4), a.flags(5)]],
  ['vma_modify_name', (a) => ['name', a.num(3), a.num(4)]],
  ['vma_modify_policy', (a) => ['policy', a.num(3), a.num(4)]],
  ['vma_modify_flags_uffd', uffd],
  [
    'vma_merge_new_range',
    (a) => ['vma_merge_new_range', ...merging(a, a.vmg()), { anon: a.vmg().anon_vma }, how(a.vmg())],
  ],
  ['vma_merge_existing_range', (a) => ['vma_merge_existing_range', ...merging(a, a.vmg()), how(a.vmg())]],
  ['vma_merge_extend', (a) => ['vma_merge_extend', a.vma(1).vm_start, a.num(2)]],
  ['vma_expand', (a) => expansion(a.vmg())],
  ['vma_shrink', (a) => ['vma_shrink', a.vma(1).vm_start, a.num(2), a.num(3), a.num(4)]],
  ['split_vma', (a) => ['split_vma', a.num(2), a.flag(3)]],
  ['__split_vma', (a) => ['__split_vma', a.num(2), a.flag(3)]],
  ['vma_link', (a) => ['vma_link', ...mapping(a, a.vma(1))]],
  ['attach_vma', (a) => ['vma_link', ...mapping(a, a.vma(1))]],
  ['alloc_and_link_vma', (a) => ['vma_link', a.num(1), a.num(2) - a.num(1), a.flags(4), a.num(3), 0]],
  ['insert_vm_struct', (a) => ['insert_vm_struct', ...mapping(a, a.vma(1))]],
  ['do_brk_flags', (a) => ['brk', a.num(2), a.num(3), a.flags(4)]],
  ['expand_downwards', (a) => ['down', a.num(1)]],
  ['copy_vma', (a) => ['copy_vma', a.source().vm_start, a.num(2), a.num(1), a.num(3), a.flag(5)]],
  ['relocate_vma_down', (a) => ['relocate', a.vma(0).vm_start, a.num(1)]],
  ['create_init_stack_vma', () => ['create_init_stack_vma']],
  ['mm_take_all_locks', () => ['locks']],
  ['unmapped_area', (a) => search(a.info(), 0)],
  ['unmapped_area_topdown', (a) => search(a.info(), 1)],
  ['mtree_destroy', () => ['cleanup_mm']],
  ['cleanup_mm', () => ['cleanup_mm']],
  ['detach_free_vma', (a) => ['drop', a.vma(0).vm_start]],
  ['fault', (a) => ['fault', a.vma(0).vm_start]],
]);

/** Why there is no word for some. What they change of the address space is set by hand in the trace. */
const WORDLESS = new Map([
  ['mm_drop_all_locks', '`locks` drops them itself'],
  ...['vma_link_file', 'unlink_file_vma_batch_add', 'unlink_file_vma_batch_final', 'unlink_file_vma_batch_process'].map(
    (name): [string, string] => [name, 'a trace shows nothing of reverse maps'],
  ),
]);

/** The line for a call, to be asked before it. Throws Unsayable. */
export function lineOf(name: string, args: readonly unknown[], numbers: Numbers): Part[] {
  const say = WORDS.get(name);
  if (say === undefined) throw new Unsayable(WORDLESS.get(name) ?? 'the format has no word for it');
  return say(new Arguments(args, numbers));
}

function nomem(vmg: unknown): boolean {
  return vmg instanceof vma_merge_struct && vmg.state === VMA_MERGE_ERROR_NOMEM;
}

/** What a replay prints as the result of the same call; null when the call's own result does not say. */
export function resultOf(name: string, args: readonly unknown[], result: unknown): number | null {
  if (name === 'copy_vma') {
    const needed = args[4] instanceof Ref && args[4].value === true ? 1 : 0;
    return result === null ? -ENOMEM : needed;
  }
  if (name === 'alloc_and_link_vma') return 0;
  if (name.startsWith('vma_merge_') && name !== 'vma_merge_extend') {
    if (result !== null) return 1;
    return nomem(args[0]) ? -ENOMEM : 0;
  }
  if (typeof result === 'number') return IS_ERR(result) ? PTR_ERR(result) : result;
  if (result === null) return -ENOMEM;
  return result instanceof vm_area_struct ? 0 : null;
}
