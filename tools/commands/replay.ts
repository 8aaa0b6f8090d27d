// SPDX-License-Identifier: GPL-2.0-only
import { Command, Option } from 'commander';
import { BufferedOutput } from './output.js';
import { complain, isOutputLost, standardInput, statusHelp, USAGE } from './program.js';

type Replay = (input: string, write: (text: string) => void) => void;

/** `replay`: carries out a recorded trace and prints what the kernel's code would have answered. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('Carries out a trace from standard input and prints the answers.')
    .addHelpText('after', statusHelp('all was answered', null, 'a line cannot be read; those before it were answered'))
    .option('--tree', 'the trace is one of the range tree, not of VMAs or system calls')
    .addOption(new Option('--calls', 'print what the code calls too, as after a line "calls 1"').conflicts('tree'))
    .action(async (options: { tree?: true; calls?: true }) => {
      await run(await replayOf(options), await standardInput());
    });
}

/** Loaded here, not above, so that --help and usage errors stay quick. */
async function replayOf({ tree, calls }: { tree?: true; calls?: true }): Promise<Replay> {
  if (tree) return (await import('../replay/tree.js')).replayTree;
  const { replayTrace } = await import('../replay/replay.js');
  return (input, write) => replayTrace(input, write, { calls: calls === true });
}

/** Thrown through a replay whose output is not read any more. */
class OutputLost extends Error {}

async function run(replay: Replay, input: string): Promise<void> {
  const { TraceError } = await import('../replay/trace_error.js');
  const output = new BufferedOutput((chunk) => {
    process.stdout.write(chunk);
    if (isOutputLost()) throw new OutputLost();
  });
  try {
    replay(input, (chunk) => output.write(chunk));
    output.flush();
  } catch (error) {
    // The stream says what became of it.
    if (error instanceof OutputLost) return;
    // What was answered before the bad line stands. The message comes last, on a terminal too.
    output.flush();
    if (!(error instanceof TraceError)) {
      throw error;
    }
    process.exitCode = USAGE;
    complain('vma-userland replay', `line ${error.line}: ${error.reason}`);
  }
}
