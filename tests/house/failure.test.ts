// SPDX-License-Identifier: GPL-2.0-only
/** A failed test explains itself: values in hex, and the address space before and after its last change. */
import t from 'tap';
import { runNode } from './project.js';

/** Runs tests that are written here, against what was compiled. */
function run(body: string): string {
  const source = `
    import { test } from './dist/harness/index.js';
    import { mapRange } from './dist/tests/mm/space.js';
    import { do_munmap } from './dist/lib/index.js';
    ${body}`;
  return runNode(['--enable-source-maps', '--input-type=module', '-e', source]).stdout;
}

t.test('values and pictures, what differs marked', async (t) => {
  const output = run(`test('fails', (t) => {
    mapRange(t, 0x10000, 0x14000);
    mapRange(t, 0x20000, 0x22000, { bits: [0, 4, 8] });
    t.ASSERT_EQ(t.mm.map_count, 2);
    do_munmap(t.mm, 0x11000, 0x1000, null);
    t.ASSERT_EQ(t.mm.total_vm, 0x17, 'total');
  });`);
  const wanted = [
    '    not ok 1 - total',
    '      ---',
    '      values:',
    '        found: "0x5"',
    '        wanted: "0x17"',
    '      before:',
    '        - 0x10000-0x14000 -|####..............| pgoff=0x10 rw-p may=rw-- account',
    '        - 0x20000-0x22000  |................##| pgoff=0x20 r--p may=r--- growsdown',
    '      after:',
    '        - 0x10000-0x11000 +|#.................| pgoff=0x10 rw-p may=rw-- account',
    '        - 0x12000-0x14000 +|..##..............| pgoff=0x12 rw-p may=rw-- account',
    '        - 0x20000-0x22000  |................##| pgoff=0x20 r--p may=r--- growsdown',
  ];
  t.match(output, `${wanted.join('\n')}\n`);
  const frames = /stackTrace:\n((?: {8}- .*\n)+)/.exec(output)?.[1]?.trimEnd().split('\n') ?? [];
  t.equal(frames.length, 1, 'of the frames only the test’s own');
  t.notMatch(output, /^ *(?:at|stack|source):/m, 'nothing of the harness');
});

t.test('a layout, line by line', async (t) => {
  const output = run(`test('layout', (t) => {
    mapRange(t, 0x10000, 0x14000);
    mapRange(t, 0x20000, 0x21000);
    t.ASSERT_LAYOUT('0x10000-0x15000\\n0x20000-0x21000');
  });`);
  t.match(
    output,
    '        found:\n          - 0x10000-0x14000 pgoff=0x10 flags=0x100033\n          - 0x20000-0x21000 ',
  );
  t.match(output, '        wanted:\n          - 0x10000-0x15000\n          - 0x20000-0x21000\n');
});

t.test('a change since the last assertion is the last one', async (t) => {
  const output = run(`test('fails', (t) => {
    mapRange(t, 0x10000, 0x12000);
    t.ASSERT_TRUE(true);
    t.ASSERT_TRUE(false, 'nothing changed between');
  });`);
  t.match(
    output,
    '      before:\n        - (nothing is mapped)\n      after:\n        - 0x10000-0x12000 +|##| pgoff=0x10',
  );
});
