// SPDX-License-Identifier: GPL-2.0-only
/** `port accept`: moves the baseline, for what has been ported. */
import { Command } from 'commander';
import type { SymbolStatus } from '../port/status.js';
import { compare } from './port_status.js';
import { complain, statusHelp, USAGE } from './program.js';

function describe({ state, from, to }: SymbolStatus): string {
  const place = to ?? from;
  const was = state === 'renamed' || state === 'moved' ? ` (was ${from?.symbol} of ${from?.file})` : '';
  return `${state} ${place?.symbol} of ${place?.file}${was}: accepted`;
}

async function accept(names: readonly string[], options: { kernel: string }): Promise<number> {
  try {
    const { acceptAll, acceptChoice, choose } = await import('../port/accept.js');
    const { writeBaseline } = await import('../port/manifest.js');
    const { tree, tables, baseline, comparison } = await compare(options.kernel);
    const choice = choose(comparison, names);
    const all = names.length === 0;
    const moved = all ? acceptAll(tables, tree, comparison) : acceptChoice(baseline, tables, tree, choice);
    if (all || choice.symbols.length + choice.files.length > 0) writeBaseline(moved);
    const { files } = choice;
    const within = new Set(files.map(({ file }) => file));
    const shown = choice.symbols.filter(({ withFile, from, to }) => !withFile || !within.has((to ?? from)?.file ?? ''));
    for (const { state, file } of files) process.stdout.write(`${state} file ${file}: accepted\n`);
    for (const one of shown) process.stdout.write(`${describe(one)}\n`);
    const symbols = choice.symbols.length;
    const now = all ? `; the baseline is ${moved.kernel}` : '';
    process.stdout.write(
      `${symbols === 1 ? '1 symbol' : `${symbols} symbols`} accepted from ${options.kernel} (${tree.version})${now}\n`,
    );
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
