// SPDX-License-Identifier: GPL-2.0-only
/** What a failed test says of itself: the line that failed, values, the last operation, the address space around it. */
import { type Frame, isIn, showFrame, sourceAt, tellingFrames } from './frames.js';
import type { Change } from './history.js';
import { difference } from './picture.js';

/** An assertion that failed; `found` and `wanted` as they are to be printed. */
export class VmaAssertionError extends Error {
  readonly found: string;
  readonly wanted: string;

  constructor(message: string, found: string, wanted: string, assertion: (...args: never[]) => void) {
    super(message);
    this.name = 'VmaAssertionError';
    this.found = found;
    this.wanted = wanted;
    Error.captureStackTrace(this, assertion);
  }
}

/**
 * A number that C has and the port has not: what the test says of it cannot be known here. The test is a todo, whatever it
 * would have come to.
 */
export class UnrepresentableError extends RangeError {
  constructor(message: string) {
    super(message);
    this.name = 'UnrepresentableError';
  }
}

export interface Failure {
  /** Name of the line in TAP. */
  title: string;
  diagnostics: object;
}

/** Frames shown of a stack. */
const MOST_FRAMES = 7;

/** The innermost frame that is not of the code under test: the test's own, or a helper's. */
function testFrame(frames: readonly Frame[]): Frame | undefined {
  return frames.find((frame) => !isIn(frame, ['include', 'stubs', 'lib']));
}

function lines(text: string): string | string[] {
  return text.includes('\n') ? text.split('\n') : text;
}

/** An assertion without words of its own has its name for a message: the source says more. */
function isBare(error: Error): boolean {
  return error instanceof VmaAssertionError && /^\w+$/.test(error.message);
}

/** A stack without what called the test. */
function withinTest(stack: string | undefined): string | undefined {
  return stack?.replace(/\n[^\n]*\brunInWorld\b.*$/s, '');
}

/** tap prints the fields in this order below the title. `at` is left out: it would be a line of the harness. */
export function failureOf(error: unknown, operation: string | null, change: Change): Failure {
  const pictures = difference(change.before, change.after);
  const last = operation === null ? {} : { operation };
  if (!(error instanceof Error)) return { title: String(error), diagnostics: { at: null, ...last, ...pictures } };

  const frames = tellingFrames(withinTest(error.stack), ['harness', 'node_modules']);
  const frame = testFrame(frames);
  const source = frame === undefined ? null : sourceAt(frame);
  const title = source !== null && isBare(error) ? source : error.message;
  const values =
    error instanceof VmaAssertionError ? { values: { found: lines(error.found), wanted: lines(error.wanted) } } : {};
  const diagnostics = {
    at: null,
    ...(source === null || source === title ? {} : { line: source }),
    ...values,
    ...last,
    ...pictures,
    stackTrace: frames.slice(0, MOST_FRAMES).map(showFrame),
  };
  return { title, diagnostics };
}

/** Things listed of what a test left behind. */
const MOST_LISTED = 5;

/**
 * What a test that ended early left behind, in one line: the rest of it would have given that back, so that it follows
 * from the failure above.
 */
export function followsOf(left: readonly string[]): string {
  const heads = left.map((text) => text.replace(/^leak: /, '').replace(/[,;] .*$/s, ''));
  const more = heads.length > MOST_LISTED ? [`and ${heads.length - MOST_LISTED} more`] : [];
  return `follows from it, ${left.length} left undone: ${[...heads.slice(0, MOST_LISTED), ...more].join(', ')}`;
}

/** Diagnostics as indented lines, much as tap prints them. */
export function linesOf(value: unknown, indent: string): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => linesOf(one, indent));
  if (typeof value !== 'object' || value === null) {
    return String(value)
      .split('\n')
      .map((line) => indent + line);
  }
  return Object.entries(value)
    .filter(([, one]) => one !== null && one !== undefined)
    .flatMap(([name, one]) =>
      typeof one === 'object' ? [`${indent}${name}:`, ...linesOf(one, `${indent}  `)] : [`${indent}${name}: ${one}`],
    );
}
