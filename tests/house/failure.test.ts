// SPDX-License-Identifier: GPL-2.0-only
/** A failed test explains itself: its source line, values in hex, the last operation, the address space around it. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { ROOT, runNode } from './project.js';

/** Runs tests that are written here, against what was compiled, by node alone: without its reading of source maps. */
function run(t: Test, body: string): string {
  const dist = pathToFileURL(join(ROOT, 'dist')).href;
  const source = `import { test } from '${dist}/harness/index.js';
import { mapRange, plainFile } from '${dist}/tests/mm/space.js';
import { do_munmap, file, mk_vma_flags, mmap_region, stubs } from '${dist}/lib/index.js';
${body}`;
  const settings = { cwd: t.testdir({ 'fails.test.mjs': source }), env: { VMA_STUBS: 'checked' } };
  return runNode(['fails.test.mjs'], settings).stdout;
}

t.test('the source line, values, the last operation, and pictures, what differs marked', async (t) => {
  const output = run(
    t,
    `test('fails', (t) => {
    mapRange(t, 0x10000, 0x14000);
    mapRange(t, 0x20000, 0x22000, { bits: [0, 4, 8] });
    do_munmap(t.mm, 0x11000, 0x1000, null);
    t.ASSERT_EQ(t.mm.total_vm,
      // All of it.
      (0x16 + 1) );
  });`,
  );
  const wanted = [
    '    not ok 1 - ASSERT_EQ(t.mm.total_vm, (0x16 + 1))',
    '      ---',
    '      values:',
    '        found: "0x5"',
    '        wanted: "0x17"',
    '      operation: do_munmap(start=0x11000, len=0x1000) = 0x0',
    '      before:',
    '        - 0x10000-0x14000 -|####..............| pgoff=0x10 rw-p may=rw-- account',
    '        - 0x20000-0x22000  |................##| pgoff=0x20 r--p may=r--- growsdown',
    '      after:',
    '        - 0x10000-0x11000 +|#.................| pgoff=0x10 rw-p may=rw-- account',
    '        - 0x12000-0x14000 +|..##..............| pgoff=0x12 rw-p may=rw-- account',
    '        - 0x20000-0x22000  |................##| pgoff=0x20 r--p may=r--- growsdown',
    '      stackTrace:',
    '        - fails.test.mjs:8:7',
    '      ...',
    '    ',
    '    # follows from it, 4 left undone: vm_area_struct 0x20000-0x22000, vm_area_struct 0x10000-0x11000, ' +
      'vm_area_struct 0x12000-0x14000, 1 tree node is in a tree that was not destroyed',
    '    1..1',
  ];
  t.match(output, `${wanted.join('\n')}\n`);
});

t.test('an assertion with words of its own has its line beside them', async (t) => {
  const output = run(t, "test('fails', (t) => t.ASSERT_TRUE([1].includes(2), 'the (second) one'));");
  t.match(
    output,
    "not ok 1 - the (second) one\n      ---\n      line: ASSERT_TRUE([1].includes(2), 'the (second) one')\n",
  );
  t.notMatch(output, 'operation:', 'there was none');
});

t.test('an exception has the line that led to it, and frames of sources', async (t) => {
  const output = run(
    t,
    `test('fails', (t) => {
    mapRange(t, 0x10000, 0x14000);
    do_munmap(t.mm, 7.5, 0x1000, null);
  });`,
  );
  t.match(output, 'not ok 1 - do_munmap: start = 7.5: not an integer\n');
  t.match(
    output,
    '      line: do_munmap(t.mm, 7.5, 0x1000, null)\n      operation: do_munmap(start=7.5, len=0x1000)\n',
  );
  const frames = /stackTrace:\n((?: {8}- .*\n)+)/.exec(output)?.[1]?.trimEnd().split('\n') ?? [];
  t.match(frames.at(-1), /- fails\.test\.mjs:6:\d+$/);
  t.same(
    frames.slice(0, -1).filter((frame) => !/- \w+ \(.*\.ts:\d+:\d+\)$/.test(frame)),
    [],
    'frames of .ts files, though node reads no source maps',
  );
  t.equal(frames.filter((frame) => frame.includes('do_munmap')).length, 1, 'a door that was watched is there once');
  const places = run(t, "test('fails', (t) => { const vma = mapRange(t, 0, 0x1000); t.unmapAll(); vma.vm_start; });");
  t.match(
    places,
    /allocated at vm_area_alloc \(lib\/mm\/vma_init\.ts:\d+\), .*; freed at vm_area_free \(lib\/mm\/vma_init\.ts:/,
  );
});

t.test('before is what was before the last operation, whatever was looked at between', async (t) => {
  const set = 'mapRange(t, 0x10000, 0x14000);\n    do_munmap(t.mm, 0x11000, 0x1000, null);';
  const before = /before:\n {8}- 0x10000-0x14000 -\|####\|/;
  t.match(run(t, `test('fails', (t) => {\n    ${set}\n    t.ASSERT_TRUE(false);\n  });`), before);
  t.match(
    run(t, `test('fails', (t) => {\n    ${set}\n    t.ASSERT_TRUE(true);\n    t.ASSERT_TRUE(false);\n  });`),
    before,
  );
  const byHook = `test('fails', (t) => {
    mapRange(t, 0x20000, 0x21000);
    mapRange(t, 0x10000, 0x11000).vm_ops = { close: () => do_munmap(t.mm, 0x20000, 0x1000, null) };
    do_munmap(t.mm, 0x10000, 0x1000, null);
    t.ASSERT_TRUE(false);
  });`;
  const both =
    /operation: do_munmap\(start=0x10000, .* = 0x0\n {6}before:\n {8}- 0x10000-0x11000 -.*\n {8}- 0x20000-0x21000 -/;
  t.match(run(t, byHook), both, 'what a hook calls is part of the operation');
});

t.test('what was broken before the test ended is no consequence', async (t) => {
  const output = run(
    t,
    `test('fails', (t) => {
    stubs.i_mmap_unlock_write(plainFile().f_mapping);
    mapRange(t, 0x10000, 0x11000);
    t.ASSERT_TRUE(false);
  });`,
  );
  t.match(output, /not ok 2 - i_mmap_rwsem dropped at .* is not held/);
  t.match(output, '# follows from it, 2 left undone: vm_area_struct 0x10000-0x11000, 1 tree node');
  t.equal(output.match(/^ +not ok/gm)?.length, 2);
  const leaking = run(t, "test('leaks', (t) => { mapRange(t, 0x10000, 0x11000); });");
  t.equal(leaking.match(/^ +not ok \d - leak: /gm)?.length, 2, 'leaks that follow from nothing are failures');
});

t.test('a layout, line by line', async (t) => {
  const output = run(
    t,
    `test('layout', (t) => {
    mapRange(t, 0x10000, 0x14000);
    mapRange(t, 0x20000, 0x21000);
    t.ASSERT_LAYOUT(\`
      0x10000-0x15000
      0x20000-0x21000\`);
  });`,
  );
  t.match(output, 'not ok 1 - ASSERT_LAYOUT(` 0x10000-0x15000 0x20000-0x21000`)\n');
  t.match(
    output,
    '        found:\n          - 0x10000-0x14000 pgoff=0x10 flags=0x100033\n          - 0x20000-0x21000 ',
  );
  t.match(output, '        wanted:\n          - 0x10000-0x15000\n          - 0x20000-0x21000\n');
});

t.test('without its sources a failure has the name of the assertion', async (t) => {
  const dist = pathToFileURL(join(ROOT, 'dist')).href;
  const source = `const { test } = await import('${dist}/harness/index.js'); test('fails', (t) => t.ASSERT_TRUE(false));`;
  t.match(runNode(['--input-type=module', '-e', source]).stdout, 'not ok 1 - ASSERT_TRUE\n');
});
