// SPDX-License-Identifier: GPL-2.0-only
/** The recorded pairs: traces, and what the kernel's own C code answered. They are never made anew with the port. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const DATA = new URL('../../../tests/data/conformance/', import.meta.url);

export interface RecordedPair {
  name: string;
  trace: string;
  expected: string;
}

/** Of the operations that the pairs above leave out: a random trace, and what Linux 7.2 answered. */
const GROWN = new URL('../../../tests/data/grown/', import.meta.url);

function unpack(name: string, folder = DATA): string {
  return gunzipSync(readFileSync(new URL(name, folder))).toString();
}

/**
 * Pairs that have every operation of the format in them: the second those that traces of tests are made of, the third
 * with the calls that the code makes, and what is left of each operation.
 */
export function grownPairs(): RecordedPair[] {
  return ['operations-601', 'words-701', 'calls-801'].map((name) => ({
    name,
    trace: unpack(`${name}.trace.gz`, GROWN),
    expected: unpack(`${name}.expected.gz`, GROWN),
  }));
}

/** Traces that show bugs of upstream's (docs/upstream.md), and what Linux 7.3 answered. */
export function bugPairs(): RecordedPair[] {
  return ['upstream-accounts', 'upstream-names'].map((name) => ({
    name,
    trace: unpack(`${name}.trace.gz`, GROWN),
    expected: unpack(`${name}.expected.gz`, GROWN),
  }));
}

/** Random programs of system calls, one for each kind of program, and what Linux 7.3 answered. */
export function callPairs(): RecordedPair[] {
  return [901, 902, 903, 904, 905, 906, 950].map((seed) => ({
    name: `syscalls-${seed}`,
    trace: unpack(`syscalls-${seed}.trace.gz`, GROWN),
    expected: unpack(`syscalls-${seed}.expected.gz`, GROWN),
  }));
}

/** Random pairs, as a campaign compares them. */
export const RANDOM = new URL('../../../tests/data/random/', import.meta.url);

export function randomPair(name: string): RecordedPair {
  return { name, trace: unpack(`${name}.trace.gz`, RANDOM), expected: unpack(`${name}.expected.gz`, RANDOM) };
}

/** Names of the recorded pairs, those of the range tree or those of VMAs. */
export function recordedPairs(kind: 'tree' | 'vma'): string[] {
  return readdirSync(DATA)
    .filter((file) => file.endsWith('.trace.gz') && file.startsWith('maple-') === (kind === 'tree'))
    .map((file) => file.replace('.trace.gz', ''));
}

export function readPair(name: string): RecordedPair {
  return { name, trace: unpack(`${name}.trace.gz`), expected: unpack(`${name}.expected.gz`) };
}

/** All that a replay writes, in one string. */
export function written(run: (write: (text: string) => void) => void): string {
  const parts: string[] = [];
  run((text) => parts.push(text));
  return parts.join('');
}

/**
 * Where two answers differ: the line, what C gave and what the port gave; null if nowhere. A short text, because the
 * answers are megabytes.
 */
export function firstDifference(found: string, wanted: string): string | null {
  if (found === wanted) return null;
  const got = found.split('\n');
  const want = wanted.split('\n');
  const line = want.findIndex((text, i) => text !== got[i]);
  if (line < 0) return `${got.length - want.length} lines more than the kernel's code gave`;
  return `line ${line + 1} of the answer: ${got[line] ?? '(nothing)'}, where the kernel's code gave ${want[line]}`;
}
