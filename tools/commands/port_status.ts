// SPDX-License-Identifier: GPL-2.0-only
/** `port status`: what differs between a kernel tree and the baseline, or between two trees. */
import { Command } from 'commander';
import type { Baseline } from '../port/manifest.js';
import type { Line } from '../port/report.js';
import type { Comparison, SymbolStatus } from '../port/status.js';
import type { KernelTree } from '../port/tree.js';
import type { Table } from '../table/table.js';
import { complain, paintOut, statusHelp, USAGE } from './program.js';

interface StatusOptions {
  kernel: string;
  baseline?: string;
  diff?: string | true;
  all?: true;
  json?: true;
}

/** What a run works on. */
interface Compared {
  tree: KernelTree;
  older: KernelTree | null;
  tables: Table[];
  baseline: Baseline;
  comparison: Comparison;
}

const COLOURS = {
  changed: 'yellow',
  added: 'green',
  removed: 'red',
  moved: 'cyan',
  renamed: 'cyan',
  unchanged: 'dim',
} as const;

/** Columns wide enough for their widest cell, below a head. */
function columns(head: readonly string[], lines: readonly Line[]): string {
  const paint = paintOut();
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map(({ cells }) => cells[i]?.length ?? 0)));
  const row = (cells: readonly string[]): string =>
    cells
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const rows = lines.map(({ state, cells }) => row(cells).replace(state, (word) => paint(COLOURS[state], word)));
  return [paint('bold', row(head)), ...rows, ''].join('\n');
}

/** A unified diff with its lines in colour. */
function coloured(patch: string): string {
  const paint = paintOut();
  return patch
    .split('\n')
    .map((line) => {
      if (/^(?:---|\+\+\+) /.test(line)) return paint('bold', line);
      if (line.startsWith('@@')) return paint('cyan', line);
      if (line.startsWith('-')) return paint('red', line);
      return line.startsWith('+') ? paint('green', line) : line;
    })
    .join('\n');
}

/** Does something file by file, with a bar on a terminal. */
export async function withProgress<T>(run: (progress: (file: string, of: number) => void) => T): Promise<T> {
  const { SingleBar } = await import('cli-progress');
  const bar = new SingleBar({ format: 'comparing {bar} {value}/{total} files', clearOnComplete: true });
  if (process.stderr.isTTY) bar.start(1, 0);
  try {
    return run((_file, of) => {
      bar.setTotal(of);
      bar.increment();
    });
  } finally {
    bar.stop();
  }
}

/** Compares a tree with the baseline, or with the older tree. */
async function compare(kernel: string, olderRoot?: string): Promise<Compared> {
  const { KernelTree, portedTables } = await import('../port/tree.js');
  const { compareWithBaseline } = await import('../port/status.js');
  const { baselineOf } = await import('../port/accept.js');
  const { readBaseline } = await import('../port/manifest.js');
  const tables = portedTables();
  const tree = new KernelTree(kernel);
  const older = olderRoot === undefined ? null : new KernelTree(olderRoot);
  const baseline = older === null ? readBaseline() : baselineOf(tables, older);
  const comparison = await withProgress((progress) => compareWithBaseline(tree, tables, baseline, progress));
  return { tree, older, tables, baseline, comparison };
}

async function printTable({ tree, tables, baseline, comparison }: Compared, options: StatusOptions): Promise<void> {
  const { closingLines, HEAD, lineOfFile, linesOf } = await import('../port/report.js');
  const { foundElsewhere } = await import('../port/elsewhere.js');
  const { files, symbols } = comparison;
  const lines = linesOf(comparison, tables, foundElsewhere(tree, symbols), options.all ?? false);
  for (const file of files) process.stdout.write(`${lineOfFile(file, symbols)}\n`);
  if (lines.length > 0) process.stdout.write(columns(HEAD, lines));
  for (const line of closingLines(options.kernel, tree.version, baseline.kernel, comparison)) {
    process.stdout.write(`${line}\n`);
  }
}

async function printJson({ tree, tables, baseline, comparison }: Compared): Promise<void> {
  const { countStates, placeOf } = await import('../port/status.js');
  const { homeOf } = await import('../port/report.js');
  const { files, symbols } = comparison;
  const side = (place: SymbolStatus['from']): object | null =>
    place === null ? null : { file: place.file, symbol: place.symbol, line: place.print.line };
  const counts = countStates(symbols.filter(({ ported }) => ported));
  const notPorted = countStates(symbols.filter(({ ported }) => !ported));
  const listed = symbols.map((one) => {
    const { file, symbol, print } = placeOf(one);
    const { state, differs, ported, row, from, to } = one;
    const home = row?.home ?? null;
    const where = state === 'unchanged' ? home : homeOf(one, tables);
    return { file, symbol, kind: print.kind, state, differs, ported, home, where, from: side(from), to: side(to) };
  });
  const all = { kernel: tree.version, baseline: baseline.kernel, counts, notPorted, files, symbols: listed };
  process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
}

/** Old and new C of what was named, or of all that differs and has not been accepted on the way. */
async function printDiff({ tree, older, tables, comparison }: Compared, name: string | true): Promise<boolean> {
  const { TreeError } = await import('../port/tree.js');
  const { choose } = await import('../port/accept.js');
  const { diffOf, diffOfFile } = await import('../port/diff.js');
  const { portingOrder } = await import('../port/order.js');
  const { homeOf } = await import('../port/report.js');
  const { readBaseline } = await import('../port/manifest.js');
  if (older === null) throw new TreeError('--diff takes two trees: give the older one with --baseline');
  const { files, symbols } = choose(comparison, name === true ? [] : [name], name !== true);
  const current = readBaseline();
  // Of a move that is under way, only what is left of it.
  const accepted = ({ to }: SymbolStatus): boolean =>
    name === true &&
    current.kernel === older.version &&
    to !== null &&
    current.files[to.file]?.[to.symbol]?.hash === to.print.hash &&
    current.files[to.file]?.[to.symbol]?.context === to.print.context;
  const left = symbols.filter((one) => !accepted(one));
  for (const file of files) process.stdout.write(coloured(diffOfFile(file, older, tree)));
  for (const one of portingOrder(tree, left)) {
    process.stdout.write(coloured(diffOf(one, homeOf(one, tables), older, tree)));
  }
  if (left.length < symbols.length) process.stdout.write(`${symbols.length - left.length} more are accepted already\n`);
  if (left.length + files.length === 0) process.stdout.write('unchanged: everything\n');
  return files.length > 0 || left.some(({ state }) => state !== 'unchanged');
}

async function status(options: StatusOptions): Promise<number> {
  try {
    const { differs } = await import('../port/status.js');
    if (options.diff !== undefined && options.baseline === undefined) {
      throw new RangeError('--diff takes two trees: give the older one with --baseline');
    }
    const compared = await compare(options.kernel, options.baseline);
    if (options.diff !== undefined) return (await printDiff(compared, options.diff)) ? 1 : 0;
    await (options.json ? printJson(compared) : printTable(compared, options));
    return differs(compared.comparison) ? 1 : 0;
  } catch (error) {
    complain('vma-userland port status', error);
    return USAGE;
  }
}

export function statusCommand(): Command {
  return new Command('status')
    .description('Compares a kernel tree with the baseline that this port was made from, symbol by symbol.')
    .requiredOption('-k, --kernel <tree>', 'the tree to compare')
    .option('-b, --baseline <tree>', 'an older tree to compare it with instead of the baseline')
    .option(
      '-d, --diff [symbol]',
      'show old and new C of a symbol (NAME, FILE or FILE:NAME), or of all in porting order',
    )
    .option('-a, --all', 'list unchanged symbols as well')
    .option('--json', 'print JSON')
    .addHelpText('after', statusHelp('nothing differs', 'something does', 'the tree cannot be read'))
    .action(async (options: StatusOptions) => {
      process.exitCode = await status(options);
    });
}
