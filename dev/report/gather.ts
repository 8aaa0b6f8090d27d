// SPDX-License-Identifier: GPL-2.0-only
/** Collects what the report shows: a run of all tests, the review, and what coverage, bench and conform have left. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedTest } from '../../harness/recorder.js';
import { removeScratch, scratchFolder } from '../../tools/commands/folders.js';
import { readBaseline } from '../../tools/port/manifest.js';
import type { FunctionCoverage, ReportData, ReportedTest, TestResult } from '../../tools/report/data.js';
import { timelineOf } from '../../tools/report/timeline.js';
import { parseTables } from '../../tools/table/table.js';
import { readFigures } from './figures.js';
import { resultsOf } from './results.js';

/** Source files, each read once; of one that is not there no lines are shown. */
function lineReader(root: string): (file: string) => readonly string[] {
  const read = new Map<string, readonly string[]>();
  return (file) => {
    const known = read.get(file);
    if (known !== undefined) return known;
    const path = join(root, file);
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    read.set(file, lines);
    return lines;
  };
}

/** Parts that have something to show belong to the test whose name theirs begins with. */
export function joinParts(
  root: string,
  results: readonly TestResult[],
  recorded: readonly RecordedTest[],
): ReportedTest[] {
  const linesOf = lineReader(root);
  return results.map((result) => {
    const own = recorded.filter(({ name }) => name === result.name || name.startsWith(`${result.name} > `));
    const parts = own
      .filter(({ steps, hooks }) => steps.length + hooks.length > 0)
      .map((part) => ({ name: part.name.slice(result.name.length + 3), timeline: timelineOf(part, linesOf) }));
    return { ...result, parts };
  });
}

/** Runs the tests with recording on. When none of them can be run, what the runner says of it. */
function runTests(root: string, files: readonly string[]): ReportedTest[] | string {
  const folder = scratchFolder('report');
  try {
    const recorded = join(folder, 'tests.json');
    const { stdout, stderr } = spawnSync(process.execPath, ['dist/dev/run/run.js', ...files], {
      cwd: root,
      env: { ...process.env, VMA_REPORT: recorded },
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    });
    const results = resultsOf(stdout, root);
    if (results.length === 0) return stderr.trim();
    return joinParts(root, results, JSON.parse(readFileSync(recorded, 'utf8')));
  } finally {
    removeScratch(folder);
  }
}

function runReview(root: string): string[][] {
  const { stdout } = spawnSync(process.execPath, ['dist/dev/review/review.js'], { cwd: root, encoding: 'utf8' });
  const rows = stdout.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** Lines of each function of a file that lcov knows, by name. */
function functionsOf(lcov: string): Map<string, { line: number; lines: number; reached: number }> {
  const found = new Map<string, { line: number; lines: number; reached: number }>();
  for (const record of lcov.split('end_of_record')) {
    const file = /^SF:(.*)$/m.exec(record)?.[1];
    if (file === undefined) continue;
    const begins = [...record.matchAll(/^FN:(\d+)(?:,\d+)?,(.*)$/gm)].map(([, line, name = '']) => ({
      line: Number(line),
      name,
    }));
    begins.sort((a, b) => a.line - b.line);
    const uncalled = new Set([...record.matchAll(/^FNDA:0,(.*)$/gm)].map(([, name]) => name));
    const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)].map(([, line, count]) => ({
      line: Number(line),
      count: Number(count),
    }));
    for (const [i, { line, name }] of begins.entries()) {
      const own = lines.filter(
        (one) => one.line >= line && one.line < (begins[i + 1]?.line ?? Number.POSITIVE_INFINITY),
      );
      // The line on which a function begins is reached when its module is loaded.
      const reached = uncalled.has(name) ? 0 : own.filter((one) => one.count > 0).length;
      found.set(`${file} ${name}`, { line, lines: own.length, reached });
    }
  }
  return found;
}

/** Coverage of each upstream function that lives here, the worst first; none where it was not measured. */
export function functionCoverage(root: string): FunctionCoverage[] {
  const path = join(root, 'coverage/lcov.info');
  if (!existsSync(path)) return [];
  const functions = functionsOf(readFileSync(path, 'utf8'));
  const tables = parseTables(readFileSync(join(root, 'docs/upstream.md'), 'utf8'));
  const rows = tables.flatMap(({ file, rows }) =>
    rows.flatMap(({ symbol, kind, home, name }) => {
      const counted = home === null || kind !== 'function' ? undefined : functions.get(`${home} ${name}`);
      return counted === undefined || home === null ? [] : [{ upstream: file, name: symbol, home, ...counted }];
    }),
  );
  const part = ({ lines, reached }: FunctionCoverage): number => (lines === 0 ? 1 : reached / lines);
  return rows.sort((a, b) => part(a) - part(b) || b.lines - a.lines);
}

/** What `bench` and `conform` have measured last, if they were run. */
function figures(): Record<string, unknown> {
  const found = ['bench', 'conform'].map((name): [string, unknown] => [name, readFigures(name)]);
  return Object.fromEntries(found.filter(([, value]) => value !== null));
}

/** Puts c8's own pages beside the report, for its links, if there are any. */
export function copyPages(root: string, out: string): void {
  const pages = join(root, 'coverage');
  if (existsSync(join(pages, 'index.html'))) cpSync(pages, join(out, 'coverage'), { recursive: true });
}

/** All that the report shows; when there is nothing to show, why. */
export function gather(root: string, files: readonly string[]): ReportData | string {
  const tests = runTests(root, files);
  if (typeof tests === 'string') return tests;
  return {
    made: new Date().toISOString().slice(0, 16).replace('T', ' '),
    kernel: readBaseline().kernel,
    tests,
    review: runReview(root),
    coverage: functionCoverage(root),
    figures: figures(),
  };
}
