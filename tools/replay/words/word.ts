// SPDX-License-Identifier: GPL-2.0-only
/**
 * What one word of VMA traces is. The tables beside this file hold all words; the parser, the traces of tests, the random
 * traces and the tables of docs/traces.md follow from them.
 */
import type {
  anon_vma,
  file,
  vm_area_struct,
  vm_unmapped_area_info,
  vm_userfaultfd_ctx,
} from '../../../include/mm_types.js';
import type { vma_merge_struct } from '../../../include/vma.js';
import type { ReplayedSpace } from '../vma_space.js';

/** A part of a line: its word, a number, or an anon_vma whose number is known when the trace is written. */
export type Part = string | number | { anon: anon_vma | null };

/** The arguments of a call that a test makes, each of the type that its place asks for; throws where it is none. */
export interface CallArguments {
  num(i: number): number;
  flag(i: number): number;
  flags(i: number): number;
  file(i: number): number;
  fileNumber(mapped: file | null): number;
  vma(i: number): vm_area_struct;
  vmg(): vma_merge_struct;
  info(): vm_unmapped_area_info;
  uffd(i: number): vm_userfaultfd_ctx;
  /** The VMA in a Ref. */
  source(): vm_area_struct;
}

/** The arguments of the line that says a call; null for a call that another word says. */
export type Said = (call: CallArguments) => Part[] | null;

export type Run = (space: ReplayedSpace, a: readonly number[]) => number;

export interface Word {
  name: string;
  /** Names of the arguments, as the document has them. What each stands for in a random trace goes by its name. */
  args: readonly string[];
  /** What is carried out, or set, and what comes of it: for the document. */
  does: string;
  gives: string;
  run: Run;
  /** Weight among the words of its table in random traces; one of weight 0 is never drawn. */
  often: number;
  /** Values that random traces choose an argument from, where its name does not say enough. */
  choices: Readonly<Record<string, readonly number[]>>;
  /** Functions whose calls by a test are this word. */
  says: Readonly<Record<string, Said>>;
}

/** A table of words: a section of the document. */
export interface Words {
  title: string;
  words: readonly Word[];
}

interface WordInit {
  does: string;
  gives?: string;
  run: Run;
  often?: number;
  choices?: Record<string, readonly number[]>;
  says?: Record<string, Said>;
}

/** `line` is the word and the names of its arguments. */
export function word(line: string, init: WordInit): Word {
  const [name = '', ...args] = line.split(' ');
  const { does, gives = '0', run, often = 0, choices = {}, says = {} } = init;
  return { name, args, does, gives, run, often, choices, says };
}

export const WHAT_IT_RETURNS = 'what it returns';
