// SPDX-License-Identifier: GPL-2.0-only
/** What a run of tests printed, test by test: result, time, and what those that failed have to say. */
import { Parser, Result } from 'tap-parser';
import type { Failure, TestResult } from '../../tools/report/data.js';

const reasonOf = (directive: boolean | string): string => (typeof directive === 'string' ? directive : '');

function stateOf({ ok, skip, todo }: Result): TestResult['result'] {
  if (skip) return 'skip';
  if (todo) return 'todo';
  return ok ? 'ok' : 'not ok';
}

/** Where tap says it was called from, which for the harness is its own files. */
const CALLER = ['at', 'source', 'stack'];

/** Frames of node and of packages say nothing about the code under test. */
const FOREIGN = /node_modules|\(node:|at node:/;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The diagnostics as far as they help a reader. */
function tidied(diagnostics: Record<string, unknown>): Record<string, unknown> {
  const { at, stackTrace } = diagnostics;
  const isHarness = isRecord(at) && String(at.fileName).startsWith('harness/');
  const rest = Object.entries(diagnostics).filter(([name]) => !isHarness || !CALLER.includes(name));
  const frames = Array.isArray(stackTrace) ? stackTrace.filter((frame) => !FOREIGN.test(String(frame))) : undefined;
  return { ...Object.fromEntries(rest), ...(frames === undefined ? {} : { stackTrace: frames }) };
}

/** Values as indented text, each line of it as it is: a picture must not be folded. */
function textOf(value: unknown, indent: string): string {
  if (Array.isArray(value)) return value.map((one) => textOf(one, indent)).join('\n');
  if (!isRecord(value))
    return String(value)
      .trimEnd()
      .split('\n')
      .map((line) => indent + line)
      .join('\n');
  const entries = Object.entries(value).map(([name, one]) => {
    const isLine = typeof one !== 'object' && !String(one).trimEnd().includes('\n');
    return isLine ? `${indent}${name}: ${String(one)}` : `${indent}${name}:\n${textOf(one, `${indent}  `)}`;
  });
  return entries.join('\n');
}

function diagnosticsOf({ diag }: Result, root: string): string {
  const diagnostics: unknown = diag;
  if (!isRecord(diagnostics)) return '';
  return textOf(tidied(diagnostics), '').replaceAll(`file://${root}`, '').replaceAll(root, '');
}

/** What the parser returns: events by their names, each with what it is about. */
type Log = readonly unknown[];

function failureOf(result: Result, root: string): Failure {
  // The parser leaves names of outer tests escaped.
  return { path: result.fullname.replaceAll('\\#', '#'), diagnostics: diagnosticsOf(result, root) };
}

/** Failed assertions of a log, without the points that only close a test. */
function failuresOf(log: Log, root: string): Failure[] {
  return log.flatMap((entry) => {
    const [event, what]: Log = Array.isArray(entry) ? entry : [];
    if (event === 'child' && Array.isArray(what)) return failuresOf(what, root);
    const failed = what instanceof Result && !what.ok && !what.todo && !what.skip && !what.closingTestPoint;
    return failed ? [failureOf(what, root)] : [];
  });
}

/** Top-level results of a run, in its order; paths below `root` are shown from there. */
export function resultsOf(tap: string, root: string): TestResult[] {
  const results: TestResult[] = [];
  let failures: Failure[] = [];
  for (const [event, what] of Parser.parse(tap)) {
    if (event === 'child') failures = failuresOf(what, root);
    if (event !== 'assert' || !(what instanceof Result)) continue;
    const result = stateOf(what);
    results.push({
      name: what.name,
      file: '',
      result,
      reason: reasonOf(what.skip) || reasonOf(what.todo),
      milliseconds: what.time,
      // A test that ran out of time, or whose plan was not met, has none within.
      failures: result === 'not ok' && failures.length === 0 ? [failureOf(what, root)] : failures,
    });
    failures = [];
  }
  return results;
}
