// SPDX-License-Identifier: GPL-2.0-only
/** `npm run review`: the matrix of defects by revision. `--json` prints the reports in full. */
import '../../tools/commands/guarded.js';
import { Command } from 'commander';
import { likeTheOthers, statusHelp } from '../../tools/commands/program.js';
import { formatMatrix, runMatrix } from './matrix.js';

likeTheOthers(new Command('npm run review --'))
  .description(
    'Runs the suite of the mapped hook against five revisions of that code, and prints what each test found.',
  )
  .option('--json', 'print the reports in full, as JSON', false)
  .addHelpText('after', statusHelp('the matrix is printed', null, 'the command line cannot be used'))
  .action(({ json }: { json: boolean }) => {
    const cells = runMatrix();
    process.stdout.write(json ? `${JSON.stringify({ cells }, null, 2)}\n` : formatMatrix(cells));
  })
  .parse();
