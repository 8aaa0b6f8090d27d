// SPDX-License-Identifier: GPL-2.0-only
/**
 * A clock for tests that run in this process: a thread of its own, because a test that loops lets no timer fire. pool.ts
 * has no need of it.
 */
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

/** Ends the process after that time, unless it has ended before. */
export function startClock(seconds: number): void {
  new Worker(fileURLToPath(import.meta.url), { workerData: seconds }).unref();
}

function giveUp(seconds: number): void {
  writeSync(1, `Bail out! given up after ${seconds} s\n`);
  process.kill(process.pid, 'SIGKILL');
}

if (!isMainThread && typeof workerData === 'number') setTimeout(giveUp, workerData * 1000, workerData);
