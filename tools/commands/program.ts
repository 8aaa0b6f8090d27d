// SPDX-License-Identifier: GPL-2.0-only
/** What all commands of this project have in common: colours on a terminal, help, messages, and how they end. */
import { fstatSync } from 'node:fs';
import { text } from 'node:stream/consumers';
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

/** What somebody asked for cannot be done; the message is for them. */
export class CannotBeDone extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CannotBeDone';
  }
}

/** Longest word that a message quotes whole; paths are shorter. */
const LONGEST_WORD = 400;

/** Text that came from a user, fit for a terminal: nothing in it moves the cursor, and no word fills the screen. */
export function readable(text: string): string {
  return text
    .replace(/\S{401,}/g, (word) => `${word.slice(0, LONGEST_WORD / 4)}… (${word.length} characters)`)
    .replace(/[^\P{C}\n\t]/gu, (c) => `\\u{${Number(c.codePointAt(0)).toString(16)}}`);
}

/** "who: what went wrong" on standard error. */
export function complain(who: string, error: unknown): void {
  const what = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${paintErr()('red', `${who}:`)} ${readable(what)}\n`);
}

/** Is it the user's to mend: what was asked for, a file, a disk, a variable of the environment? */
function isForTheUser(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof CannotBeDone || 'syscall' in error || /^environment: /.test(error.message);
}

/**
 * How a program ends when an error was not caught: always with status 2, with a message where the user can mend it,
 * else with the stack. A reader of its output that has seen enough, such as head, is no error; a full disk is one.
 */
export function guard(who: string): void {
  const end = (error: unknown): never => {
    if (isForTheUser(error)) complain(who, error);
    else process.stderr.write(`${who}: a defect of this program\n${error instanceof Error ? error.stack : error}\n`);
    process.exit(USAGE);
  };
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    end(new CannotBeDone(`standard output: ${error.message}`));
  });
  // There is nowhere left to say it.
  process.stderr.on('error', () => process.exit(USAGE));
  process.on('uncaughtException', end);
}

/** Has the reader of standard output gone? Also within a loop that lets no event through. */
export function isOutputLost(): boolean {
  return process.stdout.errored !== null;
}

/** All of standard input. */
export async function standardInput(): Promise<string> {
  if (fstatSync(0).isDirectory()) throw new CannotBeDone('standard input is a folder');
  return await text(process.stdin);
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
      outputError: (text, write) => write(readable(text).replace(/^error:/, (word) => paintErr()('red', word))),
    })
    .exitOverride((error) => {
      // Before the event of it comes: help was asked for, and did not arrive.
      const { errored } = process.stdout;
      if (errored !== null && !('code' in errored && errored.code === 'EPIPE')) {
        complain(program.name(), `standard output: ${errored.message}`);
        process.exit(USAGE);
      }
      process.exit(error.exitCode === 0 ? 0 : USAGE);
    });
}

/** The words of a help text that say how a command ends. */
export function statusHelp(zero: string, one: string | null, two: string): string {
  return `\nStatus 0: ${zero}. ${one === null ? '' : `1: ${one}. `}2: ${two}.`;
}
