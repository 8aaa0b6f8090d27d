// SPDX-License-Identifier: GPL-2.0-only
/** By chance: how many random operations it takes until the detectors find a bug that was put back. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { UntilLine } from '../fuzz/until.js';
import type { Bug } from './bug.js';
import type { Copy } from './hunt.js';
import { type BugList, UPSTREAM } from './list.js';
import { shortly } from './test_process.js';

/** Operations after which a seed gives up. */
export const CAP = 100_000;
export const SEEDS = 10;

/** Seconds without a word after which code that is broken on purpose is said to loop. */
const PATIENCE = 120;

/** One seed: operations until something was found, null for more than the cap; and what it was. */
export interface Try {
  operations: number | null;
  says: string | null;
}

export interface Chance {
  id: string;
  /** Operations of each seed, from 1 on; null for more than the cap. */
  tries: (number | null)[];
  /** Half of the seeds need no more; null for more than the cap. */
  median: number | null;
  /** What was said by the seed that is in the middle. */
  says: string | null;
}

export function chances(root: string, list: BugList = UPSTREAM): Chance[] {
  const path = join(root, list.chance);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
}

/** Puts what was measured into the record, in the order of the list; what was not stays as it is. */
export function recordChances(root: string, list: BugList, judged: readonly Chance[]): void {
  const known = new Map([...chances(root, list), ...judged].map((chance) => [chance.id, chance]));
  const lines = list.bugs.flatMap(({ id }) => known.get(id) ?? []).map((chance) => JSON.stringify(chance));
  writeFileSync(join(root, list.chance), `[\n${lines.join(',\n')}\n]\n`);
}

/** In a line. */
export function tellChance({ id, tries, median, says }: Chance): string {
  const half = median === null ? 'not found' : `${median} operations, by ${says}`;
  return `${id}: ${half} (${tries.map((operations) => operations ?? '-').join(' ')})`;
}

/** Runs one seed on what is in that folder. */
export function tryOnce(folder: string, seed: number, cap: number): Promise<Try> {
  const child = spawn(process.execPath, ['dist/dev/fuzz/until.js', String(seed), String(cap)], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return new Promise((resolve) => {
    let operations = 0;
    let answer: Try | null = null;
    const loops = (): void => {
      answer = { operations, says: 'it never ends' };
      child.kill('SIGKILL');
    };
    let watch = setTimeout(loops, PATIENCE * 1000);
    createInterface({ input: child.stdout }).on('line', (text) => {
      clearTimeout(watch);
      watch = setTimeout(loops, PATIENCE * 1000);
      const line: UntilLine = JSON.parse(text);
      operations = line.operations;
      if (line.found === null) answer = { operations: null, says: null };
      else if (line.found !== undefined) answer = { operations, says: shortly(line.found) };
    });
    child.on('close', () => {
      clearTimeout(watch);
      resolve(answer ?? { operations, says: 'the process ends' });
    });
  });
}

/** The one in the middle, the lower of two; more than the cap comes last. */
function middle(tries: readonly Try[]): Try {
  const sorted = tries.toSorted((a, b) => (a.operations ?? Infinity) - (b.operations ?? Infinity));
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? { operations: null, says: null };
}

/**
 * Puts a bug back and tries seeds from 1 on. Stops when the median is known to be above the cap: the seeds left cannot
 * change it.
 */
export function chanceOf(copy: Copy, bug: Bug, seeds: number, cap: number): Promise<Chance> {
  return copy.withBugIn(bug, async (folder) => {
    const tries: Try[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      tries.push(await tryOnce(folder, seed, cap));
      const silent = tries.filter(({ operations }) => operations === null).length;
      if (2 * silent > seeds) break;
    }
    const missing = Array.from({ length: seeds - tries.length }, (): Try => ({ operations: null, says: null }));
    const { operations: median, says } = middle([...tries, ...missing]);
    return { id: bug.id, tries: tries.map(({ operations }) => operations), median, says };
  });
}
