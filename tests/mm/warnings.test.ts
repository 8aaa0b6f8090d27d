// SPDX-License-Identifier: GPL-2.0-only
/**
 * What the functions of mm/vma.c warn of, each provoked: callers that break what a merge relies on, hooks that do what
 * they may not, counters that are too low. Whatever else comes of it is not looked at.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript-5';
import { CheckedWorld, test, World } from '../../harness/index.js';
import { GFP_KERNEL } from '../../include/linux/gfp.js';
import { NULL_VM_UFFD_CTX } from '../../include/mm_types.js';
import { struct_vma_prepare, unlink_vma_file_batch } from '../../include/vma.js';
import {
  __mmap_region,
  anon_vma,
  BugError,
  copy_vma,
  do_munmap,
  file,
  mk_vma_flags,
  mm_drop_all_locks,
  mtree_erase,
  mtree_store_range,
  PAGE_SIZE,
  Ref,
  stubs,
  VMA_EXEC_BIT,
  VMA_GROWSDOWN_BIT,
  VMA_ITERATOR,
  VMA_MAYREAD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_READ_BIT,
  VMA_SHARED_BIT,
  type vm_area_struct,
  vma_merge_struct,
  vma_set_flags,
} from '../../lib/index.js';
import { find_mergeable_anon_vma } from '../../lib/mm/vma/anon_vma.js';
import { unlink_file_vma_batch_process } from '../../lib/mm/vma/file_links.js';
import { insert_vm_struct } from '../../lib/mm/vma/link.js';
import {
  vma_expand,
  vma_merge_copied_range,
  vma_merge_existing_range,
  vma_merge_new_range,
} from '../../lib/mm/vma/merge.js';
import { is_mergeable_anon_vma } from '../../lib/mm/vma/merge_rules.js';
import { vma_modify_flags_uffd } from '../../lib/mm/vma/modify.js';
import { init_multi_vma_prep, vma_complete, vma_prepare } from '../../lib/mm/vma/prepare.js';
import { __split_vma, vma_shrink } from '../../lib/mm/vma/split.js';
import { LEN, plainFile, Space, START } from '../checked/broken.js';
import { MIDDLE, OTHER, protect } from '../checked/cases.js';
import { ROOT } from '../house/project.js';

const END = START + LEN;

interface There {
  readonly space: Space;
  /** [START, END), and one far from it. */
  readonly vma: vm_area_struct;
  readonly other: vm_area_struct;
}

/** Where the warning comes from, what it says, and a call that provokes it. */
type Row = readonly [where: string, what: string, call: (there: There) => unknown];

/** A merge of the first half of the VMA with what lies before it. */
function existing({ space, vma }: There, change: Partial<vma_merge_struct>): vm_area_struct | null {
  const vmg = new vma_merge_struct(VMA_ITERATOR(space.mm, START));
  Object.assign(vmg, { mm: space.mm, middle: vma, start: START, end: MIDDLE, vma_flags: vma.flags.clone() });
  Object.assign(vmg, { pgoff: vma.vm_pgoff, anon_pgoff: vma.vm_pgoff }, change);
  return vma_merge_existing_range(vmg);
}

/** A merge of the hole behind the VMA. */
function hole({ space, vma }: There, change: Partial<vma_merge_struct>): vma_merge_struct {
  const vmg = new vma_merge_struct(VMA_ITERATOR(space.mm, END));
  Object.assign(vmg, { mm: space.mm, prev: vma, start: END, end: END + LEN, vma_flags: vma.flags.clone() });
  return Object.assign(vmg, { pgoff: END / PAGE_SIZE, anon_pgoff: END / PAGE_SIZE }, change);
}

/** The VMA grows over the hole behind it, and what `change` says. */
function expansion(there: There, change: Partial<vma_merge_struct>): number {
  const { vma } = there;
  return vma_expand(hole(there, { prev: null, start: START, target: vma, pgoff: vma.vm_pgoff, ...change }));
}

/** Right behind the VMA, with a close hook. */
function neighbour({ space }: There): vm_area_struct {
  const next = space.map(END, LEN, plainFile());
  next.vm_ops = { close: () => {} };
  return next;
}

function mapWith(mmap: (vma: vm_area_struct) => void, bits: readonly number[] = [VMA_READ_BIT]): number {
  const f = new file({
    mmap: (_file, vma) => {
      mmap(vma);
      return 0;
    },
  });
  return __mmap_region(f, 2 * OTHER, LEN, mk_vma_flags(...bits), 0, null);
}

/** Unmaps the VMA; `act` happens while it is gathered. */
function unmapWhile({ space }: There, act: (vma: vm_area_struct) => void): number {
  const { vma_start_write } = stubs;
  let done = false;
  stubs.vma_start_write = (vma) => {
    vma_start_write(vma);
    if (!done) act(vma);
    done = true;
  };
  return do_munmap(space.mm, START, LEN, null);
}

function splitAt({ space, vma }: There, addr: number): number {
  return __split_vma(VMA_ITERATOR(space.mm, START), vma, addr, true);
}

const ROWS: readonly Row[] = [
  ['vma_merge_existing_range', 'no vmg.middle to modify', (there) => existing(there, { middle: null })],
  [
    'vma_merge_existing_range',
    'vmg.next is set, which is found here',
    (there) => existing(there, { next: there.other }),
  ],
  [
    'vma_merge_existing_range',
    'the range starts at or below vmg.prev',
    (there) => existing(there, { prev: there.vma }),
  ],
  ['vma_merge_existing_range', 'the range is empty', (there) => existing(there, { end: START })],
  [
    'vma_merge_existing_range',
    'the range is not within vmg.middle',
    (there) => existing(there, { end: END + PAGE_SIZE }),
  ],
  [
    'vma_merge_existing_range',
    'the iterator is not within vmg.middle',
    (there) => existing(there, { vmi: VMA_ITERATOR(there.space.mm, OTHER) }),
  ],
  ['vma_merge_existing_range', 'vmg.copied_from is set', (there) => existing(there, { copied_from: there.other })],
  [
    'vma_merge_existing_range',
    'the range begins inside middle, but vmg.prev is another VMA',
    (there) => {
      protect(there.space, START, END);
      const next = there.space.map(END);
      const prev = there.space.map(PAGE_SIZE, PAGE_SIZE);
      const pgoff = MIDDLE / PAGE_SIZE;
      const vmi = VMA_ITERATOR(there.space.mm, MIDDLE);
      const change = { vmi, prev, start: MIDDLE, end: END, pgoff, anon_pgoff: pgoff, vma_flags: next.flags.clone() };
      return existing(there, change);
    },
  ],
  ['vma_merge_new_range', 'vmg.middle is set', (there) => vma_merge_new_range(hole(there, { middle: there.other }))],
  ['vma_merge_new_range', 'vmg.target is set', (there) => vma_merge_new_range(hole(there, { target: there.vma }))],
  [
    'vma_merge_new_range',
    'the iterator is past the gap',
    (there) => vma_merge_new_range(hole(there, { vmi: VMA_ITERATOR(there.space.mm, 2 * OTHER) })),
  ],
  ['vma_merge_copied_range', 'no vmg.middle to copy from', (there) => vma_merge_copied_range(hole(there, {}))],
  ['vma_expand', 'vmg.next may not be removed', (there) => expansion(there, { next: neighbour(there) })],
  [
    'vma_expand',
    'the range overlaps a part of vmg.next',
    (there) => expansion(there, { next: neighbour(there), end: END + PAGE_SIZE }),
  ],
  ['vma_expand', 'the range does not hold vmg.target', (there) => expansion(there, { start: MIDDLE })],
  [
    'is_mergeable_anon_vma',
    'vmg.anon_vma is not that of middle',
    (there) => is_mergeable_anon_vma(hole(there, { middle: there.other, anon_vma: new anon_vma() }), there.vma),
  ],
  ['__mmap_new_file_vma', 'the mmap hook moved the VMA', () => mapWith((vma) => (vma.vm_start += PAGE_SIZE))],
  [
    '__mmap_new_file_vma',
    'the mmap hook allows writing where it was not allowed',
    () => mapWith((vma) => vma_set_flags(vma, VMA_MAYWRITE_BIT), [VMA_READ_BIT, VMA_SHARED_BIT]),
  ],
  [
    'vma_modify',
    'give_up_on_oom, but the range is only a part of the VMA',
    ({ space, vma }) => {
      const vmi = VMA_ITERATOR(space.mm, START);
      return vma_modify_flags_uffd(vmi, null, vma, START, MIDDLE, mk_vma_flags(VMA_READ_BIT), NULL_VM_UFFD_CTX, true);
    },
  ],
  [
    'vms_complete_munmap_vmas',
    'data_vm would go below 0',
    ({ space }) => {
      space.mm.data_vm = 0;
      space.unmap(START, LEN);
    },
  ],
  [
    'vms_complete_munmap_vmas',
    'exec_vm would go below 0',
    ({ space }) => {
      mapWith(() => {}, [VMA_READ_BIT, VMA_EXEC_BIT, VMA_MAYREAD_BIT]);
      space.mm.exec_vm = 0;
      space.unmap(2 * OTHER, LEN);
    },
  ],
  [
    'init_multi_vma_prep',
    'vma and its adjusted neighbour have different anon_vmas',
    (there) => {
      for (const vma of [there.vma, there.other]) vma.anon_vma = new anon_vma();
      const vmg = hole(there, { middle: there.other });
      vmg.__adjust_middle_start = true;
      init_multi_vma_prep(there.vma, vmg);
    },
  ],
  [
    'vma_complete',
    'a removed VMA sticks out of the merged one',
    ({ space, vma, other }) => {
      const vp = new struct_vma_prepare(vma);
      vp.remove = other;
      vma_prepare(vp);
      vma_complete(vp, VMA_ITERATOR(space.mm, START), space.mm);
    },
  ],
  [
    'unlink_file_vma_batch_process',
    'VMAs of two mappings in one batch',
    ({ space }) => {
      const vb = new unlink_vma_file_batch();
      vb.vmas.push(space.map(2 * OTHER, LEN, plainFile()), space.map(3 * OTHER, LEN, plainFile()));
      unlink_file_vma_batch_process(vb);
    },
  ],
  [
    'vms_complete_munmap_vmas',
    'stack_vm would go below 0',
    ({ space }) => {
      space.map(2 * OTHER, LEN, null, [VMA_GROWSDOWN_BIT]);
      space.mm.stack_vm = 0;
      space.unmap(2 * OTHER, LEN);
    },
  ],
  ['__split_vma', 'addr is not above the start of the VMA', (there) => splitAt(there, START)],
  ['__split_vma', 'addr is not below the end of the VMA', (there) => splitAt(there, END)],
  [
    'vma_shrink',
    'the VMA would grow',
    ({ space, vma }) => vma_shrink(VMA_ITERATOR(space.mm, START), vma, END + PAGE_SIZE),
  ],
  [
    'insert_vm_struct',
    'a new anonymous VMA has an anon_vma already',
    ({ space }) => {
      const fresh = space.world.references.newVma();
      Object.assign(fresh, { vm_mm: space.mm, vm_start: 2 * OTHER, vm_end: 2 * OTHER + LEN, anon_vma: new anon_vma() });
      insert_vm_struct(space.mm, fresh);
    },
  ],
  [
    'copy_vma',
    'a VMA with pages merged with its own copy',
    ({ space }) => {
      const f = plainFile();
      space.map(2 * OTHER, LEN, f);
      const source = space.map(2 * OTHER + 2 * LEN, LEN, f);
      const [at, pgoff] = [2 * OTHER + LEN, source.vm_pgoff - LEN / PAGE_SIZE];
      copy_vma(new Ref(source), at, LEN, pgoff, pgoff, new Ref(false), false);
    },
  ],
  // These are BUGs.
  ['mm_drop_all_locks', 'mm_all_locks_mutex is not held', ({ space }) => mm_drop_all_locks(space.mm)],
  [
    'find_mergeable_anon_vma',
    'the VMA is not where it says it is',
    ({ space }) => {
      const lost = space.world.references.newVma();
      find_mergeable_anon_vma(Object.assign(lost, { vm_mm: space.mm, vm_start: 2 * OTHER, vm_end: 3 * OTHER }));
    },
  ],
  [
    'vms_gather_munmap_vmas',
    'gathered a VMA from below the range',
    (there) => unmapWhile(there, (vma) => (vma.vm_start -= PAGE_SIZE)),
  ],
  [
    'vms_gather_munmap_vmas',
    'gathered a VMA from above the range',
    (there) => unmapWhile(there, (vma) => (vma.vm_start = OTHER)),
  ],
  [
    'vms_gather_munmap_vmas',
    'a VMA of the range was not gathered',
    (there) =>
      unmapWhile(there, () => mtree_store_range(there.space.mm.mm_mt, START, END - 1, there.other, GFP_KERNEL)),
  ],
  [
    'vms_gather_munmap_vmas',
    'gathered other VMAs than the range holds',
    (there) => unmapWhile(there, () => mtree_erase(there.space.mm.mm_mt, START)),
  ],
];

/** All that the world says of it, a BUG too. */
function saidOf(call: Row[2]): string[] {
  const world = new CheckedWorld();
  return new World(world.worldOptions()).run(() => {
    const space = new Space(world);
    const there = { space, vma: space.map(), other: space.map(OTHER) };
    try {
      call(there);
    } catch (error) {
      if (error instanceof BugError) return [...world.takeComplaints(), error.message];
    }
    return world.takeComplaints();
  });
}

for (const [where, what, call] of ROWS) {
  test(`${where}: ${what}`, { stubs: 'checked' }, (t) => {
    const said = saidOf(call);
    const wanted = `: ${where}: ${what}`;
    t.ASSERT_TRUE(
      said.some((text) => text.startsWith(`WARN${wanted}`) || text === `BUG${wanted}`),
      said.join(' | '),
    );
  });
}

/** What the sources of mm/vma.c say in warnings, with a text of their own. */
function textsOfSources(): string[] {
  const folder = join(ROOT, 'lib/mm/vma');
  const found: string[] = [];
  for (const name of readdirSync(folder)) {
    const source = ts.createSourceFile(name, readFileSync(join(folder, name), 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      const isWarning = ts.isCallExpression(node) && /^(?:VM_)?(?:WARN|BUG)_ON/.test(node.expression.getText(source));
      const what = isWarning ? node.arguments[2] : undefined;
      if (what !== undefined && ts.isStringLiteralLike(what)) found.push(what.text);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return [...new Set(found)].sort();
}

test('every warning of the sources has its row', (t) => {
  t.equal([...new Set(ROWS.map(([, what]) => what))].sort(), textsOfSources());
});
