// SPDX-License-Identifier: GPL-2.0-only
import t from 'tap';
import * as harness from '../../harness/index.js';
import * as api from '../../lib/index.js';

t.test('the main module has the code under test and its world', async (t) => {
  const exported = new Set(Object.keys(api));
  for (const name of ['vma_merge_new_range', 'mmap_region', 'do_vmi_munmap', 'mas_walk', 'stubs', 'IS_ERR']) {
    t.ok(exported.has(name), name);
  }
});

t.test('the test module has what a test needs', async (t) => {
  t.type(harness.test, 'function');
});
