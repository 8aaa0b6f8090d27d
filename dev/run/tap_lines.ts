// SPDX-License-Identifier: GPL-2.0-only
/**
 * Joins TAP of several runs into one: one version line, top-level results numbered through, one plan. Tests that a name
 * filter left out are not shown. On the way it learns how each top-level test ended, and where a failed one failed.
 */

/** A top-level test that ended. */
export interface TopLevelResult {
  name: string;
  ok: boolean;
  skip: boolean;
  todo: boolean;
  /** "tests/mm/brk.test.ts:12" of its first failed assertion, or its file; empty when neither is known. */
  place: string;
  /** The test file that it is in. */
  file: string;
}

const RESULT = /^(not )?ok \d+(?: - (.*))?$/;
const DIRECTIVE = / # (SKIP|TODO)\b(.*)$/i;
/** What tap says at the end of a run: a plan, then sums. */
const PLAN = /^1\.\.\d+/;
/** A frame, or tap's own words for one, that lies in a test. */
const FRAME = /\b((?:tests|translated)\/[\w./-]+\.[cm]?[jt]s):(\d+)/;
const FILE_NAME = /^\s*fileName: (\S+)$/;
const LINE_NUMBER = /^\s*lineNumber: (\d+)$/;

/** The first place in a test that the diagnostics of a failed one name. */
export function placeOf(block: readonly string[]): string {
  const first = block.findIndex((line) => /^\s+not ok /.test(line));
  const lines = block.slice(Math.max(first, 0));
  for (const [i, line] of lines.entries()) {
    const [, framed, at] = FRAME.exec(line) ?? [];
    if (framed !== undefined) return `${framed}:${at}`;
    const [, file] = FILE_NAME.exec(line) ?? [];
    const [, number] = LINE_NUMBER.exec(lines[i + 1] ?? '') ?? [];
    if (file !== undefined && number !== undefined && !file.startsWith('dist/')) return `${file}:${number}`;
  }
  return '';
}

export class TapLines {
  readonly results: TopLevelResult[];
  private readonly print: (text: string) => void;
  private begun: boolean;
  private shown: number;
  /** Behind the plan of one run only its sums come. */
  private planned: boolean;
  /** Lines since the last top-level result; kept for its place. */
  private block: string[];
  private rest: string;
  private file: string;
  /** Did a run give up? */
  bailed: boolean;

  constructor(print: (text: string) => void) {
    this.results = [];
    this.print = print;
    this.begun = false;
    this.shown = 0;
    this.planned = false;
    this.block = [];
    this.rest = '';
    this.file = '';
    this.bailed = false;
  }

  /** The TAP of another run follows, of tests of that file. */
  next(file: string): void {
    this.flush();
    this.file = file;
    this.planned = false;
    this.block = [];
  }

  /** Takes a piece of TAP; lines may be cut anywhere. */
  write(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.take(line);
  }

  private flush(): void {
    if (this.rest !== '') this.take(this.rest);
    this.rest = '';
  }

  private say(line: string): void {
    if (!this.begun) this.print('TAP version 14\n');
    this.begun = true;
    this.print(`${line}\n`);
  }

  private take(line: string): void {
    if (line.startsWith('TAP version')) return;
    if (PLAN.test(line)) this.planned = true;
    if (this.planned) return;
    if (line.startsWith('Bail out!')) this.bailed = true;
    const result = RESULT.exec(line);
    if (result === null) {
      this.block.push(line);
      this.say(line);
      return;
    }
    this.end(result[1] === undefined, result[2] ?? '');
  }

  /** A top-level test has ended. */
  private end(ok: boolean, text: string): void {
    const title = text.replace(/ # time=\S+( \{)?$/, '').replace(/ \{$/, '');
    const [, kind = '', reason = ''] = DIRECTIVE.exec(title) ?? [];
    const skip = kind.toUpperCase() === 'SKIP';
    const block = this.block;
    this.block = [];
    if (skip && reason.trim().startsWith('filter')) return;
    this.shown++;
    const name = title.replace(DIRECTIVE, '').replaceAll('\\#', '#');
    const place = ok ? '' : placeOf(block) || this.file;
    this.results.push({ name, ok, skip, todo: kind.toUpperCase() === 'TODO', place, file: this.file });
    this.say(`${ok ? 'ok' : 'not ok'} ${this.shown}${text === '' ? '' : ` - ${text}`}`);
  }

  /** A failure of the run itself, as a top-level test. */
  fail(name: string, why: string): void {
    this.flush();
    this.block = [];
    this.shown++;
    this.results.push({ name, ok: false, skip: false, todo: false, place: this.file, file: this.file });
    this.say(`not ok ${this.shown} - ${name.replaceAll('#', '\\#')}`);
    this.say('  ---');
    this.say('  error: |');
    for (const line of why.trimEnd().split('\n')) this.say(`    ${line}`);
    this.say('  ...');
  }

  /** No more will come: the plan. */
  close(): void {
    this.flush();
    this.planned = false;
    this.say(`1..${this.shown}`);
  }
}
