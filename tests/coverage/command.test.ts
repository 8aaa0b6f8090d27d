// SPDX-License-Identifier: GPL-2.0-only
/** `npm run coverage` from end to end, on a small project of its own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readThresholds } from '../../dev/coverage/files.js';
import { type Finished, ROOT, runNode } from '../house/project.js';

const USED = `/** A doc comment, so that lines of source and of output differ. */
export function sign(n: number): string {
  let text = 'negative';
  if (n >= 0) {
    text = 'positive';
  }
  return text;
}

export const idle = (): number => 1;
`;
const NEVER_LOADED = `export interface Shape {
  sides: number;
}

export function isSquare(shape: Shape): boolean {
  return shape.sides === 4;
}
`;
const TYPES = `export interface Only {
  type: string;
}
`;
const TSCONFIG = JSON.stringify({
  compilerOptions: { rootDir: '.', outDir: 'dist', module: 'nodenext', target: 'es2022', sourceMap: true, types: [] },
  include: ['lib'],
});

function cover(root: string, ...args: string[]): Finished {
  return runNode(['dist/dev/coverage/coverage.js', '--root', root, ...args]);
}

t.test('coverage of a small project', async (t) => {
  const root = t.testdir({
    '.c8rc.json': readFileSync(join(ROOT, '.c8rc.json'), 'utf8'),
    'tsconfig.json': TSCONFIG,
    'package.json': '{"type":"module"}',
    'run.js': "import { sign } from './dist/lib/used.js';\nprocess.exitCode = sign(1) === 'positive' ? 0 : 1;\n",
    'fail.js': "import './run.js';\nprocess.exitCode = 3;\n",
    lib: { 'used.ts': USED, 'never_loaded.ts': NEVER_LOADED, 'types.ts': TYPES },
  });
  const path = join(root, 'coverage.thresholds.json');
  t.equal(runNode(['node_modules/typescript/bin/tsc', '-p', root]).status, 0);

  writeFileSync(path, '{"lib/used.ts": {"lines": 1, "statements": 1, "functions": 1, "branches": 100}}');
  const first = cover(root, '--raise', 'run.js');
  t.equal(first.status, 1);
  t.equal(first.stderr, 'lib/used.ts: branches 50 %, threshold 100 %\n', 'the else that is not written counts');
  t.strictSame(readThresholds(path), {
    'lib/never_loaded.ts': { lines: 0, statements: 0, functions: 0, branches: 100 },
    'lib/used.ts': { lines: 100, statements: 100, functions: 50, branches: 100 },
  });

  const lcov = readFileSync(join(root, 'coverage/lcov.info'), 'utf8');
  t.match(lcov, /^SF:lib\/used\.ts$/m, 'mapped to the source');
  t.match(lcov, /^DA:6,0$/m, "a line of the module that was never loaded, by the source's numbers");
  t.match(readFileSync(join(root, 'coverage/index.html'), 'utf8'), 'used.ts');
  t.match(first.stdout, /used\.ts +\| +100 \| +50 \| +50 \| +100/, 'the table');

  writeFileSync(path, readFileSync(path, 'utf8').replace(/("lib\/used[^}]*"branches": )100/, '$1 50'));
  const second = cover(root, 'run.js');
  t.equal(second.status, 0, second.stderr);
  t.match(second.stdout, '2 files at or above their thresholds');

  const failed = cover(root, 'fail.js');
  t.equal(failed.status, 1, 'a run that fails is a failure, whatever it covered');
  t.match(failed.stderr, 'The measured run failed.');
});

t.test('a report that cannot be made', async (t) => {
  const root = t.testdir({
    '.c8rc.json': 'no JSON',
    'coverage.thresholds.json': '{}',
    'run.js': '',
    dist: {},
  });
  const { status, stderr } = cover(root, 'run.js');
  t.equal(status, 2);
  t.match(stderr, /coverage: c8 report ended with status \d+\n$/);
});

t.test('a command line that cannot be used', async (t) => {
  const { status, stderr } = runNode(['dist/dev/coverage/coverage.js', '--lower']);
  t.equal(status, 2);
  t.match(stderr, "unknown option '--lower'");
});
