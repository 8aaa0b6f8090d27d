// SPDX-License-Identifier: GPL-2.0-only
/** The drivers for which the series was made, as small ones of our own: afs, hpet, /dev/zero. */

import sinon, { type SinonSpy } from 'sinon';
import { test, type VmaTest } from '../../harness/index.js';
import {
  copy_vma,
  do_munmap,
  EINVAL,
  file as FileClass,
  type file,
  mmap_action_simple_ioremap,
  PAGE_SIZE,
  Ref,
  stubs,
  VM_IO,
  VM_PFNMAP,
  type vm_area_desc,
  type vm_operations_struct,
  vma_is_anonymous,
} from '../../lib/index.js';
import { EIO, END, LEN, mapFile, offsetOf, PRIVATE, SHARED, START, vmaAt } from './driver.js';

/** A file system that counts its mappings: taken in mapped and in open, dropped in close. */
class CountingFs {
  mappings = 0;
  refuse = false;
  readonly file: file;
  readonly vm_ops: vm_operations_struct;

  constructor() {
    this.vm_ops = {
      // A VMA whose mapped failed is closed as well: what is counted is counted before anything can fail.
      mapped: () => {
        this.mappings++;
        return this.refuse ? -EIO : 0;
      },
      open: () => {
        this.mappings++;
      },
      close: () => {
        this.mappings--;
      },
    };
    this.file = new FileClass({
      mmap_prepare: (desc) => {
        desc.vm_ops = this.vm_ops;
        return 0;
      },
    });
  }
}

test('afs: a count taken in mapped and open, dropped in close, is the number of VMAs', (t) => {
  const fs = new CountingFs();
  const assertCount = (): void => t.ASSERT_EQ(fs.mappings, t.mm.map_count, 'as many as there are VMAs');

  t.ASSERT_EQ(mapFile(fs.file), START);
  assertCount();
  t.ASSERT_EQ(mapFile(fs.file, END, END + LEN), END, 'merges');
  assertCount();
  t.ASSERT_EQ(t.mm.map_count, 1);

  t.ASSERT_EQ(do_munmap(t.mm, START + PAGE_SIZE, PAGE_SIZE, null), 0, 'splits');
  assertCount();
  t.ASSERT_NE(
    copy_vma(new Ref(vmaAt(t)), 0x300000, PAGE_SIZE, offsetOf(START), START / PAGE_SIZE, new Ref(false), false),
    null,
  );
  t.mm.total_vm++;
  assertCount();
  t.ASSERT_EQ(t.mm.map_count, 3);
  t.unmapAll();
  t.ASSERT_EQ(fs.mappings, 0);
});

test('afs: a mapping that the hook refuses is not counted', (t) => {
  const fs = new CountingFs();
  t.ASSERT_EQ(mapFile(fs.file), START);
  fs.refuse = true;
  const mapped = t.sandbox.spy(fs.vm_ops, 'mapped');
  const ranges: number[][] = [];
  const { close: own } = fs.vm_ops;
  const close = t.sandbox.stub(fs.vm_ops, 'close').callsFake((vma) => {
    ranges.push([vma.vm_start, vma.vm_end]);
    own?.(vma);
  });
  t.ASSERT_EQ(mapFile(fs.file, END + LEN, END + 2 * LEN), -EIO);
  t.equal(ranges, [[END + LEN, END + 2 * LEN]], 'it is closed, once');
  sinon.assert.calledOnceWithMatch(mapped, END + LEN, END + 2 * LEN, offsetOf(END + LEN), fs.file);
  sinon.assert.callOrder(mapped, close);
  t.ASSERT_EQ(fs.mappings, 1, 'what was there is still counted');
  t.ASSERT_LAYOUT('0x100000-0x104000 pgoff=0x40 file');
  t.unmapAll();
  t.ASSERT_EQ(fs.mappings, 0);
});

const HPET = 0xfed00000;

/** A page of device registers; only whole, from the beginning. */
function hpet_mmap_prepare(desc: vm_area_desc): number {
  if (desc.end - desc.start !== PAGE_SIZE || desc.pgoff !== 0) return -EINVAL;
  mmap_action_simple_ioremap(desc, HPET, PAGE_SIZE);
  return 0;
}

test('hpet: registers are remapped, uncached memory of no struct page', (t) => {
  const ptes = t.sandbox.spy(stubs, 'remap_pfn_range_ptes');
  const f = new FileClass({ mmap_prepare: hpet_mmap_prepare });
  t.ASSERT_EQ(mapFile(f, START, START + PAGE_SIZE, SHARED, 0), START);
  const vma = vmaAt(t);
  sinon.assert.calledOnceWithExactly(ptes, vma, START, HPET / PAGE_SIZE, PAGE_SIZE, sinon.match.any);
  t.ASSERT_EQ(vma.vm_flags & (VM_IO | VM_PFNMAP), VM_IO | VM_PFNMAP);
  t.ASSERT_EQ(mapFile(f, START, END, SHARED, 0), -EINVAL, 'only one page');
  t.unmapAll();
});

/** Zeroed pages: shared ones are shmem's, private ones are anonymous memory. */
function zeroFile(t: VmaTest): { file: file; shmem: ReturnType<VmaTest['sandbox']['fake']> } {
  const shmem = t.sandbox.fake.returns(0);
  const f = new FileClass({
    mmap_prepare: (desc) => {
      if ((desc.vma_flags.__vma_flags[0] ?? 0n) & 8n) return shmem(desc);
      // No hooks at all: the VMA becomes anonymous, though it has a file.
      desc.vm_ops = null;
      return 0;
    },
  });
  return { file: f, shmem };
}

test('/dev/zero: a private mapping has no hooks, so nothing can be called on it', (t) => {
  const { file: f, shmem } = zeroFile(t);
  t.ASSERT_EQ(mapFile(f, START, END, PRIVATE), START);
  t.ASSERT_EQ(vmaAt(t).vm_ops, null);
  t.ASSERT_TRUE(vma_is_anonymous(vmaAt(t)));
  t.ASSERT_EQ(vmaAt(t).vm_file, f);
  sinon.assert.notCalled(shmem);
  t.ASSERT_EQ(do_munmap(t.mm, START + PAGE_SIZE, PAGE_SIZE, null), 0, 'splits without hooks');
  t.unmapAll();
});

test('/dev/zero: a shared mapping is shmem’s', (t) => {
  const { file: f, shmem } = zeroFile(t);
  t.ASSERT_EQ(mapFile(f, START, END, SHARED), START);
  sinon.assert.calledOnce(shmem as SinonSpy);
  t.unmapAll();
});
