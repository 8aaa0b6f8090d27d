// SPDX-License-Identifier: GPL-2.0-only
/** What all commands of this project have in common: colours on a terminal, help, and how they end. */
import { styleText } from 'node:util';
import { Command } from 'commander';

/** Status for a command line or an input that cannot be used; 1 is left to commands that ran and found something. */
export const USAGE = 2;

type Format = Parameters<typeof styleText>[0];

/** Text as it is, or in colour. */
export type Paint = (format: Format, text: string) => string;

// Whether or not is commander's business here, which looks at the stream, NO_COLOR and FORCE_COLOR.
const coloured: Paint = (format, text) => styleText(format, text, { validateStream: false });
const plain: Paint = (_format, text) => text;
const output = new Command().configureOutput();

/** Colours for standard output, if that is a terminal. */
export function paintOut(): Paint {
  return output.getOutHasColors?.() ? coloured : plain;
}

/** Colours for standard error, if that is a terminal. */
export function paintErr(): Paint {
  return output.getErrHasColors?.() ? coloured : plain;
}

/** "who: what went wrong" on standard error. */
export function complain(who: string, error: unknown): void {
  const what = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${paintErr()('red', `${who}:`)} ${what}\n`);
}

/** Gives a program of this project its colours, and status 2 for a command line that cannot be used. */
export function likeTheOthers(program: Command): Command {
  return program
    .configureHelp({
      // commander takes colours out again where there are to be none.
      styleTitle: (text) => coloured('bold', text),
      styleCommandText: (text) => coloured('cyan', text),
      styleSubcommandText: (text) => coloured('cyan', text),
      styleOptionText: (text) => coloured('green', text),
      styleArgumentText: (text) => coloured('yellow', text),
    })
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error:/, (word) => paintErr()('red', word))),
    })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : USAGE));
}

/** The words of a help text that say how a command ends. */
export function statusHelp(zero: string, one: string | null, two: string): string {
  return `\nStatus 0: ${zero}. ${one === null ? '' : `1: ${one}. `}2: ${two}.`;
}
