// SPDX-License-Identifier: GPL-2.0-only
/** Small things in which the port once differed from the kernel's code: each fails where it differs again. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { test } from '../../harness/index.js';
import {
  __pgprot,
  current,
  init_vma_munmap,
  MA_STATE,
  MT_FLAGS_LOCK_EXTERN,
  maple_tree,
  mk_vma_flags,
  stubs,
  VMA_DONTEXPAND_BIT,
  VMA_ITERATOR,
  vm_area_dup,
  vm_area_free,
  vm_area_struct,
  vma_munmap_struct,
  vms_abort_munmap_vmas,
  vms_clean_up_area,
  vms_complete_munmap_vmas,
} from '../../lib/index.js';
import { definitionOfRow } from '../../tools/table/check.js';
import { parseTables } from '../../tools/table/table.js';
import { ROOT } from '../house/project.js';
import { mapRange, plainFile } from './space.js';

test('an unmap without pages clears nothing, closes nothing and stores nothing; what was counted is taken back', (t) => {
  const file = plainFile();
  const vma = mapRange(t, 0x10000, 0x14000, { file });
  const close = t.sandbox.fake();
  vma.vm_ops = { close };
  for (const [step, clear_ptes] of [
    [vms_clean_up_area, true],
    [vms_abort_munmap_vmas, true],
    [vms_abort_munmap_vmas, false],
    [vms_complete_munmap_vmas, true],
  ] as const) {
    const touched = [
      t.sandbox.spy(stubs, 'unmap_vmas'),
      t.sandbox.spy(stubs, 'free_pgtables'),
      t.sandbox.spy(stubs, 'update_hiwater_vm'),
      t.sandbox.spy(stubs, 'vm_acct_memory'),
      t.sandbox.spy(stubs, 'mmap_write_downgrade'),
      t.sandbox.spy(stubs, 'mmap_read_unlock'),
    ];
    const vms = new vma_munmap_struct(VMA_ITERATOR(t.mm, 0x10000));
    init_vma_munmap(vms, vms.vmi, vma, 0x10000, 0x14000, null, false);
    // As if something had been gathered that has no pages: even then nothing is done to it.
    vms.clear_ptes = clear_ptes;
    const side = MA_STATE(new maple_tree<vm_area_struct>(MT_FLAGS_LOCK_EXTERN), 0, 0);
    step(vms, side);
    for (const spy of touched) t.ASSERT_EQ(spy.callCount, 0, `${step.name} calls nothing`);
    t.ASSERT_EQ(vms.clear_ptes, clear_ptes, `${step.name} leaves the page tables`);
    t.ASSERT_EQ(close.callCount, 0);
    t.ASSERT_EQ(t.mm.total_vm, 4);
    t.ASSERT_LAYOUT('0x10000-0x14000 file');
    t.sandbox.restore();
  }
  t.unmapAll();
});

test('the sums of VMAs and of locked pages are taken back before an unmap without pages ends', (t) => {
  const { mm } = t;
  mm.map_count = 3;
  mm.locked_vm = 7;
  const vms = new vma_munmap_struct(VMA_ITERATOR(mm, 0x10000));
  init_vma_munmap(vms, vms.vmi, null, 0x10000, 0x14000, null, false);
  t.ASSERT_EQ(vms.start, 0, 'there is no range where there is no VMA');
  t.ASSERT_EQ(vms.end, 0);
  vms.vma_count = 2;
  vms.locked_vm = 4;
  vms_complete_munmap_vmas(vms, MA_STATE(new maple_tree<vm_area_struct>(MT_FLAGS_LOCK_EXTERN), 0, 0));
  t.ASSERT_EQ(current.mm, mm);
  t.ASSERT_EQ(mm.map_count, 1);
  t.ASSERT_EQ(mm.locked_vm, 3);
  mm.map_count = 0;
  mm.locked_vm = 0;
});

/** Fields that a duplicate has of its original. */
const COPIED = [
  'vm_start',
  'vm_end',
  'vm_mm',
  'vm_page_prot',
  '__vm_anon_pgoff_lo',
  'anon_vma',
  'vm_ops',
  'vm_pgoff',
  'vm_file',
  'vm_private_data',
  '__vm_anon_pgoff_hi',
  'vm_userfaultfd_ctx',
];

test('a duplicate has every field of its original, but for those that begin anew', (t) => {
  const original = mapRange(t, 0x10000, 0x14000, { file: plainFile(), bits: [0, 4, VMA_DONTEXPAND_BIT] });
  t.fault(original);
  original.vm_ops = {};
  original.vm_private_data = {};
  original.vm_page_prot = __pgprot(0x1234n);
  original.vm_userfaultfd_ctx = { ctx: null };
  const copy = vm_area_dup(original);
  if (copy === null) throw new Error('no memory');
  const fresh = new vm_area_struct();
  const fields = Object.keys(original);
  for (const field of COPIED) {
    t.ASSERT_TRUE(fields.includes(field), field);
    t.ASSERT_EQ(Reflect.get(copy, field), Reflect.get(original, field), `${field} is copied`);
  }
  t.ASSERT_FLAGS_SAME_MASK(copy.flags, mk_vma_flags(0, 4, VMA_DONTEXPAND_BIT));
  const anew = fields.filter((field) => typeof Reflect.get(fresh, field) === 'number' && !COPIED.includes(field));
  for (const field of anew.filter((one) => one !== 'vm_lock_seq')) {
    t.ASSERT_EQ(Reflect.get(copy, field), Reflect.get(fresh, field), `${field} begins anew`);
  }
  // The reference on the file is the caller's to take.
  copy.vm_file = null;
  vm_area_free(copy);
  t.unmapAll();
});

/** Parameters of functions that once had others here, as in the kernel's code. */
const PARAMETERS: Record<string, { here: string; there: readonly string[] }> = {
  init_vma_munmap: { here: 'lib/mm/vma/munmap.ts', there: ['vms', 'vmi', 'vma', 'start', 'end', 'uf', 'unlock'] },
  acct_stack_growth: { here: 'lib/mm/vma/stack.ts', there: ['vma', 'size', 'grow'] },
  __mmap_new_vma: { here: 'lib/mm/vma/mmap_region.ts', there: ['map', 'vmap', 'action'] },
};

t.test('the parameters of private functions are those of the kernel', async (t) => {
  const tree = process.env.KERNEL ?? '';
  const c = tree !== '' && existsSync(join(tree, 'mm/vma.c')) ? readFileSync(join(tree, 'mm/vma.c'), 'utf8') : null;
  for (const [name, { here, there }] of Object.entries(PARAMETERS)) {
    const source = readFileSync(join(ROOT, here), 'utf8');
    const [, list = ''] = new RegExp(`function ${name}\\(([^)]*)\\)`).exec(source) ?? [];
    const own = list.split(',').flatMap((one) => /^\s*(\w+)/.exec(one)?.[1] ?? []);
    t.same(own, there, name);
    if (c === null) continue;
    const [, parameters = ''] = new RegExp(`^static \\w+ ${name}\\(([^)]*)\\)\\s*\\{`, 'm').exec(c) ?? [];
    t.same(
      parameters.split(',').map((one) => /(\w+)\s*$/.exec(one)?.[1]),
      there,
      `${name} in the tree`,
    );
  }
});

t.test('anon_vma_name is a struct and a function, each where it is declared as that', async (t) => {
  const tables = parseTables(readFileSync(join(ROOT, 'docs/upstream.md'), 'utf8'));
  const found = tables.flatMap((table) =>
    table.rows
      .filter(({ symbol }) => symbol === 'anon_vma_name')
      .map((row) => [row.kind, row.home, definitionOfRow(ROOT, table, row)?.kind]),
  );
  t.same(
    found.sort(([a], [b]) => String(b).localeCompare(String(a))),
    [
      ['struct', 'include/mm_types.ts', 'class'],
      ['function', 'stubs/upstream.ts', 'property'],
    ],
  );
});
