// SPDX-License-Identifier: GPL-2.0-only
/** What things are before anybody has done anything to them, and the last page that a file can be mapped at. */
import t from 'tap';
import { FOP_UNSIGNED_OFFSET, S_IFREG } from '../../include/linux/fs.js';
import { list_head } from '../../include/linux/list.js';
import { file, inode, mm_struct, mmap_state, PAGE_SIZE, VMA_ITERATOR, vma_flags_t } from '../../lib/index.js';
import { file_mmap_ok } from '../../lib/mm/inlines/file.js';
import { vma_flags_clear_all } from '../../lib/mm/inlines/flag_operations.js';
import { vma_remap_struct } from '../../lib/mm/mremap/vrm.js';

t.test('the state of a remap, and of a mapping, in the making', async (t) => {
  const unmaps = { early: new list_head(), late: new list_head() };
  const vrm = new vma_remap_struct({ addr: 1, old_len: 2, new_len: 3, flags: 4, new_addr: 5 }, unmaps);
  t.match(vrm, { addr: 1, old_len: 2, new_len: 3, flags: 4, new_addr: 5, vma: null, delta: 0, charged: 0 });
  t.match(vrm, { populate_expand: false, mmap_locked: false, vmi_needs_invalidate: false });
  t.same([vrm.uf_unmap_early === unmaps.early, vrm.uf_unmap === unmaps.late], [true, true]);
  const mm = new mm_struct();
  const map = new mmap_state(mm, VMA_ITERATOR(mm, 0), 0, PAGE_SIZE, 0, 0, new vma_flags_t(), null);
  t.match(map, { file_doesnt_need_get: false, charged: 0, prev: null, next: null });
});

t.test('all flags are cleared, in each word', async (t) => {
  const flags = new vma_flags_t();
  Object.assign(flags, { w0: 1, w1: 2, w2: 4, w3: 8 });
  vma_flags_clear_all(flags);
  t.match(flags, { w0: 0, w1: 0, w2: 0, w3: 0 });
});

t.test('the last page of a file that can be mapped depends on what file it is', async (t) => {
  const last = (mode: number, fop_flags: number | undefined): number => {
    const host = new inode();
    host.i_mode = mode;
    const f = new file(fop_flags === undefined ? {} : { fop_flags });
    const fits = (pages: number): boolean => file_mmap_ok(f, host, pages - 1, PAGE_SIZE);
    return [2 ** 51 - 1, 2 ** 51, 2 ** 52 - 1, 2 ** 52, 2 ** 52 + 1].filter(fits).at(-1) ?? 0;
  };
  t.equal(last(S_IFREG, undefined), 2 ** 51 - 1);
  t.equal(last(0, undefined), 2 ** 52 - 1);
  t.equal(last(0, 0), 2 ** 52 - 1);
  t.equal(last(0, FOP_UNSIGNED_OFFSET), 2 ** 52);
  t.equal(last(S_IFREG, FOP_UNSIGNED_OFFSET), 2 ** 51 - 1);
});
