#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
/** The command line `vma-userland`. Each subcommand has a file of its own in commands/. */
import './commands/guarded.js';
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { portCommand } from './commands/port.js';
import { likeTheOthers, statusHelp } from './commands/program.js';
import { recordCommand } from './commands/record.js';
import { replayCommand } from './commands/replay.js';
import { reportCommand } from './commands/report.js';
import { hasTable, tableCommand } from './commands/table.js';

// Before the code under test is loaded (commands do that when they run), so that its stack traces name .ts files.
process.setSourceMapsEnabled(true);

/** commander hands exitOverride() down to subcommands that it makes itself only, so each gets it here. */
function addCommand(program: Command, command: Command): void {
  program.addCommand(command.copyInheritedSettings(program));
  for (const inner of command.commands) inner.copyInheritedSettings(program);
}

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

const program = likeTheOthers(new Command('vma-userland'))
  .description("The Linux kernel's userland VMA tests in TypeScript.")
  .version(version)
  .showHelpAfterError('(--help lists what there is)')
  .addHelpText(
    'after',
    statusHelp('all is well', 'a command found something, such as a difference', 'it cannot be done'),
  )
  .addHelpText('after', 'Colours are for terminals: NO_COLOR=1 switches them off, FORCE_COLOR=1 on.');

addCommand(program, portCommand());
addCommand(program, recordCommand());
addCommand(program, replayCommand());
addCommand(program, reportCommand());
if (hasTable) addCommand(program, tableCommand());

await program.parseAsync();
