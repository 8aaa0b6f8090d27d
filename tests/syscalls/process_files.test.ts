// SPDX-License-Identifier: GPL-2.0-only
/** What a process does to files and pages beside mapping them: holes, room, several ranges at once, /proc/PID/pagemap. */
import {
  ErrnoError,
  F_SEAL_GROW,
  F_SEAL_WRITE,
  MADV_DONTNEED,
  MADV_GUARD_INSTALL,
  MADV_PAGEOUT,
  MADV_REMOVE,
  MAP_ANONYMOUS,
  MAP_DROPPABLE,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  PAGE_SIZE as P,
  PM_FILE,
  PM_GUARD_REGION,
  PM_MMAP_EXCLUSIVE,
  PM_PRESENT,
  PM_SWAP,
  PROT_READ,
  PROT_WRITE,
  test,
} from '../../harness/index.js';
import { EBADF, EINVAL, ENOMEM, EOPNOTSUPP, EPERM } from '../../include/linux/errno.js';
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../../include/linux/fs.js';

const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const AT = 0x100000;
const HOLE = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

test('a memfd has room made, and holes', (t) => {
  const p = t.process();
  const fd = p.memfd_create('room', MFD_ALLOW_SEALING | MFD_CLOEXEC);
  const size = (): number => p.file(fd).f_inode.i_size;

  p.fallocate(fd, 0, P, 2 * P);
  t.ASSERT_EQ(size(), 3 * P);
  p.fallocate(fd, 0, 0, P);
  t.ASSERT_EQ(size(), 3 * P, 'it never becomes shorter');
  p.fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 9 * P);
  t.ASSERT_EQ(size(), 3 * P);

  const addr = p.mmap(AT, 3 * P, RW, MAP_SHARED | MAP_FIXED, fd, 0);
  for (let i = 0; i < 3; i++) p.write(addr + i * P, i + 1);
  p.fallocate(fd, HOLE, P, P);
  t.equal([p.read(addr), p.read(addr + P), p.read(addr + 2 * P)], [1, 0, 3]);

  p.addSeals(fd, F_SEAL_GROW);
  t.ASSERT_EQ(p.raw.fallocate(fd, 0, 0, 4 * P), -EPERM);
  t.ASSERT_EQ(p.raw.fallocate(fd, 0, 0, 3 * P), 0);
  p.munmap(addr, 3 * P);
  p.addSeals(fd, F_SEAL_WRITE);
  t.ASSERT_EQ(p.raw.fallocate(fd, HOLE, 0, P), -EPERM);
  t.ASSERT_EQ(p.raw.fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, P), -EOPNOTSUPP, 'a hole that changes the size');
  t.ASSERT_EQ(p.raw.fallocate(fd, 0, 0, 0), -EINVAL);
  t.ASSERT_EQ(p.raw.fallocate(99, 0, 0, P), -EBADF);
});

test('a file on the disk has holes', (t) => {
  const p = t.process();
  const fd = p.open('/holes', { size: 3 * P });
  const addr = p.mmap(AT, 3 * P, RW, MAP_SHARED | MAP_FIXED, fd, 0);
  for (let i = 0; i < 3; i++) p.write(addr + i * P, i + 1);

  p.madvise(addr + P, P, MADV_REMOVE);
  t.equal([p.read(addr), p.read(addr + P), p.read(addr + 2 * P)], [1, 0, 3]);
  t.ASSERT_EQ(p.raw.fallocate(fd, 0, 0, P), -EOPNOTSUPP);
  const readOnly = p.open('/holes', { write: false });
  t.ASSERT_EQ(p.raw.fallocate(readOnly, HOLE, 0, P), -EBADF);
});

test('advice on several ranges at once', (t) => {
  const p = t.process();
  p.mmap(AT, 4 * P, RW, ANON | MAP_FIXED, -1, 0);
  p.mmap(AT + 6 * P, P, RW, ANON | MAP_FIXED, -1, 0);
  p.touch(AT, 4 * P);
  const range = (page: number, pages: number) => ({ iov_base: AT + page * P, iov_len: pages * P });

  t.ASSERT_EQ(p.process_madvise([range(0, 1), range(2, 1), range(6, 1)], MADV_DONTNEED), 3 * P);
  t.equal(
    p.pagemap(AT, 4).map((entry) => entry !== 0n),
    [false, true, false, true],
  );
  t.ASSERT_EQ(p.process_madvise([range(0, 0), range(1, 1)], MADV_DONTNEED), P, 'an empty range is none');
  t.ASSERT_EQ(p.process_madvise([range(0, 1), range(5, 1), range(3, 1)], MADV_DONTNEED), P, 'up to what is not mapped');
  t.ASSERT_NE(p.pagemap(AT + 3 * P, 1)[0], 0n, 'and no further');
  t.ASSERT_EQ(p.raw.process_madvise([range(5, 1)], MADV_DONTNEED), -ENOMEM);
  t.ASSERT_EQ(p.raw.process_madvise([{ iov_base: AT + 1, iov_len: P }], MADV_DONTNEED), -EINVAL);
  t.ASSERT_EQ(p.raw.process_madvise([], MADV_DONTNEED), 0);
  t.ASSERT_EQ(p.raw.process_madvise([range(0, 1)], MADV_DONTNEED, 1), -EINVAL, 'flags');
  t.ASSERT_EQ(p.raw.process_madvise([range(0, 1)], 77), -EINVAL, 'advice that nobody knows');
  const many = Array.from({ length: 1025 }, () => range(0, 1));
  t.ASSERT_EQ(p.raw.process_madvise(many, MADV_DONTNEED), -EINVAL);
  t.throws(() => p.process_madvise([range(5, 1)], MADV_DONTNEED), 'ENOMEM');
});

test('/proc/PID/pagemap', (t) => {
  const p = t.process();
  const fd = p.open('/file', { size: 4 * P });
  p.mmap(AT, 4 * P, RW, ANON | MAP_FIXED, -1, 0);
  const shared = p.mmap(AT + 8 * P, 2 * P, RW, MAP_SHARED | MAP_FIXED, fd, 0);
  p.read(AT);
  p.write(AT + P, 1);
  p.madvise(AT + 2 * P, P, MADV_GUARD_INSTALL);
  p.write(shared, 1);
  t.equal(p.pagemap(AT, 4), [PM_PRESENT, PM_PRESENT | PM_MMAP_EXCLUSIVE, PM_SWAP | PM_GUARD_REGION, 0n]);
  t.equal(p.pagemap(shared, 2), [PM_PRESENT | PM_FILE | PM_MMAP_EXCLUSIVE, 0n]);

  const child = p.fork();
  t.equal(child.pagemap(AT + P), [PM_PRESENT], 'somebody else has it, too');
  child.exit();
  t.equal(p.pagemap(AT + P), [PM_PRESENT | PM_MMAP_EXCLUSIVE]);
  t.equal(p.pagemap(0x7ffffffff000, 2), [], 'where the address space ends');
  t.throws(() => p.pagemap(AT + 1), 'pagemap: addr = 0x100001: not page-aligned');
});

test('bytes of memory', (t) => {
  const p = t.process();
  p.mmap(AT, 2 * P, RW, ANON | MAP_FIXED, -1, 0);
  t.ASSERT_EQ(p.writeBytes(AT + P - 1, Uint8Array.of(1, 2)), 2);
  t.equal([...p.readBytes(AT + P - 2, 4)], [0, 1, 2, 0]);
  t.ASSERT_EQ(p.readBytes(AT + 2 * P - 1, 4).length, 1);
  t.ASSERT_EQ(p.writeBytes(AT + 2 * P, Uint8Array.of(1)), 0);

  const child = p.fork();
  child.writeBytes(AT + P, Uint8Array.of(9));
  t.equal([...child.readBytes(AT + P, 2)], [9, 0]);
  t.equal([...p.readBytes(AT + P, 2)], [2, 0]);
  const plain = p.memfd_create('plain', MFD_CLOEXEC);
  t.ASSERT_EQ(p.raw.addSeals(plain, F_SEAL_GROW), -EPERM, 'a memfd that takes no seals');
  p.exit();
  t.throws(() => p.readBytes(AT, 1), 'readBytes: process 1 has exited');
  t.throws(() => p.writeBytes(AT, new Uint8Array(1)), 'writeBytes: process 1 has exited');
});

test('what is droppable is dropped when it is to be paged out', (t) => {
  const p = t.process();
  p.mmap(AT, 3 * P, RW, MAP_DROPPABLE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  p.mmap(AT + 8 * P, P, RW, ANON | MAP_FIXED, -1, 0);
  for (const page of [0, 1, 8]) p.write(AT + page * P, 7);
  p.read(AT + 2 * P);

  p.madvise(AT + P, 2 * P, MADV_PAGEOUT);
  t.equal(
    p.pagemap(AT, 3).map((entry) => entry !== 0n),
    [true, false, true],
    'but for the zero page, which nobody has',
  );
  t.equal([p.read(AT), p.read(AT + P)], [7, 0]);

  p.madvise(AT + 8 * P, P, MADV_PAGEOUT);
  t.ASSERT_EQ(p.read(AT + 8 * P), 7, 'other memory stays');
  t.ASSERT_TRUE(t.throws(() => p.madvise(AT + 5 * P, P, MADV_PAGEOUT), 'ENOMEM') instanceof ErrnoError);
});
