// SPDX-License-Identifier: GPL-2.0-only
/** Runs the loads here and, built from a kernel tree, in C: all sides in turn, round by round, so that noise hits all. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NUM_VMA_FLAG_BITS } from '../../include/vma_flags.js';
import type { ScratchTree } from '../kernel/scratch.js';
import { type Load, type Measured, OPERATIONS, runLoad } from './loads.js';
import { median } from './loop.js';

export interface BenchSide {
  name: string;
  run(load: Load, n: number, operations: number): Measured;
}

export interface SideResult {
  nsPerOp: number;
  heapBytesPerVma: number;
  /** Of the first side to this one, round by round; the median of them. */
  ratio: number;
}

export interface BenchResult {
  load: Load;
  n: number;
  operations: number;
  sides: Record<string, SideResult>;
}

export const PORT_SIDE: BenchSide = { name: 'port', run: runLoad };

function programSide(name: string, program: string): BenchSide {
  return {
    name,
    run: (load, n, operations) => {
      // Leaks are what the loads end with, on purpose: the address space is the process's.
      const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' };
      const run = spawnSync(program, [load, String(n), String(operations)], { encoding: 'utf8', env });
      const [nsPerOp = Number.NaN, heapBytesPerVma = Number.NaN] = run.stdout.trim().split(' ').map(Number);
      if (run.status !== 0 || Number.isNaN(nsPerOp))
        throw new Error(`${name} ${load} ${n}: ${run.stderr || run.stdout}`);
      return { nsPerOp, heapBytesPerVma };
    },
  };
}

/** The kernel's code twice: as fast as the compiler makes it, and as the harness's Makefile has it. */
export function kernelSides(scratch: ScratchTree): BenchSide[] {
  const source = fileURLToPath(new URL('../../../tools/bench/c/loads.c', import.meta.url));
  const defines = `-DNUM_VMA_FLAG_BITS=${NUM_VMA_FLAG_BITS} -DNUM_MM_FLAG_BITS=${NUM_VMA_FLAG_BITS}`;
  const fast = scratch.build(source, 'loads_O2', { defines, optimise: '-O2' });
  const shipped = scratch.build(source, 'loads_shipped', { defines, asShipped: true });
  return [programSide('C -O2', fast), programSide('C as shipped', shipped)];
}

/** One load at one size, on every side, `rounds` times in turn. */
export function compareLoad(
  sides: readonly BenchSide[],
  load: Load,
  n: number,
  rounds: number,
  operations = OPERATIONS,
): BenchResult {
  const runs = new Map<string, Measured[]>(sides.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const side of sides) runs.get(side.name)?.push(side.run(load, n, operations));
  }
  const ours = runs.get(sides[0]?.name ?? '') ?? [];
  const results = [...runs].map(([name, measured]): [string, SideResult] => [
    name,
    {
      nsPerOp: median(measured.map((one) => one.nsPerOp)),
      heapBytesPerVma: Math.max(0, median(measured.map((one) => one.heapBytesPerVma))),
      ratio: median(measured.map((one, i) => (ours[i]?.nsPerOp ?? Number.NaN) / one.nsPerOp)),
    },
  ]);
  return { load, n, operations, sides: Object.fromEntries(results) };
}

/** As a table: a line for each load and size. */
export function tableOf(results: readonly BenchResult[]): string {
  const names = Object.keys(results[0]?.sides ?? {});
  const head = [
    'load',
    'n',
    ...names.map((name) => `${name}, ns`),
    ...names.slice(1).map((name) => `port / ${name}`),
    'bytes per VMA',
  ];
  const rows = results.map(({ load, n, sides }) => [
    load,
    n.toLocaleString('en'),
    ...names.map((name) => (sides[name]?.nsPerOp ?? Number.NaN).toFixed(0)),
    ...names.slice(1).map((name) => (sides[name]?.ratio ?? Number.NaN).toFixed(2)),
    names.map((name) => (sides[name]?.heapBytesPerVma ?? 0).toFixed(0)).join(' / '),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}

/** As `--json` prints it. */
export function jsonOf(results: readonly BenchResult[]): string {
  const flat = results.map(({ load, n, operations, sides }) => {
    const { port, ...others } = sides;
    return { load, n, operations, nsPerOp: port?.nsPerOp, heapBytesPerVma: port?.heapBytesPerVma, others };
  });
  return `${JSON.stringify({ results: flat }, null, 2)}\n`;
}
