// SPDX-License-Identifier: GPL-2.0-only
/** A process that runs the test files it is told to, for pool.ts: told a file, it answers with its TAP. */
import { checkEnvironment } from './environment.js';
import { loadTap } from './tap_files.js';

/** What the pool tells a worker. */
export interface WorkerOrder {
  root: string;
  fixtures: string;
  file: string;
}

/** What a worker tells the pool: a file has ended. Packages of the worker send messages of their own. */
export interface WorkerAnswer {
  file: string;
  tap: string;
}

let text = '';
await checkEnvironment();
let tap: Awaited<ReturnType<typeof loadTap>> | null = null;

process.on('message', async (order: WorkerOrder) => {
  tap ??= await loadTap(order.root, order.fixtures, (more) => {
    text += more;
  });
  await tap.run(order.file);
  const answer: WorkerAnswer = { file: order.file, tap: text };
  text = '';
  process.send?.(answer);
});

// Tests that were given up must not keep a run alive whose other end has gone.
process.once('disconnect', () => process.exit());
