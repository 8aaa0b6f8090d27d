// SPDX-License-Identifier: GPL-2.0-only

/** A line of a trace that cannot be replayed. */
export class TraceError extends Error {
  /** Line number, from 1. */
  readonly line: number;
  readonly reason: string;

  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.name = 'TraceError';
    this.line = line;
    this.reason = reason;
  }
}
