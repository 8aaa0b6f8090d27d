// SPDX-License-Identifier: GPL-2.0-only
/**
 * Runs the loads here and, built from a kernel tree, in C: all sides in turn, round by round, so that noise hits all. A
 * round before the first warms up caches and compilers, and measures the heap; its times do not count.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NUM_VMA_FLAG_BITS } from '../../include/vma_flags.js';
import type { ScratchTree } from '../kernel/scratch.js';
import { heapPerVma, type Load, OPERATIONS, prepareLoad } from './loads.js';
import { median } from './loop.js';

export interface Measured {
  nsPerOp: number;
  heapBytesPerVma: number;
}

/** A load that has run once, to warm up; `run` is a round of it, in nanoseconds per operation. */
export interface WarmLoad {
  heapBytesPerVma: number;
  run(): number;
}

export interface BenchSide {
  name: string;
  warmUp(load: Load, n: number, operations: number): WarmLoad;
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

export const PORT_SIDE: BenchSide = {
  name: 'port',
  warmUp: (load, n, operations) => {
    const heapBytesPerVma = heapPerVma(n);
    const run = prepareLoad(load, n);
    run(operations);
    return { heapBytesPerVma, run: () => run(operations) };
  },
};

/** A side that is a program: `PROGRAM LOAD N OPERATIONS` prints nanoseconds per operation and bytes of heap per VMA. */
export function programSide(name: string, program: string): BenchSide {
  const measure = (load: Load, n: number, operations: number): Measured => {
    // Leaks are what the loads end with, on purpose: the address space is the process's.
    const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' };
    const done = spawnSync(program, [load, String(n), String(operations)], { encoding: 'utf8', env });
    const [nsPerOp = Number.NaN, heapBytesPerVma = Number.NaN] = done.stdout.trim().split(' ').map(Number);
    if (done.status !== 0 || Number.isNaN(nsPerOp))
      throw new Error(`${name} ${load} ${n}: ${done.stderr || done.stdout}`);
    return { nsPerOp, heapBytesPerVma };
  };
  return {
    name,
    warmUp: (...args) => ({
      heapBytesPerVma: measure(...args).heapBytesPerVma,
      run: () => measure(...args).nsPerOp,
    }),
  };
}

/** The kernel's code twice: as fast as the compiler makes it, and as the harness's Makefile has it. */
export function kernelSides(scratch: ScratchTree): BenchSide[] {
  const source = fileURLToPath(new URL('../../../dev/bench/c/loads.c', import.meta.url));
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
  const measured = sides.map((side) => ({ side, times: [] as number[], warm: side.warmUp(load, n, operations) }));
  for (let round = 0; round < rounds; round++) {
    for (const { times, warm } of measured) times.push(warm.run());
  }
  const ours = measured[0]?.times ?? [];
  const results = measured.map(({ side, times, warm }): [string, SideResult] => [
    side.name,
    {
      nsPerOp: median(times),
      heapBytesPerVma: Math.max(0, warm.heapBytesPerVma),
      ratio: median(times.map((time, i) => (ours[i] ?? Number.NaN) / time)),
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
