// SPDX-License-Identifier: GPL-2.0-only
/** What a run of tests remembers for the report: the address space at each change, and every call of a hook. */
import { writeFileSync } from 'node:fs';
import { reportPath } from './environment.js';
import type { VmaSnapshot } from './picture.js';

/** A line of this project's sources. */
export interface SourceLine {
  /** From the project's root. */
  file: string;
  line: number;
}

/** Where on the address axis a call belongs. */
export interface CallRange {
  start: number;
  end: number;
  /** An address in it that the call is about, such as that of a split. */
  at: number | null;
}

/** A call of a hook, or of a sinon fake, spy or stub. */
export interface HookCall {
  hook: string;
  /** As they were when the call began. */
  args: string[];
  returned: string;
  /** Did it return an error, or throw? */
  failed: boolean;
  /** Null when no argument has an address. */
  range: CallRange | null;
  /** Step that it came before; the number of steps when none came after it. */
  step: number;
}

/** A VMA with all its fields, by their names, and which object it is. */
export interface RecordedVma extends VmaSnapshot {
  id: number;
  fields: [name: string, value: string][];
}

/** The address space when an assertion saw it changed. */
export interface Step {
  /** The assertion that saw it. */
  at: string;
  place: SourceLine | null;
  /** The operation that made it, with arguments and result; null when the test did it by hand. */
  operation: string | null;
  /** Locks held when it was seen. */
  locks: string[];
  vmas: readonly RecordedVma[];
}

/** One address space from its start to its end. */
export interface RecordedSpace {
  steps: Step[];
  hooks: HookCall[];
  /** What was left out. */
  notes: string[];
}

/** An assertion that failed, or what the world had to say at the end. */
export interface RecordedFailure {
  title: string;
  /** As indented lines. */
  diagnostics: string;
}

export interface RecordedTest extends RecordedSpace {
  /** After those of the tests around it. */
  name: string;
  file: string;
  milliseconds: number;
  /** Why it may fail; empty when it may not. */
  todo: string;
  failures: RecordedFailure[];
}

/** Longest timeline that is of any use. */
export const MOST_STEPS = 60;

/** With more VMAs than this the picture is of no use, and each assertion would draw it. */
export const MOST_OBSERVED = 64;

/** Is the file there already? Else it is made, empty, and taken. */
function isTaken(path: string): boolean {
  try {
    writeFileSync(path, '[]', { flag: 'wx' });
    return false;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return true;
    throw error;
  }
}

/** Records when VMA_REPORT names a file to write to. */
class Recorder {
  /** Null while nothing is recorded. */
  private tests: RecordedTest[] | null;
  private isClaimed: boolean;

  constructor() {
    this.tests = null;
    this.isClaimed = false;
  }

  /**
   * Takes the file that is to be written when the process ends; a path that ends with / is a folder for all processes.
   * Programs that a test starts have tests of their own, and the same environment: they find the file taken, and record
   * nothing.
   */
  claim(path: string | null = reportPath()): void {
    if (this.isClaimed) return;
    this.isClaimed = true;
    // In a folder each process has a file of its own.
    const file = path?.endsWith('/') ? `${path}${process.pid}.json` : path;
    if (file === null || isTaken(file)) return;
    const tests: RecordedTest[] = [];
    this.tests = tests;
    process.once('exit', () => writeFileSync(file, JSON.stringify(tests)));
  }

  get enabled(): boolean {
    return this.tests !== null;
  }

  add(test: RecordedTest): void {
    this.tests?.push(test);
  }
}

export const recorder = new Recorder();
