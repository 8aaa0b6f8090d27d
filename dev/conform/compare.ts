// SPDX-License-Identifier: GPL-2.0-only
/** One random trace on two sides; where they differ, the shortest trace that still shows it. */
import { NUM_VMA_FLAG_BITS } from '../../include/vma_flags.js';
import { Random } from '../random.js';
import { PROGRAM_HEAD, randomProgram } from '../syscalls/program.js';
import { describeDifference } from './report.js';
import { shrinkTrace } from './shrink.js';
import { type Kind, portAgrees, portSide, type Side } from './sides.js';
import { randomTreeTrace } from './tree_traces.js';
import { randomVmaTrace, VMA_HEAD } from './vma_traces.js';

/** A difference that was found. */
export interface Difference {
  seed: number;
  /** The trace, as text, and the file that it belongs in. */
  trace: string;
  /** What the kernel's code answers to it. */
  answers: string;
  file: string;
  /** What there is to say of it, the most important in one line. */
  what: string;
  said: string;
}

const GENERATORS: Readonly<Record<Kind, (random: Random, operations: number) => string[]>> = {
  vma: randomVmaTrace,
  tree: randomTreeTrace,
  syscalls: randomProgram,
};

/** What every trace of a kind begins with. */
const HEADS: Readonly<Record<Kind, readonly string[]>> = { vma: VMA_HEAD, tree: [], syscalls: PROGRAM_HEAD };

/** The trace of a seed, line by line. */
export function traceOf(kind: Kind, seed: number, operations: number): string[] {
  return GENERATORS[kind](new Random(seed), operations);
}

/** A trace as the file has it, by the name that says where it is from. */
export function traceFile(kind: Kind, seed: number, lines: readonly string[]): { file: string; trace: string } {
  const head = `# ${kind}, seed ${seed}, ${NUM_VMA_FLAG_BITS} flag bits`;
  return { file: `conform-${kind}-${seed}.trace`, trace: `${head}\n${lines.join('\n')}\n` };
}

/** The C side of one kind of trace, and who is told of each operation that the port answers. */
export interface Sides {
  kind: Kind;
  kernel: Side;
  progress?: () => void;
}

/** Carries out the trace of a seed on both sides. The difference, shortened; null when there is none. */
export function compareSeed(sides: Sides, seed: number, operations: number): Difference | null {
  const differs = (lines: readonly string[]): boolean => {
    const trace = `${lines.join('\n')}\n`;
    return !portAgrees(sides.kind, trace, sides.kernel(trace), sides.progress);
  };
  const lines = traceOf(sides.kind, seed, operations);
  return differs(lines) ? shorten(sides, seed, lines, differs) : null;
}

/** What every trace of a kind begins with stays, so that short traces are carried out as long ones are. */
function shorten(
  { kind, kernel }: Sides,
  seed: number,
  lines: readonly string[],
  differs: (lines: readonly string[]) => boolean,
): Difference {
  const head = HEADS[kind];
  const short = [...head, ...shrinkTrace(lines.slice(head.length), (some) => differs([...head, ...some]))];
  const { file, trace } = traceFile(kind, seed, short);
  const replay = `npx vma-userland replay${kind === 'tree' ? ' --tree' : ''} < ${file}`;
  const answer = kernel(trace);
  const said = `${describeDifference(short, answer, portSide(kind)(trace))}\n\nseed ${seed}; ${replay}\n`;
  return { seed, trace, answers: answer.output, file, what: "the port and the kernel's code differ", said };
}
