// SPDX-License-Identifier: GPL-2.0-only
/** The table of the selftests: a row for each of the kernel's files, and what of it is left out, test by test. */
import type { SelftestEntry, SelftestResult, Verdict } from '../../harness/selftest/registry.js';
import { FILES } from './cases.js';

/** How many cases came to what. */
export type Verdicts = Readonly<Record<Verdict, number>>;

/** One of the kernel's files. */
export interface TableRow {
  readonly file: string;
  /** Cases that it has in C. */
  readonly in_c: number;
  /** Those that are ported. */
  readonly run: number;
  readonly left_out: readonly { readonly name: string; readonly reason: string }[];
  /** What the ported ones came to, by the name of what they ran on: "port", "live". */
  readonly verdicts: Readonly<Record<string, Verdicts>>;
}

/** What tests/selftests/table.json has. */
export interface SelftestTable {
  /** The version of the kernel whose files they are. */
  readonly kernel: string;
  readonly files: readonly TableRow[];
}

/** The verdicts of one file on one backend. */
export function verdictsOf(file: string, results: readonly SelftestResult[]): Verdicts {
  const count = (verdict: Verdict): number =>
    results.filter((result) => result.file === file && result.verdict === verdict).length;
  return { pass: count('pass'), fail: count('fail'), skip: count('skip'), xfail: count('xfail') };
}

/** The rows, from the cases that there are and from what came of those that ran, on each backend. */
export function rowsOf(entries: readonly SelftestEntry[], results: readonly SelftestResult[]): TableRow[] {
  const backends = [...new Set(results.map(({ backend }) => backend))].sort();
  return FILES.map((file) => {
    const own = entries.filter((entry) => entry.file === file);
    const left_out = own.flatMap(({ name, left_out: reason }) => (reason === null ? [] : [{ name, reason }]));
    const verdicts = backends.map((backend): [string, Verdicts] => [
      backend,
      verdictsOf(
        file,
        results.filter((result) => result.backend === backend),
      ),
    ]);
    return {
      file,
      in_c: own.length,
      run: own.length - left_out.length,
      left_out,
      verdicts: Object.fromEntries(verdicts),
    };
  });
}

function line(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** "24", "58, 23 skipped", "22, 3 expected to fail": what came of the cases of a file. */
export function tellVerdicts({ pass, fail, skip, xfail }: Verdicts): string {
  const others = [
    [xfail, 'expected to fail'],
    [skip, 'skipped'],
    [fail, 'FAILED'],
  ] as const;
  return [`${pass}`, ...others.flatMap(([count, words]) => (count === 0 ? [] : [`${count} ${words}`]))].join(', ');
}

function sum(all: readonly Verdicts[]): Verdicts {
  const of = (verdict: Verdict): number => all.reduce((total, verdicts) => total + verdicts[verdict], 0);
  return { pass: of('pass'), fail: of('fail'), skip: of('skip'), xfail: of('xfail') };
}

/** The table in Markdown, with a column for each backend that the rows have verdicts of, and their sum. */
export function tableOf(rows: readonly TableRow[]): string {
  const backends = [...new Set(rows.flatMap(({ verdicts }) => Object.keys(verdicts)))];
  const head = ['file', 'cases in C', 'ported', 'left out', ...backends.map((backend) => `passed on the ${backend}`)];
  const cells = rows.map(({ file, in_c, run, left_out, verdicts }) => [
    `\`${file}\``,
    in_c,
    run,
    left_out.length,
    ...backends.map((backend) => (verdicts[backend] === undefined ? '' : tellVerdicts(verdicts[backend]))),
  ]);
  const total = (value: (row: TableRow) => number): number => rows.reduce((all, row) => all + value(row), 0);
  const sums = [
    'all',
    total(({ in_c }) => in_c),
    total(({ run }) => run),
    total(({ left_out }) => left_out.length),
    ...backends.map((backend) => tellVerdicts(sum(rows.flatMap(({ verdicts }) => verdicts[backend] ?? [])))),
  ];
  return [line(head), line(head.map(() => '---')), ...cells.map(line), line(sums)].join('\n');
}

/** Cases that share a reason, and all of their name but one part of it, in one line. */
function leftOutLines(rows: readonly TableRow[]): string[] {
  return rows.flatMap(({ file, left_out }) =>
    left_out.map(({ name, reason }) => line([`\`${file}\``, `\`${name}\``, reason])),
  );
}

const [BEGIN, END] = ['<!-- selftests -->', '<!-- end: selftests -->'];

/** docs/upstream.md, with the tables between its two comments as the rows have it. */
export function withSelftests(document: string, rows: readonly TableRow[]): string {
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (from < 0 || to < from) throw new Error('the document has no place for the selftests');
  const leftOut = [line(['file', 'left out', 'why']), line(['---', '---', '---']), ...leftOutLines(rows)].join('\n');
  return `${document.slice(0, from + BEGIN.length)}\n\n${tableOf(rows)}\n\n${leftOut}\n\n${document.slice(to)}`;
}
