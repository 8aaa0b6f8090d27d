// SPDX-License-Identifier: GPL-2.0-only
/** examples/driver/, installed from the packed tarball: its tests pass, and the checked world finds the bug of the first version. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Finished, ROOT, runCommand } from '../house/project.js';
import { installByHand, pack } from './consumer.js';

t.test('a driver of somebody else', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'vma-userland-driver-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(ROOT, 'examples/driver'), folder, { recursive: true });
  installByHand(folder, pack(folder).tarball);

  const good = runCommand('npm', ['test', '--silent'], { cwd: folder });
  t.equal(good.status, 0, good.stdout);
  t.equal(good.stdout.match(/^ok /gm)?.length, 4);

  const bad = runCommand('npm', ['test', '--silent'], { cwd: folder, env: { RING: 'first' } });
  t.equal(bad.status, 1);
  t.match(bad.stdout, /use after free: vm_area_struct 0x102000-0x104000: field vm_end read; allocated at vm_area_dup/);
  t.match(bad.stdout, /Ring\.sync \(.*ring_first\.js:\d+/);
});

t.test('the same in TypeScript, strict and with every declaration checked', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'vma-userland-driver-ts-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(ROOT, 'examples/driver-ts'), folder, { recursive: true });
  installByHand(folder, pack(folder).tarball);
  // What its page has the reader install beside it.
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  for (const name of ['@types/node', 'undici-types', 'typescript', '@typescript']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), 'dir');
  }
  const { compilerOptions } = JSON.parse(readFileSync(join(folder, 'tsconfig.json'), 'utf8'));
  t.match(compilerOptions, { strict: true, skipLibCheck: false });
  const compile = (): Finished =>
    runCommand(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'], { cwd: folder });
  const compiled = compile();
  t.equal(compiled.status, 0, compiled.stdout);
  const run = runCommand(process.execPath, ['--enable-source-maps', 'ring.test.js'], { cwd: folder });
  t.equal(run.status, 0, run.stdout);
  t.equal(run.stdout.match(/^ok /gm)?.length, 2);

  const ring = readFileSync(join(folder, 'ring.ts'), 'utf8');
  writeFileSync(
    join(folder, 'ring.ts'),
    ring.replace('mapped: () => this.mapped()', 'mapped: async () => this.mapped()'),
  );
  const wrong = compile();
  t.not(wrong.status, 0);
  t.match(wrong.stdout, /^ring\.ts\(\d+,\d+\): error TS2322/m, 'a hook that returns a Promise');
});

t.test('docs/driver-test.md shows the example as it is', async (t) => {
  const document = readFileSync(join(ROOT, 'docs/driver-test.md'), 'utf8');
  const [hooks = '', test = '', map = '', fork = ''] = [...document.matchAll(/^```js\n(.*?)^```/gms)].map(
    (match) => match[1] ?? '',
  );
  t.ok(
    hooks.length > 100 && readFileSync(join(ROOT, 'examples/driver/ring_first.js'), 'utf8').includes(hooks),
    'the driver',
  );
  const example = readFileSync(join(ROOT, 'examples/driver/ring.test.js'), 'utf8');
  for (const shown of [test, map, fork]) t.ok(shown.length > 100 && example.includes(shown), 'the tests');
  const [typed = ''] = [...document.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1] ?? '');
  t.ok(
    typed.length > 100 && readFileSync(join(ROOT, 'examples/driver-ts/ring.test.ts'), 'utf8').includes(typed),
    'the test in TypeScript',
  );
});
