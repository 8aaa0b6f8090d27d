// SPDX-License-Identifier: GPL-2.0-only
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
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
function copyProject(root: string): string {
  const copy = scratchFolder('loop');
  for (const part of PARTS.filter((name) => existsSync(join(root, name)))) {
    cpSync(join(root, part), join(copy, part), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir');
  return copy;
}

/**
 * Measures the time from an edit of the code under test to the verdict on upstream's tests.
 *
 * @param command what gives the verdict: compiles, runs, and prints upstream's closing line last
 * @returns milliseconds, one per edit; the first, uncounted edit warms the file cache
 * @throws when a verdict is missing or says that something failed
 */
export function measureLoop(root: string, edits: number, command: readonly [string, ...string[]]): number[] {
  const copy = copyProject(root);
  try {
    const times: number[] = [];
    for (let edit = 0; edit <= edits; edit++) {
      appendFileSync(join(copy, EDITED), `// edit ${edit}\n`);
      const began = performance.now();
      const { stdout, stderr } = spawnSync(command[0], command.slice(1), { cwd: copy, encoding: 'utf8' });
      times.push(performance.now() - began);
      const last = stdout.trimEnd().split('\n').at(-1) ?? '';
      if (!VERDICT.test(last)) {
        throw new Error(`${command.join(' ')} gave no good verdict but: ${last}\n${stderr}`);
      }
    }
    return times.slice(1);
  } finally {
    removeScratch(copy);
  }
}
