// SPDX-License-Identifier: GPL-2.0-only
/** Programs on two sides, without a live kernel: a side that lies is found, and the program that shows it is short. */
import t from 'tap';
import { portSide, type Side } from '../../dev/conform/sides.js';
import { compareProgram, describeDifference, traceText } from '../../dev/live/compare.js';
import type { FeatureName } from '../../dev/live/features.js';
import { verdict } from '../../dev/live/judge.js';
import { replayTrace } from '../../tools/replay/replay.js';
import { FakeMachine, fakeLive, type Lie } from './fake.js';

const HONEST: Lie = () => undefined;

/** Some twenty calls, of which the lies below take one or two. */
const PROGRAM = [
  'mmap 200000000000 8000 PROT_READ|PROT_WRITE MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS -1 0',
  'write 200000000000 1',
  'mprotect 200000002000 1000 PROT_READ',
  'mmap 200000010000 4000 PROT_READ|PROT_WRITE MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS -1 0',
  'mlock 200000010000 2000',
  'madvise 200000004000 1000 MADV_DONTFORK',
  'munlock 200000010000 1000',
  'mremap 200000010000 1000 1000 MREMAP_MAYMOVE|MREMAP_FIXED 200000020000',
  'munmap 200000006000 2000',
  'show',
  'mmap 0 3000 PROT_READ MAP_PRIVATE|MAP_ANONYMOUS -1 0',
  'brk 555555562000',
  'munmap 200000000000 1000',
  'mprotect 200000001000 1000 PROT_READ',
];

const forgetsLocks = (smaps: string): string => smaps.replaceAll(' lo ', ' ');

t.test('a side that tells the truth is not found to lie', async (t) => {
  t.equal(compareProgram(PROGRAM, fakeLive(new FakeMachine(HONEST))), null);
  t.equal(compareProgram(PROGRAM, fakeLive(new FakeMachine(HONEST)), { every: 4 }), null);
});

t.test('every call that was answered is told of', async (t) => {
  let calls = 0;
  compareProgram(PROGRAM, fakeLive(new FakeMachine(HONEST)), { progress: () => calls++ });
  t.equal(calls, PROGRAM.length);
});

t.test('a wrong result is found at the call that gave it', async (t) => {
  const lie: Lie = (name) => (name === 'mlock' ? -12 : undefined);
  const split = compareProgram(PROGRAM, fakeLive(new FakeMachine(lie)), { every: 100 });
  t.equal(split?.at, 4);
  t.equal(split?.port.result, '0');
  t.equal(split?.live.result, '-c');
});

t.test('a wrong address space after a right result is found, and shortened to the calls that it takes', async (t) => {
  const lie: Lie = (name, [, len]) => (name === 'munmap' && len === 0x2000 ? 0 : undefined);
  const live = fakeLive(new FakeMachine(lie));
  const split = compareProgram(PROGRAM, live);
  t.equal(split?.at, 8);
  const { trace, said, file, what } = describeDifference(PROGRAM, live, 7);
  t.equal(file, 'live-7.trace');
  t.match(what, /differ/);
  const calls = trace.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  t.same(calls, ['process 1', PROGRAM[0], PROGRAM[8]]);
  t.match(said, /live, call 2: 0 +. port, call 2: 0/);
  t.match(said, /200000000000-200000008000 .*≠ +200000000000-200000006000/);
  const answers: string[] = [];
  replayTrace(trace, (text) => answers.push(text));
  t.equal(answers.length, 3, 'the trace can be replayed');
});

t.test('flags that are told otherwise are found, unless they are left out', async (t) => {
  const machine = (): FakeMachine => new FakeMachine(HONEST, forgetsLocks);
  t.equal(compareProgram(PROGRAM, fakeLive(machine()))?.at, 4);
  t.equal(compareProgram(PROGRAM, fakeLive(machine(), new Map<FeatureName, string>([['vmFlags', 'not told']]))), null);
});

t.test(
  'soft-dirty bits that the port does not have are no difference where the kernel is known to have them',
  async (t) => {
    const softDirty = (smaps: string): string => smaps.replaceAll(/^(VmFlags: .*)$/gm, '$1sd ');
    const machine = (): FakeMachine => new FakeMachine(HONEST, softDirty);
    t.equal(compareProgram(PROGRAM, fakeLive(machine()))?.at, 0);
    t.equal(compareProgram(PROGRAM, fakeLive(machine(), new Map<FeatureName, string>([['noSoftDirty', 'sd']]))), null);
  },
);

t.test('pages that are not there are found, but where they may be dropped at any time', async (t) => {
  const lost = (smaps: string): string => smaps.replaceAll(/^Anonymous: .*$/gm, 'Anonymous:             0 kB');
  const machine = (): FakeMachine => new FakeMachine(HONEST, lost);
  t.equal(compareProgram(PROGRAM, fakeLive(machine()))?.at, 1);
  t.equal(compareProgram([...PROGRAM, 'madvise 200000004000 1000 MADV_FREE'], fakeLive(machine())), null);
  t.equal(compareProgram(PROGRAM, fakeLive(machine(), new Map<FeatureName, string>([['anonymous', 'swap']]))), null);
});

t.test('an address space that is looked at seldom is looked at in the end', async (t) => {
  const lie: Lie = (name, [addr]) => (name === 'mprotect' && addr === 0x200000001000 ? 0 : undefined);
  t.equal(compareProgram(PROGRAM, fakeLive(new FakeMachine(lie)), { every: 1000 })?.at, PROGRAM.length - 1);
});

t.test('the code of a kernel tree says who is right', async (t) => {
  const trace = traceText(PROGRAM.slice(0, 3), fakeLive(new FakeMachine(HONEST)), 'title');
  const port = portSide('syscalls');
  t.match(verdict(trace, port, 'linux-7.3'), /linux-7.3 agrees with the port: .* no bug of the port/);
  const other: Side = (text) => ({ ...port(text), output: port(text).output.replace('mprotect 0', 'mprotect -c') });
  t.match(verdict(trace, other, 'linux-7.3'), /does not agree with the port either: a bug of the port/);
});

t.test('a trace has what the port needs before the program', async (t) => {
  const live = { ...fakeLive(new FakeMachine(HONEST)), head: ['setrlimit RLIMIT_AS -1 -1'] };
  const lines = traceText(['show'], live, 'title').split('\n');
  t.equal(lines[0], '# title');
  t.same(
    lines.filter((line) => line !== '' && !line.startsWith('#')),
    ['process 1', 'setrlimit RLIMIT_AS -1 -1', 'show'],
  );
});
