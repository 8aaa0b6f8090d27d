#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
/** The command line `vma-userland`. Each subcommand has a file of its own in commands/. */
import { Command } from 'commander';
import { portCommand } from './commands/port.js';
import { replayCommand } from './commands/replay.js';
import { tableCommand } from './commands/table.js';

/** Status for a command line or an input that cannot be used; 1 is left to commands that ran and found a difference. */
const USAGE = 2;

// Before the code under test is loaded (commands do that when they run), so that its stack traces name .ts files.
process.setSourceMapsEnabled(true);

// A reader that has seen enough, such as head, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : USAGE);
});

/** commander hands exitOverride() down to subcommands that it makes itself only, so each gets it here. */
function addCommand(program: Command, command: Command): void {
  program.addCommand(command.copyInheritedSettings(program));
  for (const inner of command.commands) inner.copyInheritedSettings(program);
}

const program = new Command('vma-userland')
  .description("The Linux kernel's userland VMA tests in TypeScript.")
  .showHelpAfterError('(--help lists what there is)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : USAGE));

addCommand(program, portCommand());
addCommand(program, replayCommand());
addCommand(program, tableCommand());

await program.parseAsync();
