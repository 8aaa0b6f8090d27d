// SPDX-License-Identifier: GPL-2.0-only
/** Where something happened: a stack trace, captured at once and formatted only when it is printed. */

/** Frames kept of a stack: enough to leave the stub world and show who called. */
export const FRAMES = 16;
const SHOWN = 4;

/** The frames outside the stub world, "function (file:line)" each, of the files that ran. */
function plainFrames(stack: string): string[] {
  return stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/^at (?:Module\.)?/, ''))
    .filter((line) => !/[/\\](?:stubs|harness[/\\]checked)[/\\]/.test(line) && !line.includes('node:internal'))
    .map((line) =>
      line.replace(/(?:file:\/\/)?[^\s(]*?((?:lib|tests|tools|include|harness|dev)\/[\w./-]+:\d+)(?::\d+)?/, '$1'),
    );
}

/**
 * How stacks are read: by the world in force, which may know the sources that compiled files come from. `kept`: frames
 * of each; with 0 no place is known, and all goes twice as fast, as who looks only for the first
 * complaint wants it.
 */
export const stacks: { read: (stack: string) => string[]; kept: number } = { read: plainFrames, kept: FRAMES };

export class Place {
  private readonly trace: { stack?: string };

  constructor(frames = stacks.kept) {
    this.trace = {};
    if (frames === 0) return;
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = frames;
    Error.captureStackTrace(this.trace, Place);
    Error.stackTraceLimit = limit;
  }

  /** The innermost frames outside the stub world, "function (file:line)" each. */
  frames(): string[] {
    return stacks.read(this.trace.stack ?? '');
  }

  /** The innermost frame, and behind it the ones that led there. */
  toString(): string {
    const [first = 'an unknown place', ...rest] = this.frames().slice(0, SHOWN);
    return rest.length === 0 ? first : `${first}, from ${rest.join(', ')}`;
  }
}
