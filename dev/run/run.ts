// SPDX-License-Identifier: GPL-2.0-only
/**
 * Runs test files with tap as a library: seconds for the whole project, where the tap command starts a process per file.
 * Usage: `npm test -- --help`.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { reportPath, traceWanted } from '../../harness/environment.js';
import { guard, USAGE } from '../../tools/commands/program.js';
import { removeStaleOutputs } from '../build/stale.js';
import { startClock } from './clock.js';
import { collectTests, sourceName, testFilesBelow } from './collect.js';
import { checkEnvironment, setEnvironment } from './environment.js';
import { ktapOf } from './ktap.js';
import { parseOptions, type RunOptions } from './options.js';
import { runInPool } from './pool.js';
import { Tally } from './tally.js';
import { loadTap } from './tap_files.js';
import { TapLines } from './tap_lines.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function chooseFiles(options: RunOptions): string[] {
  if (options.files.length > 0) return collectTests(root, process.cwd(), options.files);
  return testFilesBelow(
    fileURLToPath(new URL(options.upstream ? '../../tests/upstream' : '../../tests', import.meta.url)),
  );
}

/** What tracing and the report remember is of one process. */
function mustBeOneProcess(): boolean {
  return traceWanted() || reportPath() !== null;
}

/** The same run in a process of its own, its TAP turned into KTAP: a plan that comes first is known only at the end. */
function runAsKtap(args: readonly string[]): void {
  const rest = args.filter((arg) => arg !== '--ktap' && arg !== '-k');
  const { stdout, status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...rest], {
    encoding: 'utf8',
    stdio: ['inherit', 'pipe', 'inherit'],
    maxBuffer: 2 ** 30,
  });
  process.stdout.write(ktapOf(stdout));
  process.exitCode = status ?? 1;
}

async function runHere(files: readonly string[], lines: TapLines): Promise<void> {
  const tap = await loadTap(root, `${root}.tap/fixtures`, (text) => lines.write(text));
  for (const file of files) {
    lines.next(sourceName(root, file));
    await tap.run(file);
  }
}

async function run(options: RunOptions): Promise<void> {
  if (options.ktap) {
    runAsKtap(process.argv.slice(2));
    return;
  }
  removeStaleOutputs(root);
  const files = chooseFiles(options);
  setEnvironment(options);
  await checkEnvironment();
  const lines = new TapLines((text) => void process.stdout.write(text));
  const tally = new Tally(options.upstream);
  // Also when a test ends the process, or a test that was given up lets it end.
  process.once('exit', (status) => {
    // It could not even begin.
    if (status === USAGE && lines.results.length === 0) return;
    lines.close();
    for (const result of lines.results) tally.add(result);
    const recorded = reportPath();
    if (recorded !== null) writeFileSync(`${recorded}.files`, JSON.stringify(lines.results.map(({ file }) => file)));
    const concluded = tally.conclude(options);
    process.exitCode = status === USAGE ? USAGE : concluded;
  });
  const jobs = mustBeOneProcess() ? 1 : options.jobs;
  if (jobs === 1 || files.length === 1 || options.upstream) {
    startClock(Number(options.timeout));
    await runHere(files, lines);
  } else await runInPool(root, files, lines, { jobs, seconds: Number(options.timeout) });
}

guard('npm test');
await run(parseOptions(process.argv.slice(2)));
