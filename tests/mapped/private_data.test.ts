// SPDX-License-Identifier: GPL-2.0-only
/** What mapped leaves in its private data goes into the VMA when it succeeds, and only then. */

import { test } from '../../harness/index.js';
import type { vm_area_struct } from '../../lib/index.js';
import { assertMapped, EIO, mapFile, preparedFile, START, vmaAt } from './driver.js';

test('private data that mapped puts out lands in the VMA', (t) => {
  const [before, after] = [{ n: 1 }, { n: 2 }];
  const mapped = t.sandbox.fake((_s: number, _e: number, _p: number, _f: unknown, data: { value: unknown }) => {
    t.ASSERT_EQ(data.value, before);
    data.value = after;
    return 0;
  });
  const f = preparedFile({ mapped }, (desc) => {
    desc.private_data = before;
    return 0;
  });
  t.ASSERT_EQ(mapFile(f), START);
  assertMapped(mapped, f);
  t.ASSERT_EQ(vmaAt(t).vm_private_data, after);
  t.unmapAll();
});

test('private data may be taken away', (t) => {
  const f = preparedFile(
    {
      mapped: (_s, _e, _p, _f, data) => {
        data.value = null;
        return 0;
      },
    },
    (desc) => {
      desc.private_data = { n: 1 };
      return 0;
    },
  );
  t.ASSERT_EQ(mapFile(f), START);
  t.ASSERT_EQ(vmaAt(t).vm_private_data, null);
  t.unmapAll();
});

test('private data that mapped leaves alone stays what mmap_prepare set', (t) => {
  const data = { n: 1 };
  const f = preparedFile({ mapped: () => 0 }, (desc) => {
    desc.private_data = data;
    return 0;
  });
  t.ASSERT_EQ(mapFile(f), START);
  t.ASSERT_EQ(vmaAt(t).vm_private_data, data);
  t.unmapAll();
});

test('private data of a mapped that fails is not written', (t) => {
  const before = { n: 1 };
  const atClose: unknown[] = [];
  const f = preparedFile(
    {
      mapped: (_s, _e, _p, _f, data) => {
        data.value = { n: 2 };
        return -EIO;
      },
      close: (vma: vm_area_struct) => atClose.push(vma.vm_private_data),
    },
    (desc) => {
      desc.private_data = before;
      return 0;
    },
  );
  t.ASSERT_EQ(mapFile(f), -EIO);
  t.ASSERT_EQ(atClose.length, 1);
  t.ASSERT_EQ(atClose[0], before);
  t.ASSERT_LAYOUT('');
});
