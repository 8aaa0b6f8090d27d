// SPDX-License-Identifier: GPL-2.0-only
/** One of upstream's bugs, and what puts it back. */

export interface Bug {
  /** Its name in lists: a letter for the part of the kernel, a number. */
  id: string;
  title: string;
  /** Which kind of thing went wrong. */
  kind: string;
  cve?: string;
  /** The first release without it. */
  fixed: string;
  /** The compiled module that it is put back into, below dist/. */
  module: string;
  /** Texts of that module, each there once, and what stands in their place with the bug. */
  changes: readonly (readonly [now: string, before: string])[];
}

/** A bug that cannot be put back: the code it was in is not as it was. */
export class StaleBugError extends Error {
  constructor({ id, module }: Bug, text: string, times: number) {
    super(`${id}: ${module} has ${times === 0 ? 'nowhere' : `${times} times`}: ${JSON.stringify(text)}`);
    this.name = 'StaleBugError';
  }
}

/** The text of the bug's module with the bug. Throws a StaleBugError when a change does not fit. */
export function withBug(bug: Bug, source: string): string {
  return bug.changes.reduce((text, [now, before]) => {
    const times = text.split(now).length - 1;
    if (times !== 1) throw new StaleBugError(bug, now, times);
    // Not as a pattern: a dollar sign is one.
    return text.replace(now, () => before);
  }, source);
}
