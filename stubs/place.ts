// SPDX-License-Identifier: GPL-2.0-only
/** Where something happened: a stack trace, captured at once and formatted only when it is printed. */

import { showPlace, tellingFrames } from '../frames.js';

/** Frames kept of a stack: enough to leave the stub world and show who called. */
const FRAMES = 16;
const SHOWN = 4;

export class Place {
  private readonly trace: { stack?: string };

  constructor() {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = FRAMES;
    this.trace = {};
    Error.captureStackTrace(this.trace, Place);
    Error.stackTraceLimit = limit;
  }

  /** The innermost frames outside the stub world, "function (file:line)" each. */
  frames(): string[] {
    return tellingFrames(this.trace.stack, ['stubs', 'harness/checked']).map(showPlace);
  }

  /** The innermost frame, and behind it the ones that led there. */
  toString(): string {
    const [first = 'an unknown place', ...rest] = this.frames().slice(0, SHOWN);
    return rest.length === 0 ? first : `${first}, from ${rest.join(', ')}`;
  }
}
