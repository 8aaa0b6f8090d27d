// SPDX-License-Identifier: GPL-2.0-only
/**
 * Runs test files in one process with tap as a library: seconds for the whole project, where the tap command starts a
 * process per file. Usage: `npm test -- --help`.
 */
import { spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { defaultStubSet, traceWanted } from '../../harness/environment.js';
import { removeStaleOutputs } from '../build/stale.js';
import { collectTests, testFilesBelow } from './collect.js';
import { ktapOf } from './ktap.js';
import { parseOptions, type RunOptions, UsageError } from './options.js';
import { Tally } from './tally.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** tap and the code under test read these once, when they are loaded. */
function setEnvironment(options: RunOptions): void {
  process.env.TAP_TIMEOUT = options.timeout;
  if (options.grep.length > 0) {
    process.env.TAP_GREP = options.grep.join('\n');
  }
  if (options.bits !== undefined) {
    process.env.NUM_VMA_FLAG_BITS = options.bits;
  }
}

/**
 * Loads what reads the environment, so that a value nobody knows ends the run before its first test. Tracing comes
 * first: it changes what tests import.
 */
async function checkEnvironment(): Promise<void> {
  try {
    if (traceWanted()) await import('../../tools/trace/register.js');
    await import('../../include/vma_flags.js');
    defaultStubSet();
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

function chooseFiles(options: RunOptions): string[] {
  if (options.files.length > 0) {
    return collectTests(root, process.cwd(), options.files);
  }
  return testFilesBelow(
    fileURLToPath(new URL(options.upstream ? '../../tests/upstream' : '../../tests', import.meta.url)),
  );
}

/** Closes the run once tap has written its last word; a run without a test is a failure. */
function closeAtExit(tally: Tally, options: RunOptions): void {
  process.once('exit', () => {
    if (tally.run === 0) {
      process.stderr.write(options.grep.length > 0 ? `no test matches ${options.grep.join(' ')}\n` : 'no test ran\n');
      process.exitCode = 1;
    }
    if (options.upstream) {
      for (const name of tally.failed) {
        process.stderr.write(`Test ${name} FAILED\n`);
      }
      process.stdout.write(`${tally.summary()}\n`);
      process.exitCode = tally.failed.length > 0 ? 1 : process.exitCode;
    }
  });
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

async function run(options: RunOptions): Promise<void> {
  if (options.ktap) {
    runAsKtap(process.argv.slice(2));
    return;
  }
  removeStaleOutputs(root);
  const files = chooseFiles(options);
  setEnvironment(options);
  // Not with node's option: that would read the maps of all modules of tap and sinon as well.
  process.setSourceMapsEnabled(true);
  await checkEnvironment();
  process.setSourceMapsEnabled(false);
  const [{ t }] = await Promise.all([import('tap'), import('sinon')]);
  process.setSourceMapsEnabled(true);
  const tally = new Tally();
  t.parser.on('assert', (result) => tally.add(result));
  closeAtExit(tally, options);
  for (const file of files) {
    try {
      await import(pathToFileURL(file).href);
    } catch (error) {
      // Not a test of its own: a name filter would skip it.
      t.fail(`load ${relative(root, file)}`, { error: error instanceof Error ? error.stack : error });
    }
  }
}

try {
  await run(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) {
    throw error;
  }
  if (!error.message.startsWith('error:') && error.exitCode !== 0) {
    process.stderr.write(`error: ${error.message}\n`);
  }
  process.exitCode = error.exitCode;
}
