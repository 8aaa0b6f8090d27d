// SPDX-License-Identifier: GPL-2.0-only
/** Small test files that are run with and without tracing. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { replayVma } from '../../tools/replay/vma.js';
import { type Finished, ROOT, runNode, type Settings } from '../house/project.js';

function urlOf(path: string): string {
  return pathToFileURL(join(ROOT, 'dist', path)).href;
}

/** A test file with this body; `note()` says what the address space of a test is, in the way of a replay. */
export function sampleTest(body: string): string {
  return `
import * as lib from '${urlOf('lib/index.js')}';
import { alloc_and_link_vma, alloc_vma, cleanup_mm, detach_free_vma, test } from '${urlOf('harness/index.js')}';
import { DATA, mapRange, plainFile, vmaAt } from '${urlOf('tests/mm/space.js')}';
const flags = (...bits) => lib.mk_vma_flags(...(bits.length > 0 ? bits : DATA));
function note(t) {
  const { mm } = t;
  const hex = (n) => n.toString(16);
  const sums = [mm.map_count, mm.total_vm, mm.data_vm, mm.exec_vm, mm.stack_vm, mm.locked_vm];
  const names = ['count', 'total', 'data', 'exec', 'stack', 'locked'];
  const lines = ['= ' + names.map((name, i) => name + '=' + sums[i]).join(' ')];
  for (const vma of lib.for_each_vma(lib.VMA_ITERATOR(mm, 0)))
    lines.push(\`\${hex(vma.vm_start)}-\${hex(vma.vm_end)} pgoff=\${hex(vma.vm_pgoff)} flags=\${hex(vma.vm_flags)} \` +
      \`file=\${vma.vm_file === null ? 0 : 1} anon=\${vma.anon_vma === null ? 0 : 1}\`);
  t.tap.comment('noted: ' + lines.join('; '));
}
${body}`;
}

/** Runs test files by the project's runner. VMA_TRACE is 1 unless given. */
export function runTraced(args: readonly string[], env: Settings['env'] = {}): Finished {
  return runNode(['dist/dev/run/run.js', ...args], { env: { VMA_TRACE: '1', ...env } });
}

/** What a run printed of one test, without the blanks before it: its comments. */
export function commentsOf(stdout: string): string[] {
  return [...stdout.matchAll(/^ +# (?!Subtest)(.*)$/gm)].map(([, text]) => text ?? '');
}

/** What a run noted of its tests, in their order. */
export function notesOf(stdout: string): string[] {
  return commentsOf(stdout).flatMap((text) => (text.startsWith('noted: ') ? [text.slice('noted: '.length)] : []));
}

/** The traces of a folder, by file name. */
export function readTraces(folder: string): Map<string, string> {
  const names = readdirSync(folder).sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** The last answer of a replay, in the way of note(): without the number of the file, which only the replay has. */
export function replayedEnd(trace: string): string {
  let answers = '';
  replayVma(trace, (text) => {
    answers += text;
  });
  const from = answers.lastIndexOf('\n= ') + 1;
  const lines = answers.slice(from).trimEnd().split('\n');
  return lines.map((line) => line.trim().replace(/file=[1-9]\d*/, 'file=1')).join('; ');
}
