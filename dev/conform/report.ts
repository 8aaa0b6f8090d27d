// SPDX-License-Identifier: GPL-2.0-only
/** How a difference is shown: the short trace, what each side answered last, and both address spaces side by side. */

import { picture } from '../../harness/picture.js';
import { answersOf, snapshotsOf } from '../../tools/report/answers.js';
import type { Answer } from './sides.js';

/** Two texts beside each other; lines that differ have a mark between them. */
export function sideBySide(left: readonly string[], right: readonly string[]): string[] {
  const width = Math.max(...left.map((line) => line.length), 0);
  const rows = Math.max(left.length, right.length);
  return Array.from({ length: rows }, (_, i) => {
    const [a, b] = [left[i] ?? '', right[i] ?? ''];
    return `${a.padEnd(width)} ${a === b ? '|' : '≠'} ${b}`.trimEnd();
  });
}

function drawn(answer: readonly string[]): string[] {
  const [name = '(nothing)', ...rest] = answer;
  const calls = rest.filter((line) => /^ \S/.test(line));
  const sums = rest.filter((line) => line.startsWith('='));
  const attributes = rest.filter((line) => line.startsWith('    ')).map((line) => line.trim());
  const vmas = snapshotsOf(rest);
  return [name, ...calls, ...sums, ...(sums.length > 0 ? picture(vmas) : []), ...attributes];
}

/** The difference as text, for a trace that was shortened. */
export function describeDifference(trace: readonly string[], kernel: Answer, port: Answer): string {
  const [ours, theirs] = [answersOf(port.output), answersOf(kernel.output)];
  const at = theirs.findIndex((answer, i) => answer.join('\n') !== ours[i]?.join('\n'));
  const last = at >= 0 ? at : Math.min(ours.length, theirs.length);
  const lines = [
    `the shortest trace that differs, ${trace.length} operations:`,
    ...trace.map((line) => `  ${line}`),
    '',
  ];
  if (kernel.failure !== null) lines.push(`the kernel's code ${kernel.failure}`);
  if (port.failure !== null) lines.push(`the port: ${port.failure}`);
  const said = (who: string, answers: readonly string[][]): string[] => [
    `${who}, operation ${last + 1}`,
    ...drawn(answers[last] ?? []),
  ];
  lines.push(...sideBySide(said('kernel', theirs), said('port', ours)));
  return lines.join('\n');
}
