// SPDX-License-Identifier: GPL-2.0-only
/** What the environment asks of tests: the stubs to run on, traces, a record for the report, what selftests run on. */

/** The sets of stubs that a test can run on. */
export type StubSet = 'checked' | 'upstream';

/** The set that tests run on unless they say otherwise: environment variable VMA_STUBS, checked unless given. */
export function defaultStubSet(text: string | undefined = process.env.VMA_STUBS): StubSet {
  if (text === undefined || text === '' || text === 'checked') return 'checked';
  if (text === 'upstream') return 'upstream';
  throw new RangeError(`environment: VMA_STUBS = ${JSON.stringify(text)}: must be checked or upstream`);
}

/** Is tracing asked for? What VMA_TRACE says; throws a RangeError for an unknown value. */
export function traceWanted(text: string | undefined = process.env.VMA_TRACE): boolean {
  if (text === undefined || text === '' || text === '0') return false;
  if (text === '1') return true;
  throw new RangeError(`environment: VMA_TRACE = ${JSON.stringify(text)}: must be 0 or 1`);
}

/** Folder that traces are written to; relative to the current one. */
export function traceFolder(text: string | undefined = process.env.VMA_TRACE_DIR): string {
  return text === undefined || text === '' ? 'traces' : text;
}

/** File that a run of tests is recorded to, for the report; null for none. */
export function reportPath(text: string | undefined = process.env.VMA_REPORT): string | null {
  return text === undefined || text === '' ? null : text;
}

/** Module that selftests take their processes from; null for the port. */
export function selftestBackend(text: string | undefined = process.env.VMA_SELFTEST_BACKEND): string | null {
  return text === undefined || text === '' || text === 'port' ? null : text;
}

/** File that selftests append what came of each case to; null for none. */
export function selftestRecord(text: string | undefined = process.env.VMA_SELFTEST_RECORD): string | null {
  return text === undefined || text === '' ? null : text;
}
