// SPDX-License-Identifier: GPL-2.0-only
/** What a report shows, as whoever gathers it hands it over. */
import type { ShownTimeline } from './timeline.js';

export interface TestResult {
  name: string;
  /** The test file that it is in; empty when that is not known. */
  file: string;
  result: 'ok' | 'not ok' | 'skip' | 'todo';
  /** Why it was skipped, or is still to be done. */
  reason: string;
  milliseconds: number | null;
  /** Assertions that failed, innermost tests first, with their diagnostics. */
  failures: Failure[];
}

export interface Failure {
  /** Names from the outermost test down to that of the assertion. */
  path: string;
  /** As text; empty when there are none. */
  diagnostics: string;
}

/** A test with what was recorded of it. */
export interface ReportedTest extends TestResult {
  /** One for each part of the test that had an address space of its own. */
  parts: ReportedPart[];
  /** Are the parts two sides of one thing, to be compared? */
  beside?: boolean;
  /** The step to show first; the first unless given. */
  first?: number;
}

export interface ReportedPart {
  /** Empty for the test itself, else the names below it. */
  name: string;
  timeline: ShownTimeline;
}

/** How much of an upstream function the tests reach here. */
export interface FunctionCoverage {
  upstream: string;
  name: string;
  home: string;
  /** Where it begins there. */
  line: number;
  lines: number;
  reached: number;
}

/** When something was measured, and of which commit; `stale` when that is not the one that is reported. */
export interface Measured {
  date: string;
  commit: string;
  stale: boolean;
}

/** What this project shows beside its tests. */
export interface ProjectData {
  /** Heads and rows of the review's matrix. */
  review: string[][];
  /** Heads and rows of the bugs that were put back. */
  bugs: string[][];
  coverage: FunctionCoverage[];
  coverageMeasured: Measured | null;
  figures: Record<string, unknown>;
}

export interface ReportData {
  made: string;
  kernel: string;
  /** What was run or drawn. */
  of: string;
  tests: ReportedTest[];
  /** Null in a report of somebody else's tests. */
  project: ProjectData | null;
}
