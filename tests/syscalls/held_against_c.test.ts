// SPDX-License-Identifier: GPL-2.0-only
/** Where the port was found to answer otherwise than the kernel's own functions (`npm run conform -- --syscalls`). */
import { test } from '../../harness/index.js';

import {
  F_SEAL_EXEC,
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
} from '../../include/uapi/fcntl.js';
import { MFD_ALLOW_SEALING } from '../../include/uapi/memfd.js';
import {
  MADV_POPULATE_WRITE,
  MAP_ANONYMOUS,
  MAP_DROPPABLE,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from '../../include/uapi/mman.js';
import { EBUSY, EINVAL, ENOMEM, EPERM, for_each_vma, PAGE_SIZE, VM_EXEC, VMA_ITERATOR } from '../../lib/index.js';
import { worldOf } from './memory.js';

const RW = PROT_READ | PROT_WRITE;

test('an address among the last 4095 is taken for an error, and its number is the errno', (t) => {
  const p = t.process();
  const map = (addr: bigint): number => p.raw.mmap(addr, PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);

  t.ASSERT_EQ(map(2n ** 64n - 1n), -EPERM, '-1');
  t.ASSERT_EQ(map(2n ** 64n - 22n), -EINVAL, '-22');
  t.ASSERT_EQ(map(2n ** 64n - 4096n), -ENOMEM, 'the page before is past the end of user space');
});

test('a file that is sealed against execution is sealed against writing, if it is executable', (t) => {
  const p = t.process();
  const fd = p.memfd_create('tool', MFD_ALLOW_SEALING);
  p.ftruncate(fd, PAGE_SIZE);
  p.addSeals(fd, F_SEAL_EXEC);

  const all = F_SEAL_EXEC | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
  t.ASSERT_EQ(p.file(fd).f_inode.seals, all);
  t.ASSERT_EQ(p.raw.ftruncate(fd, 0), -EPERM, 'it keeps its size');
  t.ASSERT_EQ(p.raw.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd), -EPERM, 'and its content');
});

test('only the write seal of an executable file counts as such: the file is denied to writable mappings', (t) => {
  const p = t.process();
  const fd = p.memfd_create('plain', MFD_ALLOW_SEALING);
  const { f_inode: host, f_mapping: mapping } = p.file(fd);
  host.i_mode &= ~0o111;
  p.ftruncate(fd, PAGE_SIZE);

  p.addSeals(fd, F_SEAL_EXEC);
  t.ASSERT_EQ(host.seals, F_SEAL_EXEC, 'nobody can execute it, so that it may be written');
  const addr = p.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd);
  t.ASSERT_EQ(p.raw.addSeals(fd, F_SEAL_WRITE), -EBUSY, 'not while it is mapped for writing');
  p.munmap(addr, PAGE_SIZE);
  p.addSeals(fd, F_SEAL_WRITE);
  t.ASSERT_EQ(mapping.i_mmap_writable, -1, 'such mappings are denied');
  p.addSeals(fd, F_SEAL_WRITE);
  t.ASSERT_EQ(mapping.i_mmap_writable, -1, 'once');
});

test('memory that may be dropped is faulted in until it is there', { stubs: 'checked' }, (t) => {
  const p = t.process();
  const addr = p.mmap(0, 2 * PAGE_SIZE, RW, MAP_DROPPABLE | MAP_ANONYMOUS);
  worldOf(t).faults.fail('alloc_page');

  p.madvise(addr, 2 * PAGE_SIZE, MADV_POPULATE_WRITE);
  t.ASSERT_EQ(p.mm.pgd?.size, 2, 'both pages');

  const other = p.mmap(0, PAGE_SIZE, RW, MAP_DROPPABLE | MAP_ANONYMOUS);
  const { faults } = worldOf(t);
  faults.fail('alloc_page');
  t.equal([...p.readBytes(other, 2)], [0, 0], 'a page that cannot be had reads as nothing');
  faults.fail('alloc_page');
  t.ASSERT_EQ(p.writeBytes(other, Uint8Array.of(1)), 1, 'and what is written to it is lost');
  t.equal([...p.readBytes(other, 1)], [0]);
});

test('the stack of a program was never executable, and neither is the protection of its pages', (t) => {
  const p = t.process({ stack: true });
  const [vma] = [...for_each_vma(VMA_ITERATOR(p.mm, 0))];
  t.ASSERT_EQ((vma?.vm_flags ?? VM_EXEC) & VM_EXEC, 0n);
  t.ASSERT_EQ((vma?.vm_page_prot.pgprot ?? VM_EXEC) & VM_EXEC, 0n);
});
