// SPDX-License-Identifier: GPL-2.0-only
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { outputOf } from '../../tools/commands/child.js';
import { removeScratch, scratchFolder } from '../../tools/commands/folders.js';
import { LAYERS } from '../build/layers.js';

/** The file that is edited: the heart of what upstream's tests test. */
export const EDITED = 'lib/mm/vma/merge.ts';

/** What a copy of the project needs to be compiled and to run its tests. */
const PARTS = [...LAYERS, 'dist', 'package.json', 'tsconfig.json', 'tsconfig.upstream.json', '.npmrc'];

const VERDICT = /^\d+ tests run, \d+ passed, 0 failed\.$/;

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) {
    throw new RangeError('median: values is empty');
  }
  return (lower + upper) / 2;
}

/** Copies the project, so that no work in progress is edited. Dependencies are shared by a link. */
async function copyProject(root: string, copy: string): Promise<void> {
  for (const part of PARTS.filter((name) => existsSync(join(root, name)))) {
    await cp(join(root, part), join(copy, part), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir');
}

/** What it took, in milliseconds: on the clock, and of processors, user and system, of all processes. */
export interface Taken {
  wall: number;
  cpu: number;
}

/** A tick of /proc/PID/stat, in milliseconds: USER_HZ is 100 on every architecture that this runs on. */
const TICK = 10;

/** Processor time of the processes that this one has waited for; NaN where there is no /proc. */
function childrenTime(): number {
  if (!existsSync('/proc/self/stat')) return Number.NaN;
  // The name, in brackets, may have anything in it; cutime and cstime are the 16th and 17th field.
  const [user = Number.NaN, system = Number.NaN] = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
    .slice(13, 15)
    .map(Number);
  return (user + system) * TICK;
}

/** What a call takes that starts processes and waits for them. */
export async function taken(call: () => Promise<void>): Promise<Taken> {
  const [began, before] = [performance.now(), childrenTime()];
  await call();
  return { wall: performance.now() - began, cpu: childrenTime() - before };
}

/**
 * Measures the time from an edit of the code under test to the verdict on upstream's tests.
 *
 * @param command what gives the verdict: compiles, runs, and prints upstream's closing line last
 * @returns what each edit took; the first, uncounted edit warms the file cache
 * @throws when a verdict is missing or says that something failed
 */
export async function measureLoop(
  root: string,
  edits: number,
  command: readonly [string, ...string[]],
): Promise<Taken[]> {
  const copy = scratchFolder('loop');
  try {
    await copyProject(root, copy);
    const times: Taken[] = [];
    for (let edit = 0; edit <= edits; edit++) {
      appendFileSync(join(copy, EDITED), `// edit ${edit}\n`);
      const verdict = async (): Promise<void> => {
        const { stdout, stderr } = await outputOf(command, copy);
        const last = stdout.trimEnd().split('\n').at(-1) ?? '';
        if (!VERDICT.test(last)) {
          throw new Error(`${command.join(' ')} gave no good verdict but: ${last}\n${stderr}`);
        }
      };
      times.push(await taken(verdict));
    }
    return times.slice(1);
  } finally {
    removeScratch(copy);
  }
}

/** The command whose verdicts are timed; what it prints is told in `dev/watch`. */
const WATCH = ['dist/dev/watch/watch.js', '--no-rest'] as const;
/** Milliseconds in which the next processes get ready, as they do while somebody reads a verdict. */
const READING = 1500;
/** Milliseconds until no verdict is one too. */
const PATIENCE = 300_000;

/** Times after an edit, in milliseconds. */
export interface WatchTimes {
  /** To the verdict on upstream's tests. */
  upstream: number;
  /** To that on the files nearest to the edit. */
  nearest: number;
}

/**
 * Measures the time from an edit of the code under test to the verdicts of a watch that runs meanwhile. The first edits
 * are not counted: there is nothing yet that the watch could have loaded ahead.
 *
 * @throws when a verdict says that something failed, or none comes within five minutes
 */
export async function measureWatch(root: string, edits: number): Promise<WatchTimes[]> {
  const copy = scratchFolder('loop');
  await copyProject(root, copy);
  const watch = spawn(process.execPath, [...WATCH], { cwd: copy, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(watch, 'exit');
  try {
    const lines = createInterface(watch.stdout)[Symbol.asyncIterator]();
    /** Reads on to a line that begins so. */
    const until = async (beginning: string): Promise<string> => {
      const clock = globalThis.setTimeout(() => watch.kill(), PATIENCE);
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error(`the watch said nothing of "${beginning}"`);
        if (!value.startsWith(beginning)) continue;
        clearTimeout(clock);
        return value;
      }
    };
    await until('watching');
    const times: WatchTimes[] = [];
    for (let edit = -1; edit < edits; edit++) {
      appendFileSync(join(copy, EDITED), `// edit ${edit}\n`);
      const began = performance.now();
      const first = await until("upstream's tests");
      const upstream = performance.now() - began;
      const second = await until('nearest files');
      for (const line of [first, second]) if (!/ 0 failed\. /.test(line)) throw new Error(`no good verdict: ${line}`);
      times.push({ upstream, nearest: performance.now() - began });
      await setTimeout(READING);
    }
    return times.slice(1);
  } finally {
    watch.kill();
    await ended;
    removeScratch(copy);
  }
}
