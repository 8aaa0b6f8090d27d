// SPDX-License-Identifier: GPL-2.0-only
/** Random traces of VMA operations. */
import { PAGE_SIZE } from '../../include/linux/mm.js';
import { NUM_VMA_FLAG_BITS, VM_GROWSDOWN, VM_LOCKED, VM_SEALED, VM_SHARED } from '../../include/vma_flags.js';
import { EVERYDAY } from '../../tools/replay/words/everyday.js';
import { KERNEL } from '../../tools/replay/words/kernel.js';
import { SET } from '../../tools/replay/words/set.js';
import { SETTINGS } from '../../tools/replay/words/settings.js';
import type { Word, Words } from '../../tools/replay/words/word.js';
import type { Random } from '../random.js';
import { type Answered, FAVOURED, type Profile, profileOf, RARE } from './vma_profile.js';

function hex(value: number | bigint | string): string {
  return typeof value === 'string' ? value : value.toString(16);
}

const SWITCHES: readonly string[] = ['UNLOCK', 'QUIETLY', 'TOPDOWN', 'BELOW', 'KEEP', 'ON'];

/**
 * The arguments of one line, drawn by their names. What belongs together is drawn together: an end lies above its start,
 * an offset mostly follows the address, so that neighbours can merge.
 */
export class Draft {
  private readonly random: Random;
  private readonly profile: Profile;
  private readonly start: number;
  private readonly length: number;
  private readonly file: number;
  private readonly answered: Answered;

  constructor(random: Random, profile: Profile) {
    this.random = random;
    this.profile = profile;
    this.start = this.page();
    this.length = random.between(1, profile.longest) * PAGE_SIZE;
    this.file = random.pick(profile.files);
    this.answered = random.pick(profile.answered);
  }

  private page(): number {
    return (this.profile.base + this.random.below(this.profile.pages)) * PAGE_SIZE;
  }

  private flags(hasFile: boolean): bigint {
    const { random, profile } = this;
    let flags = random.pick(profile.protections);
    if (random.chance(profile.rare)) flags |= random.pick(RARE);
    if (profile.stacks && random.chance(15)) flags |= random.chance(30) ? VM_GROWSDOWN | VM_LOCKED : VM_GROWSDOWN;
    if (profile.sealing && random.chance(5)) flags |= VM_SEALED;
    if (hasFile && this.file !== 0 && random.chance(50)) flags |= VM_SHARED;
    return flags;
  }

  private offset(hasFile: boolean): number {
    const { random } = this;
    const follows = hasFile ? this.file === 0 || random.chance(80) : random.chance(70);
    return follows ? this.start / PAGE_SIZE : random.below(64);
  }

  /** One argument of a word. */
  argument(name: string, word: Word): number | bigint | string {
    const { random, profile } = this;
    const choices = word.choices[name];
    if (choices !== undefined) return random.pick(choices);
    if (SWITCHES.includes(name)) return random.below(2);
    const hasFile = word.args.includes('FILE');
    switch (name) {
      case 'ADDR':
        // Beside a START, it is what tells which VMA is meant.
        return word.args.includes('START') ? this.page() : this.start;
      case 'START':
        return this.start;
      case 'END':
        return this.start + this.length;
      case 'LEN':
      case 'DELTA':
      case 'SHIFT':
        return this.length;
      case 'TO':
        return this.page();
      case 'FLAGS':
        return this.flags(hasFile);
      case 'PGOFF':
        return this.offset(hasFile);
      case 'PRIVATE':
        return random.below(4);
      case 'FILE':
        return this.file;
      case 'STUB':
        return this.answered[0];
      case 'FIRST':
        return random.pick([1, 1, 1, 2, 2, 3, 4, 7, 12, 20, 40]);
      case 'COUNT':
        return random.pick([1, 1, 2, 0, 0]);
      case 'VALUE':
        return random.pick(this.answered[1]);
      case 'BIT':
        return random.below(NUM_VMA_FLAG_BITS);
      case 'POLICY':
      case 'NAME':
      case 'CONTEXT':
        return random.pick([0, 0, 1, 2]);
      case 'ANON':
        return random.chance(60) ? 0 : random.between(1, 4);
      case 'LOW':
        return random.chance(70) ? profile.base * PAGE_SIZE : 0;
      case 'HIGH':
        return (profile.base + profile.pages) * PAGE_SIZE + random.below(3) * 0x10000;
      case 'MASK':
        // 2^n - 1, and what mm/mmap.c passes for huge pages: PAGE_MASK & ~huge_page_mask().
        return random.pick([0, 0, 0x1fff, 0xffff, 0xf000, 0x1ff000]);
      case 'OFFSET':
        return random.below(8) * PAGE_SIZE;
      case 'GAP':
        return random.below(3) * PAGE_SIZE;
      default:
        throw new RangeError(`${word.name}: nothing says how to draw ${name}`);
    }
  }

  /** A range that munmap() refuses: unaligned, empty, or past the end of user space. */
  wrongRange(): string {
    const page = this.start;
    return this.random.pick([`${hex(page + 0x80)} 1000`, `${hex(page)} 0`, '7ffffffff000 2000', '10000 800']);
  }
}

const SUMS = 'setsums 1000000 1000000 1000000 1000000 1000000';

const ANSWER = SETTINGS.words.filter(({ name }) => name === 'answer' || name === 'noanswers');

/** Writes the lines of one trace. */
class RandomTraceWriter {
  private readonly random: Random;
  private readonly profile: Profile;
  private failing: boolean;
  /** A line that must come next. */
  private after: string | null;

  constructor(random: Random) {
    this.random = random;
    this.profile = profileOf(random);
    this.failing = false;
    this.after = null;
  }

  private table(): Words {
    const { random, profile } = this;
    if (profile.bare && random.chance(35)) return random.chance(70) ? KERNEL : SET;
    return random.chance(2 + profile.settings) ? SETTINGS : EVERYDAY;
  }

  get isQuiet(): boolean {
    return this.profile.quiet;
  }

  line(): string {
    const { after } = this;
    this.after = null;
    return after ?? this.drawn();
  }

  private drawn(): string {
    const { random, profile } = this;
    if (profile.quiet && random.chance(6)) return 'show';
    if (profile.oom && random.chance(this.failing ? 30 : 6)) {
      this.failing = !this.failing;
      return `${profile.failing} ${this.failing ? 1 : 0}`;
    }
    if (random.chance(profile.answers))
      return this.lineOf(random.weighted(ANSWER.map((one) => [one.often, one] as const)));
    if (profile.mdwe && random.chance(1)) return `mdwe ${random.below(2)}`;
    const { words } = this.table();
    const weigh = (one: Word): number => one.often * (profile.favourites.includes(one) ? FAVOURED : 1);
    return this.lineOf(random.weighted(words.map((one) => [weigh(one), one] as const)));
  }

  private lineOf(word: Word): string {
    const { random, profile } = this;
    // It sets sums to what they are at the start of a process.
    if (word.name === 'create_init_stack_vma') this.after = SUMS;
    const draft = new Draft(random, profile);
    const isUnmapping = word.args[0] === 'START' && word.args[1] === 'LEN';
    if (isUnmapping && random.chance(4)) return `${word.name} ${draft.wrongRange()}${word.args[2] ? ' 0' : ''}`;
    return [word.name, ...word.args.map((name) => hex(draft.argument(name, word)))].join(' ');
  }
}

/** What each trace begins with: calls are told, and sums are so large that uncounted pages take none below 0. */
export const VMA_HEAD: readonly string[] = ['calls 1', SUMS];

/** A trace of that many operations, its head included. It ends with all VMAs. */
export function randomVmaTrace(random: Random, operations: number): string[] {
  const writer = new RandomTraceWriter(random);
  const lines = Array.from({ length: operations - VMA_HEAD.length }, () => writer.line());
  if (writer.isQuiet) lines[0] = 'quiet';
  lines[lines.length - 1] = 'show';
  return [...VMA_HEAD, ...lines];
}
