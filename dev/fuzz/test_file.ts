// SPDX-License-Identifier: GPL-2.0-only
/** A finding as a test file that can be committed: it fails for what was found, and passes when that is mended. */
import { writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CannotBeDone } from '../../tools/commands/program.js';
import { type Finding, shortly } from './run.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A text as TypeScript has it here: in single quotes, unless there are some in it. */
function quoted(text: string): string {
  return text.includes("'") ? JSON.stringify(text) : `'${text.replaceAll('\\', '\\\\')}'`;
}

/** The source of a test file; `committed`: where it finds what it is held by. */
export function testSource({ kind, lines, complaints }: Finding, seed: number, committed: string): string {
  const what = shortly(complaints[0] ?? '');
  return [
    '// SPDX-License-Identifier: GPL-2.0-only',
    `/** Found by random ${kind === 'calls' ? 'system calls' : 'operations'}, and shortened: \`npm run fuzz -- --seed ${seed}\`. */`,
    "import t from 'tap';",
    `import { assertSilent } from '${committed}';`,
    '',
    `t.test(${quoted(what)}, async (t) => {`,
    `  assertSilent(t, ${quoted(kind)}, [`,
    ...lines.map((line) => `    ${quoted(line)},`),
    '  ]);',
    '});',
    '',
  ].join('\n');
}

/** Writes it into a folder of the project, under the name of what was found. Its path. */
export function writeTest(folder: string, finding: Finding, seed: number): string {
  const path = resolve(folder);
  if (relative(root, path).startsWith('..')) throw new CannotBeDone(`fuzz: '${folder}' is no folder of the project`);
  const committed = relative(path, join(root, 'dev/fuzz/committed.js')).replaceAll('\\', '/');
  const words = shortly(finding.complaints[0] ?? 'finding')
    .toLowerCase()
    .match(/[a-z]+/g) ?? ['finding'];
  const file = join(path, `${words.slice(0, 6).join('_')}.test.ts`);
  writeFileSync(file, testSource(finding, seed, committed), { flag: 'wx' });
  return relative(root, file);
}
