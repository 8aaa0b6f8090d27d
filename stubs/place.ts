// SPDX-License-Identifier: GPL-2.0-only
/** Where something happened: a stack trace, captured at once and formatted only when it is printed. */

/** Frames kept of a stack: enough to leave the stub world and show who called. */
const FRAMES = 16;
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

/** How stacks are read: by the world in force, which may know the sources that compiled files come from. */
export const stacks: { read: (stack: string) => string[] } = { read: plainFrames };

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
    return stacks.read(this.trace.stack ?? '');
  }

  /** The innermost frame, and behind it the ones that led there. */
  toString(): string {
    const [first = 'an unknown place', ...rest] = this.frames().slice(0, SHOWN);
    return rest.length === 0 ? first : `${first}, from ${rest.join(', ')}`;
  }
}
