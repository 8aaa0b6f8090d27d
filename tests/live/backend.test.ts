// SPDX-License-Identifier: GPL-2.0-only
/** The running kernel as a backend of selftests: calls whose arguments are not the kernel's, bytes, pagemap, queries. */
import t from 'tap';
import { BASE, FIXED, P, RW } from '../../dev/live/places.js';
import { backend } from '../../dev/live/selftest_backend.js';
import { test, type VmaTest } from '../../harness/index.js';
import { EBADF, EINVAL, ENOENT, EPERM } from '../../include/linux/errno.js';
import { CAP_IPC_LOCK } from '../../include/uapi/capability.js';
import { O_CREAT, O_RDWR } from '../../include/uapi/fcntl.js';
import { MADV_DONTNEED, MAP_FIXED, MAP_SHARED } from '../../include/uapi/mman.js';
import { RLIMIT_MEMLOCK } from '../../include/uapi/resource.js';
import { withLiveSide } from './side.js';

t.test('calls, bytes, pagemap and queries on the running kernel', async (outer) => {
  withLiveSide(outer, () => test('on the running kernel', onTheKernel));
});

function onTheKernel(t: VmaTest): void {
  const p = backend.begin(t);
  t.equal(p.call('getpid'), p.pid);
  t.equal(p.call('mmap', BASE, 40 * P, RW, FIXED, -1, 0), BASE);

  const bytes = Uint8Array.from({ length: 20 * P }, (_, i) => i % 251);
  t.equal(p.poke(BASE + 100, bytes), bytes.length, 'more than a request has room for');
  t.equal(Buffer.compare(p.peek(BASE + 100, bytes.length), bytes), 0);
  t.equal(p.peek(BASE + 40 * P - 4, 100).length, 4, 'as far as it is mapped');
  t.equal(p.poke(BASE + 40 * P - 4, new Uint8Array(100)), 4);

  const entries = p.pagemap(BASE, 41);
  t.equal(entries?.length, 41);
  t.equal((entries?.[0] ?? 0n) >> 63n, 1n, 'a page that was written is there');
  t.equal((entries?.[30] ?? 0n) >> 63n, 0n);

  t.equal(p.call('process_madvise', MADV_DONTNEED, 0, BASE, P, BASE + 2 * P, P), 2 * P);
  t.equal([...p.peek(BASE + 100, 2)].join(), '0,0', 'what was dropped is zeroes');

  const fd = p.call('open', '/some/where/file', O_RDWR | O_CREAT, 0o600);
  t.equal(fd >= 3, true);
  t.equal(p.call('ftruncate', fd, 2 * P), 0);
  t.equal(p.call('mmap', BASE + 50 * P, P, RW, MAP_SHARED | MAP_FIXED, fd, P), BASE + 50 * P);
  const found = p.procmap(BASE + 50 * P, 0);
  if (typeof found === 'number') throw new Error(`procmap: ${found}`);
  t.equal([found.vma_start, found.vma_end, found.vma_offset], [BASE + 50 * P, BASE + 51 * P, P]);
  t.equal(found.inode > 0 && found.name.endsWith('/file'), true);
  t.equal(p.procmap(BASE + 45 * P, 0), -ENOENT);
  t.equal(p.call('unlink', '/some/where/file'), 0);
  t.equal(p.call('unlink', '/some/where/file'), -ENOENT);
  t.equal(p.call('close', fd), 0);
  t.equal(p.call('close', fd), -EBADF);
  t.equal(p.proc('status')?.includes('VmLck'), true);

  t.equal(p.call('setrlimit', RLIMIT_MEMLOCK, 0, 0), 0);
  t.equal(p.getrlimit(RLIMIT_MEMLOCK).rlim_cur, 0);
  t.equal(p.call('capset', ~(1n << BigInt(CAP_IPC_LOCK))), 0);
  t.equal(p.call('mlock', BASE, P), -EPERM);
  t.equal(p.call('madvise', BASE + 1, P, MADV_DONTNEED), -EINVAL);

  const child = p.fork();
  if (typeof child === 'number') throw new Error(`fork: ${child}`);
  t.equal(child.poke(BASE + 3 * P, Uint8Array.of(9)), 1);
  t.equal(p.peek(BASE + 3 * P, 1)[0] === 9, false);
  child.exit(0);
  p.exit(0);
}
