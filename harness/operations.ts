// SPDX-License-Identifier: GPL-2.0-only
/** The operations of one test: what it is told when one begins, and which was the last. */
import type { anon_vma, file } from '../include/mm_types.js';
import type { NamedArguments, OperationWatch } from '../lib/doors/operation.js';
import { type Numbering, showCall, showResult } from './said.js';
import { Identities } from './shortly.js';
import { tracing } from './tracing/current.js';

/** Files and anon_vmas in the order in which they turn up in arguments. */
class NumberedObjects implements Numbering {
  private readonly identities = new Identities();

  ofFile(file: file): number {
    return this.identities.of(file, 'file');
  }

  ofAnon(anon: anon_vma): number {
    return this.identities.of(anon, 'anon_vma');
  }
}

export class Operations implements OperationWatch {
  /** The last operation, with its arguments and what came of it; null when there was none. */
  last: string | null;
  /** How many there were. */
  count: number;
  private readonly begins: (said: string) => void;
  private readonly ends: (said: string) => void;
  /** Judges what each operation did. */
  private readonly judge: OperationWatch | null;
  private readonly numbers: NumberedObjects;
  /** Calls that hooks make meanwhile are part of the operation. */
  isUnderWay: boolean;

  constructor(begins: (said: string) => void, ends: (said: string) => void, judge: OperationWatch | null) {
    this.last = null;
    this.count = 0;
    this.begins = begins;
    this.ends = ends;
    this.judge = judge;
    this.numbers = new NumberedObjects();
    this.isUnderWay = false;
  }

  operation<R>(name: string, args: NamedArguments, call: () => R): R {
    const { judge } = this;
    const { tracer } = tracing;
    const judged = judge === null ? call : (): R => judge.operation(name, args, call);
    const run = tracer === null ? judged : (): R => tracer.operation(name, args, judged);
    return this.isUnderWay ? run() : this.outermost(showCall(name, args, this.numbers), run);
  }

  private outermost<R>(said: string, run: () => R): R {
    this.begins(said);
    this.last = said;
    this.count++;
    this.isUnderWay = true;
    try {
      const result = run();
      this.last = `${said}${showResult(result)}`;
      return result;
    } finally {
      this.isUnderWay = false;
      this.ends(this.last);
    }
  }
}
