// SPDX-License-Identifier: GPL-2.0-only
/** What mmap_prepare may change lands in the VMA, decides the merge, and goes again when something fails. */

import sinon from 'sinon';
import { test, type VmaTest } from '../../harness/index.js';
import {
  __pgprot,
  append_vma_flags,
  ENOMEM,
  globals,
  pgprot_val,
  stubs,
  VM_DONTEXPAND,
  VM_SEQ_READ,
  VMA_DONTEXPAND_BIT,
  VMA_SEQ_READ_BIT,
  type vm_area_desc,
  vma_flags_to_legacy,
} from '../../lib/index.js';
import {
  account,
  EIO,
  END,
  fileOf,
  LEN,
  mapFile,
  offsetOf,
  PRIVATE,
  preparedFile,
  SHARED,
  START,
  vmaAt,
} from './driver.js';

const ON_CHECKED = { stubs: 'checked' } as const;

function mapChanged(t: VmaTest, change: (desc: vm_area_desc) => void) {
  const f = preparedFile({}, (desc) => {
    change(desc);
    return 0;
  });
  t.ASSERT_EQ(mapFile(f), START);
  return { f, vma: vmaAt(t) };
}

test('the hook sees the mapping that was asked for', (t) => {
  let seen: vm_area_desc | undefined;
  const { f } = mapChanged(t, (desc) => {
    seen = desc;
    t.ASSERT_EQ(desc.mm, t.mm);
    t.ASSERT_EQ(desc.start, START);
    t.ASSERT_EQ(desc.end, END);
    t.ASSERT_EQ(desc.pgoff, offsetOf(START));
    t.ASSERT_EQ(desc.vma_flags.__vma_flags[0], vma_flags_to_legacy(SHARED));
    t.ASSERT_EQ(pgprot_val(desc.page_prot), vma_flags_to_legacy(SHARED));
    t.ASSERT_EQ(t.mm.map_count, 0, 'nothing is mapped yet');
  });
  t.ASSERT_EQ(seen?.file, f);
  t.ASSERT_EQ(seen?.vm_file, f);
  t.unmapAll();
});

test('hooks, protection, flags, private data and offset land in the VMA', (t) => {
  const vm_ops = { close: t.sandbox.fake() };
  const data = {};
  const { vma } = mapChanged(t, (desc) => {
    desc.vm_ops = vm_ops;
    desc.page_prot = __pgprot(1n << 60n);
    desc.vma_flags = append_vma_flags(desc.vma_flags, VMA_DONTEXPAND_BIT);
    desc.private_data = data;
    desc.pgoff = 0x1234;
  });
  t.ASSERT_EQ(vma.vm_ops, vm_ops);
  t.ASSERT_EQ(pgprot_val(vma.vm_page_prot) & (1n << 60n), 1n << 60n);
  t.ASSERT_EQ(vma.vm_flags, vma_flags_to_legacy(SHARED) | VM_DONTEXPAND);
  t.ASSERT_EQ(vma.vm_private_data, data);
  t.ASSERT_EQ(vma.vm_pgoff, 0x1234);
  t.unmapAll();
});

test('the description and the VMA do not share their flags', (t) => {
  let kept: vm_area_desc | undefined;
  const { vma } = mapChanged(t, (desc) => {
    kept = desc;
  });
  kept?.vma_flags.assign(append_vma_flags(vma.flags, VMA_SEQ_READ_BIT));
  t.ASSERT_EQ(vma.vm_flags, vma_flags_to_legacy(SHARED));
  t.unmapAll();
});

test('merging is decided on what the hook made of the mapping', (t) => {
  t.subtest('an offset that follows on merges', (s) => {
    let pgoff = offsetOf(START);
    const f = preparedFile({}, (desc) => {
      desc.pgoff = pgoff;
      return 0;
    });
    s.ASSERT_EQ(mapFile(f, START, END, SHARED, 0x999), START);
    pgoff = offsetOf(END);
    s.ASSERT_EQ(mapFile(f, END, END + LEN, SHARED, 0x111), END);
    s.ASSERT_LAYOUT('0x100000-0x108000 pgoff=0x40');
    s.unmapAll();
  });
  t.subtest('flags that differ do not', (s) => {
    let calls = 0;
    const f = preparedFile({}, (desc) => {
      if (calls++ === 1) desc.vma_flags = append_vma_flags(desc.vma_flags, VMA_SEQ_READ_BIT);
      return 0;
    });
    s.ASSERT_EQ(mapFile(f), START);
    s.ASSERT_EQ(mapFile(f, END, END + LEN), END);
    s.ASSERT_EQ(s.mm.map_count, 2);
    s.ASSERT_EQ(vmaAt(s, END).vm_flags, vma_flags_to_legacy(SHARED) | VM_SEQ_READ);
    s.unmapAll();
  });
  t.subtest('another file does not', (s) => {
    const inner = fileOf({ mmap_prepare: () => 0 });
    let calls = 0;
    const f = preparedFile({}, (desc) => {
      if (calls++ === 1) desc.vm_file = stubs.get_file(inner);
      return 0;
    });
    s.ASSERT_EQ(mapFile(f), START);
    s.ASSERT_EQ(mapFile(f, END, END + LEN), END);
    s.ASSERT_EQ(s.mm.map_count, 2);
    s.ASSERT_EQ(vmaAt(s, END).vm_file, inner);
    s.unmapAll();
  });
});

test('a file that the hook puts in is held by the VMA, with the reference the hook took', ON_CHECKED, (t) => {
  const inner = fileOf({ mmap_prepare: () => 0 });
  const { f, vma } = mapChanged(t, (desc) => {
    desc.vm_file = stubs.get_file(inner);
  });
  t.ASSERT_EQ(vma.vm_file, inner);
  t.ASSERT_EQ(inner.f_ref, 2);
  t.ASSERT_EQ(f.f_ref, 1, 'the file that was asked for is not pinned');
  t.unmapAll();
  t.ASSERT_EQ(inner.f_ref, 1);
});

test('an error of the hook leaves nothing behind', ON_CHECKED, (t) => {
  const acct = t.sandbox.spy(stubs, 'vm_acct_memory');
  const f = preparedFile({}, (desc) => {
    desc.private_data = {};
    desc.vma_flags = append_vma_flags(desc.vma_flags, VMA_SEQ_READ_BIT);
    return -EIO;
  });
  const before = account(t, f);
  t.ASSERT_EQ(mapFile(f, START, END, PRIVATE), -EIO);
  t.ASSERT_EQ(account(t, f), before);
  t.ASSERT_TRUE(acct.calledOnceWithExactly(-4), 'the charge of four pages is given back');
});

test('an error of the hook, with page tables cleared already, leaves a gap where something lay', ON_CHECKED, (t) => {
  // As upstream: the old mapping's close hook may have run, so it cannot be brought back.
  t.ASSERT_EQ(mapFile(preparedFile({})), START);
  t.ASSERT_EQ(
    mapFile(
      preparedFile({}, () => -EIO),
      START,
      START + 0x2000,
    ),
    -EIO,
  );
  t.ASSERT_LAYOUT('0x102000-0x104000');
  t.ASSERT_EQ(t.mm.total_vm, 2);
  t.unmapAll();
});

test('a file that was put in is let go of when the mapping fails later', ON_CHECKED, (t) => {
  const inner = fileOf({ mmap_prepare: () => 0 });
  const f = preparedFile({}, (desc) => {
    desc.vm_file = stubs.get_file(inner);
    return 0;
  });
  globals.fail_prealloc = true;
  t.ASSERT_EQ(mapFile(f), -ENOMEM);
  globals.fail_prealloc = false;
  t.ASSERT_EQ(inner.f_ref, 1);
  t.ASSERT_EQ(f.f_ref, 1);
  t.ASSERT_LAYOUT('');
});

test('a file that was put in and then merged away keeps the reference the hook took', ON_CHECKED, (t) => {
  // As upstream, which drops it nowhere: nobody but the hook's author could. Nothing in the tree does both.
  const inner = fileOf({ mmap_prepare: () => 0 });
  const f = preparedFile({}, (desc) => {
    desc.vm_file = stubs.get_file(inner);
    return 0;
  });
  t.ASSERT_EQ(mapFile(f), START);
  t.ASSERT_EQ(mapFile(f, END, END + LEN), END);
  t.ASSERT_EQ(t.mm.map_count, 1);
  t.ASSERT_EQ(inner.f_ref, 3, 'the file, the VMA, and the one that is lost');
  t.unmapAll();
  stubs.fput(inner);
});

test('an error of the limits comes before the hook is called', (t) => {
  const mmap_prepare = t.sandbox.fake.returns(0);
  t.sandbox.stub(stubs, 'may_expand_vm').returns(false);
  t.ASSERT_EQ(mapFile(fileOf({ mmap_prepare })), -ENOMEM);
  sinon.assert.notCalled(mmap_prepare);
});
