// SPDX-License-Identifier: GPL-2.0-only
/**
 * Faults on demand: every fallible call of the stub world counts, and any one of them can be made to fail. A walk over
 * n = 1, 2, 3 … reaches each error path of an operation.
 */

interface Planned {
  name: string | null;
  /** Calls left until it fails, this one included. */
  left: number;
  errno: number;
  /** Do all calls after it fail as well? */
  lasting: boolean;
}

/** Which calls are to fail, and which have; `t.world.checked.faults` of a test. */
export class Faults {
  /** Fallible calls so far. */
  calls: number;
  /** Names of all calls that were made to fail since the world began. */
  readonly failed: string[];
  /** Names of the calls that were made to fail, in order. */
  readonly hits: string[];
  private planned: Planned[];

  constructor() {
    this.calls = 0;
    this.failed = [];
    this.hits = [];
    this.planned = [];
  }

  /** The n-th fallible call from now on, whichever it is, fails; n counts from 1. */
  failAt(n: number, errno = 0): void {
    this.plan(null, n, errno, false);
  }

  /** The n-th fallible call from now on fails, and all that follow, until clear(): memory is out, and stays so. */
  failFrom(n: number, errno = 0): void {
    this.plan(null, n, errno, true);
  }

  /** The n-th call of that name from now on fails. errno, negative, replaces what the call would return. */
  fail(name: string, n = 1, errno = 0): void {
    this.plan(name, n, errno, false);
  }

  private plan(name: string | null, n: number, errno: number, lasting: boolean): void {
    if (!Number.isInteger(n) || n < 1) throw new RangeError(`Faults: n = ${n}: calls are counted from 1`);
    if (errno > 0) throw new RangeError(`Faults: errno = ${errno}: must be negative, or 0 for the usual one`);
    this.planned.push({ name, left: n, errno, lasting });
  }

  /** No call fails any more, and counting begins at 0. */
  clear(): void {
    this.planned = [];
    this.calls = 0;
    this.hits.length = 0;
  }

  /** A fallible call is made: 0, or the error that it must return. */
  check(name: string, usual: number): number {
    this.calls++;
    for (const plan of this.planned) {
      if (plan.name !== null && plan.name !== name) continue;
      if (--plan.left > 0) continue;
      if (!plan.lasting) this.planned = this.planned.filter((other) => other !== plan);
      this.hits.push(name);
      this.failed.push(name);
      return plan.errno !== 0 ? plan.errno : usual;
    }
    return 0;
  }

  /** A hook that can be made to fail, by `name`, before it is called. */
  hook<A extends unknown[]>(name: string, usual: number, body: (...args: A) => number): (...args: A) => number {
    return (...args) => {
      const error = this.check(name, usual);
      return error !== 0 ? error : body(...args);
    };
  }
}
