// SPDX-License-Identifier: GPL-2.0-only

/** What stands in place of a piece of code, or of a whole statement. */
export type Form = 'expression' | 'statement';

/** One small change of a compiled module that some test should notice. */
export interface Mutant {
  /** The module's source, from the project's folder: lib/mm/vma/split.ts. */
  file: string;
  /** The function or method around it; empty outside any. */
  where: string;
  /** The first line of the statement around it, as it was compiled. */
  statement: string;
  /** What is replaced, and by what; nothing stands for a deletion. */
  from: string;
  to: string;
  form: Form;
  /** Where it is in the compiled module: offsets of the first character and of that behind the last. */
  start: number;
  end: number;
  /** Where it is in the source. */
  line: number;
  /** Of several that are alike in all of their text, which: from 0 on. */
  nth: number;
}

const LONGEST = 70;

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

/** "a < b → a <= b", in one line; as records of equivalent mutants have it. */
export function changeOf({ from, to }: Pick<Mutant, 'from' | 'to'>): string {
  return `${short(from)} → ${to === '' ? 'nothing' : short(to)}`;
}

/** "lib/mm/vma/split.ts:38 __split_vma: a < b → a <= b". */
export function named(mutant: Mutant): string {
  const { file, line, where } = mutant;
  return `${file}:${line}${where === '' ? '' : ` ${where}`}: ${changeOf(mutant)}`;
}

/** What a mutant is known by while lines above it come and go. */
export function identity(mutant: Mutant): string {
  const { file, where, statement, nth } = mutant;
  return [file, where, statement, changeOf(mutant), nth].join('\n');
}
