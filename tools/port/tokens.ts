// SPDX-License-Identifier: GPL-2.0-only
/** What a piece of C says, without how it is written and what it is called: a hash of it, and a sketch of its shape. */
import { createHash } from 'node:crypto';
import type { CSymbol } from '../table/c_symbols.js';
import { tokensOf } from '../table/c_tokens.js';
import { isC } from '../table/watched.js';

/** Of a symbol in one file of one kernel, all that is needed to find out later whether, and to what, it changed. */
export interface Fingerprint {
  kind: string;
  /** Line of its first declaration. */
  line: number;
  /** How many tokens it has. */
  size: number;
  /** The same for two symbols that differ in their names, blanks and comments only: 16 hexadecimal digits. */
  hash: string;
  /** Texts that have much in common have these digits in common, place by place. */
  shape: string;
  /** Hash of the #if around it, and of what else gives it its meaning; empty when there is nothing of the kind. */
  context: string;
}

/** Where a symbol is on one of the two sides, and what it is there. */
export interface Place {
  file: string;
  symbol: string;
  print: Fingerprint;
}

const PLACES = 32;
/** Tokens in a row that count as one: order matters, a changed word changes few of them. */
const RUN = 2;

function digest(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

/** FNV-1a. */
function numberOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** A different order of all numbers for each place. */
function shuffled(value: number, place: number): number {
  let mixed = Math.imul(value ^ Math.imul(place + 1, 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Of each place one digit of the smallest of all runs, in that place's order: equal where two sets share that run. */
function shapeOf(tokens: readonly string[]): string {
  const runs = new Set(tokens.map((_, i) => tokens.slice(i, i + RUN).join(' ')));
  const numbers = [...runs].map(numberOf);
  let shape = '';
  for (let place = 0; place < PLACES; place++) {
    let smallest = 0xffffffff;
    for (const number of numbers) smallest = Math.min(smallest, shuffled(number, place));
    shape += (smallest & 15).toString(16);
  }
  return shape;
}

/** How much of their runs two texts share, from 0 to 1, as far as their shapes tell. */
export function likeness(a: Fingerprint, b: Fingerprint): number {
  if (a.hash === b.hash) return 1;
  let equal = 0;
  for (let place = 0; place < PLACES; place++) if (a.shape[place] === b.shape[place]) equal++;
  // One digit in sixteen is equal by chance.
  return Math.max(0, (equal / PLACES - 1 / 16) / (1 - 1 / 16));
}

/** How much two names have in common, word by word, from 0 to 1; the first and the last word say most. */
export function likenessOfNames(a: string, b: string): number {
  const words = (name: string): string[] =>
    name
      .toLowerCase()
      .split('_')
      .filter((word) => word !== '');
  const [mine, theirs] = [words(a), words(b)];
  const shared = mine.filter((word) => theirs.includes(word)).length;
  const ends = Number(mine[0] === theirs[0]) + Number(mine.at(-1) === theirs.at(-1));
  return (0.8 * 2 * shared) / Math.max(1, mine.length + theirs.length) + 0.1 * ends;
}

/** One fingerprint for all declarations of a name in a file, such as those under the two branches of an #if. */
export function fingerprintOf(kind: string, symbols: readonly Omit<CSymbol, 'kind'>[]): Fingerprint {
  const own = (name: string, token: string): string => (token === name ? '@' : token);
  const texts = symbols.map(({ name, text }) => tokensOf(text).map((token) => own(name, token)));
  const tokens = texts.flat();
  const around = symbols.map(({ context }) => context).join('\n');
  return {
    kind,
    line: Math.min(...symbols.map(({ line }) => line)),
    size: tokens.length,
    hash: digest(texts.map((text) => text.join('\n')).join('\0'), 16),
    shape: shapeOf(tokens),
    context: around.trim() === '' ? '' : digest(around, 8),
  };
}

/** Hash of a file that declares nothing, such as a Makefile, without its comments and blanks. */
export function hashOfFile(file: string, text: string): string {
  const tokens = isC(file)
    ? tokensOf(text)
    : text
        .replace(/\\\r?\n/g, ' ')
        .replace(/(^|\s)#.*$/gm, '')
        .split(/\s+/);
  return digest(tokens.filter((token) => token !== '').join('\n'), 16);
}
