// SPDX-License-Identifier: GPL-2.0-only
/** What a finding is held by that was written as a test. */
import type { Kind } from './program.js';
import { printFinding, runProgram } from './run.js';

/** What it asks of a test. */
interface Asserting {
  equal(found: string, wanted: string, what: string): unknown;
}

/** The detectors have nothing to say to a program. */
export function assertSilent(t: Asserting, kind: Kind, lines: readonly string[]): void {
  const finding = runProgram({ kind, lines });
  t.equal(finding === null ? '' : printFinding(finding), '', finding?.complaints[0] ?? 'silent');
}
