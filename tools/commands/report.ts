// SPDX-License-Identifier: GPL-2.0-only
/** `report`: a page of what tests did, of whoever wrote them, or of traces. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import type { RecordedTest } from '../../harness/recorder.js';
import type { ReportedTest } from '../report/data.js';
import { ended } from './child.js';
import { removeScratch, scratchFolder } from './folders.js';
import { CannotBeDone, complain, statusHelp, USAGE } from './program.js';

interface ReportOptions {
  out: string;
  single?: string;
}

/** The status of what Ctrl-C ended. */
const INTERRUPTED = 130;

/** Says on a terminal how far it is, in place of what was said before. */
function tell(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** Runs a command with recording on, its output on standard error, and returns what its tests recorded. */
async function runRecorded(command: readonly string[]): Promise<{ recorded: RecordedTest[]; status: number }> {
  const folder = scratchFolder('report');
  const [name = '', ...args] = command;
  const child = spawn(name, args, { stdio: ['inherit', 2, 2], env: { ...process.env, VMA_REPORT: `${folder}/` } });
  try {
    const { status, signal } = await ended(child).catch((error: Error) => {
      throw new CannotBeDone(`${name}: ${error.message}`);
    });
    // Ctrl-C reaches both, and the command may be the first to end.
    if (signal === 'SIGINT') process.exit(INTERRUPTED);
    if (signal !== null) throw new CannotBeDone(`${name}: ended by ${signal}`);
    const files = readdirSync(folder).sort();
    const recorded = files.flatMap((file): RecordedTest[] => JSON.parse(readFileSync(join(folder, file), 'utf8')));
    return { recorded, status: Number(status) };
  } finally {
    removeScratch(folder);
  }
}

async function testsOf(command: readonly string[]): Promise<ReportedTest[]> {
  const { reportedTests } = await import('../report/recorded.js');
  const { recorded, status } = await runRecorded(command);
  if (recorded.length === 0) {
    throw new CannotBeDone(`${command.join(' ')}: ended with status ${status}, and no test of vma-userland/test ran`);
  }
  return reportedTests(recorded, process.cwd());
}

async function report(traces: readonly string[], command: readonly string[], options: ReportOptions): Promise<number> {
  if (traces.length === 0 && command.length === 0) throw new CannotBeDone('give traces, or -- and a command');
  const { conclude, destination, writeReport } = await import('../report/write.js');
  const { readBaseline } = await import('../port/manifest.js');
  const where = destination(options);
  const { reportedTraces } = await import('../report/traces.js');
  const drawn = reportedTraces(traces, (count) => tell(`${count} of ${traces.length} traces drawn`));
  const ran = command.length === 0 ? [] : await testsOf(command);
  const data = {
    made: new Date().toISOString().slice(0, 16).replace('T', ' '),
    kernel: readBaseline().kernel,
    of: [...traces, ...(command.length === 0 ? [] : [command.join(' ')])].join(', '),
    tests: [...drawn, ...ran],
    project: null,
  };
  tell(`writing ${data.tests.length} tests`);
  writeReport(data, where);
  tell('');
  return conclude(data, where);
}

export function reportCommand(): Command {
  return new Command('report')
    .description('Writes what tests did as a page: timelines of their address spaces, hook calls, failures.')
    .usage('[options] [traces...] [-- command...]')
    .argument('[traces...]', 'traces to draw; with answers of the kernel beside one (NAME.expected), side by side')
    .option('-o, --out <dir>', 'folder to write to; an earlier report in it goes', 'report')
    .option('-s, --single <file>', 'write one HTML file instead, which can be sent')
    .addHelpText('after', '\nAfter -- comes what runs the tests, such as: -- node --test, or: -- npx tap')
    .addHelpText('after', statusHelp('all tests passed', 'some failed, as the page shows', 'no page was written'))
    .action(async (_traces: string[], options: ReportOptions, own: Command) => {
      const at = process.argv.indexOf('--');
      const command = at < 0 ? [] : process.argv.slice(at + 1);
      const traces = own.args.slice(0, own.args.length - command.length);
      try {
        process.exitCode = await report(traces, command, options);
      } catch (error) {
        if (!(error instanceof CannotBeDone)) throw error;
        complain('vma-userland report', error);
        process.exitCode = USAGE;
      }
    });
}
