// SPDX-License-Identifier: GPL-2.0-only
/** A thread of a campaign, with a live side of its own: compares the programs of seeds that it is sent. */
import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '../random.js';
import { compareProgram, type Difference, describeDifference } from './compare.js';
import { LiveSide } from './live_side.js';
import { liveProgram } from './program.js';

/** What a worker is started with. */
export interface WorkerData {
  folder: string;
  operations: number;
  every: number;
  /** Two numbers: calls that were answered so far, and the process group of the live side. */
  shared: SharedArrayBuffer;
}

export const CALLS = 0;
export const GROUP = 1;

/** What it says of a seed. */
export interface Compared {
  seed: number;
  /** Calls of its program. */
  calls: number;
  difference: Difference | null;
}

function isData(data: unknown): data is WorkerData {
  return typeof data === 'object' && data !== null && 'shared' in data && 'folder' in data;
}

const data: unknown = workerData;
if (isData(data) && parentPort !== null) {
  const port = parentPort;
  const shared = new Int32Array(data.shared);
  const side = new LiveSide(data.folder);
  Atomics.store(shared, GROUP, side.machine.group);
  const progress = (): void => void Atomics.add(shared, CALLS, 1);
  port.on('message', (seed: number) => {
    const lines = liveProgram(new Random(seed), data.operations, side);
    const split = compareProgram(lines, side, { every: data.every, progress });
    const difference = split === null ? null : describeDifference(lines.slice(0, split.at + 1), side, seed, progress);
    const compared: Compared = { seed, calls: lines.length, difference };
    port.postMessage(compared);
  });
}
