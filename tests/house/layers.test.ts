// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { LAYERS } from '../../dev/build/layers.js';
import { findCircle, type ModuleGraph, parseModuleGraph, readModuleGraph, wrongImports } from './module_graph.js';
import { ROOT, sourceFiles } from './project.js';

/** What wrongImports() and findCircle() must find; without it a graph read wrongly would look like a tidy house. */
const UNTIDY = `lib/mm/low.ts
   Imported via './low.js' from file 'lib/mm/high.ts'
   Imported via "../lib/mm/low.js" from file 'tests/some.test.ts'
   Matched by include pattern 'lib' in 'tsconfig.json'
lib/mm/high.ts
   Imported via './high.js' from file 'lib/mm/low.ts'
   Imported via '../lib/mm/high.js' from file 'include/bottom.ts'
include/bottom.ts
   Root file specified for compilation
tests/some.test.ts
   Imported via '../tests/some.test.js' from file 'tools/tool.ts'
node_modules/sinon/index.d.ts
   Imported via 'sinon' from file 'tests/some.test.ts' with packageId 'sinon@1.0.0'
   Imported via 'sinon' from file 'lib/mm/high.ts' with packageId 'sinon@1.0.0'
`;

t.test('the module graph is read as the compiler tells it', async (t) => {
  const graph = parseModuleGraph(UNTIDY);
  t.same([...(graph.get('lib/mm/high.ts') ?? [])], ['lib/mm/low.ts', 'node_modules/sinon/index.d.ts']);
  t.same([...(graph.get('include/bottom.ts') ?? [])], ['lib/mm/high.ts']);
  t.same(
    wrongImports(graph).sort(),
    [
      'include/bottom.ts imports lib/mm/high.ts',
      'lib/mm/high.ts imports node_modules/sinon/index.d.ts',
      'tools/tool.ts imports tests/some.test.ts',
    ],
    'upward imports and a package below the tools',
  );
  t.same(
    findCircle(graph, () => true),
    ['lib/mm/low.ts', 'lib/mm/high.ts', 'lib/mm/low.ts'],
  );
  t.equal(
    findCircle(graph, (file) => file !== 'lib/mm/low.ts'),
    null,
    'no circle without one of its files',
  );
});

t.test('imports point one way', async (t) => {
  const graph: ModuleGraph = readModuleGraph();
  const known = sourceFiles(LAYERS, ['.ts']);
  t.same(
    known.filter((file) => !graph.has(file)),
    [],
    'the compiler knows every source file',
  );
  t.ok([...graph.values()].some((imports) => imports.has('include/linux/errno.ts')));
  t.same(wrongImports(graph), [], 'tests -> dev -> tools -> harness -> lib -> stubs -> include');
  t.equal(
    findCircle(graph, (file) => /^(?:include|stubs|lib|harness|tools|dev)\//.test(file)),
    null,
    'no circles',
  );
});

/** The one file that reads the environment below the harness. */
const CONFIGURATION = 'include/autoconf.ts';

/** Where a source file reads the environment, or writes to a stream: every use of node's `process` or of `console`. */
function usesOfNode(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'/g, '');
  return code.match(/\b(?:process|console|globalThis|global)\b[\w.[\]]*/g) ?? [];
}

t.test('what leans on node is found', async (t) => {
  const source = `/* process.env */ import { a } from 'process'; // console
    const text = 'console.log'; process.stderr.write(text); if (process.env.X) console.error(globalThis.x);`;
  t.same(usesOfNode(source), ['process.stderr.write', 'process.env.X', 'console.error', 'globalThis.x']);
});

t.test('the environment is read in one file below the harness, and no stream is written to but by stubs', async (t) => {
  const uses = (folder: string): string[] =>
    sourceFiles([folder], ['.ts']).flatMap((file) =>
      usesOfNode(readFileSync(join(ROOT, file), 'utf8')).map((use) => `${file}: ${use}`),
    );
  t.same(uses('include'), [`${CONFIGURATION}: process.env.NUM_VMA_FLAG_BITS`]);
  t.same(uses('lib'), []);
  // A warning of the C harness's stubs goes to standard error as well.
  t.same(
    uses('stubs').filter((use) => !use.endsWith(': console.error')),
    [],
  );
});

t.test('the code under test does not lean on node', async (t) => {
  const leaning = sourceFiles(['include', 'stubs', 'lib'], ['.ts']).filter((file) =>
    /(?:from|import)\s*\(?\s*'node:/.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  t.same(leaning, []);
});
