// SPDX-License-Identifier: GPL-2.0-only
/**
 * How C tests end in a kernel's harness, and how they end translated: `npm run hard -- --kernel TREE FILE...`.
 * Status 0: every test agrees or is marked; 1: some do not; 2: it could not be run.
 */
import '../../tools/commands/guarded.js';
import { Command } from 'commander';
import { likeTheOthers, statusHelp } from '../../tools/commands/program.js';
import { compareVerdicts } from './compare.js';
import { runInC, type Verdicts } from './in_c.js';
import { runTranslated } from './translated.js';

interface Options {
  kernel: string;
  json: boolean;
  translated: boolean;
}

function show(kernel: string, files: readonly string[], verdicts: Verdicts): number {
  const { said, complaints, outcomes } = runTranslated(kernel, files);
  process.stdout.write(said + complaints);
  const { lines, disagreeing, marked } = compareVerdicts(verdicts, outcomes);
  const all = `${lines.length} tests, ${marked.length} marked, ${disagreeing.length} disagree`;
  process.stdout.write(`${lines.join('\n')}\n${all}\n`);
  return disagreeing.length === 0 && complaints === '' ? 0 : 1;
}

function main(files: readonly string[], { kernel, json, translated }: Options): number {
  const verdicts = runInC(kernel, files);
  if (translated) return show(kernel, files, verdicts);
  const tests = Object.values(verdicts).flatMap((one) => Object.entries(one));
  const text = json ? JSON.stringify(verdicts, null, 2) : tests.map(([name, state]) => `${state} ${name}`).join('\n');
  process.stdout.write(`${text}\n`);
  return 0;
}

const command = likeTheOthers(new Command('npm run hard --'))
  .description('Runs C tests in the harness of a kernel tree, and says how each ends.')
  .requiredOption('--kernel <tree>', 'a kernel tree', process.env.KERNEL)
  .option('--json', 'as tests/data/port/hard/verdicts.json has it', false)
  .option('--translated', 'also translates them, runs that, and compares', false)
  .argument('<files...>', 'C files with tests')
  .addHelpText('after', statusHelp('every test agrees or is marked', 'some do not', 'it could not be run'))
  .action((files: string[], options: Options) => {
    process.exitCode = main(files, options);
  });

command.parse();
