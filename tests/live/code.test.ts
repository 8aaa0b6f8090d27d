// SPDX-License-Identifier: GPL-2.0-only
/** Answers of the kernel's own code, read back as address spaces. The port answers in the same words: it stands for it. */
import t from 'tap';
import { spacesOf } from '../../dev/live/code_replayer.js';
import { flagsOfLetters, lettersOfFlags } from '../../lib/fs/proc/smaps.js';
import { replayTrace } from '../../tools/replay/replay.js';

const TRACE = `process 1
mmap 200000000000 4000 PROT_READ|PROT_WRITE MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS -1 0
write 200000001000 a5
write 200000002000 a5
read 200000000000
madvise 200000003000 1000 MADV_GUARD_INSTALL
open 1 3 2000
mmap 200000010000 1000 PROT_READ MAP_SHARED|MAP_FIXED 3 1000
fork
process 2
munmap 200000010000 1000
show
`;

t.test('sums, VMAs and pages of each process', async (t) => {
  let last = '';
  replayTrace(TRACE, (text) => {
    last = text;
  });
  const spaces = spacesOf(last.split('\n'));
  t.same([...spaces.keys()], [1, 2]);
  const [parent, child] = [spaces.get(1), spaces.get(2)];
  t.equal(parent?.sums.get('total'), 5);
  t.equal(child?.sums.get('total'), 4);
  t.equal(parent?.vmas.length, 2);
  t.match(parent?.vmas[1], { start: 0x200000010000, end: 0x200000011000, pgoff: 1, pages: [] });
  t.not(parent?.vmas[1]?.file, 0);
  t.equal(parent?.vmas[0]?.file, 0);
  t.same(
    parent?.vmas[0]?.pages.map(({ addr, what }) => [addr - 0x200000000000, what]),
    [
      [0, 'z'],
      [0x1000, 'a5'],
      [0x2000, 'a5'],
      [0x3000, 'g'],
    ],
  );
  t.same(lettersOfFlags(parent?.vmas[1]?.flags ?? 0n), ['rd', 'sh', 'mr', 'mw', 'me', 'ms']);
  t.equal(flagsOfLetters(['rd', 'wr', 'none']), 3n);
});
