// SPDX-License-Identifier: GPL-2.0-only
/** The same operations on the kernel's own mm/vma.c and on the port; and traces that are not as the format has them. */
import t from 'tap';
import { World } from '../../harness/index.js';
import { current, globals, maple_slab, mm_struct, stubs } from '../../lib/index.js';
import { at } from '../../tools/replay/hex.js';
import { TraceError } from '../../tools/replay/trace_error.js';
import { replayVma } from '../../tools/replay/vma.js';
import { WORDS } from '../../tools/replay/words/table.js';
import { firstDifference, grownPairs, readPair, recordedPairs, written } from './recorded.js';

t.test('recorded traces', async (t) => {
  const names = recordedPairs('vma');
  t.equal(names.length, 8, 'all eight are there');
  for (const { name, trace, expected } of names.map(readPair)) {
    const found = written((write) => replayVma(trace, write));
    t.equal(firstDifference(found, expected), null, name);
  }
});

t.test('every operation of the format', async (t) => {
  const pairs = grownPairs();
  for (const { name, trace, expected } of pairs) {
    const found = written((write) => replayVma(trace, write, { validate: name === 'operations-601' }));
    t.equal(firstDifference(found, expected), null, name);
  }
  const words = new Set(pairs.flatMap(({ trace }) => trace.split('\n').map((line) => line.split(' ')[0])));
  t.same(
    [...WORDS.keys()].filter((name) => !words.has(name) && name !== 'mdwe'),
    [],
    'of those that there are',
  );
});

t.test('memory that is writable and executable, denied and allowed again', async (t) => {
  const map = 'region 10000 1000 77 10 0';
  const found = written((write) => replayVma(`quiet\nmdwe 1\n${map}\nmdwe 0\n${map}\n`, write));
  t.same(found.match(/^[a-z]+ \S+$/gm), ['quiet 0', 'mdwe 0', 'region -d', 'mdwe 0', 'region 10000']);
});

/** Lines in their order, and what Linux 7.2 answered: where nothing is mapped, in the way, or as the word wants it. */
const REFUSED: [line: string, result: string][] = [
  ['quiet', '0'],
  ['vma_link 10000 4000 33 10 0', '0'],
  ['setsums 100 100 100 100 100', '0'],
  ['uffd 20000 33 0', '-e'],
  ['relocate 20000 1000', '-e'],
  ['relocate 10000 11000', '-16'],
  ['shrink 20000 20000 21000', '-e'],
  ['shrink 10000 11000 13000', '-16'],
  ['shrink 10000 f000 13000', '-16'],
  ['extend 20000 1000', '-e'],
  ['failprealloc 1', '0'],
  ['extend 10000 1000', '-c'],
  ['shrink 10000 10000 11000', '-c'],
  ['uffd 10000 33 0', '0'],
  ['copy 10000 1000 20000', '-c'],
  ['insert 30000 1000 33 30 0', '-c'],
  ['failprealloc 0', '0'],
  ['move 10000 1000 10800', '-16'],
  ['copy 20000 1000 30000', '-e'],
  ['vma_expand 20000 20000 21000 20 33 0', '-e'],
  ['vma_expand 10000 11000 15000 11 33 0', '-16'],
  ['vma_shrink 10000 11000 12000 11', '-16'],
  ['vma_shrink 20000 20000 21000 20', '-e'],
  ['split_vma 10000 0', '-16'],
  ['split_vma 20000 0', '-e'],
  ['vma_merge_extend 20000 1000', '-e'],
  ['copy_vma 20000 1000 30000 30 0', '-e'],
  ['copy_vma 10000 1000 14000 14 0', '-16'],
  ['vma_modify_flags 20000 21000 33', '-e'],
  ['vma_modify_flags 10000 15000 33', '-16'],
  ['vma_modify_flags_uffd 10000 12000 33 1', '-16'],
  ['vma_merge_existing_range 20000 21000 33 20 0 1', '-e'],
  ['vma_merge_existing_range 10000 15000 33 10 0 1', '-16'],
  ['setflags 20000 1', '-e'],
  ['drop 20000', '-e'],
];

t.test('words on ranges that they are not for, and without memory', async (t) => {
  const trace = REFUSED.map(([line]) => line).join('\n');
  const found = written((write) => replayVma(trace, write, { validate: false }));
  t.same(
    found.match(/^\w+ \S+$/gm),
    REFUSED.map(([line, result]) => `${line.split(' ')[0]} ${result}`),
  );
});

t.test('a change of userfaultfd that would merge, without memory', async (t) => {
  const trace =
    'mmap 10000 1000 33 10 0\nmmap 11000 1000 31 11 0\nfailprealloc 1\nuffd 11000 100033 0\nuffd 11000 100033 1';
  const found = written((write) => replayVma(trace, write, { validate: false }));
  t.same(found.match(/^uffd \S+$/gm), ['uffd -c', 'uffd 0'], 'an error, unless it is to be given up quietly');
});

const BAD: [string, string][] = [
  ['fly 1', "unknown operation 'fly'"],
  ['MMAP 10000 1000 33 10 0', "unknown operation 'MMAP'"],
  ['mmap 10000 1000 33 10', "'mmap' takes 5 arguments, not 4"],
  ['munmap 10000 1000 1', "'munmap' takes 2 arguments, not 3"],
  ['quiet 1', "'quiet' takes 0 arguments, not 1"],
  ['fault', "'fault' takes 1 arguments, not 0"],
  ['fault 0x5', "'0x5' is not a hexadecimal number"],
  ['fault -1', "'-1' is not a hexadecimal number"],
  ['fault 1.5', "'1.5' is not a hexadecimal number"],
  ['fault max', "'max' is not a hexadecimal number"],
  ['munmap 20000000000000 1000', "'20000000000000' is past 1fffffffffffff"],
  ['mmap 10000 1000 33 10 43', 'file = 67: there are files 1 to 66, and 0 for none'],
  ['mmap 10800 1000 33 10 0', '__mmap_region: addr = 0x10800: not page-aligned'],
  ['mmap 10000 0 33 10 0', '__mmap_region: addr + len = 0x10000: not above addr = 0x10000'],
  ['modify 10000 10800 33', 'vma_modify_flags: end = 0x10800: not page-aligned'],
  ['extend 10000 800', 'vma_merge_extend: delta = 0x800: not page-aligned'],
  ['__split_vma 10800 0', '__split_vma: addr = 0x10800: not page-aligned'],
  [
    'vma_merge_new_range 13000 12000 33 13 0 0 3',
    'vma_merge_new_range: vmg.end = 0x12000: not above vmg.start = 0x13000',
  ],
  ['setops 10000 40', 'setops: kind = 64: 0 to 63 are there'],
  ['setfile 10000 43', 'file = 67: there are files 1 to 66, and 0 for none'],
  ['answer fly 1 1 0', "'fly' is no stub, and no hook"],
  ['answer mapped 1 1 c-', "'c-' is not a hexadecimal number"],
  ['attributes 10 0 0', 'attributes: 16: there are 1 to 15, 0 for none'],
  ['setanon 10000 1', "'setanon' takes 3 arguments, not 2"],
];

t.test('a bad line ends the replay with its number and the reason', async (t) => {
  for (const [line, reason] of BAD) {
    const trace = ['mmap 10000 1000 31 10 0', '# nothing', line, 'munmap 10000 1000', ''].join('\n');
    let output = '';
    let caught: unknown = null;
    try {
      replayVma(trace, (text) => {
        output += text;
      });
    } catch (error) {
      caught = error;
    }
    const [, ...rest] = output.split('\n');
    t.equal(rest.length, 3, `${line}: nothing is printed for it or after it`);
    t.match(output, /^mmap 10000\n= count=1 .*\n {2}10000-11000 pgoff=10 flags=31 file=0 anon=0\n$/);
    if (!(caught instanceof TraceError)) {
      t.fail(`${line}: no TraceError`, { caught });
      continue;
    }
    t.equal(caught.line, 3);
    t.equal(caught.reason, reason);
  }
});

t.test('sums that fall below 0 are printed as C has them', async (t) => {
  const trace = 'mmap 10000 2000 33 10 0\nsetsums 1 0 0 0 0\nmunmap 10000 2000\n';
  const found = written((write) => replayVma(trace, write, { validate: false }));
  t.match(found, /^munmap 0\n= count=0 total=18446744073709551615 data=18446744073709551614 /m);
});

t.test('a replay leaves the world of its caller alone', async (t) => {
  const mm = new mm_struct();
  new World({ mm, globals: { stack_guard_gap: 1 }, stubs: { capable: () => false } }).run(() => {
    const before = { stubs: { ...stubs }, globals: { ...globals }, slab: { ...maple_slab } };
    t.throws(() => replayVma('failprealloc 1\nmaxmaps 3\nmmap 10000 1000 31 10 0\nfly\n', () => {}), TraceError);
    t.equal(current.mm, mm);
    t.same({ ...globals }, before.globals);
    t.same({ ...maple_slab }, before.slab);
    t.ok(Object.entries(before.stubs).every(([name, stub]) => Reflect.get(stubs, name) === stub));
  });
});

t.test('an operation that asks for an argument it does not name is a fault of the replayer', async (t) => {
  t.equal(at([7], 0), 7);
  t.throws(() => at([7], 1), /operation asks for argument 2, which its entry does not name/);
});
