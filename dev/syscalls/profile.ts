// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a random program of system calls is drawn from. Most programs have few places and few flags: with many, two VMAs
 * that could merge hardly ever meet, and a check that is missing stays unseen.
 */
import {
  MAP_DROPPABLE,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_LOCKED,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_STACK,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../../include/uapi/mman.js';
import type { Random } from '../random.js';

export const PROFILES = ['plain', 'varied', 'forks', 'files', 'limits', 'failing', 'placed', 'moves'] as const;
/** Beside them, for who asks: all kinds of words, with failures, at places where things go wrong. */
export const HARSH = 'harsh';
export type ProfileName = (typeof PROFILES)[number] | typeof HARSH;

/** How often words of a kind come, beside mapping, unmapping and protecting. */
interface Weights {
  fork: number;
  fault: number;
  file: number;
  driver: number;
  limit: number;
  fail: number;
  lock: number;
  advise: number;
  guard: number;
  discard: number;
  move: number;
  brk: number;
  seal: number;
  name: number;
  option: number;
}

export interface Profile {
  name: ProfileName;
  /** First page, and number of pages, that addresses are in. */
  base: number;
  pages: number;
  /** Longest range, in pages. */
  longest: number;
  prots: readonly number[];
  /** Flags of mmap() beside those for the file, and for the place. */
  flags: readonly number[];
  /** Percent of mappings that name no place. */
  hintless: number;
  /** Percent of mappings that are shared. */
  shared: number;
  /** Percent of arguments that a call refuses. */
  bad: number;
  weights: Weights;
  /** Is it for a real kernel? Then nothing fails on demand, and nothing of the machine is set. */
  live: boolean;
}

const RW = PROT_READ | PROT_WRITE;
/** How a place is taken. */
export const FIXED: readonly number[] = [...Array.from({ length: 9 }, () => MAP_FIXED), MAP_FIXED_NOREPLACE];

const FEW_PROTS = [RW, RW, RW, PROT_READ];
const MANY_PROTS = [RW, PROT_READ, PROT_NONE, PROT_READ | PROT_EXEC, RW | PROT_EXEC, PROT_WRITE, PROT_EXEC];
const MANY_FLAGS = [0, 0, 0, MAP_NORESERVE, MAP_LOCKED, MAP_POPULATE, MAP_GROWSDOWN, MAP_STACK, MAP_DROPPABLE];

/** Stacks that are locked, and the like. */
const HARSH_FLAGS = [0, 0, 0, MAP_GROWSDOWN, MAP_GROWSDOWN | MAP_LOCKED, MAP_LOCKED, MAP_NORESERVE, MAP_POPULATE];

const BASIC: Weights = {
  fork: 2,
  fault: 30,
  file: 0,
  driver: 0,
  limit: 0,
  fail: 0,
  lock: 2,
  advise: 6,
  guard: 3,
  discard: 5,
  move: 14,
  brk: 3,
  seal: 0,
  name: 0,
  option: 0,
};

const WEIGHTS: Readonly<Record<ProfileName, Partial<Weights>>> = {
  plain: {},
  varied: { lock: 12, advise: 16, guard: 8, discard: 10, seal: 2, name: 10, option: 4, file: 6, driver: 4 },
  forks: { fork: 14, fault: 45, move: 18, discard: 8 },
  files: { file: 16, driver: 14, fault: 25, move: 16, fork: 5 },
  limits: { limit: 14, lock: 26, brk: 14, option: 3 },
  failing: { fail: 20, fork: 12, name: 5, file: 3, driver: 4, lock: 6 },
  placed: { file: 5, driver: 2, brk: 8, move: 12 },
  moves: { move: 45, fault: 35, lock: 6, seal: 1, file: 4, driver: 3 },
  harsh: {
    fork: 6,
    fail: 14,
    lock: 14,
    limit: 8,
    seal: 3,
    move: 24,
    advise: 10,
    guard: 6,
    name: 4,
    file: 4,
    driver: 6,
  },
};

/** A profile of that name, or of one that is drawn. */
export function profileOf(random: Random, given?: ProfileName, live = false): Profile {
  const name =
    given ??
    random.weighted<ProfileName>([
      [26, 'plain'],
      [16, 'varied'],
      [16, 'forks'],
      [10, 'files'],
      [8, 'limits'],
      [live ? 0 : 10, 'failing'],
      [8, 'placed'],
      [12, 'moves'],
    ]);
  const few = name === 'plain' || name === 'forks' || name === 'moves' || random.chance(40);
  const weights = { ...BASIC, ...WEIGHTS[name] };
  // Address 0 is an address.
  const atZero = name === HARSH && random.chance(30);
  return {
    name,
    base: atZero ? 0 : 0x200000000,
    pages: few ? random.between(6, 14) : random.between(16, 64),
    longest: few ? random.between(3, 5) : random.between(4, 16),
    prots: few ? FEW_PROTS : MANY_PROTS,
    flags: name === HARSH ? HARSH_FLAGS : few ? [0] : MANY_FLAGS,
    hintless: name === 'placed' ? 60 : few && name !== HARSH ? 0 : 5,
    shared: name === 'files' ? 35 : few && name !== HARSH ? 0 : 12,
    bad: few ? 1 : 5,
    weights: live ? { ...weights, fail: 0, driver: 0 } : weights,
    live,
  };
}
