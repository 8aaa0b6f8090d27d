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
  [7, 'unmap'],
  [8, 'refill'],
  [3, 'unmap_unlocked'],
  [18, 'protect'],
  [12, 'mprotect'],
  [4, 'lock'],
  [3, 'name'],
  [3, 'policy'],
  [3, 'uffd'],
  [18, 'fault'],
  [3, 'guard'],
  [5, 'brk'],
  [6, 'stack'],
  [1, 'fork'],
  [1, 'exit'],
  [1, 'exec'],
  [1, 'relocate'],
  [10, 'move'],
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
  /** Which fallible call fails, of all or of those with the name given; 0 for none. */
  readonly failAt: number;
  readonly failName: string | null;
  /** Do all that follow it fail too? */
  readonly lasting: boolean;
}

const NUMBERS = 6;

/** Calls that fail by their name, now and then: deep in an operation, others come before them. */
const FALLIBLE: readonly string[] = [
  'vm_area_cache_alloc',
  'vma_iter_prealloc',
  'vma_iter_prealloc',
  'vma_iter_prealloc',
  'maple_slab.alloc',
  'anon_vma_alloc',
  'anon_vma_chain_alloc',
  'vma_dup_policy',
  'security_vm_enough_memory_mm',
  'may_expand_vm',
  'remap_pfn_range_ptes',
];

/** `most`: numbers are below it. With few there are few places and few kinds of mappings, which merge the more. */
function randomStep(random: Random, most: number): Step {
  const word = random.weighted(WEIGHTS);
  const numbers = Array.from({ length: NUMBERS }, () => random.below(most));
  if (!random.chance(30)) return { word, numbers, failAt: 0, failName: null, lasting: false };
  if (random.chance(50))
    return { word, numbers, failAt: random.between(1, 3), failName: random.pick(FALLIBLE), lasting: false };
  return { word, numbers, failAt: random.between(1, 14), failName: null, lasting: random.chance(30) };
}

export function randomProgram(random: Random, length: number): Step[] {
  const most = random.chance(50) ? 2 ** 16 : random.between(3, 16);
  return Array.from({ length }, () => randomStep(random, most));
}

/** A step as one line of text. */
export function printStep({ word, numbers, failAt, failName, lasting }: Step): string {
  const which = failName === null ? `${failAt}` : `${failName}:${failAt}`;
  const fails = failAt === 0 ? [] : [lasting ? `fail-from=${which}` : `fail-at=${which}`];
  return [word, ...numbers, ...fails].join(' ');
}

/** A line that printStep() made. Throws a RangeError for any other. */
export function parseStep(line: string): Step {
  const [head, ...rest] = line.split(' ');
  const word = WORDS.find((one) => one === head);
  if (word === undefined) throw new RangeError(`fuzz: '${line}': '${head}' is no word of a program`);
  const numbers: number[] = [];
  const step = { word, numbers, failAt: 0, failName: null as string | null, lasting: false };
  for (const text of rest) {
    const fails = /^fail-(at|from)=(?:([\w.]+):)?(\d+)$/.exec(text);
    if (fails !== null) {
      step.lasting = fails[1] === 'from';
      step.failName = fails[2] ?? null;
      step.failAt = Number(fails[3]);
    } else if (/^\d+$/.test(text)) {
      numbers.push(Number(text));
    } else {
      throw new RangeError(`fuzz: '${line}': '${text}' is neither a number nor a failure`);
    }
  }
  return step;
}
