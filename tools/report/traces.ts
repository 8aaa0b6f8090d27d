// SPDX-License-Identifier: GPL-2.0-only
/** Traces as the report shows them: what each line did, and beside it what the kernel's own code did, where that is known. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CannotBeDone } from '../commands/program.js';
import { replayTrace } from '../replay/replay.js';
import { TraceError } from '../replay/trace_error.js';
import { replayTree } from '../replay/tree.js';
import { firstDifference, spaceOf } from './answers.js';
import type { ReportedTest } from './data.js';
import { timelineOf } from './timeline.js';

function read(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

interface Replayed {
  output: string;
  failure: string | null;
}

/** The answers of the port; what failed is said, and what came before it stands. An error in the trace is thrown. */
function answered(replay: (trace: string, write: (text: string) => void) => void, trace: string): Replayed {
  let output = '';
  try {
    replay(trace, (text) => {
      output += text;
    });
    return { output, failure: null };
  } catch (error) {
    if (error instanceof TraceError) throw error;
    return { output, failure: error instanceof Error ? error.message : String(error) };
  }
}

/** A trace of VMAs or, where its first word is of none, of a tree. */
function replayed(path: string, trace: string): Replayed {
  try {
    return answered(replayTrace, trace);
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    try {
      return answered(replayTree, trace);
    } catch {
      throw new CannotBeDone(`${path}: line ${error.line}: ${error.reason}`);
    }
  }
}

function reportedTrace(path: string): ReportedTest {
  const trace = read(path);
  const beside = path.replace(/(?:\.trace)?(\.gz)?$/, '.expected$1');
  const kernel = beside !== path && existsSync(beside) ? read(beside) : null;
  const port = replayed(path, trace);
  const at = kernel === null ? null : firstDifference(port.output, kernel);
  const failures = [
    ...(port.failure === null ? [] : [{ path: port.failure, diagnostics: '' }]),
    ...(at === null ? [] : [{ path: `the port and the kernel's code differ at step ${at + 1}`, diagnostics: '' }]),
  ];
  const sides: [string, string][] =
    kernel === null
      ? [['', port.output]]
      : [
          ['the port', port.output],
          ["the kernel's code", kernel],
        ];
  return {
    name: basename(path),
    file: path,
    result: failures.length === 0 ? 'ok' : 'not ok',
    reason: '',
    milliseconds: null,
    failures,
    parts: sides.map(([name, output]) => ({ name, timeline: timelineOf(spaceOf(trace, output), () => []) })),
    beside: kernel !== null,
    first: at ?? 0,
  };
}

/**
 * `drawn` is told before each how many there are already.
 *
 * @throws CannotBeDone for a trace that cannot be read
 */
export function reportedTraces(paths: readonly string[], drawn: (count: number) => void = () => {}): ReportedTest[] {
  return paths.map((path, i) => {
    drawn(i);
    try {
      return reportedTrace(path);
    } catch (error) {
      if (error instanceof Error && 'code' in error) throw new CannotBeDone(`${path}: ${error.message}`);
      throw error;
    }
  });
}
