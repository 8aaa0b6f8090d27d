// SPDX-License-Identifier: GPL-2.0-only
/** A process that runs tests of code with mutants in it: started when it is needed, watched, ended when it hangs. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../bugs/test_process.js';
import type { Answer, Order } from './worker.js';

/** How a test file ended. */
export type Outcome =
  | { how: 'passed' }
  | { how: 'failed'; finding: Finding }
  /** A loop without end, or a test that waits for what never comes. */
  | { how: 'endless' }
  | { how: 'died' };

export interface Trial {
  /** Source name of the test file. */
  test: string;
  /** Its top-level tests that are run; null for all. */
  only: readonly string[] | null;
  mutant: number;
  /** How often the mutant may be reached. */
  limit: number;
  /** Seconds of computing that it may take. */
  seconds: number;
}

/** Heap of a worker, in MB: a loop that allocates should end, not the machine. */
const HEAP = 700;
/** Bytes of memory from which on a worker is replaced between two tests. */
const TOO_LARGE = 900 * 2 ** 20;
/** Milliseconds between two looks at a worker. */
const LOOK = 100;
/** Looks in a row at which a worker has computed nothing: it waits for ever. */
const IDLE_LOOKS = 300;
/** A clock tells less than the time of computing: other processes take their share of it. */
const CLOCK_FACTOR = 10;

/** Ticks of computing of a process so far, a hundred a second; null where there is no way to know. */
function ticksOf(pid: number | undefined): number | null {
  try {
    const [, , ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '0 0 ')
      .split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return null;
  }
}

/** Without what the run outside has tap do, and without its coverage. */
function environment(mutant: number): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:TAP_|VMA_|NODE_V8_COVERAGE$)/.test(name));
  return { ...Object.fromEntries(inherited), TAP_TIMEOUT: '86400', VMA_MUTANT: String(mutant) };
}

export class Runner {
  /** Has dist/ with mutants in it. */
  private readonly folder: string;
  private child: ChildProcess | null;
  /** Test files that the process has run. */
  private runs: number;
  private isClosed: boolean;

  constructor(folder: string) {
    this.folder = folder;
    this.child = null;
    this.runs = 0;
    this.isClosed = false;
  }

  /** Has the process run nothing yet? */
  get isFresh(): boolean {
    return this.runs === 0;
  }

  /**
   * Starts a process; one that runs is ended.
   *
   * @param mutant in force while modules are loaded
   * @param modules compiled modules that are loaded, beside those of the tests
   * @param count whether to count what is run
   */
  async start(mutant = 0, modules: readonly string[] = [], count = false): Promise<Answer | null> {
    this.end();
    if (this.isClosed) return null;
    this.child = fork(join(this.folder, 'dist/dev/mutate/worker.js'), [], {
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: environment(mutant),
      execArgv: [`--max-old-space-size=${HEAP}`],
    });
    const answer = await this.ask({ load: modules, count }, 60);
    return typeof answer === 'string' ? null : answer;
  }

  /** Runs a test file, and counts what it runs where start() said so. */
  async counted(test: string, seconds: number): Promise<Answer | 'endless' | 'died'> {
    this.runs++;
    return await this.ask(this.order({ test, only: null, mutant: 0, limit: 0 }), seconds);
  }

  /** Runs a test file with a mutant in force, in the process of the one before if that still lives. */
  async run(trial: Trial): Promise<Outcome> {
    if (this.isClosed || (this.child === null && (await this.start()) === null)) return { how: 'died' };
    this.runs++;
    const answer = await this.ask(this.order(trial), trial.seconds);
    if (typeof answer === 'string') {
      this.end();
      return { how: answer };
    }
    if (answer.memory > TOO_LARGE) this.end();
    if (answer.endless) return { how: 'endless' };
    const [finding] = answer.failed;
    return finding === undefined ? { how: 'passed' } : { how: 'failed', finding };
  }

  private order({ test, only, mutant, limit }: Omit<Trial, 'seconds'>): Order {
    return { path: join(this.folder, 'dist', test.replace(/\.ts$/, '.js')), name: test, only, mutant, limit };
  }

  private ask(order: Order, seconds: number): Promise<Answer | 'endless' | 'died'> {
    const { child } = this;
    if (child === null) return Promise.resolve('died');
    return new Promise((resolve) => {
      const answered = (answer: Answer | 'endless' | 'died'): void => {
        clearInterval(watch);
        child.removeAllListeners();
        // What ends later on says nothing more.
        child.on('error', () => {});
        resolve(answer);
      };
      const watch = setInterval(
        watchOver(child, seconds, () => answered('endless')),
        LOOK,
      );
      child.on('message', (answer: Partial<Answer>) => {
        if (answer.done) answered(answer as Answer);
      });
      child.on('exit', () => answered('died'));
      child.on('error', () => answered('died'));
      child.send(order);
    });
  }

  /** Ends the process, and starts no other one. */
  close(): void {
    this.isClosed = true;
    this.end();
  }

  end(): void {
    this.child?.kill('SIGKILL');
    this.child = null;
    this.runs = 0;
  }
}

/** Looks at a process: has it computed for longer than `seconds`, or not at all for long? */
function watchOver({ pid }: ChildProcess, seconds: number, giveUp: () => void): () => void {
  const began = Date.now();
  const first = ticksOf(pid);
  let last = first;
  let idle = 0;
  return () => {
    const ticks = ticksOf(pid);
    if (ticks === null || first === null || last === null) {
      if (Date.now() - began > seconds * 1000 * CLOCK_FACTOR) giveUp();
      return;
    }
    idle = ticks === last ? idle + 1 : 0;
    last = ticks;
    if (ticks - first > seconds * 100 || idle > IDLE_LOOKS) giveUp();
  };
}
