// SPDX-License-Identifier: GPL-2.0-only
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { likeTheOthers, statusHelp } from '../../tools/commands/program.js';

/** What the command line asks the test runner to do. */
export interface RunOptions {
  /** Upstream's ported tests only, closed with upstream's own line. */
  upstream: boolean;
  /** One name pattern per level of nesting, outermost first. */
  grep: string[];
  /** NUM_VMA_FLAG_BITS for this run; without it the environment's counts. */
  bits?: string;
  /** Processes that run files side by side. */
  jobs: number;
  /** Seconds until the whole run is given up. */
  timeout: string;
  /** Print the kernel's own test format instead of TAP. */
  ktap: boolean;
  /** Test files or folders, as source or as compiled; none means all. */
  files: string[];
}

export function toPattern(value: string, before: string[] = []): string[] {
  const literal = /^\/(.*)\/([a-z]*)$/.exec(value);
  try {
    new RegExp(literal?.[1] ?? value, literal?.[2]);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
  return [...before, value];
}

function toSeconds(value: string): string {
  if (!/^[1-9][0-9]*$/.test(value)) {
    throw new InvalidArgumentError('A number of seconds from 1 on is wanted.');
  }
  return value;
}

function toJobs(value: string): number {
  if (!/^[1-9][0-9]?$/.test(value)) {
    throw new InvalidArgumentError('A number from 1 to 99 is wanted.');
  }
  return Number(value);
}

/** Most tests wait for programs that they have started: one process more than there are cores. */
function defaultJobs(): number {
  return availableParallelism() + 1;
}

/** What the environment asks for; the README says more. */
const ENVIRONMENT = `
Environment:
  VMA_TRACE=1            show the address space after every operation of a test, and write a trace of each test
  VMA_TRACE_DIR=FOLDER   where traces are written (default: traces)
  VMA_STUBS=upstream     run on the harness's own stubs
  TAP_BAIL=1             stop at the first failure`;

/** Ends the process, with commander's message, when they cannot be used. */
export function parseOptions(argv: readonly string[]): RunOptions {
  const command = likeTheOthers(new Command('npm test --'))
    .description('Runs compiled tests and prints TAP.')
    .argument('[files...]', 'test files or folders, .ts or compiled (default: all tests)')
    .option('-u, --upstream', "only upstream's tests, closed with upstream's summary line", false)
    .option('-g, --grep <pattern>', 'only top-level tests that match; repeat for inner levels', toPattern, [])
    .option('-k, --ktap', "print KTAP, the kernel's own test format", false)
    .addOption(new Option('-b, --bits <number>', 'width of VMA flags').choices(['64', '128']))
    .addOption(
      new Option('-j, --jobs <number>', 'processes that run files side by side; 1: in this one')
        .argParser(toJobs)
        .default(defaultJobs(), 'one more than cores'),
    )
    .option('-t, --timeout <seconds>', 'give the run up after this time', toSeconds, process.env.TAP_TIMEOUT ?? '600')
    .addHelpText('after', ENVIRONMENT)
    .addHelpText('after', statusHelp('all tests passed', 'some failed, or none ran', 'they cannot be run'));
  command.parse(argv, { from: 'user' });
  return { ...command.opts<Omit<RunOptions, 'files'>>(), files: command.args };
}
