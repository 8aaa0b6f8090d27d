// SPDX-License-Identifier: GPL-2.0-only
/**
 * Random traces as `npm run conform` makes them, with what the kernel's own code answered, Linux 7.3: of the tree, and of
 * VMAs with each call that the code makes of the world. They were recorded by its C side.
 */
import { readdirSync } from 'node:fs';
import t from 'tap';
import { NUM_VMA_FLAG_BITS } from '../../include/vma_flags.js';
import { mt_validate } from '../../lib/maple_tree.js';
import { replayTree } from '../../tools/replay/tree.js';
import { replayVma } from '../../tools/replay/vma.js';
import { firstDifference, RANDOM, randomPair, written } from './recorded.js';

const names = readdirSync(RANDOM)
  .filter((name) => name.endsWith('.trace.gz'))
  .map((name) => name.replace('.trace.gz', ''))
  .sort();

t.test('there are some of both kinds', async (t) => {
  t.ok(names.filter((name) => name.startsWith('maple-')).length >= 16);
  t.ok(names.filter((name) => name.startsWith('calls-')).length >= 8);
});

// Those of VMAs were recorded at 128 flag bits.
for (const name of names.filter((one) => NUM_VMA_FLAG_BITS === 128 || one.startsWith('maple-'))) {
  t.test(name, async (t) => {
    const { trace, expected } = randomPair(name);
    const found = written((write) =>
      name.startsWith('maple-') ? replayTree(trace, write, { after: mt_validate }) : replayVma(trace, write),
    );
    t.equal(firstDifference(found, expected), null);
  });
}
