// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { removeStaleOutputs } from '../../dev/build/stale.js';
import { prepareTapCommand, tapCommandIsReady } from '../../dev/build/tap_cli.js';
import { ROOT, runNode } from './project.js';

/** A folder in which tap's generated class has this content. */
function generatedClass(content: string) {
  return { node_modules: { '@tapjs': { test: { 'test-built': { dist: { esm: { 'index.js': content } } } } } } };
}

t.test('outputs without a source are removed', async (t) => {
  const outputs = (name: string): Record<string, string> => ({
    [`${name}.js`]: '',
    [`${name}.js.map`]: '',
    [`${name}.d.ts`]: '',
    [`${name}.d.ts.map`]: '',
  });
  const root = t.testdir({
    lib: { 'kept.ts': '' },
    dist: {
      '.tsbuildinfo': '',
      lib: { ...outputs('kept'), ...outputs('gone'), inner: { deep: outputs('gone') }, 'notes.txt': '' },
      tests: { 'gone.test.js': '' },
      other: outputs('gone'),
    },
  });
  const removed = removeStaleOutputs(root);
  t.equal(removed.length, 9);
  t.ok(removed.includes(join('dist/lib/inner/deep/gone.d.ts.map')));
  t.ok(existsSync(join(root, 'dist/lib/kept.d.ts.map')));
  t.ok(existsSync(join(root, 'dist/lib/notes.txt')), 'only what the compiler makes');
  t.ok(existsSync(join(root, 'dist/other/gone.js')), 'only in the folders that are compiled');
  t.notOk(existsSync(join(root, 'dist/lib/inner')), 'empty folders go');
  t.notOk(existsSync(join(root, 'dist/tests')));
  t.notOk(existsSync(join(root, 'dist/.tsbuildinfo')), 'the compiler forgets what it has written');
  writeFileSync(join(root, 'dist/.tsbuildinfo'), '');
  t.same(removeStaleOutputs(root), []);
  t.ok(existsSync(join(root, 'dist/.tsbuildinfo')));
});

t.test('what follows the compiler in a build', async (t) => {
  const root = t.testdir({ dist: { lib: { 'gone.js': '' } }, ...generatedClass("import * as Plugin_a from 'a';") });
  const { status, stderr } = runNode(['dist/dev/build/finish.js', root]);
  t.equal(status, 0);
  t.equal(stderr, '');
  t.notOk(existsSync(join(root, 'dist/lib/gone.js')));
});

t.test('an unused name is for lint to say: tests run all the same', async (t) => {
  const source = 'export function used(argument: number): number {\n  const unused = 1;\n  return 2;\n}\n';
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    include: ['a.ts'],
    compilerOptions: { noEmit: true, rootDir: '.' },
  };
  const folder = t.testdir({ 'tsconfig.json': JSON.stringify(config), 'a.ts': source });
  const compiled = runNode(['node_modules/typescript/bin/tsc', '-p', folder, '--incremental', 'false']);
  t.equal(compiled.stdout, '');
  t.equal(compiled.status, 0);

  const linted = runNode([
    'node_modules/@biomejs/biome/bin/biome',
    'lint',
    '--vcs-enabled=false',
    '--error-on-warnings',
    join(folder, 'a.ts'),
  ]);
  t.not(linted.status, 0);
  t.match(linted.stderr, 'noUnusedVariables');
  t.match(linted.stderr, 'noUnusedFunctionParameters');
});

t.test('the tap command', async (t) => {
  t.ok(tapCommandIsReady(ROOT), 'is ready after a build');
  prepareTapCommand(ROOT, (message) => t.fail(message));

  const root = t.testdir(generatedClass("import * as Plugin_typescript from '@tapjs/typescript';"));
  t.notOk(tapCommandIsReady(root), 'is not ready as installed');
  const warnings: string[] = [];
  prepareTapCommand(root, (message) => warnings.push(message));
  t.match(warnings, [/`tap build` failed/], 'says so when it cannot be made ready');
});
