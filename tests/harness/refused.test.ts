// SPDX-License-Identifier: GPL-2.0-only
/** What JavaScript lets through and C would not: answers of hooks and addresses of the wrong kind, refused by name. */
import t from 'tap';
import { runNode } from '../house/project.js';

/** Output of a test of somebody who writes JavaScript. */
function run(body: string): string {
  const source = `import { test } from './dist/harness/index.js';
    import { do_munmap, file, mk_vma_flags, mmap_region, VMA_READ_BIT } from './dist/lib/index.js';
    const FLAGS = mk_vma_flags(VMA_READ_BIT);
    test('one', (t) => { ${body} });`;
  return runNode(['--input-type=module', '-e', source]).stdout;
}

t.test('answers of hooks', async (t) => {
  const answers = {
    'async () => 0': 'a Promise: nobody waits for it',
    '() => undefined': 'undefined, not 0 or a negative errno',
    '() => 5': '5, not 0 or a negative errno',
    '() => 0n': '0n, not 0 or a negative errno',
    '() => -5000': '-5000, not 0 or a negative errno',
  };
  for (const [hook, said] of Object.entries(answers)) {
    for (const name of ['mmap_prepare', 'mmap']) {
      const text = run(`mmap_region(new file({ ${name}: ${hook} }), 0x10000, 0x1000, FLAGS, 0, null);`);
      t.match(text, `hook: ${name}() returned ${said}`, `${name}: ${hook}`);
    }
    const mapped = `new file({ mmap_prepare(desc) { desc.vm_ops = { mapped: ${hook} }; return 0; } })`;
    t.match(run(`mmap_region(${mapped}, 0x10000, 0x1000, FLAGS, 0, null);`), `hook: mapped() returned ${said}`);
  }
});

t.test('addresses', async (t) => {
  t.match(
    run('mmap_region(null, 0x10000n, 0x1000, FLAGS, 0, null);'),
    'mmap_region: addr = 0x10000: not a number (bigint)',
  );
  t.match(run('do_munmap(t.mm, 0x10000n, 0x1000, null);'), 'do_munmap: start = 0x10000: not a number (bigint)');
  t.match(run('do_munmap(t.mm, 0x10000, 0x1000n, null);'), 'do_munmap: len = 0x1000: not a number (bigint)');
});
