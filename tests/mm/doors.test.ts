// SPDX-License-Identifier: GPL-2.0-only
/** Every exported function that guards its arguments has a call that it refuses; those that take some unguarded are listed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import * as tree from '../../lib/doors/maple_tree.js';
import * as api from '../../lib/index.js';
import { ROOT, sourceFiles } from '../house/project.js';
import { CALL_DOORS } from './refusals/calls.js';
import { BIT_REFUSALS, WORD_REFUSALS } from './refusals/flags.js';
import { MEMORY_NUMBERS, MEMORY_VMAS } from './refusals/memory.js';
import { NUMBER_REFUSALS } from './refusals/numbers.js';
import { BATCH_REFUSALS, VMA_REFUSALS } from './refusals/vmas.js';

/** Exported functions with their source, classes apart. */
const FUNCTIONS = Object.entries(api).flatMap(([name, value]): [string, string][] => {
  const source = typeof value === 'function' ? Function.prototype.toString.call(value) : '';
  return source === '' || source.startsWith('class') ? [] : [[name, source]];
});

const GUARDED = FUNCTIONS.filter(([, source]) => /\bcheck[A-Z]\w*\(|\bbadArgument\(/.test(source)).map(
  ([name]) => name,
);

/** Those of the range tree have their refusals in tests/tree. */
const OF_THE_TREE = new Set(Object.keys(tree));

/** Guards on what a hook leaves behind: tests/mapped/hooks_break.test.ts. */
const BEHIND_HOOKS = ['vfs_mmap_prepare'];

/** Refuse what is no file: tests/package/exports.test.ts. */
const OF_FILES = ['get_file', 'fput'];

/** Refused as a double free, with both places: tests/checked/freed.test.ts. */
const AS_DOUBLE_FREE = ['vm_area_free'];

/**
 * Exported functions that take an address, a size or a VMA and only read or pass it on: what comes of a bad one is a bad
 * answer, or is refused where it is used. A new function belongs here only if that holds for it.
 */
const UNGUARDED: readonly string[] = [
  'PAGETABLE_MOVE',
  'UNMAP_STATE',
  'VMA_ITERATOR',
  'VMG_MMAP_STATE',
  'VMG_STATE',
  '__linear_anon_page_index',
  'anon_rmap_tree_post_update_vma',
  'anon_rmap_tree_pre_update_vma',
  'assert_sane_pgoff',
  'can_merge_remove_vma',
  'can_vma_merge_after',
  'can_vma_merge_before',
  'compat_set_vma_from_desc',
  'init_multi_vma_prep',
  'init_vma_munmap',
  'init_vma_prep',
  'is_mergeable_vma',
  'linear_anon_page_index',
  'linear_page_delta',
  'linear_page_index',
  'map_deny_write_exec',
  'map_kernel_pages_complete',
  'range_in_vma',
  'range_in_vma_desc',
  'remap_pfn_range_complete',
  'set_vma_user_defined_fields',
  'stack_guard_start_gap',
  'unmap_all_init',
  'vm_end_gap',
  'vm_start_gap',
  'vma_add_pgoff',
  'vma_assert_attached',
  'vma_assert_can_modify',
  'vma_assert_detached',
  'vma_clear_flags_mask',
  'vma_end_anon_pgoff',
  'vma_end_pgoff',
  'vma_flags_reset_once',
  'vma_get_page_prot',
  'vma_init',
  'vma_is_accessible',
  'vma_is_anonymous',
  'vma_is_attached',
  'vma_is_cow_mapping',
  'vma_is_fork_child',
  'vma_is_sealed',
  'vma_is_shared_maywrite',
  'vma_iter_prealloc',
  'vma_last_anon_pgoff',
  'vma_last_pgoff',
  'vma_mark_attached',
  'vma_mark_detached',
  'vma_mmu_pagesize',
  'vma_pages',
  'vma_set_anonymous',
  'vma_set_file',
  'vma_set_flags_mask',
  'vma_start_anon_pgoff',
  'vma_start_pgoff',
  'vma_sub_pgoff',
  'vma_test_all_mask',
  'vma_test_any_mask',
  'vma_test_single_mask',
  'vms_clean_up_area',
  'vms_complete_munmap_vmas',
];

const TAKES =
  /^(?:vma|prev|next|old|target|addr|old_addr|new_addr|start|end|len|size|index|max|min|pgoff|vma_start|vma_end|vp|vms)$/;

function parametersOf(source: string): string[] {
  return (/\(([^)]*)\)/.exec(source)?.[1] ?? '').split(',').map((parameter) => parameter.trim());
}

t.test('every guard of the package has a refusal that is tested', async (t) => {
  t.ok(GUARDED.length > 100, `${GUARDED.length} guarded functions`);
  const refused = new Set([
    ...NUMBER_REFUSALS.map(({ door }) => door),
    ...VMA_REFUSALS.map(([door]) => door),
    ...MEMORY_NUMBERS.map(({ door }) => door),
    ...MEMORY_VMAS.map(([door]) => door),
    ...BATCH_REFUSALS.map(([door]) => door),
    ...BIT_REFUSALS.map(([door]) => door),
    ...WORD_REFUSALS.map(([door]) => door),
    ...CALL_DOORS,
    ...BEHIND_HOOKS,
    ...AS_DOUBLE_FREE,
    ...OF_FILES,
  ]);
  const own = GUARDED.filter((name) => !OF_THE_TREE.has(name));
  t.same(
    own.filter((name) => !refused.has(name)),
    [],
  );
  t.same(
    [...refused].filter((name) => !own.includes(name)),
    [],
  );
});

t.test('and so has every guard of the range tree', async (t) => {
  const text = readFileSync(join(ROOT, 'tests/tree/refuse.test.ts'), 'utf8');
  const own = GUARDED.filter((name) => OF_THE_TREE.has(name));
  t.same(
    own.filter((name) => !text.includes(`=> ${name}(`)),
    [],
  );
});

t.test('what takes a VMA or an address unguarded is listed', async (t) => {
  const guarded = new Set(GUARDED);
  const taking = FUNCTIONS.filter(([name, source]) => {
    return (
      !guarded.has(name) && !OF_THE_TREE.has(name) && parametersOf(source).some((parameter) => TAKES.test(parameter))
    );
  });
  t.same(taking.map(([name]) => name).sort(), [...UNGUARDED].sort());
});

t.test('what is exported says what it is for', async (t) => {
  const text = sourceFiles(['include', 'stubs', 'lib'], ['.ts'])
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');
  const documented = new Set(text.match(/(?<=\*\/\nexport (?:function\*?|const|class) )\w+/g));
  t.ok(documented.size > 300);
  t.same(
    FUNCTIONS.map(([name]) => name).filter((name) => !documented.has(name)),
    [],
    'functions',
  );
  const classes = Object.entries(api).flatMap(([name, value]) => (String(value).startsWith('class') ? [name] : []));
  t.same(
    classes.filter((name) => !documented.has(name)),
    [],
    'classes',
  );
});
