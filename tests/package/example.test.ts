// SPDX-License-Identifier: GPL-2.0-only
/** examples/driver/, installed from the packed tarball: its tests pass, and the checked world finds the bug of the first version. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ROOT, runCommand } from '../house/project.js';
import { installByHand, pack } from './consumer.js';

t.test('a driver of somebody else', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'vma-userland-driver-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(ROOT, 'examples/driver'), folder, { recursive: true });
  installByHand(folder, pack(folder).tarball);

  const good = runCommand('npm', ['test', '--silent'], { cwd: folder });
  t.equal(good.status, 0, good.stdout);
  t.equal(good.stdout.match(/^ok /gm)?.length, 3);

  const bad = runCommand('npm', ['test', '--silent'], { cwd: folder, env: { RING: 'first' } });
  t.equal(bad.status, 1);
  t.match(
    bad.stdout,
    /not ok 1 - use after free: vm_area_struct 0x102000-0x104000: field vm_end read; allocated at vm_area_dup/,
  );
  t.match(bad.stdout, /- Ring\.sync \(.*ring_first\.js:\d+/);
});

t.test('docs/driver-test.md shows the example as it is', async (t) => {
  const document = readFileSync(join(ROOT, 'docs/driver-test.md'), 'utf8');
  const [hooks = '', test = ''] = [...document.matchAll(/^```js\n(.*?)^```/gms)].map((match) => match[1] ?? '');
  t.ok(
    hooks.length > 100 && readFileSync(join(ROOT, 'examples/driver/ring_first.js'), 'utf8').includes(hooks),
    'the driver',
  );
  t.ok(
    test.length > 100 && readFileSync(join(ROOT, 'examples/driver/ring.test.js'), 'utf8').includes(test),
    'the test',
  );
});
