// SPDX-License-Identifier: GPL-2.0-only
/** An operation names itself and its arguments at its door, by hand: here each is held against its declaration. */
import t from 'tap';
import { asked, watchedFunctions } from './doors.js';

t.test('each operation gives its own name and all its parameters, in their order', async (t) => {
  const functions = watchedFunctions();
  for (const { name, told, carriedOut, parameters, named } of functions) {
    t.same([told, carriedOut], [name, name]);
    t.same(named, parameters, name);
  }
  t.equal(functions.length, asked(), 'none is written in another way');
  t.equal(new Set(functions.map(({ name }) => name)).size, functions.length, 'none twice');
  const names = functions.map(({ name }) => name);
  for (const known of ['mmap_region', 'vma_shrink', 'commit_merge', 'mtree_destroy', 'cleanup_mm']) {
    t.ok(names.includes(known), known);
  }
  t.notOk(names.includes('vma_lookup'), 'a lookup changes nothing');
});
