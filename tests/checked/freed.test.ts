// SPDX-License-Identifier: GPL-2.0-only
/** Freed means gone: each use of a freed object throws, and says what it was, where it came from and where it went. */

import { CheckedWorld, test, type VmaTest } from '../../harness/index.js';
import {
  file as FileClass,
  type file,
  mm_struct,
  VMA_ITERATOR,
  vm_area_alloc,
  vm_area_free,
  type vm_area_struct,
  vma_expand,
  vma_merge_struct,
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

test('a VMA that is freed twice throws', ON_CHECKED, (t) => {
  const vma = freedVma(t);
  t.throws(() => vm_area_free(vma), /vm_area_free: vma = freed vm_area_struct 0x3000-0x5000/);
  const world = new CheckedWorld();
  const other = world.references.newVma();
  world.stubs.vm_area_cache_free(other);
  const error = t.throws(() => world.stubs.vm_area_cache_free(other), /double free: vm_area_struct/);
  t.ASSERT_EQ(error.name, 'DoubleFreeError');
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
