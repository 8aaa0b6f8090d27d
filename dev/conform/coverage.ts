// SPDX-License-Identifier: GPL-2.0-only
/** Which lines of the kernel's files the traces reached on the C side, by gcov. */
import { spawnSync } from 'node:child_process';
import { KernelTreeError } from '../kernel/scratch.js';

export interface LineCoverage {
  source: string;
  reached: number;
  lines: number;
  /** Numbers of lines that no trace reached. */
  missed: number[];
}

interface GcovReport {
  files: { file: string; lines: { line_number: number; count: number }[] }[];
}

/** What the program built in `folder` has counted so far of some files. Lines are those that the compiler made code of. */
export function lineCoverage(folder: string, sources: readonly string[]): LineCoverage[] {
  const run = spawnSync('gcov', ['--json-format', '--stdout', 'main.o'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (run.error !== undefined || run.status !== 0)
    throw new KernelTreeError(`gcov: ${run.error?.message ?? run.stderr}`);
  const report: GcovReport = JSON.parse(run.stdout);
  return sources.map((source) => coverageOf(report, source));
}

function coverageOf({ files }: GcovReport, source: string): LineCoverage {
  const counts = new Map<number, number>();
  for (const { lines } of files.filter(({ file }) => file.endsWith(`/${source}`))) {
    for (const { line_number: line, count } of lines) counts.set(line, (counts.get(line) ?? 0) + count);
  }
  const missed = [...counts].filter(([, count]) => count === 0).map(([line]) => line);
  return { source, reached: counts.size - missed.length, lines: counts.size, missed: missed.sort((a, b) => a - b) };
}
