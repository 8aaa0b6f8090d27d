// SPDX-License-Identifier: GPL-2.0-only
/** The parts of the watch: imports, the compiler, keys. */
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import sinon from 'sinon';
import t from 'tap';
import { Compiler } from '../../dev/watch/compiler.js';
import { Imports } from '../../dev/watch/imports.js';
import { Keys } from '../../dev/watch/keys.js';
import { ROOT } from '../house/project.js';

/** Processes that work in a folder, by their numbers. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`) === realpathSync(folder);
    } catch {
      return false;
    }
  });
}

t.test('imports', async (t) => {
  const dist = t.testdir({
    lib: {
      'a.js': "import { x } from './b.js';\nexport const s = \"import './none.js'\";\n",
      'b.js': "import {\n  x,\n  y,\n} from '../include/c.js';\n",
      'index.js': "export * from './a.js';\nexport { x } from './b.js';\n",
      'late.js': "await import('./b.js');\n",
    },
    include: { 'c.js': "import 'tap';\n" },
    tests: {
      'help.js': "import '../lib/a.js';\n",
      'a.test.js': "import './help.js';\n",
      'all.test.js': "import '../lib/index.js';\n",
      'late.test.js': "import '../lib/late.js';\n",
    },
  });
  const imports = new Imports(dist);
  t.same(imports.tests(), ['tests/a.test.js', 'tests/all.test.js', 'tests/late.test.js']);
  t.same([...imports.reach(['lib/a.js'])], ['lib/a.js', 'lib/b.js', 'include/c.js']);
  t.same(imports.testsOf(new Set(['include/c.js'])), imports.tests(), 'by way of a dynamic import too');
  t.same(imports.testsOf(new Set(['lib/late.js'])), ['tests/late.test.js']);
  t.same(imports.testsNear(new Set(['lib/a.js'])), ['tests/a.test.js'], 'by a helper, not by a list of exports');
  t.same(imports.testsNear(new Set(['include/c.js'])), ['tests/a.test.js', 'tests/late.test.js']);
  t.same(imports.testsNear(new Set(['tests/all.test.js'])), ['tests/all.test.js'], 'a test is nearest to itself');
  const notA = (test: string): boolean => !test.includes('/a.');
  t.same(imports.testsNear(new Set(['include/c.js']), notA), ['tests/late.test.js']);
  t.same(imports.testsNear(new Set(['lib/unknown.js'])), []);
  t.same(imports.without(['lib/b.js'], ['lib/a.js', 'include/c.js']), ['include/c.js']);
  writeFileSync(join(dist, 'lib/late.js'), '');
  imports.read('lib/late.js');
  t.same(imports.testsNear(new Set(['include/c.js'])), ['tests/a.test.js']);
  rmSync(join(dist, 'tests/a.test.js'));
  imports.read('tests/a.test.js');
  t.same(imports.tests(), ['tests/all.test.js', 'tests/late.test.js']);
});

t.test('the compiler says what it wrote, then what it thinks of the types', async (t) => {
  const root = t.testdir({
    'tsconfig.json': JSON.stringify({
      compilerOptions: { outDir: 'dist', rootDir: '.', module: 'nodenext', types: [] },
    }),
    'package.json': '{ "type": "module" }',
    lib: { 'a.ts': 'export const a: number = 1;\n' },
  });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const said: string[] = [];
  let heard = (): void => {};
  /** Resolves when that has been said. */
  const until = async (what: string): Promise<void> => {
    const found = (): number => said.findIndex((line) => line === what || line.startsWith(`${what},`));
    while (found() < 0) {
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
    said.splice(0, found() + 1);
  };
  const compiler = new Compiler(root, {
    written: (modules) => said.push(`wrote ${[...modules]}`) && heard(),
    checked: (errors) => said.push(`checked ${errors.map((line) => line.replace(/: error .*/, ''))}`) && heard(),
    ended: (status) => said.push(`ended ${status}`) && heard(),
  });
  t.teardown(() => compiler.stop());
  await until('checked ');
  appendFileSync(join(root, 'lib/a.ts'), "export const b: number = 'no';\n");
  await until('wrote lib/a.js');
  await until('checked lib/a.ts(2,14)');
  mkdirSync(join(root, 'lib/new'));
  writeFileSync(join(root, 'lib/a.ts'), "export { c as a } from './new/c.js';\n");
  writeFileSync(join(root, 'lib/new/c.ts'), 'export const c = 1;\n');
  await until('checked ');
  appendFileSync(join(root, 'lib/new/c.ts'), 'export const d = 2;\n');
  await until('wrote lib/new/c.js');
  compiler.stop();
  const left = (): string[] => processesIn(root);
  for (let i = 0; left().length > 0 && i < 100; i++) await setTimeout(50);
  t.same(left(), [], 'no process is left');
});

t.test('keys', async (t) => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, setRawMode: sinon.spy() });
  const actions = { a: sinon.spy(), f: sinon.spy(), g: sinon.spy(), q: sinon.spy() };
  let text = '';
  const keys = new Keys(
    stream,
    (more) => {
      text += more;
    },
    actions,
  );
  const press = async (typed: string): Promise<void> => {
    const read = once(stream, 'data');
    stream.write(typed);
    await read;
  };
  await press('afx');
  t.ok(actions.a.calledOnce && actions.f.calledOnce && actions.g.notCalled);
  await press('gmerq\u007fge\r');
  t.ok(actions.q.notCalled, 'a letter of a name is no key');
  t.same(actions.g.args, [['merge']]);
  t.ok(text.endsWith('merq\b \bge\n'), 'what is erased goes');
  await press('g(\r');
  t.match(text, /Invalid regular expression/);
  t.equal(actions.g.callCount, 1);
  await press('g\n');
  t.same(actions.g.lastCall.args, [''], 'all names again');
  await press('\u0003');
  t.ok(actions.q.calledOnce);
  keys.stop();
  t.same(stream.setRawMode.args, [[true], [false]]);
});
