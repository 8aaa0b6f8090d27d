// SPDX-License-Identifier: GPL-2.0-only
/** Traces from logs: of real programs, which lead to what those had mapped; and of what a log may have otherwise. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { mapsAfter, mapsDifference } from '../../tools/record/check.js';
import { parseLog } from '../../tools/record/log.js';
import { straceOf } from '../../tools/record/strace.js';
import { type Recording, TraceWriter } from '../../tools/record/writer.js';
import { replayTrace } from '../../tools/replay/replay.js';
import { ROOT, runNode } from '../house/project.js';

const CLI = 'dist/tools/cli.js';
const DATA = `${ROOT}tests/data/record/`;

function recorded(log: string, program: string | null = null): Recording {
  return new TraceWriter(program).write(parseLog(log));
}

/** The lines of a trace that are no comments. */
function linesOf({ trace }: Recording): string[] {
  return trace.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

for (const [name, calls] of Object.entries({ gcc: 18, sh: 14 })) {
  t.test(`${name}: what is mapped in the end is as in the program`, async (t) => {
    const recording = recorded(readFileSync(`${DATA}${name}.strace`, 'utf8'));
    t.equal(recording.calls, calls);
    t.equal(recording.leftOut, 0);
    t.ok(recording.end !== null && recording.end.length > 20);
    t.same(mapsDifference(recording.end ?? [], mapsAfter(recording)), []);
  });

  t.test(`${name}: a call that is left out is seen in the end`, async (t) => {
    const recording = recorded(readFileSync(`${DATA}${name}.strace`, 'utf8'));
    const trace = recording.trace.replace(/^munmap .*$/m, '');
    t.ok(mapsDifference(recording.end ?? [], mapsAfter({ ...recording, trace })).length > 0);
  });
}

t.test('every line of a trace is answered, and no call fails', async (t) => {
  const { trace } = recorded(readFileSync(`${DATA}gcc.strace`, 'utf8'));
  const answers: string[] = [];
  replayTrace(trace, (text) => answers.push(text));
  const heads = answers.map((answer) => answer.split('\n')[0] ?? '');
  t.ok(heads.length > 40);
  t.same(
    heads.filter((head) => / -/.test(head)),
    [],
  );
});

t.test('where the kernel has put something, the trace names the place', async (t) => {
  const recording = recorded(
    [
      'mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000',
      'mremap(0x7f0000000000, 8192, 16384, MREMAP_MAYMOVE) = 0x7f0000100000',
      'mremap(0x7f0000100000, 16384, 4096, MREMAP_MAYMOVE) = 0x7f0000100000',
    ].join('\n'),
  );
  t.same(linesOf(recording), [
    'process 1',
    'mmap 7f0000000000 2000 PROT_READ|PROT_WRITE MAP_PRIVATE|MAP_ANONYMOUS -1 0',
    'mremap 7f0000000000 2000 4000 MREMAP_MAYMOVE|MREMAP_FIXED 7f0000100000',
    'mremap 7f0000100000 4000 1000 MREMAP_MAYMOVE 7f0000100000',
  ]);
  t.match(mapsAfter(recording), [{ start: 0x7f0000100000, end: 0x7f0000101000 }]);
});

t.test('each call has its line; what failed, or asked only, has none', async (t) => {
  const calls: [string, string | null][] = [
    ['brk(NULL) = 0x1000000', 'heap 1000000'],
    ['brk(NULL) = 0x1000000', null],
    ['brk(0x1003000) = 0x1003000', 'brk 1003000'],
    ['brk(0xffffffffff) = 0x1003000', null],
    ['mmap(0x10000, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM (Cannot allocate memory)', null],
    [
      'mmap(0x10000, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x10000',
      'mmap 10000 1000 PROT_NONE MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED -1 0',
    ],
    ['mprotect(0x10000, 4096, PROT_READ) = 0', 'mprotect 10000 1000 PROT_READ'],
    ['pkey_mprotect(0x10000, 4096, PROT_READ, -1) = 0', 'pkey_mprotect 10000 1000 PROT_READ -1'],
    ['madvise(0x10000, 4096, MADV_DONTFORK) = 0', 'madvise 10000 1000 MADV_DONTFORK'],
    ['madvise(0x10000, 4096, 0x66 /* MADV_??? */) = 0', 'madvise 10000 1000 66'],
    ['mlock(0x10000, 4096) = 0', 'mlock 10000 1000'],
    ['mlock2(0x10000, 4096, MLOCK_ONFAULT) = 0', 'mlock2 10000 1000 MLOCK_ONFAULT'],
    ['munlock(0x10000, 4096) = 0', 'munlock 10000 1000'],
    ['mlockall(MCL_CURRENT|MCL_FUTURE) = 0', 'mlockall MCL_CURRENT|MCL_FUTURE'],
    ['munlockall() = 0', 'munlockall'],
    ['mseal(0x10000, 4096, 0) = 0', 'mseal 10000 1000 0'],
    ['remap_file_pages(0x10000, 4096, PROT_NONE, 1, 0) = 0', 'remap_file_pages 10000 1000 PROT_NONE 1 0'],
    ['prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0x10000, 4096, "a b") = 0', 'name 10000 1000 a%20b'],
    ['prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN|PR_MDWE_NO_INHERIT, 0, 0, 0) = 0', 'prctl PR_SET_MDWE 3 0 0 0'],
    ['prctl(PR_SET_NAME, "x") = 0', null],
    ['munmap(0x10000, 4096) = 0', 'munmap 10000 1000'],
  ];
  const { lines } = { lines: linesOf(recorded(calls.map(([call]) => call).join('\n'))) };
  t.same(lines, ['process 1', ...calls.flatMap(([, line]) => line ?? [])]);
});

t.test('what the format has no name for is left out, and said', async (t) => {
  const recording = recorded('mmap(0x10000, 4096, PROT_NONE, MAP_OF_TOMORROW, -1, 0) = 0x10000\nmunlockall() = 0');
  t.equal(recording.leftOut, 1);
  t.match(recording.trace, /# left out: mmap\(.*MAP_OF_TOMORROW/);
});

t.test('files are opened once, by their paths', async (t) => {
  const recording = recorded(
    [
      'mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</lib/a>, 0) = 0x7f0000000000',
      'mmap(NULL, 4096, PROT_READ, MAP_SHARED, 4</lib/b>, 0x2000) = 0x7f0000010000',
      'mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 9</lib/a>, 0x1000) = 0x7f0000020000',
    ].join('\n'),
  );
  t.same(
    [...recording.files],
    [
      [1, '/lib/a'],
      [2, '/lib/b'],
    ],
  );
  t.match(linesOf(recording), ['process 1', 'open 1 3 2000', 'open 2 3 3000']);
  t.same(
    mapsAfter(recording).map(({ name, offset }) => [name, offset]),
    [
      ['/lib/a', 0],
      ['/lib/b', 0x2000],
      ['/lib/a', 0x1000],
    ],
  );
});

const MAP = 'mmap(0x10000, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x10000';
const UNMAP = 'munmap(0x10000, 4096) = 0';

t.test('forks are processes of the trace, threads are none, and what execs is not followed', async (t) => {
  const log = [
    '1 execve("/bin/a", ["a"], 0x1 /* 1 var */) = 0',
    `1 ${MAP}`,
    '1 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 2',
    '1 clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD}, 88) = 3',
    `2 ${UNMAP}`,
    `3 ${MAP}`,
    '1 vfork() = 4',
    '4 execve("/bin/b", ["b"], 0x1 /* 1 var */) = 0',
    `4 ${UNMAP}`,
    '2 execve("/bin/c", ["c"], 0x1 /* 1 var */) = 0',
    `2 ${MAP}`,
    '3 exit(0) = ?',
    `1 ${UNMAP}`,
    '1 exit_group(0) = ?',
  ];
  const map = 'mmap 10000 1000 PROT_READ MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED -1 0';
  const unmap = 'munmap 10000 1000';
  const wanted = [
    'process 1',
    map,
    'fork',
    'process 2',
    unmap,
    'process 1',
    map,
    'process 2',
    'exit',
    'process 1',
    unmap,
  ];
  t.same(linesOf(recorded(log.join('\n'))), wanted);
  t.same(linesOf(recorded(log.join('\n'), 'c')), ['process 1', map], 'unless it is what was asked for');
});

t.test('a program that goes on as another is recorded up to there', async (t) => {
  const log = [
    '1 execve("/bin/a", ["a"], 0x1 /* 1 var */) = 0',
    '# begin 1',
    '#   00020000-00021000 r--p 00000000 00:00 0 ',
    `1 ${MAP}`,
    '1 execve("/bin/b", ["b"], 0x1 /* 1 var */) = 0',
    '# begin 1',
    '#   00030000-00031000 r--p 00000000 00:00 0 ',
    `1 ${UNMAP}`,
    '# end 1',
    '#   00030000-00031000 r--p 00000000 00:00 0 ',
  ].join('\n');
  const first = recorded(log);
  t.equal(first.wentOnAs, '/bin/b');
  t.equal(first.end, null);
  t.same(
    mapsAfter(first).map(({ start }) => start),
    [0x10000, 0x20000],
  );
  const second = recorded(log, 'b');
  t.equal(second.wentOnAs, null);
  t.equal(recorded(log, '/bin/b').trace, second.trace, 'by its path as well');
  t.same(mapsDifference(second.end ?? [], mapsAfter(second)), []);
  const { status, stderr } = runNode([CLI, 'record', '--from', '-', '--check'], { input: log });
  t.equal(status, 2);
  t.match(stderr, /it went on as \/bin\/b, which is not recorded: --program b does that/);
});

t.test('the command reads a log, writes the trace, and checks it', async (t) => {
  const { status, stdout, stderr } = runNode([CLI, 'record', '--from', `${DATA}gcc.strace`, '--check']);
  t.equal(status, 0, stderr);
  t.equal(stdout, recorded(readFileSync(`${DATA}gcc.strace`, 'utf8')).trace);
  t.match(stderr, /18 calls\n27 mappings in the end: as in the trace/);
  const piped = runNode([CLI, 'record', '--from', '-', '--check'], {
    input: readFileSync(`${DATA}gcc.strace`, 'utf8').replace(/^\d+ munmap.*\n/m, ''),
  });
  t.equal(piped.status, 1);
  t.match(piped.stderr, /^\+ 7/m);
});

t.test('what cannot be recorded is said, with status 2', async (t) => {
  const cases: [string[], RegExp][] = [
    [[], /no command to record/],
    [['--from', 'no-such-file'], /no-such-file/],
    [['--from', `${DATA}gcc.strace`, '--', 'true'], /one of them/],
    [['--from', `${ROOT}package.json`], /no call in it/],
  ];
  for (const [args, message] of cases) {
    const { status, stderr } = runNode([CLI, 'record', ...args]);
    t.equal(status, 2, args.join(' '));
    t.match(stderr, message);
  }
  await t.rejects(straceOf(['true'], 'no-such-strace'), /there is no no-such-strace here/);
});
