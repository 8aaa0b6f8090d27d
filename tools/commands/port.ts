// SPDX-License-Identifier: GPL-2.0-only
/** `port`: following upstream from release to release. */
import { Command } from 'commander';
import type { State, SymbolStatus } from '../port/status.js';
import { complain, paintOut, statusHelp, USAGE } from './program.js';

interface StatusOptions {
  kernel: string;
  baseline?: string;
  diff?: string;
  all?: true;
  json?: true;
}

/** A status that the user has to act on goes to standard error; 2 is for what cannot be carried out. */
function refuse(command: string, error: unknown): number {
  complain(`vma-userland port ${command}`, error);
  return USAGE;
}

const COLOURS = { changed: 'yellow', added: 'green', removed: 'red', unchanged: 'dim' } as const;

/** Columns wide enough for their widest cell, below a head. */
function columns(head: readonly string[], rows: readonly (readonly [State, ...string[]])[]): string {
  const paint = paintOut();
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const lines = rows.map((row) => line(row).replace(row[0], (state) => paint(COLOURS[row[0]], state)));
  return [paint('bold', line(head)), ...lines, ''].join('\n');
}

/** A unified diff with its lines in colour. */
function coloured(patch: string): string {
  const paint = paintOut();
  return patch
    .split('\n')
    .map((line) => {
      if (/^(?:---|\+\+\+|===)/.test(line)) return paint('bold', line);
      if (line.startsWith('@@')) return paint('cyan', line);
      if (line.startsWith('-')) return paint('red', line);
      return line.startsWith('+') ? paint('green', line) : line;
    })
    .join('\n');
}

async function readStatus(kernel: string): Promise<{ tree: { version: string }; statuses: SymbolStatus[] }> {
  const { KernelTree, portedTables } = await import('../port/tree.js');
  const { compareWithBaseline } = await import('../port/status.js');
  const { readBaseline } = await import('../port/manifest.js');
  const { SingleBar } = await import('cli-progress');
  const tables = portedTables();
  const tree = new KernelTree(kernel);
  const bar = new SingleBar({ format: 'comparing {bar} {value}/{total} files', clearOnComplete: true });
  if (process.stderr.isTTY) bar.start(tables.length, 0);
  try {
    return { tree, statuses: await compareWithBaseline(tree, tables, readBaseline(), () => bar.increment()) };
  } finally {
    bar.stop();
  }
}

async function printTable(
  kernel: string,
  version: string,
  statuses: readonly SymbolStatus[],
  all: boolean,
): Promise<void> {
  const { countStates, STATES } = await import('../port/status.js');
  const { readBaseline } = await import('../port/manifest.js');
  const shown = STATES.filter((state) => all || state !== 'unchanged').flatMap((state) =>
    statuses.filter((status) => status.state === state),
  );
  if (shown.length > 0) {
    const head = ['state', 'symbol', 'kind', 'upstream file', 'home here'];
    const rows = shown.map(({ state, symbol, kind, file, home }): [State, ...string[]] => [
      state,
      symbol,
      kind,
      file,
      home ?? '-',
    ]);
    process.stdout.write(columns(head, rows));
  }
  const counts = countStates(statuses);
  const text = STATES.map((state) => `${counts[state]} ${state}`).join(', ');
  process.stdout.write(`${kernel} (${version}) against the baseline ${readBaseline().kernel}: ${text}\n`);
}

/** Old and new C of a symbol, as a unified diff. */
async function printDiff(symbol: string, options: StatusOptions): Promise<number> {
  const { KernelTree, portedTables, TreeError } = await import('../port/tree.js');
  const { createTwoFilesPatch } = await import('diff');
  if (options.baseline === undefined) throw new TreeError('--diff takes two trees: give the older one with --baseline');
  const [older, newer] = [new KernelTree(options.baseline), new KernelTree(options.kernel)];
  let found = false;
  for (const { file } of portedTables()) {
    const [before, after] = [(await older.symbols(file)).get(symbol), (await newer.symbols(file)).get(symbol)];
    if (before === undefined && after === undefined) continue;
    found = true;
    const texts = [before, after].map((one) => `${one?.texts.join('\n') ?? ''}\n`) as [string, string];
    const names = [older, newer].map(({ version }) => `${file} (${version})`) as [string, string];
    const patch = createTwoFilesPatch(names[0], names[1], texts[0], texts[1], undefined, undefined, { context: 1000 });
    process.stdout.write(coloured(patch));
  }
  if (!found) throw new RangeError(`no such symbol in either tree: ${symbol}`);
  return 0;
}

async function status(options: StatusOptions): Promise<number> {
  try {
    if (options.diff !== undefined) return await printDiff(options.diff, options);
    const { tree, statuses } = await readStatus(options.kernel);
    const { countStates } = await import('../port/status.js');
    const counts = countStates(statuses);
    if (options.json) {
      const symbols = statuses.map(({ file, symbol, kind, state, home }) => ({ file, symbol, kind, state, home }));
      process.stdout.write(`${JSON.stringify({ kernel: tree.version, counts, symbols }, null, 2)}\n`);
    } else {
      await printTable(options.kernel, tree.version, statuses, options.all ?? false);
    }
    return counts.changed + counts.added + counts.removed > 0 ? 1 : 0;
  } catch (error) {
    return refuse('status', error);
  }
}

async function accept(names: readonly string[], options: { kernel: string }): Promise<number> {
  try {
    const { portedTables } = await import('../port/tree.js');
    const { acceptSymbols, chooseSymbols } = await import('../port/status.js');
    const { readBaseline, writeBaseline } = await import('../port/manifest.js');
    const { tree, statuses } = await readStatus(options.kernel);
    const chosen = chooseSymbols(statuses, names).filter(({ state }) => state !== 'unchanged');
    const baseline = readBaseline();
    // The baseline is of another kernel only once all of that kernel is accepted.
    const rest = statuses.filter((one) => one.state !== 'unchanged' && !chosen.includes(one));
    const kernel = rest.length === 0 ? tree.version : baseline.kernel;
    if (chosen.length > 0) writeBaseline(acceptSymbols(baseline, portedTables(), chosen, kernel));
    for (const { state, symbol, file } of chosen) process.stdout.write(`${state} ${symbol} of ${file}: accepted\n`);
    process.stdout.write(`${chosen.length} symbols accepted from ${options.kernel} (${tree.version})\n`);
    return 0;
  } catch (error) {
    return refuse('accept', error);
  }
}

interface TestsOptions {
  kernel: string;
  out: string;
  force?: true;
}

async function tests(files: readonly string[], options: TestsOptions): Promise<number> {
  try {
    const { KernelTree } = await import('../port/tree.js');
    const port = await import('../port/tests.js');
    const tree = new KernelTree(options.kernel);
    const named = files.length > 0 ? files : port.defaultFiles(tree);
    const translated = await Promise.all(named.map((file) => port.translateFile(tree, file, options.out)));
    port.writeFiles(translated, options.out, options.force ?? false);
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
    return refuse('tests', error);
  }
}

/** `port`, with a subcommand for each step of following upstream; docs/porting.md walks through them. */
export function portCommand(): Command {
  const port = new Command('port').description('Follows upstream from release to release (docs/porting.md).');
  const add = (command: Command): Command => {
    port.addCommand(command);
    return command;
  };
  add(new Command('status'))
    .description('Compares a kernel tree with the baseline that this port was made from, symbol by symbol.')
    .requiredOption('-k, --kernel <tree>', 'the tree to compare')
    .option('-a, --all', 'list unchanged symbols as well')
    .option('-d, --diff <symbol>', 'show old and new C of one symbol; needs --baseline')
    .option('-b, --baseline <tree>', 'the older tree, for --diff')
    .option('--json', 'print JSON')
    .addHelpText('after', statusHelp('nothing changed', 'something did', 'the tree cannot be read'))
    .action(async (options: StatusOptions) => {
      process.exitCode = await status(options);
    });
  add(new Command('accept'))
    .description('Moves the baseline to a kernel tree, for symbols whose port has been brought up to date.')
    .argument('[symbols...]', 'symbols to accept; all that differ unless given')
    .requiredOption('-k, --kernel <tree>', 'the tree to accept')
    .addHelpText('after', statusHelp('the baseline is moved', null, 'it is not, and the message says why'))
    .action(async (names: string[], options: { kernel: string }) => {
      process.exitCode = await accept(names, options);
    });
  add(new Command('tests'))
    .description("Translates upstream's C tests into test files for this harness.")
    .argument('[files...]', 'C files, in the tree or anywhere; all tests of the tree unless given')
    .requiredOption('-k, --kernel <tree>', 'the tree that the tests belong to')
    .option('-o, --out <dir>', 'folder to write to', 'translated')
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
