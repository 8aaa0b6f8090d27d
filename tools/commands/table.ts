// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { complain, statusHelp, USAGE } from './program.js';

/** Is this the project itself? Half of what the table names does not ship. */
export const hasTable = existsSync(new URL('../../../tests', import.meta.url));

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** `table`: is docs/upstream.md true, of this project and of a kernel tree? */
export function tableCommand(): Command {
  return new Command('table')
    .description('Checks docs/upstream.md against the sources here and, with a kernel tree, against upstream.')
    .addHelpText('after', statusHelp('it is true', 'it has faults, which are listed', 'the tree cannot be read'))
    .option('--kernel <tree>', 'kernel tree to check against; KERNEL in the environment unless given')
    .action(async (options: { kernel?: string }) => {
      process.exitCode = await run(options.kernel ?? process.env.KERNEL);
    });
}

async function run(kernel: string | undefined): Promise<number> {
  const { parseTables } = await import('../table/table.js');
  const { checkHomes, checkTree } = await import('../table/check.js');
  const tables = parseTables(readFileSync(`${root}docs/upstream.md`, 'utf8'));
  const faults = checkHomes(root, tables);
  try {
    if (kernel) faults.push(...(await checkTree(kernel, tables)));
  } catch (error) {
    complain('vma-userland table', error);
    return USAGE;
  }
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  const rows = tables.reduce((sum, table) => sum + table.rows.length, 0);
  const against = kernel ? `this project and ${kernel}` : 'this project; no kernel tree was given';
  process.stdout.write(`${rows} rows of ${tables.length} files, ${faults.length} faults, against ${against}\n`);
  return faults.length === 0 ? 0 : 1;
}
