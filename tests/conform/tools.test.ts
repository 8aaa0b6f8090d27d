// SPDX-License-Identifier: GPL-2.0-only
/** What the comparison with the kernel's code is made of: traces, shortening, pictures, a compiler's complaints. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { describeDifference, sideBySide } from '../../dev/conform/report.js';
import { shrinkTrace } from '../../dev/conform/shrink.js';
import { type Answer, agree, kernelSide, portAgrees, portSide } from '../../dev/conform/sides.js';
import { randomTreeTrace } from '../../dev/conform/tree_traces.js';
import { profileOf } from '../../dev/conform/vma_profile.js';
import { Draft, randomVmaTrace } from '../../dev/conform/vma_traces.js';
import { KernelTreeError, misfitsOf, ScratchTree } from '../../dev/kernel/scratch.js';
import { Random } from '../../dev/random.js';
import { WORDS } from '../../tools/replay/words/table.js';
import { runNode } from '../house/project.js';

t.test('the same seed gives the same trace, another gives another', async (t) => {
  for (const trace of [randomVmaTrace, randomTreeTrace]) {
    const lines = trace(new Random(7), 50);
    t.equal(lines.length, 50);
    t.same(trace(new Random(7), 50), lines);
    t.notSame(trace(new Random(8), 50), lines);
  }
});

t.test('random traces are in the format, and come to their end', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    for (const [kind, trace] of Object.entries({ vma: randomVmaTrace, tree: randomTreeTrace })) {
      const text = `${trace(new Random(seed), 300).join('\n')}\n`;
      const { failure, output } = portSide(kind === 'vma' ? 'vma' : 'tree')(text);
      t.equal(failure, null, `${kind} ${seed}`);
      t.ok(output.length > 300);
    }
  }
});

t.test('every argument of a word can be drawn, and another is an error', async (t) => {
  const random = new Random(3);
  const draft = new Draft(random, profileOf(random));
  for (const word of [...WORDS.values()].filter(({ often }) => often > 0)) {
    for (const name of word.args) t.match(String(draft.argument(name, word)), /^\w+$|^-?\d+$/, `${word.name} ${name}`);
    t.throws(() => draft.argument('NOTHING', word), new RangeError(`${word.name}: nothing says how to draw NOTHING`));
  }
});

t.test('choices are drawn as often as they weigh', async (t) => {
  const random = new Random(1);
  const drawn = Array.from({ length: 4000 }, () =>
    random.weighted([
      [3, 'often'],
      [1, 'seldom'],
    ]),
  );
  const often = drawn.filter((choice) => choice === 'often').length;
  t.ok(often > 2800 && often < 3200, `${often} of 4000`);
  t.throws(() => random.pick([]), /values is empty/);
  t.throws(() => random.weighted([[0, 'nothing']]), RangeError);
});

t.test('a trace is shortened to the lines that it takes', async (t) => {
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
  const needed = ['line 3', 'line 40', 'line 41', 'line 99'];
  let asked = 0;
  const short = shrinkTrace(lines, (some) => {
    asked++;
    return needed.every((line) => some.includes(line));
  });
  t.same(short, needed);
  t.ok(asked < 300, `${asked} questions`);
  t.same(
    shrinkTrace(['only'], () => true),
    [],
  );
  t.same(
    shrinkTrace(['a', 'b'], () => false),
    ['a', 'b'],
  );
});

const SPACE = '= count=1 total=2 data=2 exec=0 stack=0 locked=0\n';

t.test('a difference shows the trace, both answers and both address spaces', async (t) => {
  const kernel = { output: `mmap 10000\n${SPACE}  10000-12000 pgoff=10 flags=33 file=0 anon=0\n`, failure: null };
  const port = {
    output: `mmap 10000\n${SPACE}  10000-11000 pgoff=10 flags=33 file=1 anon=1\n  11000-12000 pgoff=11 flags=33 file=1 anon=0\n`,
    failure: 'line 1: lost',
  };
  t.notOk(agree(kernel, port));
  const shown = describeDifference(['mmap 10000 2000 33 10 0'], kernel, port).split('\n');
  t.equal(new Set(shown.slice(4, 8).map((line) => line.search(/[|≠] (?:port|mmap|=|0x)/))).size, 1, 'in columns');
  t.same(
    shown.map((line) => line.replaceAll(/(?<=\S) +/g, ' ')),
    [
      'the shortest trace that differs, 1 operations:',
      '  mmap 10000 2000 33 10 0',
      '',
      'the port: line 1: lost',
      'kernel, operation 1 ≠ port, operation 1',
      'mmap 10000 | mmap 10000',
      '= count=1 total=2 data=2 exec=0 stack=0 locked=0 | = count=1 total=2 data=2 exec=0 stack=0 locked=0',
      '0x10000-0x12000 |##| pgoff=0x10 rw-p may=rw-- ≠ 0x10000-0x11000 |#.| pgoff=0x10 rw-p may=rw-- file anon',
      `${' '.repeat(49)}≠ 0x11000-0x12000 |.#| pgoff=0x11 rw-p may=rw-- file`,
    ],
  );
  t.same(sideBySide(['a'], ['a', 'b']), ['a | a', '  ≠ b']);
});

t.test('a difference of calls and attributes, and one where a side ends early', async (t) => {
  const answer = (calls: string, prot: string): string =>
    `mmap 10000\n${calls}${SPACE}  10000-12000 pgoff=10 flags=33 file=0 anon=0\n    flags=33 prot=${prot}\n`;
  const kernel = { output: answer(' vma_start_write(10000-12000)\n', '33'), failure: 'BUG in vma_mark_attached' };
  const told = describeDifference(['calls 1'], kernel, { output: answer('', '31'), failure: null }).split('\n');
  const shown = told.map((line) => line.replaceAll(/(?<=\S) +/g, ' '));
  t.ok(shown.includes("the kernel's code BUG in vma_mark_attached"));
  t.ok(shown.some((line) => line.startsWith(' vma_start_write(10000-12000) ≠')));
  t.ok(shown.some((line) => line.includes('flags=33 prot=33')));
  t.ok(shown.some((line) => line.endsWith('flags=33 prot=31')));
  t.equal(shown.filter((line) => line.startsWith('the port')).length, 0);

  const more = { output: `mmap 10000\n${SPACE}`, failure: null };
  const early = describeDifference([], { output: '', failure: null }, more).split('\n');
  t.match(early[2], /^kernel, operation 1 ≠ port, operation 1$/);
  t.match(early[3], /^\(nothing\) +≠ mmap 10000$/);
  const same = describeDifference([], more, more).split('\n');
  t.match(same.slice(2), ['kernel, operation 2 ≠ port, operation 2', '(nothing)           | (nothing)']);
});

t.test('a side that dies is no agreement, and says how', async (t) => {
  const port = portSide('vma');
  t.equal(port('quiet\nfly\n').failure, "line 2: unknown operation 'fly'");
  t.match(port('quiet\n').output, /^quiet 0\n= count=0/);
  t.equal(portSide('tree')('fly\n').failure, "line 1: unknown operation 'fly'");
  t.equal(portSide('syscalls')('fly\n').failure, "line 1: unknown operation 'fly'");
  t.match(
    port('calls 1\nmmap 10000 1000 31 10 1\nanswer mutex_is_locked 1 1 0\nlocks\n').failure,
    'BUG in mm_drop_all_locks',
  );
  const enough = Symbol('enough');
  const thrown = { output: port('quiet\n').output, failure: null };
  t.throws(
    () =>
      portAgrees('vma', 'quiet\n', thrown, () => {
        throw enough;
      }),
    'what the caller throws is its own',
  );
  const same: Answer = { output: '', failure: null };
  t.ok(agree(same, same));
  t.notOk(agree({ output: '', failure: 'ended by SIGSEGV' }, same));
  const bug = (fn: string): Answer => ({ output: '', failure: `BUG in ${fn}` });
  t.ok(agree(bug('vma_mark_attached'), bug('vma_mark_attached')), 'both end at the same BUG');
  t.notOk(agree(bug('vma_mark_attached'), bug('vma_mark_detached')));
  t.notOk(agree({ ...same, failure: 'ended by SIGSEGV' }, { ...same, failure: 'ended by SIGSEGV' }));
  const dead = kernelSide('false')('quiet\n');
  t.equal(dead.failure, 'ended with status 1');
  t.throws(() => kernelSide('/nonexistent/program')(''), /ENOENT/);
  const program = (body: string): string => {
    const path = join(t.testdir({}), 'program');
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const ended = (body: string): Answer => kernelSide(program(body))('quiet\n');
  t.same(ended('echo said; echo BUG in f >&2; exit 3'), { output: 'said\n', failure: 'BUG in f' });
  t.same(ended('echo first >&2; echo why >&2; exit 4').failure, 'ended with status 4: why');
  t.same(ended('kill -SEGV $$').failure, 'ended by SIGSEGV');
});

t.test('a compiler’s pages are said in a line for each symbol', async (t) => {
  const pages = [
    "main.c:10:5: error: 'fail_prealloc' undeclared (first use in this function)",
    "main.c:11:5: error: 'fail_prealloc' undeclared (first use in this function)",
    "main.c:20:9: error: too few arguments to function 'vma_modify_flags'",
    "main.c:21:9: error: passing argument 2 of 'vma_link' from incompatible pointer type",
    "main.c:22:9: error: 'struct vm_area_desc' has no member named 'action'",
    "main.c:23:1: error: unknown type name 'vma_flags_t'; did you mean 'vm_flags_t'?",
    'main.c:24:1: fatal error: tests/merge.c: No such file or directory',
    '/usr/bin/ld: main.o: undefined reference to `validate_mm`'.replace('mm`', "mm'"),
  ].join('\n');
  t.same(misfitsOf(pages).sort(), [
    '.action: no such member',
    'fail_prealloc: not there',
    'tests/merge.c: no such file',
    'validate_mm: not defined',
    'vma_flags_t: no such type',
    'vma_link(): takes other arguments',
    'vma_modify_flags(): takes other arguments',
  ]);
});

t.test('a folder that is no kernel tree, and bad arguments, end with status 2', async (t) => {
  const folder = t.testdir({});
  t.throws(() => new ScratchTree(folder), KernelTreeError);
  const cases: [string[], RegExp][] = [
    [['--kernel', folder], /^conform: .*: no kernel tree with tools\/testing\/vma\n$/],
    [[], /required option '-k, --kernel <tree>' not specified/],
    [['--kernel', folder, '--runs', '0'], /A number from 1 on is wanted/],
    [['--kernel', folder, '--seed', '-1'], /A whole number below 1,000,000,000 is wanted/],
    [['--kernel', folder, '--only', 'mm'], /Allowed choices are vma, tree/],
    [['--kernel', folder, '--jobs', '0'], /A number from 1 on is wanted/],
    [['--kernel', folder, '--continue', 'package.json'], /^conform: package\.json: no campaign to go on with\n$/],
  ];
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = runNode(['dist/dev/conform/conform.js', ...args], {
      env: { KERNEL: undefined },
    });
    t.equal(status, 2, args.join(' '));
    t.match(stderr, message);
    t.equal(stdout, '');
  }
});
