// SPDX-License-Identifier: GPL-2.0-only
/** The verdict after each edit. Usage: `npm run watch -- --help`. */
import '../../tools/commands/guarded.js';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { ENDING } from '../../tools/commands/folders.js';
import { complain, likeTheOthers, paintOut, statusHelp } from '../../tools/commands/program.js';
import { removeStaleOutputs } from '../build/stale.js';
import { collectTests } from '../run/collect.js';
import { toPattern } from '../run/options.js';
import { Compiler } from './compiler.js';
import { Keys } from './keys.js';
import { Session } from './session.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const KEYS = `
Keys:
  a  all tests          f  the files that failed
  g  tests by name      q  quit`;

const command = likeTheOthers(new Command('npm run watch --'))
  .description("Compiles what is edited and says at once how upstream's tests fare, and those that the edit touches.")
  .argument('[files...]', 'test files or folders that run after each edit (default: what the edit touches)')
  .option('-g, --grep <pattern>', 'only top-level tests that match; repeat for inner levels', toPattern, [])
  .option('--no-rest', 'stop after the nearest tests; others that load what was edited are left to a run of all')
  .addHelpText('after', KEYS)
  .addHelpText('after', statusHelp('it was told to quit', null, 'it cannot watch'));
const { grep, rest } = command.parse().opts<{ grep: string[]; rest: boolean }>();

const print = (text: string): void => void process.stdout.write(text);
const files = command.args.length > 0 ? collectTests(root, process.cwd(), command.args) : [];
const session = new Session(root, { files, grep, rest }, print, paintOut());
let watching = false;

const compiler = new Compiler(root, {
  written: (modules) => void session.edit(modules),
  checked(errors) {
    removeStaleOutputs(root);
    if (!watching) print('watching; a: all, f: failed, g: by name, q: quit\n');
    watching = true;
    session.types(errors);
  },
  ended(status) {
    complain('watch', new Error(`the compiler ended with status ${status}`));
    quit(2);
  },
});
const keys = new Keys(process.stdin, print, {
  a: () => void session.all(),
  f: () => void session.failedAgain(),
  g: (pattern) => void session.only(pattern),
  q: () => quit(0),
});

function quit(status: number): void {
  keys.stop();
  compiler.stop();
  session.stop();
  process.exit(status);
}

for (const signal of ENDING) process.once(signal, () => quit(0));
