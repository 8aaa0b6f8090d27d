// SPDX-License-Identifier: GPL-2.0-only
/** A finding as a test file that can be committed: it fails for what was found, and passes when that is mended. */
import { writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CannotBeDone } from '../../tools/commands/program.js';
import { type Finding, shortly } from './run.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A text as TypeScript has it here: in single quotes, unless there are some in it. */
function quoted(text: string): string {
  return text.includes("'") ? JSON.stringify(text) : `'${text.replaceAll('\\', '\\\\')}'`;
}

/** The source of a test file `depth` folders below the root. */
export function testSource({ kind, lines, complaints }: Finding, seed: number, depth: number): string {
  const up = '../'.repeat(depth);
  const what = shortly(complaints[0] ?? '');
  return [
    '// SPDX-License-Identifier: GPL-2.0-only',
    `/** Found by random ${kind === 'calls' ? 'system calls' : 'operations'}, and shortened: \`npm run fuzz -- --seed ${seed}\`. */`,
    "import t from 'tap';",
    `import { assertSilent } from '${up}dev/fuzz/committed.js';`,
    '',
    `t.test(${quoted(what)}, async (t) => {`,
    `  assertSilent(t, ${quoted(kind)}, [`,
    ...lines.map((line) => `    ${quoted(line)},`),
    '  ]);',
    '});',
    '',
  ].join('\n');
}

/** Writes it into a folder below tests/, under the name of what was found. Its path, from the root. */
export function writeTest(folder: string, finding: Finding, seed: number): string {
  const path = resolve(folder);
  const below = relative(root, path);
  if (!/^tests(?:[/\\]|$)/.test(below)) throw new CannotBeDone(`fuzz: '${folder}' is not a folder below tests/`);
  const words = shortly(finding.complaints[0] ?? 'finding')
    .toLowerCase()
    .match(/[a-z]+/g) ?? ['finding'];
  const name = `${words.slice(0, 6).join('_')}.test.ts`;
  const file = join(path, name);
  writeFileSync(file, testSource(finding, seed, below.split(/[/\\]/).length), { flag: 'wx' });
  return join(below, basename(file));
}
