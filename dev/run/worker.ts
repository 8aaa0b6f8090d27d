// SPDX-License-Identifier: GPL-2.0-only
/** A process that runs the test files it is told to: told a file, it answers with its TAP. */
import { pathToFileURL } from 'node:url';
import { checkEnvironment } from './environment.js';
import { loadTap } from './tap_files.js';

/** What a worker is told: to run a file, or only to load what files will need. */
export interface WorkerOrder {
  root: string;
  fixtures: string;
  file?: string;
  /** Modules to load ahead, by their full paths. */
  preload?: readonly string[];
}

/** What a worker answers: a file has ended. Packages of the worker send messages of their own. */
export interface WorkerAnswer {
  file: string;
  tap: string;
}

let text = '';
await checkEnvironment();
let tap: ReturnType<typeof loadTap> | null = null;

process.on('message', async ({ root, fixtures, file, preload = [] }: WorkerOrder) => {
  tap ??= loadTap(root, fixtures, (more) => {
    text += more;
  });
  const { run } = await tap;
  // One that cannot be loaded says so to the test that needs it.
  for (const module of preload) await import(pathToFileURL(module).href).catch(() => {});
  if (file === undefined) return;
  await run(file);
  const answer: WorkerAnswer = { file, tap: text };
  text = '';
  process.send?.(answer);
});

// Tests that were given up must not keep a run alive whose other end has gone.
process.once('disconnect', () => process.exit());
