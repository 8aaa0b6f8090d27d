// SPDX-License-Identifier: GPL-2.0-only
/** Judges many mutants, several side by side, and keeps what it learned for the next run. */
import { createHash } from 'node:crypto';
import type { Copy } from './copy.js';
import { Judge, type Verdict } from './judge.js';
import type { Kept } from './kept.js';
import { identity, type Mutant } from './mutant.js';
import type { Plan } from './plan.js';
import { Runner } from './runner.js';

export interface Judged extends Verdict {
  mutant: Mutant;
}

/** A verdict, and what it was passed on: it holds while those are as they were. */
interface KeptVerdict extends Verdict {
  code: string;
  tests: string;
}

type KeptVerdicts = Record<string, KeptVerdict>;

function areVerdicts(value: unknown): value is KeptVerdicts {
  return typeof value === 'object' && value !== null;
}

/** Mutants that are put into modules at once: each makes them a little slower. */
const AT_ONCE = 1500;

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 20);
}

/** What is known of mutants from runs before. */
class Memory {
  private readonly copy: Copy;
  private readonly kept: Kept;
  private readonly plan: Plan;
  private readonly verdicts: KeptVerdicts;
  private readonly codes: Map<string, string>;

  constructor(copy: Copy, kept: Kept, plan: Plan) {
    this.copy = copy;
    this.kept = kept;
    this.plan = plan;
    this.verdicts = kept.read('verdicts', areVerdicts) ?? {};
    this.codes = new Map();
  }

  private codeOf({ file }: Mutant): string {
    const code = this.codes.get(file) ?? hashOf(this.copy.textOf(file));
    this.codes.set(file, code);
    return code;
  }

  /** What a verdict depends on: the test that noticed, else all that could have. */
  private testsOf(mutant: Mutant, { by }: Verdict): string {
    const tests = by === null ? this.plan.reaching(mutant).map(({ test }) => test) : [by.file];
    return hashOf(
      tests
        .map((test) => this.plan.hashes.get(test) ?? '')
        .sort()
        .join('\n'),
    );
  }

  recall(mutant: Mutant): Verdict | null {
    const known = this.verdicts[identity(mutant)];
    if (known === undefined || known.code !== this.codeOf(mutant)) return null;
    return known.tests === this.testsOf(mutant, known) ? known : null;
  }

  /** The test file that killed it, when its module was another one. */
  killer(mutant: Mutant): string | null {
    return this.verdicts[identity(mutant)]?.by?.file ?? null;
  }

  add({ mutant, ...verdict }: Judged): void {
    this.verdicts[identity(mutant)] = { ...verdict, code: this.codeOf(mutant), tests: this.testsOf(mutant, verdict) };
  }

  save(): void {
    // Another run may have written meanwhile.
    this.kept.write('verdicts', { ...this.kept.read('verdicts', areVerdicts), ...this.verdicts });
  }
}

export interface JudgeOptions {
  jobs: number;
  /** Take nothing from runs before. */
  fresh: boolean;
  /** Seconds after which no more is judged; null for as long as it takes. */
  seconds: number | null;
  /** Told of every verdict, and how many there are by then. */
  progress: (judged: Judged, done: number) => void;
}

/** Judges mutants in the order given; those that there was no time for are missing from the answer. */
export async function judgeAll(
  copy: Copy,
  kept: Kept,
  plan: Plan,
  mutants: readonly Mutant[],
  { jobs, fresh, seconds, progress }: JudgeOptions,
): Promise<Judged[]> {
  const memory = new Memory(copy, kept, plan);
  const judge = new Judge(plan);
  const all: Judged[] = [];
  const add = (judged: Judged): void => {
    all.push(judged);
    progress(judged, all.length);
  };
  const open: Mutant[] = [];
  for (const mutant of mutants) {
    const known = fresh ? null : memory.recall(mutant);
    if (known === null) open.push(mutant);
    else add({ mutant, fate: known.fate, by: known.by, ms: known.ms });
  }
  if (open.length === 0) return all;

  const runners = Array.from({ length: Math.min(jobs, open.length) }, () => new Runner(copy.folder));
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    for (const runner of runners) runner.close();
  };
  const watch = seconds === null ? undefined : setTimeout(stop, seconds * 1000);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    for (let first = 0; first < open.length && !stopped; first += AT_ONCE) {
      const part = open.slice(first, first + AT_ONCE);
      copy.put(part);
      const waiting = [...part.entries()];
      const work = async (runner: Runner): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined && !stopped; next = waiting.shift()) {
          const [i, mutant] = next;
          const verdict = await judge.judge(mutant, i + 1, runner, memory.killer(mutant));
          // What was cut short says nothing.
          if (stopped) return;
          memory.add({ mutant, ...verdict });
          add({ mutant, ...verdict });
        }
        runner.end();
      };
      await Promise.all(runners.map(work));
      memory.save();
    }
  } finally {
    clearTimeout(watch);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, stop);
    for (const runner of runners) runner.end();
    memory.save();
  }
  return all;
}
