// SPDX-License-Identifier: GPL-2.0-only
/** How many random operations it takes until something is found: one JSON line on how far it is, and one at the end. */
import '../../tools/commands/guarded.js';
import { fuzz } from './run.js';

/** What it says: operations so far, and in the end what was found, null for nothing. */
export interface UntilLine {
  operations: number;
  found?: string | null;
}

/** Milliseconds between two lines. */
const EVERY = 500;

function say(line: UntilLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const [seed, cap] = process.argv.slice(2).map(Number);
let last = 0;
const found = fuzz(seed ?? 1, cap ?? 0, undefined, (operations) => {
  const now = performance.now();
  if (now - last < EVERY) return;
  last = now;
  say({ operations });
});
say({ operations: found?.operations ?? cap ?? 0, found: found?.complaints[0] ?? null });
