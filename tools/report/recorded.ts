// SPDX-License-Identifier: GPL-2.0-only
/** What tests have recorded of themselves, as the report shows it: one entry for each top-level test. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RecordedTest } from '../../harness/recorder.js';
import type { ReportedPart, ReportedTest } from './data.js';
import { timelineOf } from './timeline.js';

/** Source files, each read once; of one that is not there no lines are shown. */
export function lineReader(root: string): (file: string) => readonly string[] {
  const read = new Map<string, readonly string[]>();
  return (file) => {
    const known = read.get(file);
    if (known !== undefined) return known;
    const path = resolve(root, file);
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    read.set(file, lines);
    return lines;
  };
}

/** The test itself and those within it, as far as they have something to show. */
export function partsOf(
  name: string,
  recorded: readonly RecordedTest[],
  linesOf: (file: string) => readonly string[],
): ReportedPart[] {
  return recorded
    .filter((test) => test.name === name || test.name.startsWith(`${name} > `))
    .filter(({ steps, hooks }) => steps.length + hooks.length > 0)
    .map((part) => ({ name: part.name.slice(name.length + 3), timeline: timelineOf(part, linesOf) }));
}

/** Tests as they have recorded themselves, with no runner's word beside it. */
export function reportedTests(recorded: readonly RecordedTest[], root: string): ReportedTest[] {
  const linesOf = lineReader(root);
  const isInner = (test: RecordedTest): boolean =>
    recorded.some((outer) => outer !== test && outer.file === test.file && test.name.startsWith(`${outer.name} > `));
  return recorded
    .filter((test) => !isInner(test))
    .map((test) => {
      const own = recorded.filter(
        (one) => one === test || (one.file === test.file && one.name.startsWith(`${test.name} > `)),
      );
      const failures = own.flatMap(({ name, failures: all }) =>
        all.map(({ title, diagnostics }) => ({ path: `${name} > ${title}`, diagnostics })),
      );
      return {
        name: test.name,
        file: test.file,
        result: failures.length === 0 ? ('ok' as const) : test.todo === '' ? ('not ok' as const) : ('todo' as const),
        reason: test.todo,
        milliseconds: test.milliseconds,
        failures,
        parts: partsOf(test.name, own, linesOf),
      };
    });
}
