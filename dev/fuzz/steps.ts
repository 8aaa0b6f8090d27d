// SPDX-License-Identifier: GPL-2.0-only
/**
 * Random programs: each step is a word and some numbers, which mean something whatever the address space looks like, so
 * that steps can be left out of a program and what remains is one still.
 */
import type { Random } from '../random.js';

/** Words, each as often as its weight says. */
const WEIGHTS = [
  [14, 'map_anon'],
  [12, 'map_file'],
  [8, 'unmap'],
  [4, 'unmap_unlocked'],
  [12, 'protect'],
  [5, 'lock'],
  [4, 'name'],
  [4, 'policy'],
  [3, 'uffd'],
  [14, 'fault'],
  [5, 'brk'],
  [6, 'stack'],
  [3, 'fork'],
  [3, 'exit'],
  [8, 'move'],
  [4, 'extend'],
  [2, 'all_locks'],
  [2, 'special'],
] as const;

export type Word = (typeof WEIGHTS)[number][1];

export const WORDS: readonly Word[] = WEIGHTS.map(([, word]) => word);

export interface Step {
  readonly word: Word;
  /** Any numbers; each word takes what it needs from them. */
  readonly numbers: readonly number[];
  /** Which fallible call fails; 0 for none. */
  readonly failAt: number;
  /** Do all that follow it fail too? */
  readonly lasting: boolean;
}

const NUMBERS = 6;

export function randomStep(random: Random): Step {
  const word = random.weighted(WEIGHTS);
  const numbers = Array.from({ length: NUMBERS }, () => random.below(2 ** 16));
  const failAt = random.chance(25) ? random.between(1, 14) : 0;
  return { word, numbers, failAt, lasting: failAt > 0 && random.chance(30) };
}

export function randomProgram(random: Random, length: number): Step[] {
  return Array.from({ length }, () => randomStep(random));
}

/** A step as one line of text, which parseStep() reads. */
export function printStep({ word, numbers, failAt, lasting }: Step): string {
  const fails = failAt === 0 ? [] : [lasting ? `fail-from=${failAt}` : `fail-at=${failAt}`];
  return [word, ...numbers, ...fails].join(' ');
}
