// SPDX-License-Identifier: GPL-2.0-only
/** What goes to the live side and comes from it: requests, the texts of /proc, and which lines of a program are for it. */
import t from 'tap';
import type { FeatureName } from '../../dev/live/features.js';
import { FEATURES } from '../../dev/live/features.js';
import { featureLines, optionsOf } from '../../dev/live/probe.js';
import { featuresOf, fits, liveProgram } from '../../dev/live/program.js';
import { capabilitiesOf, parseSmaps, parseStatus } from '../../dev/live/smaps.js';
import { cString, encode, MOST_DATA, OP, resultOf, words } from '../../dev/live/wire.js';
import { Random } from '../../dev/random.js';
import { parseCallLine } from '../../tools/replay/processes.js';

t.test('a request has its numbers as registers have them, and bytes by their place', async (t) => {
  const bytes = encode({ op: OP.SYSCALL, nr: 9, args: [-1, 2n ** 63n, cString('abc'), cString('12345678')], out: 16 });
  t.equal(bytes.readUInt32LE(0), OP.SYSCALL);
  t.equal(bytes.readUInt32LE(4), 0b1100);
  t.equal(bytes.readBigUInt64LE(8), 9n);
  const args = [0, 1, 2, 3].map((i) => bytes.readBigUInt64LE(16 + 8 * i));
  t.same(args, [2n ** 64n - 1n, 2n ** 63n, 0n, 8n]);
  t.equal(bytes.readUInt32LE(64), 24);
  t.equal(bytes.readUInt32LE(68), 16);
  t.equal(bytes.subarray(72).toString(), 'abc\0\0\0\0\x0012345678\0\0\0\0\0\0\0\0');
  t.throws(() => encode({ op: OP.SYSCALL, args: [new Uint8Array(MOST_DATA + 1)] }), RangeError);
  t.equal(resultOf(words(-12)), -12);
});

const SMAPS = `200000000000-200000002000 rw-p 00000000 00:00 0
Size:                  8 kB
Rss:                   4 kB
THPeligible:           0
VmFlags: rd wr mr mw me ac 
200000002000-200000003000 r--s 00001000 fe:00 77                         /tmp/a file (deleted)
Size:                  4 kB
VmFlags: rd sh mr me ms 
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
VmFlags: ex 
`;

t.test('smaps: ranges, names, flags and sizes; maps has the first two', async (t) => {
  const [one, two, ...more] = parseSmaps(SMAPS);
  t.same(more, []);
  t.match(one, { start: 0x200000000000, end: 0x200000002000, perms: 'rw-p', offset: 0, inode: 0, name: '' });
  t.same(one?.vmFlags, ['rd', 'wr', 'mr', 'mw', 'me', 'ac']);
  t.equal(one?.sizes.get('Rss'), 4);
  t.match(two, { perms: 'r--s', offset: 0x1000, inode: 77, name: '/tmp/a file (deleted)' });
  const maps = SMAPS.split('\n').filter((line) => /^[0-9a-f]+-/.test(line));
  t.same(
    parseSmaps(maps.join('\n')).map(({ vmFlags }) => vmFlags),
    [null, null],
  );
});

t.test('status: numbers by their names, capabilities as masks', async (t) => {
  const text = 'Name:\tlive\nVmLck:\t      12 kB\nThreads:\t1\nCapPrm:\t000001fffeffffff\nCapEff:\t0000000000000003\n';
  t.same(
    [...parseStatus(text)],
    [
      ['VmLck', 12],
      ['Threads', 1],
    ],
  );
  t.equal(capabilitiesOf(text, 'CapEff'), 3n);
  t.equal((capabilitiesOf(text, 'CapPrm') >> 24n) & 1n, 0n);
});

const own = [{ start: 0x400000, end: 0x417000 }];

function fit(...leftOut: FeatureName[]) {
  return { own, permitted: 0x4000n, leftOut: new Map(leftOut.map((name) => [name, 'not here'])) };
}

function fitsLine(text: string, ...leftOut: FeatureName[]): boolean {
  const line = parseCallLine(text, 1);
  if (line === null) throw new Error(text);
  return fits(line, fit(...leftOut));
}

t.test('what cannot be compared is left out of programs', async (t) => {
  const needs: [string, FeatureName][] = [
    ['mmap 0 1000 3 MAP_PRIVATE|MAP_ANONYMOUS -1 0', 'placement'],
    ['mmap 200000000000 1000 3 MAP_DROPPABLE|MAP_ANONYMOUS|MAP_FIXED -1 0', 'droppable'],
    ['mmap 200000000000 1000 3 MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE -1 0', 'noReplace'],
    ['mmap 200000000000 1000 3 MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED|MAP_GROWSDOWN -1 0', 'growsDown'],
    ['mremap 200000000000 1000 1000 MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP 200000001000', 'dontUnmap'],
    ['mremap 200000000000 1000 1000 MREMAP_MAYMOVE|MREMAP_FIXED 200000001000', 'moveMany'],
    ['mremap 200000000000 1000 2000 MREMAP_MAYMOVE 0', 'placement'],
    ['madvise 200000000000 1000 MADV_GUARD_INSTALL', 'guard'],
    ['madvise 200000000000 1000 MADV_UNMERGEABLE', 'mergeable'],
    ['prctl PR_SET_MDWE 3 0 0 0', 'denyNoInherit'],
    ['prctl PR_SET_THP_DISABLE 1 2 0 0', 'thpAdvised'],
    ['mseal 200000000000 1000 0', 'seal'],
    ['mmap 200000000000 40000000 3 MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED -1 0', 'large'],
    ['fork', 'fork'],
    ['brk 0', 'heap'],
  ];
  for (const [text, feature] of needs) {
    t.ok(fitsLine(text), text);
    t.notOk(fitsLine(text, feature), `${text} without ${feature}`);
  }
  const line = parseCallLine('munmap 200000000000 1000', 1);
  t.same(line === null ? null : featuresOf(line), []);
});

t.test('nothing reaches the live side itself, or takes the memory of the machine', async (t) => {
  t.notOk(fitsLine('munmap 0 7ffffffff000'));
  t.notOk(fitsLine('mprotect 416000 1000 0'));
  t.ok(fitsLine('mprotect 500000 1000 0'));
  t.notOk(fitsLine('mremap 200000000000 1000 1000 3 400000'));
  t.notOk(fitsLine('prctl PR_SET_VMA 0 400000 1000 0'));
  t.ok(fitsLine('munmap 200000000000 40000000'));
  t.notOk(fitsLine('mmap 0 40000000 3 MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE -1 0'));
  t.notOk(fitsLine('mlock 200000000000 40000000'));
  t.notOk(fitsLine('close 0'), 'what it has from its parent');
  t.notOk(fitsLine('capable CAP_SYS_RESOURCE 1'), 'what it may not do');
  t.ok(fitsLine('capable CAP_IPC_LOCK 1'));
  t.notOk(fitsLine('touch 200000000000 1000'), 'what it cannot do without reading');
  t.notOk(fitsLine('driver 0'), 'what a real kernel does not have');
  t.notOk(fitsLine('sysctl max_map_count 3'), "what is the machine's");
});

t.test('random programs are for the live side, and the same for the same seed', async (t) => {
  for (let seed = 0; seed < 30; seed++) {
    const lines = liveProgram(new Random(seed), 100, fit());
    t.ok(lines.length > 20, `${lines.length} lines of seed ${seed}`);
    t.same(liveProgram(new Random(seed), 100, fit()), lines);
    t.ok(lines.every((line) => fitsLine(line)));
  }
});

t.test('a probe says what is compared, and why something is not', async (t) => {
  const lines = featureLines(new Map<FeatureName, string>([['seal', 'this kernel has no such call']]));
  t.ok(lines.includes('  mseal(): this kernel has no such call'));
  t.ok(lines.indexOf('not compared:') < lines.indexOf('  mseal(): this kernel has no such call'));
  t.ok(lines.indexOf(`  ${FEATURES.move.says}`) < lines.indexOf('not compared:'));
  t.notOk(featureLines(new Map()).includes('not compared:'));
  const options = optionsOf('CONFIG_KSM=y\n# CONFIG_ANON_VMA_NAME is not set\nCONFIG_DEFAULT_MMAP_MIN_ADDR=4096\n');
  t.ok(
    options.includes('KSM=y') &&
      options.includes('ANON_VMA_NAME=not set') &&
      options.includes('DEFAULT_MMAP_MIN_ADDR=4096'),
  );
});
