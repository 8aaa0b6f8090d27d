// SPDX-License-Identifier: GPL-2.0-only
/** remap_file_pages(): a mapping over a mapping of the same file. */
import {
  EACCES,
  EINTR,
  EINVAL,
  file,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  mprotect,
  munmap,
  PROT_EXEC,
  PROT_READ,
  remap_file_pages,
  stubs,
  ULONG_MAX,
} from '../../lib/index.js';
import { BASE, expectAll, mapAt, maps, openFile, P, processTest, RW } from './process.js';

processTest('remap_file_pages: another part of the file comes there', (t, mm) => {
  const fd = openFile();
  const populated = t.sandbox.spy(stubs, '__mm_populate');
  const said = t.sandbox.spy(stubs, 'pr_warn');
  t.ASSERT_EQ(mmap(BASE, 4 * P, RW | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd, 0), BASE);
  t.ASSERT_EQ(remap_file_pages(BASE + P + 5, P + 5, 0, 9, 0), 0);
  t.ASSERT_EQ(
    maps(mm, true).join(),
    '200000000000-200000001000 ff 0 file,200000001000-200000002000 ff 9 file,200000002000-200000004000 ff 2 file',
  );
  t.ASSERT_TRUE(populated.calledOnceWithExactly(BASE + P, P, true));
  t.ASSERT_EQ(said.callCount, 1);
  t.ASSERT_EQ(remap_file_pages(BASE + P, P, 0, 1, MAP_NONBLOCK), 0);
  t.ASSERT_EQ(maps(mm).length, 1, 'back, and one again');
  t.ASSERT_EQ(populated.callCount, 1);
  t.ASSERT_EQ(munmap(BASE, 4 * P), 0);
  t.ASSERT_EQ(mmap(BASE, 2 * P, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_LOCKED, fd, 0), BASE);
  t.ASSERT_EQ(remap_file_pages(BASE, P, 0, 5, 0), 0);
  t.ASSERT_EQ(mm.locked_vm, 2);
});

processTest('remap_file_pages: arguments that cannot be, and mappings that are not for it', (t) => {
  const [fd, other] = [openFile(), openFile()];
  mmap(BASE, 2 * P, RW, MAP_SHARED | MAP_FIXED, fd, 0);
  mapAt(t, BASE + 8 * P, 1);
  mmap(BASE + 9 * P, P, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
  mapAt(t, BASE + 0x10 * P, 1, RW, MAP_SHARED | MAP_ANONYMOUS);
  expectAll(t, [
    ['a protection', remap_file_pages(BASE, P, 1, 0, 0), -EINVAL],
    ['no page', remap_file_pages(BASE, P - 1, 0, 0, 0), -EINVAL],
    ['past ULONG_MAX', remap_file_pages(ULONG_MAX, P, 0, 0, 0), -EINVAL],
    ['an offset past ULONG_MAX', remap_file_pages(BASE, P, 0, ULONG_MAX, 0), -EINVAL],
    ['nothing there', remap_file_pages(BASE + 4 * P, P, 0, 0, 0), -EINVAL],
    ['private memory', remap_file_pages(BASE + 8 * P, P, 0, 0, 0), -EINVAL],
    ['a private file', remap_file_pages(BASE + 9 * P, P, 0, 0, 0), -EINVAL],
    ['past the end', remap_file_pages(BASE, 3 * P, 0, 0, 0), -EINVAL],
    ['shared memory', remap_file_pages(BASE + 0x10 * P, P, 0, 0, 0), 0],
  ]);
  mmap(BASE + 2 * P, P, RW, MAP_SHARED | MAP_FIXED, other, 2 * P);
  t.ASSERT_EQ(remap_file_pages(BASE, 3 * P, 0, 0, 0), -EINVAL, 'another file');
  mmap(BASE + 2 * P, P, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 2 * P);
  t.ASSERT_EQ(remap_file_pages(BASE, 3 * P, 0, 0, 0), -EINVAL, 'other flags');
  mprotect(BASE + 2 * P, P, RW);
  mmap(BASE + 4 * P, P, RW, MAP_SHARED | MAP_FIXED, fd, 0);
  t.ASSERT_EQ(remap_file_pages(BASE, 5 * P, 0, 0, 0), -EINVAL, 'a hole');
  mmap(BASE + 3 * P, P, RW, MAP_SHARED | MAP_FIXED, fd, 0);
  t.ASSERT_EQ(remap_file_pages(BASE, 5 * P, 0, 0, 0), 0, 'several VMAs');
  t.ASSERT_EQ(remap_file_pages(BASE, 6 * P, 0, 0, 0), -EINVAL, 'past the last');
});

processTest('remap_file_pages: interrupted, refused, and changed in between', (t) => {
  const { checked } = t.world;
  const f = new file({ mmap: () => 0 });
  const fd = openFile(f);
  mmap(BASE, 2 * P, RW, MAP_SHARED | MAP_FIXED, fd, 0);
  const references = f.f_ref;
  checked?.faults.fail('mmap_read_lock_killable');
  t.ASSERT_EQ(remap_file_pages(BASE, P, 0, 5, 0), -EINTR);
  checked?.faults.fail('mmap_write_lock_killable');
  t.ASSERT_EQ(remap_file_pages(BASE, P, 0, 5, 0), -EINTR);
  checked?.faults.fail('security_mmap_file');
  t.ASSERT_EQ(remap_file_pages(BASE, P, 0, 5, 0), -EACCES);
  const changes: (() => number)[] = [
    () => mprotect(BASE, 2 * P, PROT_READ),
    () => mmap(BASE, 2 * P, PROT_READ, MAP_SHARED | MAP_FIXED, openFile(), 0),
    () => munmap(BASE, 2 * P),
  ];
  const security = t.sandbox.stub(stubs, 'security_mmap_file').returns(0);
  for (const change of changes) {
    security.onCall(security.callCount).callsFake(() => {
      change();
      return 0;
    });
    t.ASSERT_EQ(remap_file_pages(BASE, P, 0, 5, 0), -EINVAL);
  }
  t.ASSERT_EQ(f.f_ref, references - 1);
});
