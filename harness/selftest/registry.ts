// SPDX-License-Identifier: GPL-2.0-only
/** The cases of selftests: which there are, and what came of each that ran. */
import { appendFileSync } from 'node:fs';
import { selftestRecord } from '../environment.js';

/** How a case ended: XFAIL is a failure that C expects as well. */
export type Verdict = 'pass' | 'fail' | 'skip' | 'xfail';

/** A case of one of the kernel's files. */
export interface SelftestEntry {
  /** The kernel's file: "merge.c". */
  readonly file: string;
  /** As its output names it: fixture, variant, test; or the words of a result. */
  readonly name: string;
  /** Why it cannot run here; null where it does. */
  readonly left_out: string | null;
}

/** What a case came to, as one line of JSON of the file that VMA_SELFTEST_RECORD names. */
export interface SelftestResult {
  readonly file: string;
  readonly name: string;
  readonly backend: string;
  readonly verdict: Verdict;
  /** Why it was skipped, or how it failed; empty otherwise. */
  readonly reason: string;
}

const entries: SelftestEntry[] = [];
let file = '';
let listing = false;

/** From here on cases are listed, not run: for whoever wants to know which there are. */
export function list_only(): void {
  listing = true;
}

export function isListing(): boolean {
  return listing;
}

/** All cases of the modules that were imported so far. */
export function selftest_entries(): readonly SelftestEntry[] {
  return entries;
}

/** What follows is of that file of tools/testing/selftests/mm. */
export function SELFTEST(name: string): void {
  if (!/^[\w-]+\.c$/.test(name)) throw new RangeError(`SELFTEST: name = '${name}': not the name of a C file`);
  file = name;
}

/** The file whose cases are being registered. */
export function currentFile(): string {
  if (file === '') throw new Error('SELFTEST: nobody has said of which file the cases are');
  return file;
}

/** Enters a case; each has a name of its own. */
export function enter(entry: SelftestEntry): void {
  const isKnown = entries.some((other) => other.file === entry.file && other.name === entry.name);
  if (isKnown) throw new Error(`${entry.file}: two cases are named '${entry.name}'`);
  entries.push(entry);
}

/** Notes what came of a case, where somebody wants to know. */
export function record(result: SelftestResult): void {
  const path = selftestRecord();
  if (path !== null) appendFileSync(path, `${JSON.stringify(result)}\n`);
}
