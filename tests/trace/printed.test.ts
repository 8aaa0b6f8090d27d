// SPDX-License-Identifier: GPL-2.0-only
/** What VMA_TRACE=1 prints: the address space after each operation, differences marked, as comments of TAP and KTAP. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { showCall, showResult } from '../../harness/said.js';
import { TestNumbers } from '../../tools/trace/numbers.js';
import { showChange } from '../../tools/trace/show.js';
import type { VmaState } from '../../tools/trace/state.js';
import { commentsOf, runTraced, sampleTest } from './sample.js';

const SAMPLE = `
test('sample', (t) => {
  const f = plainFile();
  const vma = mapRange(t, 0x10000, 0x14000, { file: f });
  mapRange(t, 0x20000, 0x22000, { bits: [0, 4, 8] });
  t.fault(vma);
  vma.flags = flags(0, 4);
  t.ASSERT_EQ(lib.do_munmap(t.mm, 0x11000, 0x1000, null), 0);
  t.ASSERT_EQ(lib.do_munmap(t.mm, 0x11001, 0x1000, null), -22);
  t.unmapAll();
});
`;

/** The file holds f for every VMA of it, which the test does not give back. */
const ENV = { VMA_STUBS: 'upstream' };

const PRINTED = [
  '1: __mmap_region(file=file 1, addr=0x10000, len=0x4000, vma_flags=0x33, pgoff=0x10) = 0x10000',
  '+ 0x10000-0x14000 |####| pgoff=0x10 rw-p may=rw-- account file=1',
  '2: __mmap_region(addr=0x20000, len=0x2000, vma_flags=0x111, pgoff=0x20) = 0x20000',
  '  0x10000-0x14000 |####..............| pgoff=0x10 rw-p may=rw-- account file=1',
  '+ 0x20000-0x22000 |................##| pgoff=0x20 r--p may=r--- growsdown',
  '3: fault(vma=0x10000-0x14000)',
  '- 0x10000-0x14000 |####..............| pgoff=0x10 rw-p may=rw-- account file=1',
  '+ 0x10000-0x14000 |####..............| pgoff=0x10 rw-p may=rw-- account file=1 anon=1',
  '  0x20000-0x22000 |................##| pgoff=0x20 r--p may=r--- growsdown',
  'by hand:',
  '- 0x10000-0x14000 |####..............| pgoff=0x10 rw-p may=rw-- account file=1 anon=1',
  '+ 0x10000-0x14000 |####..............| pgoff=0x10 r--p may=r--- file=1 anon=1',
  '  0x20000-0x22000 |................##| pgoff=0x20 r--p may=r--- growsdown',
  '4: do_munmap(start=0x11000, len=0x1000) = 0x0',
  '- 0x10000-0x14000 |####..............| pgoff=0x10 r--p may=r--- file=1 anon=1',
  '+ 0x10000-0x11000 |#.................| pgoff=0x10 r--p may=r--- file=1 anon=1',
  '+ 0x12000-0x14000 |..##..............| pgoff=0x12 r--p may=r--- file=1 anon=1',
  '  0x20000-0x22000 |................##| pgoff=0x20 r--p may=r--- growsdown',
  '5: do_munmap(start=0x11001, len=0x1000) = -EINVAL',
  '  0x10000-0x11000 |#.................| pgoff=0x10 r--p may=r--- file=1 anon=1',
  '  0x12000-0x14000 |..##..............| pgoff=0x12 r--p may=r--- file=1 anon=1',
  '  0x20000-0x22000 |................##| pgoff=0x20 r--p may=r--- growsdown',
  '6: do_munmap(start=0x0, len=0x7ffffffff000) = 0x0',
  '- 0x10000-0x11000 |#.................| pgoff=0x10 r--p may=r--- file=1 anon=1',
  '- 0x12000-0x14000 |..##..............| pgoff=0x12 r--p may=r--- file=1 anon=1',
  '- 0x20000-0x22000 |................##| pgoff=0x20 r--p may=r--- growsdown',
];

t.test('every operation, and what was done by hand, on one scale', async (t) => {
  const dir = t.testdir({ 'sample.test.js': sampleTest(SAMPLE) });
  const traces = join(dir, 'traces');
  const { status, stdout, stderr } = runTraced([dir], { ...ENV, VMA_TRACE_DIR: traces });
  t.equal(status, 0, stderr);
  t.equal(stderr, '');
  t.same(commentsOf(stdout), [...PRINTED, `trace: ${join(traces, 'sample.trace')}`]);
  t.ok(existsSync(join(traces, 'sample.trace')));
});

t.test('in KTAP they are comments of the test that they belong to', async (t) => {
  const dir = t.testdir({ 'sample.test.js': sampleTest(SAMPLE) });
  const { status, stdout } = runTraced(['--ktap', dir], { ...ENV, VMA_TRACE_DIR: join(dir, 'traces') });
  t.equal(status, 0);
  const lines = stdout.split('\n');
  t.same(lines.slice(0, 4), ['KTAP version 1', '1..1', '  KTAP version 1', '  1..1']);
  t.same(
    lines.slice(4, 4 + PRINTED.length),
    PRINTED.map((line) => `  # ${line}`),
  );
});

t.test('a folder that traces cannot be written to is refused before the first test', async (t) => {
  const dir = t.testdir({ 'sample.test.js': sampleTest(SAMPLE), file: '' });
  const { status, stdout, stderr } = runTraced([dir], { ...ENV, VMA_TRACE_DIR: join(dir, 'file/traces') });
  t.equal(status, 2);
  t.match(stderr, /VMA_TRACE_DIR/);
  t.equal(stdout, '', 'no test ran');
});

t.test('a trace that cannot be written leaves the next test its world', async (t) => {
  const body = `import { writeFileSync } from 'node:fs';
writeFileSync(process.env.VMA_TRACE_DIR, '');
${SAMPLE}test('next', (t) => t.ASSERT_EQ(lib.current.mm, t.mm));`;
  const dir = t.testdir({ 'sample.test.js': sampleTest(body) });
  // Something has come in the way since the run began.
  const { status, stdout, stderr } = runTraced([dir], { ...ENV, VMA_TRACE_DIR: join(dir, 'traces') });
  t.equal(status, 2);
  t.match(stderr, /^trace: ENOTDIR/m);
  t.match(stdout, /^ok 1 - sample/m, 'the test has not failed');
  t.match(stdout, /^ok 2 - next/m);
});

t.test('without VMA_TRACE nothing is printed or written', async (t) => {
  const dir = t.testdir({ 'sample.test.js': sampleTest(SAMPLE) });
  for (const VMA_TRACE of [undefined, '', '0']) {
    const { status, stdout } = runTraced([dir], { ...ENV, VMA_TRACE, VMA_TRACE_DIR: join(dir, 'traces') });
    t.equal(status, 0);
    t.same(commentsOf(stdout), []);
    t.notOk(existsSync(join(dir, 'traces')));
  }
});

function vma(start: number, end: number, more: Partial<VmaState> = {}): VmaState {
  const shot = { start, end, pgoff: 0, flags: '0x33', access: 'rw-p', hasFile: false, hasAnonVma: false };
  return { ...shot, file: null, anon: null, links: 0, ops: 0, picky: false, uffd: false, ...more };
}

t.test('a wide address space is drawn out of proportion, a crowded one without what is as before', async (t) => {
  const numbers = new TestNumbers();
  const far = showChange([vma(0x1000, 0x2000)], [vma(0x1000, 0x2000), vma(0x7ff0000000, 0x7ff0010000)], numbers);
  t.same(far, [
    '        0x1000-      0x2000 |#......| pgoff=0x0 rw-p may=rw--',
    '+ 0x7ff0000000-0x7ff0010000 |..#####| pgoff=0x0 rw-p may=rw--',
  ]);
  const many = Array.from({ length: 70 }, (_, i) => vma(i * 0x2000, i * 0x2000 + 0x1000));
  const [, ...rest] = many;
  const lines = showChange(many, rest, numbers);
  t.same(lines, ['-    0x0-0x1000 |#| pgoff=0x0 rw-p may=rw--', '  (and 69 as before)']);
  t.same(showChange(many, many, numbers), ['  (and 70 as before)']);
  t.same(showChange([], [], numbers), ['  (nothing is mapped)']);
});

t.test('results and arguments by what they are', async (t) => {
  t.equal(showResult(-12), ' = -ENOMEM');
  t.equal(showResult(-4095), ' = -0xfff');
  t.equal(showResult(undefined), '');
  t.equal(showResult(null), ' = null');
  t.equal(showCall('f', { a: 1, b: null, c: true }, new TestNumbers()), 'f(a=0x1, c=true)');
});

t.test('arguments of other kinds', async (t) => {
  const numbers = new TestNumbers();
  t.equal(showCall('f', { word: 5n, text: 'text', fn: () => 0 }, numbers), 'f(word=0x5, text=text)');
  t.equal(showResult(-0x1000), ' = -0x1000', 'no error has that number');
});
