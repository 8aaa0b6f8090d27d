// SPDX-License-Identifier: GPL-2.0-only
/** What is remembered of a test until its trace is written. */

import type { Part } from '../replay/words/word.js';
import type { SpaceState } from './state.js';

/** One operation of a test. */
export interface RecordedOperation {
  /** The call and its result, as they are printed. */
  said: string;
  /** Calls that hooks of the test made meanwhile. */
  within: string[];
  /** The line of the trace, or why there is none. */
  line: Part[] | string;
  /** What a replay should print as its result; null when the call's own result does not say. */
  result: number | null;
  /** Did the call throw? A replay would end there. */
  threw: boolean;
  before: SpaceState;
  after: SpaceState;
}

export interface Recording {
  name: string;
  stubs: string;
  operations: RecordedOperation[];
  /** Operations on other address spaces. */
  elsewhere: string[];
  end: SpaceState;
}
