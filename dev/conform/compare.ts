// SPDX-License-Identifier: GPL-2.0-only
/** Runs random traces on two sides, and shortens the first one on which they differ. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { NUM_VMA_FLAG_BITS } from '../../include/vma_flags.js';
import { Random } from './random.js';
import { describeDifference } from './report.js';
import { shrinkTrace } from './shrink.js';
import { agree, type Kind, portSide, type Side } from './sides.js';
import { randomTreeTrace } from './tree_traces.js';
import { randomVmaTrace } from './vma_traces.js';

export interface CompareOptions {
  /** Seed of the first trace; those after it have the next ones. */
  seed: number;
  runs: number;
  ops: number;
  /** Where a trace that differs is written; the current folder unless given. */
  folder?: string;
}

function traceOf(kind: Kind, seed: number, operations: number): string[] {
  const random = new Random(seed);
  return kind === 'vma' ? randomVmaTrace(random, operations) : randomTreeTrace(random, operations);
}

/** Runs all traces of one kind. The first difference, shortened, as text; null if there is none. */
export function compareAll(kind: Kind, kernel: Side, options: CompareOptions): string | null {
  const port = portSide(kind);
  const folder = options.folder ?? '.';
  const differs = (lines: readonly string[]): boolean => {
    const trace = `${lines.join('\n')}\n`;
    return !agree(kernel(trace), port(trace));
  };
  const bar = new SingleBar({ format: `${kind} {bar} {value}/{total} traces, {eta} s left`, clearOnComplete: true });
  if (process.stderr.isTTY) bar.start(options.runs, 0);
  try {
    for (let run = 0; run < options.runs; run++) {
      const lines = traceOf(kind, options.seed + run, options.ops);
      if (differs(lines)) return shorten({ kind, kernel, port, seed: options.seed + run, folder }, lines, differs);
      bar.update(run + 1);
    }
  } finally {
    bar.stop();
  }
  return null;
}

interface Differing {
  kind: Kind;
  kernel: Side;
  port: Side;
  seed: number;
  folder: string;
}

/** Writes the shortest trace that differs to a file; what there is to say of it. */
function shorten(
  { kind, kernel, port, seed, folder }: Differing,
  lines: readonly string[],
  differs: (lines: readonly string[]) => boolean,
): string {
  const short = shrinkTrace(lines, differs);
  const trace = `${short.join('\n')}\n`;
  const file = `conform-${kind}-${seed}.trace`;
  writeFileSync(join(folder, file), `# ${kind}, seed ${seed}, ${NUM_VMA_FLAG_BITS} flag bits\n${trace}`);
  const replay = `npx vma-userland replay${kind === 'tree' ? ' --tree' : ''} < ${file}`;
  return `${describeDifference(short, kernel(trace), port(trace))}\n\nseed ${seed}; ${replay}\n`;
}
