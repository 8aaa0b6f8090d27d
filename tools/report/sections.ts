// SPDX-License-Identifier: GPL-2.0-only
/** The sections below the tests: the review, coverage of upstream's functions, figures. Each says what would fill it. */
import type { FunctionCoverage, Measured, ProjectData, ReportedTest } from './data.js';
import { type Cell, cell, escapeHtml, tableOf } from './html.js';

/** What the columns of the review are. */
const REVISIONS =
  '<p>v1 is the patch as it was posted, v2 and v3 as it was after each round of review; 7.2 and 7.3 are what these releases have. ' +
  'A cell is what the checked world reported of the scenario; each leads to the test that holds it.</p>';

/** Where a cell leads: to a test of the review in this report, if it has one. */
function reviewLink(tests: readonly ReportedTest[]): (text: string) => string {
  const test = tests.find(({ file }) => /(?:^|\/)review\//.test(file));
  if (test === undefined) return escapeHtml;
  const link = `#test=${encodeURIComponent(`${test.file}: ${test.name}`)}`;
  return (text) => `<a href="${link}">${escapeHtml(text)}</a>`;
}

export function reviewSection({ review }: ProjectData, tests: readonly ReportedTest[]): string {
  const [head = [], ...rows] = review;
  if (rows.length === 0) return '<p class="empty">Nothing came of it: try <code>npm run review</code>.</p>';
  const linked = reviewLink(tests);
  const cells = rows.map((row) =>
    row.map((text, i) => (i === 0 ? cell(text) : { html: linked(text), className: verdictOf(text) })),
  );
  return REVISIONS + tableOf('What the checked world reported, defect by revision', head, cells);
}

/** What the columns of the bugs are. */
const BUGS =
  '<p>Bugs that upstream had, put back one at a time: does one of its own tests find it, what finds it here first, and after ' +
  'how many random operations the detectors do, in the median of ten seeds.</p>';

/** Where a cell leads that names a test of this report, at its beginning, and its file at the end. */
function testLink(text: string, tests: readonly ReportedTest[]): string {
  const test = tests.find(({ name, file }) => text.startsWith(name) && text.endsWith(`(${file})`));
  if (test === undefined) return escapeHtml(text);
  return `<a href="#test=${encodeURIComponent(`${test.file}: ${test.name}`)}">${escapeHtml(text)}</a>`;
}

export function bugsSection({ bugs }: ProjectData, tests: readonly ReportedTest[]): string {
  const [head = [], ...rows] = bugs;
  if (rows.length === 0) return '<p class="empty">Nothing is known of them: try <code>npm run bugs</code>.</p>';
  const by = head.indexOf('by');
  const cells = rows.map((row) => row.map((text, i) => (i === by ? { html: testLink(text, tests) } : cell(text))));
  return BUGS + tableOf('What finds each bug', head, cells);
}

function verdictOf(text: string): string {
  return text === 'clean' ? 'clean' : 'found';
}

/** Lines, and how many of them were reached. */
type Reached = Pick<FunctionCoverage, 'lines' | 'reached'>;

function percentOf({ lines, reached }: Reached): number {
  return lines === 0 ? 100 : Math.floor((100 * reached) / lines);
}

function coverageRow(one: FunctionCoverage): Cell[] {
  const percent = percentOf(one);
  const page = `coverage/${one.home}.html#L${one.line}`;
  const meter = `<meter min="0" max="100" low="60" high="99" optimum="100" value="${percent}" aria-hidden="true"></meter>`;
  return [
    { html: `<a href="${escapeHtml(page)}">${escapeHtml(one.name)}</a>` },
    { html: `${meter} ${percent} %`, className: 'number' },
    cell(`${one.reached} of ${one.lines}`, 'number'),
    cell(one.upstream),
    cell(one.home),
  ];
}

function sumOf(ones: readonly FunctionCoverage[]): Reached {
  const sum = (field: keyof Reached): number => ones.reduce((all, one) => all + one[field], 0);
  return { lines: sum('lines'), reached: sum('reached') };
}

/** A row for each upstream file, all its functions that live here taken together. */
function filesTable(coverage: readonly FunctionCoverage[]): string {
  const files = [...new Set(coverage.map(({ upstream }) => upstream))].map((file) => {
    const own = coverage.filter(({ upstream }) => upstream === file);
    return { file, functions: own.length, ...sumOf(own) };
  });
  files.sort((a, b) => b.lines - a.lines);
  const rows = files.map(({ file, functions, ...sum }) => [
    cell(file),
    cell(String(functions), 'number'),
    cell(`${percentOf(sum)} %`, 'number'),
    cell(`${sum.reached} of ${sum.lines}`, 'number'),
  ]);
  return tableOf('By upstream file', ['file', 'functions', 'reached', 'lines'], rows);
}

const COVERAGE_HEAD = ['function', 'reached', 'lines', 'upstream', 'here'];

/** When and of what it was measured; unknown is said to be unknown. */
function measuredLine(measured: Measured | null): string {
  if (measured === null) return '<p class="stale">When this was measured, and of which commit, is unknown.</p>';
  const said = `Measured ${escapeHtml(measured.date)} of commit ${escapeHtml(measured.commit)}`;
  return measured.stale ? `<p class="stale">${said}, which is not the one reported here.</p>` : `<p>${said}.</p>`;
}

export function coverageSection({ coverage, coverageMeasured }: ProjectData): string {
  if (coverage.length === 0) {
    return '<p class="empty">Not measured: <code>npm run coverage</code> before <code>npm run report</code> fills this.</p>';
  }
  const [whole, rest] = [
    coverage.filter((one) => percentOf(one) === 100),
    coverage.filter((one) => percentOf(one) < 100),
  ];
  const { lines, reached } = sumOf(coverage);
  const sum = `<p>${coverage.length} functions of upstream live here; tests reach ${reached} of their ${lines} lines.</p>`;
  const worst =
    rest.length === 0 ? '' : tableOf('Not reached whole, worst first', COVERAGE_HEAD, rest.map(coverageRow));
  const others = `<details><summary>${whole.length} functions reached whole</summary>${tableOf('Reached whole', COVERAGE_HEAD, whole.map(coverageRow))}</details>`;
  return `${measuredLine(coverageMeasured)}${sum}${worst}${whole.length === 0 ? '' : others}${filesTable(coverage)}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function figure(value: unknown): string {
  if (typeof value !== 'number') return value === undefined || value === null ? '–' : String(value);
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 });
}

/** What `npm run bench` has left: a row for each load and size, a column for each side. */
function benchTable(bench: unknown): string | null {
  const results = isRecord(bench) && Array.isArray(bench.results) ? bench.results.filter(isRecord) : [];
  const [first] = results;
  if (first === undefined) return null;
  const names = isRecord(first.others) ? Object.keys(first.others) : [];
  const head = [
    'load',
    'VMAs',
    'port, ns',
    ...names.flatMap((name) => [`${name}, ns`, `port / ${name}`]),
    'bytes per VMA',
  ];
  const rows = results.map(({ load, n, nsPerOp, heapBytesPerVma, others }) => {
    const theirs = names.flatMap((name) => {
      const side = isRecord(others) ? others[name] : null;
      return isRecord(side) ? [side.nsPerOp, side.ratio] : [null, null];
    });
    return [
      cell(String(load)),
      ...[n, nsPerOp, ...theirs, heapBytesPerVma].map((value) => cell(figure(value), 'number')),
    ];
  });
  return tableOf('npm run bench: time of one operation, median of its rounds', head, rows);
}

/** What `npm run conform` or `npm run live` has left: its lines, as it printed them. */
function figureLines(conform: unknown): string | null {
  if (!isRecord(conform)) return null;
  const lines = Object.values(conform).flatMap((said) => (Array.isArray(said) ? said.map(String) : []));
  return lines.length === 0 ? null : `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;
}

/** What a command has left of when it measured. */
function measuredOf(figures: unknown): string {
  if (!isRecord(figures)) return '';
  const { measured } = figures;
  if (!isRecord(measured)) return measuredLine(null);
  const { date, commit, stale } = measured;
  return measuredLine({ date: String(date), commit: String(commit), stale: stale === true });
}

export function figuresSection({ figures }: ProjectData): string {
  const none = (command: string): string =>
    `<p class="empty">Not measured: <code>${command}</code> leaves figures here.</p>`;
  const conform = figureLines(figures.conform) ?? none('npm run conform -- --kernel TREE');
  const live = figureLines(figures.live) ?? none('npm run live');
  const bench = benchTable(figures.bench) ?? none('npm run bench');
  return `<h3>Conformance with the kernel’s own code</h3>${measuredOf(figures.conform)}${conform}<h3>The port and the running kernel</h3>${measuredOf(figures.live)}${live}<h3>Benchmarks</h3>${measuredOf(figures.bench)}${bench}`;
}
