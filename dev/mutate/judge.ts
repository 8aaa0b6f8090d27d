// SPDX-License-Identifier: GPL-2.0-only
/** Puts a mutant to the tests that reach it, one after the other, until one notices. */
import type { Finding } from '../bugs/test_process.js';
import type { Mutant } from './mutant.js';
import type { Plan, Reaching } from './plan.js';
import type { Outcome, Runner, Trial } from './runner.js';

/** What became of a mutant. */
export type Fate = 'killed' | 'timed out' | 'survived' | 'unreached';

export interface Verdict {
  fate: Fate;
  /** The test that noticed it; null when none did. */
  by: Finding | null;
  /** Milliseconds that it took. */
  ms: number;
}

/** A mutant may be reached so many times as often as its code is without it, and some. */
const LIMIT_FACTOR = 50;
const LIMIT_MORE = 20_000;
/** The same for seconds of computing. */
const SECONDS_FACTOR = 10;
const SECONDS_MORE = 2;

/** A finding, and whether it is one of a loop. */
type Noticed = { by: Finding; fate: 'killed' | 'timed out' };

function noticedBy(test: string, outcome: Exclude<Outcome, { how: 'passed' }>): Noticed {
  switch (outcome.how) {
    case 'failed':
      return { by: outcome.finding, fate: 'killed' };
    case 'endless':
      return { by: { test, file: test, says: 'it never ends' }, fate: 'timed out' };
    case 'died':
      return { by: died(test), fate: 'killed' };
  }
}

function died(test: string): Finding {
  return { test, file: test, says: 'the process ends' };
}

export class Judge {
  private readonly plan: Plan;
  /** Mutants of a module that a test has killed, by module and test: it may well kill the next one. */
  private readonly kills: Map<string, number>;

  constructor(plan: Plan) {
    this.plan = plan;
    this.kills = new Map();
  }

  /**
   * The tests for a mutant: `first`, which killed it before, then those that take little time for what they found in
   * its module.
   */
  private order(mutant: Mutant, first: string | null): Reaching[] {
    const cost = ({ test, ms }: Reaching): number =>
      test === first ? -1 : (ms + 5) / (1 + (this.kills.get(`${mutant.file}\n${test}`) ?? 0));
    return this.plan.reaching(mutant).sort((a, b) => cost(a) - cost(b));
  }

  /** @param number of the mutant in the modules that the runner's processes load */
  async judge(mutant: Mutant, number: number, runner: Runner, first: string | null): Promise<Verdict> {
    const began = Date.now();
    const order = this.order(mutant, first);
    const verdict = (fate: Fate, by: Finding | null): Verdict => ({ fate, by, ms: Date.now() - began });
    if (order.length === 0) return verdict('unreached', null);
    const noticed = this.plan.isLoading(mutant)
      ? await this.whenLoaded(order, number, runner)
      : await this.whileWarm(order, number, runner);
    if (noticed === null) return verdict('survived', null);
    const key = `${mutant.file}\n${noticed.by.file}`;
    this.kills.set(key, (this.kills.get(key) ?? 0) + 1);
    return verdict(noticed.fate, noticed.by);
  }

  /** The mutant is in force when modules are loaded, in a process of its own. */
  private async whenLoaded(order: readonly Reaching[], mutant: number, runner: Runner): Promise<Noticed | null> {
    runner.end();
    try {
      for (const reaching of order) {
        const { test } = reaching;
        if (runner.isFresh && (await runner.start(mutant)) === null) return { by: died(test), fate: 'killed' };
        const outcome = await runner.run({ ...this.trial(reaching, mutant), limit: Number.MAX_SAFE_INTEGER });
        if (outcome.how === 'passed') continue;
        runner.end();
        if (await this.passes(reaching, runner)) return noticedBy(test, outcome);
        runner.end();
      }
      return null;
    } finally {
      runner.end();
    }
  }

  /** The mutant is put in force in a process that has run tests of others before. */
  private async whileWarm(order: readonly Reaching[], mutant: number, runner: Runner): Promise<Noticed | null> {
    for (const reaching of order) {
      const outcome = await runner.run(this.trial(reaching, mutant));
      if (outcome.how === 'passed') continue;
      // What an earlier mutant left behind is no reason, nor is a test that fails wherever there are mutants.
      const noticed = (await this.passes(reaching, runner))
        ? noticedBy(reaching.test, outcome)
        : await this.alone(reaching, mutant, runner);
      if (noticed !== null) return noticed;
    }
    return null;
  }

  private trial({ test, only, ms, count }: Reaching, mutant: number): Trial {
    const seconds = (ms * SECONDS_FACTOR) / 1000 + SECONDS_MORE;
    return { test, only, mutant, limit: count * LIMIT_FACTOR + LIMIT_MORE, seconds };
  }

  private async passes(reaching: Reaching, runner: Runner): Promise<boolean> {
    return (await runner.run(this.trial(reaching, 0))).how === 'passed';
  }

  /** Does a test that passes in a new process without the mutant fail there with it? */
  private async alone(reaching: Reaching, mutant: number, runner: Runner): Promise<Noticed | null> {
    runner.end();
    if (!(await this.passes(reaching, runner))) {
      runner.end();
      return null;
    }
    const outcome = await runner.run(this.trial(reaching, mutant));
    if (outcome.how === 'passed') return null;
    runner.end();
    return noticedBy(reaching.test, outcome);
  }
}
