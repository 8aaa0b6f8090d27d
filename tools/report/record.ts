// SPDX-License-Identifier: GPL-2.0-only
/** What a run of tests remembers for the report: the address space at each change, and every call of a hook. */
import { writeFileSync } from 'node:fs';
import type { VmaSnapshot } from '../picture.js';

/** A call of a sinon fake, spy or stub. */
export interface HookCall {
  hook: string;
  args: string[];
  returned: string;
  /** Step that it came before. */
  step: number;
}

/** The address space when an assertion saw it changed. */
export interface Step {
  /** The assertion that saw it. */
  at: string;
  vmas: readonly VmaSnapshot[];
}

export interface RecordedTest {
  name: string;
  ok: boolean;
  milliseconds: number;
  failures: string[];
  steps: Step[];
  hooks: HookCall[];
}

/** Longest timeline that anybody looks at. */
export const MOST_STEPS = 60;

class Recorder {
  private readonly path: string | undefined;
  private readonly tests: RecordedTest[];

  constructor(path: string | undefined) {
    this.path = path;
    this.tests = [];
    if (path !== undefined) process.once('exit', () => writeFileSync(path, JSON.stringify(this.tests)));
  }

  get enabled(): boolean {
    return this.path !== undefined;
  }

  add(test: RecordedTest): void {
    this.tests.push(test);
  }
}

/** Records when VMA_REPORT names a file to write to. */
export const recorder = new Recorder(process.env.VMA_REPORT);
