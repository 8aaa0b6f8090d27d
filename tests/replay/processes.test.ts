// SPDX-License-Identifier: GPL-2.0-only
/** Traces of system calls: what a replay answers, and what it refuses. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Random } from '../../dev/random.js';
import { PROFILES, randomProgram } from '../../dev/syscalls/program.js';
import { parseCallArgument, sayCallArgument } from '../../tools/replay/call_arguments.js';
import { FAILING, KNOBS, TOLD_CALLS } from '../../tools/replay/process_settings.js';
import { isCallTrace, parseCallLine, replayProcesses } from '../../tools/replay/processes.js';
import { replayTrace } from '../../tools/replay/replay.js';
import { TraceError } from '../../tools/replay/trace_error.js';
import { CALL_TABLES, CALL_WORDS } from '../../tools/replay/words/call_table.js';
import { ROOT } from '../house/project.js';
import { callPairs, firstDifference, written } from './recorded.js';

function answersTo(lines: readonly string[]): string[] {
  const found: string[] = [];
  replayProcesses(`${lines.join('\n')}\n`, (text) => found.push(text));
  return found;
}

/** The first line of each answer. */
function resultsOf(lines: readonly string[]): string[] {
  return answersTo(lines).map((text) => text.split('\n')[0] ?? '');
}

const RW = 'PROT_READ|PROT_WRITE';
const HERE = 'MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED';

t.test('recorded programs: the kernel answered the same, and every word is in them', async (t) => {
  const pairs = callPairs();
  for (const { name, trace, expected } of pairs) {
    const found = written((write) => replayProcesses(trace, write));
    t.equal(firstDifference(found, expected), null, name);
  }
  const words = new Set(pairs.flatMap(({ trace }) => trace.split('\n').map((line) => line.split(' ')[0])));
  t.same(
    [...CALL_WORDS.keys()].filter((name) => !words.has(name)),
    [],
  );
});

t.test('each answer has the result, the sums of the process and its VMAs', async (t) => {
  const [, , written] = answersTo(['process 1', `mmap 200000000000 4000 ${RW} ${HERE} -1 0`, 'write 200000001000 42']);
  t.equal(
    written,
    [
      'write 0',
      '= count=1 total=4 data=4 exec=0 stack=0 locked=0 process=1 brk=555555560000-555555560000 hiwater=0 committed=4 defaults=0 modes=-',
      '  200000000000-200000004000 pgoff=200000000 flags=100073 file=0 anon=1',
      '    prot=100073 anon_pgoff=200000000 anon=1 links=1 name=-',
      '    pages 1:42w',
      '',
    ].join('\n'),
  );
});

t.test('a child has a memory of its own, and its links to that of the parent', async (t) => {
  const found = answersTo([
    ...['process 1', `mmap 200000000000 1000 ${RW} ${HERE} -1 0`, 'write 200000000000 1', 'fork', 'process 2'],
    ...['write 200000000000 2', 'process 1', 'read 200000000000', 'process 2', 'read 200000000000'],
  ]);
  t.match(found[3], /^fork 2\n= count=1 .* committed=2 .*\n/);
  t.match(found[5], /process=2 .*\n.* anon=1\n {4}.* anon=2 links=2,1 /);
  t.match(found[7], /^read 1\n/);
  t.match(found[9], /^read 2\n/);
});

t.test('who has exited makes no calls', async (t) => {
  t.same(
    resultsOf(['process 1', 'fork', 'process 2', 'exit', 'brk 0', 'process 2', 'process 9', 'process 1', 'brk 0']),
    [
      ...['process 0', 'fork 2', 'process 0', 'exit 0', 'brk -3', 'process -3', 'process -3', 'process 0'],
      'brk 555555560000',
    ],
  );
});

t.test('hooks of drivers are told: mapped once, open for each VMA more, close at the end', async (t) => {
  const found = answersTo([
    ...['process 1', 'driver 3', 'mmap 10000 4000 3 12 3 0', 'munmap 11000 1000', 'fork', 'close 3', 'exit'],
  ]);
  const hooks = found.map((text) => text.split('\n').filter((line) => /^ \w/.test(line)));
  t.same(hooks, [
    ...[[], [], [' mmap_prepare(10000-14000 0)', ' mapped(10000-14000 0)']],
    [' open(10000-11000)', ' open(12000-14000)', ' close(11000-12000)'],
    ...[[' open(10000-11000)', ' open(12000-14000)'], [], [' close(10000-11000)', ' close(12000-14000)']],
  ]);
});

t.test('drivers refuse splits and moves, fault, and fail, as their number says', async (t) => {
  const found = resultsOf([
    ...['process 1', 'driver 1c', 'mmap 10000 4000 3 11 3 0', 'munmap 11000 1000', 'munmap 10000 2000'],
    ...['mremap 12000 2000 2000 3 20000', 'read 13000', 'driver 20', 'mmap 30000 1000 3 11 4 0', 'read 30000'],
    ...['driver 100', 'mmap 40000 1000 3 11 5 0'],
  ]);
  t.same(found.slice(3), [
    ...['munmap -16', 'munmap 0', 'mremap -16', 'read 3', 'driver 4', 'mmap 30000', 'read -e', 'driver 5', 'mmap -13'],
  ]);
});

t.test('after calls 1 it is told whom a call tells, and what locks it drops', async (t) => {
  const found = answersTo([
    'process 1',
    'calls 1',
    'mmap 10000 4000 3 32 -1 0',
    'munmap 11000 1000',
    'calls 0',
    'brk 0',
  ]);
  t.same(
    found[2]?.split('\n').filter((line) => line.startsWith(' ') && line.endsWith(')')),
    [
      ' vma_start_write(10000-14000)',
      ' perf_event_mmap(10000-14000)',
      ' mmap_write_unlock()',
      ' userfaultfd_unmap_complete()',
    ],
  );
  t.match(found[3], / vma_adjust_trans_huge\(10000-14000 -\)\n/, 'NULL is -');
  t.notMatch(found[5], /\)\n/);
});

t.test('what is to fail fails: the call of that number, by name', async (t) => {
  const map = `mmap 200000000000 4000 ${RW} ${HERE} -1 0`;
  t.same(resultsOf(['process 1', 'fail vm_area_alloc 2', map, 'munmap 200000001000 1000', map]).slice(2), [
    ...['mmap 200000000000', 'munmap -c', 'mmap 200000000000'],
  ]);
  t.same(resultsOf(['process 1', 'nonodes 1', map, 'nonodes 0', map]).slice(2), [
    ...['mmap -c', 'nonodes 0', 'mmap 200000000000'],
  ]);
});

t.test('limits and knobs count', async (t) => {
  const map = (at: number): string => `mmap ${at}0000 4000 ${RW} ${HERE} -1 0`;
  t.same(resultsOf(['process 1', 'setrlimit RLIMIT_AS 8000 -1', map(1), map(2), map(3)]).slice(2), [
    ...['mmap 10000', 'mmap 20000', 'mmap -c'],
  ]);
  t.same(resultsOf(['process 1', 'sysctl overcommit_memory 2', 'sysctl totalram_pages 1', map(1)]).slice(3), [
    'mmap -c',
  ]);
  const lock = ['capable CAP_IPC_LOCK 0', 'setrlimit RLIMIT_MEMLOCK 0 0', 'mlock 10000 1000'];
  t.same(resultsOf(['process 1', map(1), ...lock]).slice(4), ['mlock -1']);
});

t.test('quiet leaves VMAs out, show has those of all processes', async (t) => {
  const found = answersTo(['process 1', 'quiet', `mmap 10000 1000 3 ${HERE} -1 0`, 'fork', 'show', 'brk 0']);
  t.equal(found[3]?.split('\n').length, 3);
  t.equal(found[4]?.match(/^ {2}10000-11000/gm)?.length, 2);
  t.notMatch(found[5], '10000-11000');
});

t.test('a line that nothing can be made of ends the replay, by its number, its word and its value', async (t) => {
  const bad: readonly (readonly [line: string, reason: RegExp])[] = [
    ['fly 1', /unknown operation 'fly'/],
    ['mmap 0 1000', /'mmap' takes 6 arguments, not 2/],
    ['munmap 0x1000 1', /'0x1000' is not a hexadecimal number/],
    ['munmap 10000000000000000 1', /'10000000000000000' has more than 64 bits/],
    ['mprotect 0 1000 PROT_READ|PROT_SING', /'PROT_SING' is none of the names for PROT/],
    ['madvise 0 1000 PROT_READ', /'PROT_READ' is none of the names for ADVICE/],
    ['name 0 1000 %zz', /'%zz' has a %/],
    ['fail hope 1', /'hope' is none of CALL: vm_area_alloc/],
    ['fail vm_area_alloc 0', /'fail': Faults: n = 0/],
    ['sysctl speed 1', /'speed' is none of KNOB: overcommit_memory/],
    ['sysctl max_map_count -1', /'sysctl': -1: out of range/],
    ['driver 2000', /'driver': driver: 8192: there are 0 to 1fff/],
    ['write 1000 100', /'write': .*value = 0x100: no byte/],
  ];
  for (const [line, reason] of bad) {
    const thrown = t.throws(() => answersTo(['process 1', '# a comment', line]), TraceError);
    t.match(thrown, { line: 3, reason }, line);
  }
});

t.test('a trace of system calls begins with a process; others are of VMAs', async (t) => {
  t.ok(isCallTrace('# one\n\n process 1 # two\nbrk 0\n'));
  t.notOk(isCallTrace('mmap 10000 1000 31 10 0\n'));
  const found: string[] = [];
  replayTrace('mmap 10000 1000 31 10 0\n', (text) => found.push(text));
  replayTrace('process 1\n', (text) => found.push(text));
  t.match(found, [/^mmap 10000\n= count=1/, /^process 0\n= count=0/]);
});

t.test('words stand once, and say what they do; what can fail and what can be set is in the document', async (t) => {
  const words = CALL_TABLES.flatMap((table) => table.words);
  t.equal(CALL_WORDS.size, words.length);
  for (const { name, does, gives } of words) t.ok(does !== '' && gives !== '', name);
  const document = readFileSync(join(ROOT, 'docs/traces.md'), 'utf8');
  t.same(
    FAILING.filter((name) => !document.includes(`\`${name}\``)),
    [],
  );
  t.ok(KNOBS.includes('max_map_count'));
  t.same(
    TOLD_CALLS.filter((name) => !document.includes(`\`${name}\``)),
    [],
  );
});

t.test('what is said for an argument is read as the same', async (t) => {
  const values: readonly (readonly [argument: string, value: number | bigint | string, said: string])[] = [
    ['PROT', 3, 'PROT_READ|PROT_WRITE'],
    ['PROT', 0, 'PROT_NONE'],
    ['MAP', 0x100032, 'MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE'],
    ['MAP', 3, 'MAP_SHARED_VALIDATE'],
    ['MREMAP', 0x23, 'MREMAP_MAYMOVE|MREMAP_FIXED|20'],
    ['ADVICE', 102, 'MADV_GUARD_INSTALL'],
    ['ADVICE', 5, '5'],
    ['ADDR', 2n ** 64n - 1n, 'ffffffffffffffff'],
    ['FD', -1, '-1'],
    ['TEXT', 'a b#', 'a%20b%23'],
    ['KNOB', 'max_map_count', 'max_map_count'],
  ];
  for (const [argument, value, said] of values) {
    t.equal(sayCallArgument(argument, value), said);
    t.equal(parseCallArgument(argument, said, 1), value);
  }
});

t.test(
  'random programs: each line can be read, the same seed gives the same, each profile has what it is about',
  async (t) => {
    const about: Readonly<Record<string, string>> = {
      ...{ plain: 'mremap', varied: 'name', forks: 'fork', files: 'ftruncate', limits: 'setrlimit', failing: 'fail' },
      ...{ placed: 'mmap', moves: 'mremap' },
    };
    for (const profile of PROFILES) {
      const lines = randomProgram(new Random(7), 400, { profile });
      t.equal(lines.length, 400);
      t.same(randomProgram(new Random(7), 400, { profile }), lines);
      const words = lines.map((line, i) => parseCallLine(line, i + 1)?.word.name);
      t.ok(words.includes(about[profile] ?? ''), profile);
      t.equal(words.at(-1), 'show');
    }
  },
);

t.test('programs for a real kernel set nothing of the machine', async (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const words = randomProgram(new Random(seed), 200, { live: true }).map((line) => line.split(' ')[0]);
    t.same(
      words.filter((word) => word === 'fail' || word === 'sysctl' || word === 'nonodes' || word === 'driver'),
      [],
    );
  }
});
