// SPDX-License-Identifier: GPL-2.0-only
/** `port accept`: moves the baseline, for what has been ported. */
import { Command } from 'commander';
import { withProgress } from './port_status.js';
import { complain, statusHelp, USAGE } from './program.js';

async function accept(names: readonly string[], options: { kernel: string }): Promise<number> {
  try {
    const { acceptInto } = await import('../port/accept.js');
    const { MANIFEST } = await import('../port/manifest.js');
    const { KernelTree, portedTables } = await import('../port/tree.js');
    const tree = new KernelTree(options.kernel);
    const lines = await withProgress((progress) => acceptInto(MANIFEST, portedTables(), tree, names, progress));
    process.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  } catch (error) {
    complain('vma-userland port accept', error);
    return USAGE;
  }
}

export function acceptCommand(): Command {
  return new Command('accept')
    .description('Moves the baseline to a kernel tree, for what has been brought up to date.')
    .argument('[names...]', 'symbols, files or FILE:SYMBOL; without any all that differs, line numbers and version')
    .requiredOption('-k, --kernel <tree>', 'the tree to accept')
    .addHelpText('after', statusHelp('the baseline is moved', null, 'it is not, and the message says why'))
    .action(async (names: string[], options: { kernel: string }) => {
      process.exitCode = await accept(names, options);
    });
}
