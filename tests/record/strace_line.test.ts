// SPDX-License-Identifier: GPL-2.0-only
/** Lines of strace, in the forms that they come in. */
import t from 'tap';
import { sayBits, sayNumber, sayText, Unsaid } from '../../tools/record/say.js';
import { LineJoiner, parseStraceLine, straceNumber, unescaped } from '../../tools/record/strace_line.js';

t.test('a call has who, name, arguments, paths of descriptors and a result', async (t) => {
  const call = parseStraceLine(
    '4496  mmap(0x7f00, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE, 3</lib/a,b (1)\\76.so>, 0x1000) = 0x7f9100000000',
  );
  t.match(call, { pid: 4496, name: 'mmap', result: 0x7f9100000000 });
  t.same(call?.args, ['0x7f00', '8192', 'PROT_READ|PROT_WRITE', 'MAP_PRIVATE', '3', '0x1000']);
  t.same([...(call?.paths ?? [])], [[4, '/lib/a,b (1)>.so']]);
});

t.test('lines without a process, with one in brackets, with a time', async (t) => {
  t.match(parseStraceLine('brk(NULL) = 0x55'), { pid: 0, name: 'brk', args: ['NULL'], result: 0x55 });
  t.match(parseStraceLine('[pid   12] munmap(0x1000, 4096) = 0'), { pid: 12, name: 'munmap' });
  t.match(parseStraceLine('12 10:11:12.5 munlockall() = 0'), { pid: 12, name: 'munlockall', args: [] });
});

t.test('arguments with commas in them are one', async (t) => {
  const { args } = parseStraceLine('1 execve("/bin/a \\"b\\", c)", ["a", "(b"], 0x7ffc /* 39 vars */) = 0') ?? {
    args: [],
  };
  t.same(args, ['"/bin/a \\"b\\", c)"', '["a", "(b"]', '0x7ffc /* 39 vars */']);
  const clone = parseStraceLine('1 clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD}, 88) = 77');
  t.same(clone?.args, ['{flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD}', '88']);
  t.equal(clone?.result, 77);
});

t.test('calls that failed, or did not return, and lines that are none', async (t) => {
  t.equal(parseStraceLine('1 munmap(0x1, 1) = -1 EINVAL (Invalid argument)')?.result, -1);
  t.equal(parseStraceLine('1 exit_group(0) = ?')?.result, null);
  t.equal(parseStraceLine('1 exit_group(0')?.result, null);
  t.equal(parseStraceLine('1 +++ exited with 0 +++'), null);
  t.equal(parseStraceLine('1 --- SIGCHLD {si_signo=SIGCHLD} ---'), null);
  t.equal(parseStraceLine(''), null);
});

t.test('a call whose end comes later is one line, process by process', async (t) => {
  const joiner = new LineJoiner();
  t.equal(joiner.join('7 mmap(NULL, 4096, PROT_NONE, <unfinished ...>'), null);
  t.equal(joiner.join('8 vfork( <unfinished ...>'), null);
  t.equal(joiner.join('9 brk(NULL) = 1'), '9 brk(NULL) = 1');
  t.equal(
    joiner.join('7 <... mmap resumed>, MAP_PRIVATE, -1, 0) = 0x1000'),
    '7 mmap(NULL, 4096, PROT_NONE,MAP_PRIVATE, -1, 0) = 0x1000',
  );
  t.match(parseStraceLine(joiner.join('8 <... vfork resumed>) = 9') ?? ''), { pid: 8, name: 'vfork', result: 9 });
  t.equal(joiner.join('5 <... mmap resumed>) = 0'), null, 'its beginning was before the log');
});

t.test('numbers, bits and texts as a trace has them', async (t) => {
  t.equal(straceNumber('NULL'), 0);
  t.equal(straceNumber('0x10 /* PROT_??? */'), 16);
  t.ok(Number.isNaN(straceNumber('PROT_READ')));
  t.equal(sayNumber('4096'), '1000');
  t.equal(sayNumber('-1'), '-1');
  t.throws(() => sayNumber(undefined), Unsaid);
  t.equal(sayBits('MAP', 'MAP_PRIVATE|MAP_FIXED|0x400 /* MAP_??? */'), 'MAP_PRIVATE|MAP_FIXED|400');
  t.equal(sayBits('PROT', 'PROT_NONE'), 'PROT_NONE');
  t.throws(() => sayBits('MAP', 'MAP_OF_TOMORROW'), /MAP_OF_TOMORROW/);
  t.equal(sayText('"a b\\n"'), 'a%20b%0A');
  t.equal(sayText('NULL'), '-');
  t.equal(unescaped('\\x41\\102\\t\\\\'), 'AB\t\\');
});
