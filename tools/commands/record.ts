// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Command, Option } from 'commander';
import type { Recording } from '../record/writer.js';
import { CannotBeDone, statusHelp } from './program.js';

interface Options {
  from?: string;
  output?: string;
  log?: string;
  program?: string;
  check?: true;
}

/** `record`: the memory calls of a program, as a trace that `replay` carries out. */
export function recordCommand(): Command {
  return new Command('record')
    .description('Writes the memory calls of a program as a trace, from what strace prints.')
    .argument('[command...]', 'the program and its arguments, after --')
    .addOption(new Option('--from <file>', 'reads a log that strace has printed already; - is standard input'))
    .option('-o, --output <file>', 'where the trace goes: COMMAND.trace, or standard output with --from, unless given')
    .option('--log <file>', 'keeps the log that the trace is made from')
    .option(
      '--program <name>',
      'records the program of that name, or path, among those that are started, not the first',
    )
    .option('--check', 'replays the trace, and says whether the same is mapped in the end')
    .addHelpText(
      'after',
      statusHelp('the trace is written', 'with --check: something else is mapped in the end', 'it cannot be done'),
    )
    .action(async (command: string[], options: Options) => {
      process.exitCode = await run(command, options);
    });
}

/** The log: one that is there, or that of a program that is run. */
async function logOf(command: readonly string[], { from }: Options): Promise<string> {
  if (from !== undefined && command.length > 0) throw new CannotBeDone('--from and a command: one of them');
  if (from !== undefined) return readFileSync(from === '-' ? 0 : from, 'utf8');
  if (command.length === 0) throw new CannotBeDone('no command to record: record -- COMMAND, or --from FILE');
  const { straceOf } = await import('../record/strace.js');
  return (await straceOf(command)).log;
}

async function run(command: readonly string[], options: Options): Promise<number> {
  const log = await logOf(command, options);
  const { parseLog } = await import('../record/log.js');
  const { TraceWriter } = await import('../record/writer.js');
  if (options.log !== undefined) writeFileSync(options.log, log);
  const recording = new TraceWriter(options.program ?? null).write(parseLog(log));
  if (recording.calls === 0) throw new CannotBeDone('there is no call in it that changes an address space');

  const output = options.output ?? (options.from === undefined ? `${basename(command[0] ?? '')}.trace` : '-');
  if (output === '-') process.stdout.write(recording.trace);
  else writeFileSync(output, recording.trace);
  const left = recording.leftOut === 0 ? '' : `, ${recording.leftOut} left out`;
  const { wentOnAs } = recording;
  if (wentOnAs !== null) {
    process.stderr.write(
      `it went on as ${wentOnAs}, which is not recorded: --program ${basename(wentOnAs)} does that\n`,
    );
  }
  process.stderr.write(`${recording.calls} calls${left}${output === '-' ? '' : `: ${output}`}\n`);
  return options.check ? await check(recording) : 0;
}

/** Compares what is mapped in the end. The status to end with. */
async function check(recording: Recording): Promise<number> {
  if (recording.end === null) throw new CannotBeDone('--check: nobody has seen what was mapped in the end');
  const { mapsAfter, mapsDifference } = await import('../record/check.js');
  const different = mapsDifference(recording.end, mapsAfter(recording));
  for (const line of different) process.stderr.write(`${line}\n`);
  const said = different.length === 0 ? 'as in the trace' : `${different.length} lines differ`;
  process.stderr.write(`${recording.end.length} mappings in the end: ${said}\n`);
  return different.length === 0 ? 0 : 1;
}
