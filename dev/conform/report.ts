// SPDX-License-Identifier: GPL-2.0-only
/** How a difference is shown: the short trace, what each side answered last, and both address spaces side by side. */

import { accessOf, picture, type VmaSnapshot } from '../../harness/picture.js';
import { legacy_to_vma_flags } from '../../lib/doors/flags.js';
import type { Answer } from './sides.js';

const VMA_LINE = /^ {2}([0-9a-f]+)-([0-9a-f]+) pgoff=([0-9a-f]+) flags=([0-9a-f]+) file=(\d+) anon=([01])$/;

/** The address space that a run of VMA lines describes. */
function snapshotsOf(lines: readonly string[]): VmaSnapshot[] {
  return lines.flatMap((line) => {
    const [, start = '', end = '', pgoff = '', flags = '', file = '', anon = ''] = VMA_LINE.exec(line) ?? [];
    if (start === '') return [];
    return {
      start: Number.parseInt(start, 16),
      end: Number.parseInt(end, 16),
      pgoff: Number.parseInt(pgoff, 16),
      flags: `0x${flags}`,
      access: accessOf(legacy_to_vma_flags(BigInt(`0x${flags}`))),
      hasFile: file !== '0',
      hasAnonVma: anon === '1',
    };
  });
}

/** Two texts beside each other; lines that differ have a mark between them. */
export function sideBySide(left: readonly string[], right: readonly string[]): string[] {
  const width = Math.max(...left.map((line) => line.length), 0);
  const rows = Math.max(left.length, right.length);
  return Array.from({ length: rows }, (_, i) => {
    const [a, b] = [left[i] ?? '', right[i] ?? ''];
    return `${a.padEnd(width)} ${a === b ? '|' : '≠'} ${b}`.trimEnd();
  });
}

/** The answers to one operation: from its line to the next line that is not indented and no sum. */
function answersOf(output: string): string[][] {
  const answers: string[][] = [];
  for (const line of output.split('\n')) {
    if (line.startsWith('=') || line.startsWith(' ')) answers.at(-1)?.push(line);
    else if (line !== '') answers.push([line]);
  }
  return answers;
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
  const heads = [`kernel, operation ${last + 1}`, `port, operation ${last + 1}`];
  const [left, right] = [drawn(theirs[last] ?? []), drawn(ours[last] ?? [])];
  lines.push(...sideBySide([heads[0] ?? '', ...left], [heads[1] ?? '', ...right]));
  return lines.join('\n');
}
