// SPDX-License-Identifier: GPL-2.0-only
/** Freed means gone: each use of a freed object throws, and says what it was, where it came from and where it went. */

import { CheckedWorld, test, type VmaTest } from '../../harness/index.js';
import {
  file as FileClass,
  type file,
  globals,
  mm_struct,
  VMA_ITERATOR,
  vm_area_alloc,
  vm_area_free,
  type vm_area_struct,
  vma_expand,
  vma_merge_struct,
  stubs as world,
} from '../../lib/index.js';
import { anon_vma_alloc, put_anon_vma } from '../../lib/mm/rmap.js';

function freedVma(t: VmaTest): vm_area_struct {
  const vma = vm_area_alloc(t.mm);
  if (vma === null) throw new Error('no memory');
  vma.vm_start = 0x3000;
  vma.vm_end = 0x5000;
  vm_area_free(vma);
  return vma;
}

const ON_CHECKED = { stubs: 'checked' } as const;

test('a freed VMA throws when it is read or written, field by field', ON_CHECKED, (t) => {
  const vma = freedVma(t);
  const fields = ['vm_start', 'vm_end', 'vm_mm', 'flags', 'vm_flags', 'vm_ops', 'vm_file', 'anon_vma', 'vm_refcnt'];
  for (const field of fields) {
    t.throws(
      () => Reflect.get(vma, field),
      new RegExp(`use after free: vm_area_struct 0x3000-0x5000: field ${field} read`),
    );
    t.throws(() => Reflect.set(vma, field, 0), new RegExp(`field ${field} written`));
  }
  const error = t.throws(() => vma.vm_start, /allocated at .*; freed at /);
  t.ASSERT_EQ(error.name, 'UseAfterFreeError');
  t.ASSERT_TRUE(
    /allocated at .*lib\/mm\/vma_init\.ts:\d+.*freed at .*lib\/mm\/vma_init\.ts:\d+/.test(error.message),
    'places',
  );
});

for (const stubs of ['checked', 'upstream'] as const) {
  test(`a VMA that is freed twice is a double free, with the places of both: ${stubs}`, { stubs }, (t) => {
    const vma = freedVma(t);
    const error = t.throws(() => vm_area_free(vma), /^double free: vm_area_struct 0x3000-0x5000: freed again at /);
    t.ASSERT_EQ(error.name, 'DoubleFreeError');
    t.ASSERT_TRUE(
      /again at .*freed\.test.*; allocated at .*freed\.test.*; freed at .*freed\.test/.test(error.message),
      error.message,
    );
  });

  test(`so is one that the cache itself is given twice: ${stubs}`, { stubs }, (t) => {
    const vma = freedVma(t);
    t.throws(() => world.vm_area_cache_free(vma), /^double free: vm_area_struct 0x3000-0x5000/);
  });
}

test('where frees are not tracked, a double free is one all the same', { stubs: 'upstream' }, (t) => {
  globals.slab_store_user = false;
  const error = t.throws(
    () => vm_area_free(freedVma(t)),
    /^double free: vm_area_struct 0x3000-0x5000: freed again at /,
  );
  t.ASSERT_TRUE(error.message.endsWith('where it was freed is not recorded'), error.message);
});

test('a VMA that the cache hands out again is alive', { stubs: 'upstream' }, (t) => {
  const vma = freedVma(t);
  t.ASSERT_EQ(vm_area_alloc(t.mm), vma);
  vm_area_free(vma);
});

test('an operation that is handed a freed VMA names itself and its argument', ON_CHECKED, (t) => {
  const vma = freedVma(t);
  const vmg = new vma_merge_struct(VMA_ITERATOR(t.mm, 0), { mm: t.mm, target: vma, start: 0, end: 0x1000 });
  t.throws(() => vma_expand(vmg), /^vma_expand: vmg\.target = freed vm_area_struct 0x3000-0x5000 .*: not a live VMA/);
});

test('a freed VMA is no VMA any more, and can still be printed', ON_CHECKED, (t) => {
  const vma = freedVma(t);
  t.ASSERT_TRUE(String(vma).startsWith('freed vm_area_struct 0x3000-0x5000 (allocated at'), 'printed');
});

test('a file dies with its last reference', ON_CHECKED, (t) => {
  const { checked } = t.world;
  const f: file = new FileClass();
  checked?.stubs.get_file(f);
  checked?.stubs.fput(f);
  t.ASSERT_EQ(f.f_ref, 1);
  checked?.stubs.fput(f);
  t.throws(() => f.f_mapping, /use after free: file: field f_mapping read/);
  t.throws(() => checked?.stubs.fput(f), /double free: file/);
});

test('an address space and an anon_vma can die too', ON_CHECKED, (t) => {
  const world = new CheckedWorld();
  const mm = new mm_struct();
  world.freeMm(mm);
  t.throws(() => mm.map_count, /use after free: mm_struct: field map_count read/);

  const held = anon_vma_alloc();
  if (held === null) throw new Error('no anon_vma');
  put_anon_vma(held);
  t.throws(() => held.root, /use after free: anon_vma: field root read/);
});
