// SPDX-License-Identifier: GPL-2.0-only
/** `port`: following upstream from release to release. */
import { Command } from 'commander';
import type { TranslatedFile } from '../port/tests.js';
import type { KernelTree } from '../port/tree.js';
import { acceptCommand } from './port_accept.js';
import { statusCommand } from './port_status.js';
import { needPortersPackages } from './porters.js';
import { complain, statusHelp, USAGE } from './program.js';

interface TestsOptions {
  kernel: string;
  out?: string;
  force?: true;
  write?: true;
}

/** New tests of upstream's, as files of tests/upstream/, and what is left to do by hand. */
async function write(tree: KernelTree, named: readonly string[], options: TestsOptions): Promise<TranslatedFile[]> {
  const house = await import('../port/house_form.js');
  const made = await Promise.all(named.map((file) => house.newTests(tree, file, options.out)));
  const files = made.filter((one) => one !== null);
  house.writeNew(files, options.force ?? false);
  if (files.length === 0) process.stdout.write('no new tests\n');
  const rows = files.flatMap((one) => house.rowsFor(one));
  if (rows.length > 0) process.stdout.write(`rows for docs/upstream.md:\n${rows.join('\n')}\n`);
  return files;
}

async function translate(tree: KernelTree, named: readonly string[], options: TestsOptions): Promise<TranslatedFile[]> {
  const port = await import('../port/tests.js');
  const out = options.out ?? 'translated';
  const files = await Promise.all(named.map((file) => port.translateFile(tree, file, out)));
  port.writeFiles(files, out, options.force ?? false);
  return files;
}

async function tests(files: readonly string[], options: TestsOptions): Promise<number> {
  try {
    const { outputFolder } = await import('./folders.js');
    const { KernelTree } = await import('../port/tree.js');
    const port = await import('../port/tests.js');
    const tree = new KernelTree(options.kernel);
    if (options.out !== undefined) outputFolder('--out', options.out);
    const named = files.length > 0 ? files : port.defaultFiles(tree);
    const translated = await (options.write ? write : translate)(tree, named, options);
    for (const { source, target, translation } of translated) {
      const { tests: names, marks } = translation;
      const rest = marks.length === 0 ? '' : `, ${marks.length} places not translated`;
      process.stdout.write(`${target}: ${names.length} tests of ${source}${rest}\n`);
      for (const { file, line, reason, source: text } of marks)
        process.stdout.write(`  ${file}:${line}: ${reason}: ${text}\n`);
    }
    const missing = port.missingNames(translated);
    if (missing.size > 0) process.stdout.write('names that the port does not have:\n');
    for (const [name, marks] of missing) {
      const place = (await port.definitionOf(tree, name)) ?? 'nowhere that was looked at';
      process.stdout.write(`  ${name}: defined at ${place}, used ${marks.length} times\n`);
    }
    return translated.some(({ translation }) => translation.marks.length > 0) ? 1 : 0;
  } catch (error) {
    complain('vma-userland port tests', error);
    return USAGE;
  }
}

/** `port`, with a subcommand for each step of following upstream; docs/porting.md walks through them. */
export function portCommand(): Command {
  const port = new Command('port')
    .description('Follows upstream from release to release (docs/porting.md).')
    .hook('preAction', () => needPortersPackages('port'));
  const add = (command: Command): Command => {
    port.addCommand(command);
    return command;
  };
  port.addCommand(statusCommand());
  port.addCommand(acceptCommand());
  add(new Command('tests'))
    .description("Translates upstream's C tests into test files for this harness.")
    .argument('[files...]', 'C files, in the tree or anywhere; all tests of the tree unless given')
    .requiredOption('-k, --kernel <tree>', 'the tree that the tests belong to')
    .option('-o, --out <dir>', 'folder to write to: translated unless given, with --write tests/upstream')
    .option('-w, --write', 'write tests that this project does not have yet, as files of tests/upstream/')
    .option('-f, --force', 'overwrite files that were edited by hand')
    .addHelpText(
      'after',
      statusHelp('all was translated', 'some places were not, and are listed', 'nothing was written'),
    )
    .action(async (files: string[], options: TestsOptions) => {
      process.exitCode = await tests(files, options);
    });
  return port;
}
