// SPDX-License-Identifier: GPL-2.0-only
/** Collects what the report shows: a run of all tests, the review, and what coverage, bench and conform have left. */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { RecordedTest } from '../../harness/recorder.js';
import { ended } from '../../tools/commands/child.js';
import { removeScratch, scratchFolder } from '../../tools/commands/folders.js';
import { readBaseline } from '../../tools/port/manifest.js';
import type { FunctionCoverage, Measured, ReportData, ReportedTest, TestResult } from '../../tools/report/data.js';
import { lineReader, partsOf } from '../../tools/report/recorded.js';
import { parseTables } from '../../tools/table/table.js';
import { chances } from '../bugs/chance.js';
import { UPSTREAM } from '../bugs/list.js';
import { matrix } from '../bugs/matrix.js';
import { matrixOf } from '../bugs/table.js';
import { commitOf, readFigures } from './figures.js';
import { resultsOf } from './results.js';

/** Each result with its file, and the parts of it that have something to show. */
export function joinParts(
  root: string,
  results: readonly TestResult[],
  recorded: readonly RecordedTest[],
): ReportedTest[] {
  const linesOf = lineReader(root);
  return results.map((result) => ({ ...result, parts: partsOf(result.name, ownOf(result, recorded), linesOf) }));
}

/** Of two tests with one name, each has what its own file has recorded. */
function ownOf({ name, file }: TestResult, recorded: readonly RecordedTest[]): RecordedTest[] {
  const named = recorded.filter((test) => test.name === name || test.name.startsWith(`${name} > `));
  const own = named.filter((test) => test.file === file);
  return own.length > 0 ? own : named;
}

/** Where it is said how far a run is, if somebody looks. */
export type Terminal = Pick<NodeJS.WriteStream, 'isTTY'> & { write(text: string): unknown };

/** Runs them, and says on a terminal how far it is. */
async function run(
  root: string,
  files: readonly string[],
  recorded: string,
  terminal: Terminal,
): Promise<{ stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['dist/dev/run/run.js', ...files], {
    cwd: root,
    env: { ...process.env, VMA_REPORT: recorded },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let done = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    done += text.match(/^(?:not )?ok /gm)?.length ?? 0;
    if (terminal.isTTY) terminal.write(`\r${done} tests`);
  });
  const stderr = text(child.stderr);
  await ended(child);
  if (terminal.isTTY) terminal.write('\n');
  return { stdout, stderr: await stderr };
}

/** Results beside the file that each was in; what a filter left out is none. */
export function withFiles(results: readonly TestResult[], names: readonly string[]): TestResult[] {
  return results
    .filter(({ result, reason }) => result !== 'skip' || !reason.startsWith('filter'))
    .map((result, i) => ({ ...result, file: names[i] ?? '' }));
}

/** Runs the tests with recording on. When none of them can be run, what the runner says of it. */
export async function runTests(
  root: string,
  files: readonly string[],
  terminal: Terminal = process.stderr,
): Promise<ReportedTest[] | string> {
  const folder = scratchFolder('report');
  try {
    const recorded = join(folder, 'tests.json');
    const { stdout, stderr } = await run(root, files, recorded, terminal);
    const names: string[] = existsSync(`${recorded}.files`)
      ? JSON.parse(readFileSync(`${recorded}.files`, 'utf8'))
      : [];
    const results = withFiles(resultsOf(stdout, root), names);
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

/** The bugs that were put back, as they were recorded last. */
export function bugsOf(root: string): string[][] {
  return matrixOf(UPSTREAM.bugs, matrix(root), chances(root));
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

/** What `bench`, `conform` and `live` have measured last, if they were run; stale where it was of another commit. */
export function figures(root: string, folder?: string): Record<string, unknown> {
  const now = commitOf(root);
  const found = ['bench', 'conform', 'live'].flatMap((name): [string, unknown][] => {
    const all = readFigures(name, folder);
    if (all === null) return [];
    const measured: unknown = Reflect.get(all, 'measured');
    if (typeof measured !== 'object' || measured === null) return [[name, all]];
    return [[name, { ...all, measured: { ...measured, stale: Reflect.get(measured, 'commit') !== now } }]];
  });
  return Object.fromEntries(found);
}

/** When coverage was measured, and of which commit; null where it is not known. */
export function coverageMeasured(root: string): Measured | null {
  const path = join(root, 'coverage/measured.json');
  if (!existsSync(path)) return null;
  const { date, commit }: { date: string; commit: string } = JSON.parse(readFileSync(path, 'utf8'));
  return { date, commit, stale: commit !== commitOf(root) };
}

/** Puts c8's own pages beside the report, for its links, if there are any; a report of one file has no folder. */
export function copyPages(root: string, out: string | null): void {
  const pages = join(root, 'coverage');
  if (out !== null && existsSync(join(pages, 'index.html'))) cpSync(pages, join(out, 'coverage'), { recursive: true });
}

/** What was run, by the names that were asked for. */
export function namesOf(files: readonly string[]): string {
  return files.length === 0 ? 'all tests' : files.join(', ');
}

/** All that the report shows; when there is nothing to show, why. */
export async function gather(root: string, files: readonly string[]): Promise<ReportData | string> {
  const tests = await runTests(root, files);
  if (typeof tests === 'string') return tests;
  const project = {
    review: runReview(root),
    bugs: bugsOf(root),
    coverage: functionCoverage(root),
    coverageMeasured: coverageMeasured(root),
    figures: figures(root),
  };
  return {
    made: new Date().toISOString().slice(0, 16).replace('T', ' '),
    kernel: readBaseline().kernel,
    of: `${namesOf(files)} of commit ${commitOf(root)}`,
    tests,
    project,
  };
}
