// SPDX-License-Identifier: GPL-2.0-only
/** The same operations on the kernel's own tree and on this one. */
import t from 'tap';
import { MT_FLAGS_ALLOC_RANGE, maple_tree } from '../../include/linux/maple_tree.js';
import { mt_validate } from '../../lib/maple_tree.js';
import { replayTree } from '../../tools/replay/tree.js';
import { firstDifference, readPair, recordedPairs, written } from './recorded.js';

t.test('recorded traces', async (t) => {
  const names = recordedPairs('tree');
  t.equal(names.length, 6, 'all six are there');
  for (const { name, trace, expected } of names.map(readPair)) {
    const found = written((write) => replayTree(trace, write, { after: mt_validate }));
    t.equal(firstDifference(found, expected), null, name);
  }
});

/**
 * Short traces, with what lib/maple_tree.c answered: cut down from longer ones that once differed, or on which upstream
 * does what one would not expect.
 */
const KEPT: { what: string; fanout?: number; flags?: number; trace: string[]; wanted: string[] }[] = [
  {
    what: 'looking back for room from 0 to the end of everything finds none at 0: upstream computes modulo 2^64',
    trace: ['store 10 1f 1', 'store 20 max 2', 'gaprev 0 max 4', 'gaprev 0 ff 4', 'gap 0 max 4'],
    wanted: [
      'store 0 index=10 last=1f active',
      'store 0 index=20 last=max active',
      'gaprev -10 index=0 last=max start',
      'gaprev 0 index=c last=f active',
      'gap 0 index=0 last=3 active',
    ],
  },
  {
    what: 'erasing an entry that covers everything leaves a node',
    trace: ['store 0 max 1', 'erase', 'walk', 'next max', 'gap 0 ff 10'],
    wanted: [
      'store 0 index=0 last=max active',
      'erase 1 index=0 last=max active',
      'walk 0 index=0 last=max active',
      'next 0 index=0 last=max overflow',
      'gap 0 index=0 last=f active',
    ],
  },
  {
    what: 'one NULL over everything is no room where its length, modulo 2^64, counts',
    trace: ['store 0 max 5', 'erase', 'gaprev 0 ff 1', 'gaprev 10 ff 1', 'gap 0 ff 1', 'gap 0 max 1', 'gap 1 max 1'],
    wanted: [
      'store 0 index=0 last=max active',
      'erase 5 index=0 last=max active',
      'gaprev -10 index=0 last=ff start',
      'gaprev -10 index=10 last=ff start',
      'gap 0 index=0 last=0 active',
      'gap -10 index=0 last=max start',
      'gap 0 index=1 last=1 active',
    ],
  },
  {
    what: 'the store that makes the first node does not know where that ends',
    trace: ['store 14 17 2', 'nextrange max', 'prevrange 0', 'store 20 21 3', 'prev 0', 'nextrange max'],
    wanted: [
      'store 0 index=14 last=17 active',
      'nextrange 0 index=14 last=17 overflow',
      'prevrange 2 index=14 last=17 active',
      'store 0 index=20 last=21 active',
      'prev 2 index=14 last=17 active',
      'nextrange 0 index=18 last=1f active',
    ],
  },
  {
    what: 'a step back from room found in the middle of a gap ends where that began',
    trace: ['store 10 1f 1', 'store 40 4f 2', 'gaprev 18 38 4', 'prevrange 0', 'walk'],
    wanted: [
      'store 0 index=10 last=1f active',
      'store 0 index=40 last=4f active',
      'gaprev 0 index=35 last=38 active',
      'prevrange 1 index=10 last=34 active',
      'walk 1 index=10 last=1f active',
    ],
  },
];

t.test('kept traces', async (t) => {
  for (const { what, fanout, flags, trace, wanted } of KEPT) {
    const tree = new maple_tree<number>(flags ?? MT_FLAGS_ALLOC_RANGE, fanout);
    const found = written((write) => replayTree(`${trace.join('\n')}\n`, write, { after: mt_validate, tree }));
    t.equal(found, `${wanted.join('\n')}\n`, what);
  }
});
