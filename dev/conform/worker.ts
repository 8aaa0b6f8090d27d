// SPDX-License-Identifier: GPL-2.0-only
/** A thread of a campaign: compares the traces of seeds that it is sent, one at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { compareSeed, type Difference } from './compare.js';
import { type Kind, kernelSide } from './sides.js';

/** What a worker is started with. */
export interface WorkerData {
  kind: Kind;
  /** The C side. */
  program: string;
  operations: number;
  /** One number: the operations of the trace under way that the port has answered. */
  answered: SharedArrayBuffer;
}

/** In place of that number while the C side is at the trace. */
export const KERNEL_IS_AT_IT = -1;

/** What it says of a seed. */
export interface Compared {
  seed: number;
  difference: Difference | null;
  /** Milliseconds that it took, and those of them that the C side was at it. */
  ms: number;
  kernelMs: number;
}

function isData(data: unknown): data is WorkerData {
  return typeof data === 'object' && data !== null && 'answered' in data && 'program' in data;
}

const data: unknown = workerData;
if (isData(data) && parentPort !== null) {
  const port = parentPort;
  const answered = new Int32Array(data.answered);
  const { kind, program, operations } = data;
  const kernel = kernelSide(program);
  let kernelMs = 0;
  const sides = {
    kind,
    kernel: (trace: string) => {
      Atomics.store(answered, 0, KERNEL_IS_AT_IT);
      const began = performance.now();
      const answer = kernel(trace);
      kernelMs += performance.now() - began;
      Atomics.store(answered, 0, 0);
      return answer;
    },
    progress: () => void Atomics.add(answered, 0, 1),
  };
  port.on('message', (seed: number) => {
    const began = performance.now();
    kernelMs = 0;
    const difference = compareSeed(sides, seed, operations);
    const compared: Compared = { seed, difference, ms: performance.now() - began, kernelMs };
    port.postMessage(compared);
  });
}
