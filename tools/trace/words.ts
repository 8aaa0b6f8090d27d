// SPDX-License-Identifier: GPL-2.0-only
/** Operations as lines of a trace (docs/traces.md): which word says what a test called, and what the result is there. */

import { bitsOf } from '../../harness/picture.js';
import { ENOMEM, IS_ERR, PTR_ERR } from '../../include/linux/errno.js';
import { file, vm_area_struct, vm_unmapped_area_info, vm_userfaultfd_ctx } from '../../include/mm_types.js';
import { Ref } from '../../include/ref.js';
import { VMA_MERGE_ERROR_NOMEM, vma_merge_struct } from '../../include/vma.js';
import { vma_flags_t } from '../../include/vma_flags.js';
import { flagsPart, Unsayable } from '../replay/words/said.js';
import { WORDS } from '../replay/words/table.js';
import type { CallArguments, Part, Said } from '../replay/words/word.js';
import type { TestNumbers } from './numbers.js';

/** The arguments of a call, each of the type that its place asks for. */
class Arguments implements CallArguments {
  private readonly args: readonly unknown[];
  private readonly numbers: TestNumbers;

  constructor(args: readonly unknown[], numbers: TestNumbers) {
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

interface Saying {
  word: string;
  said: Said;
}

/** Functions that words say, each with the words that may say it. */
const SAYINGS = new Map<string, Saying[]>();
for (const { name, says } of WORDS.values()) {
  for (const [fn, said] of Object.entries(says)) SAYINGS.set(fn, [...(SAYINGS.get(fn) ?? []), { word: name, said }]);
}

/** Why there is no word for some. What they change of the address space is set by hand in the trace. */
const WORDLESS = new Map([
  ['mm_drop_all_locks', '`locks` drops them itself'],
  ...['vma_link_file', 'unlink_file_vma_batch_add', 'unlink_file_vma_batch_final', 'unlink_file_vma_batch_process'].map(
    (name): [string, string] => [name, 'a trace shows nothing of reverse maps'],
  ),
]);

/** The line for a call, to be asked before it. Throws Unsayable. */
export function lineOf(name: string, args: readonly unknown[], numbers: TestNumbers): Part[] {
  const call = new Arguments(args, numbers);
  for (const { word, said } of SAYINGS.get(name) ?? []) {
    const parts = said(call);
    if (parts !== null) return [word, ...parts];
  }
  throw new Unsayable(WORDLESS.get(name) ?? 'the format has no word for it');
}

function nomem(vmg: unknown): boolean {
  return vmg instanceof vma_merge_struct && vmg.state === VMA_MERGE_ERROR_NOMEM;
}

/** What a replay prints as the result of the same call; null when the call's own result does not say. */
export function resultOf(name: string, args: readonly unknown[], result: unknown): number | null {
  if (name === 'copy_vma') {
    const needed = args[5] instanceof Ref && args[5].value === true ? 1 : 0;
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
