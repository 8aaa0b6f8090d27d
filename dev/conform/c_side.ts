// SPDX-License-Identifier: GPL-2.0-only
/** The C side: the kernel's own code in a copy of tools/testing/vma, its stubs telling of their calls. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NUM_VMA_FLAG_BITS } from '../../include/vma_flags.js';
import { upstreamStubs } from '../../stubs/index.js';
import { functionsOf } from '../kernel/c_functions.js';
import type { ScratchTree } from '../kernel/scratch.js';
import { withCalls } from '../kernel/stub_calls.js';
import { takeFunctions } from '../kernel/take.js';

const SOURCES = fileURLToPath(new URL('../../../dev/conform/c/', import.meta.url));
const TREE_OBJECTS = '$(SHARED_OFILES) maple-shim.o main.o';

/** What the harness leaves out or stubs, and the kernel's own files have. */
const TAKEN: readonly (readonly [file: string, symbols: readonly string[]])[] = [
  [
    'include/linux/mm.h',
    [
      ...['range_is_subset', 'range_in_vma_desc', 'vma_desc_size', 'vma_desc_pages', 'vma_desc_is_cow_mapping'],
      ...['mmap_action_remap', 'mmap_action_remap_full', 'mmap_action_ioremap', 'mmap_action_ioremap_full'],
      ...['mmap_action_simple_ioremap', 'mmap_action_map_kernel_pages', 'mmap_action_map_kernel_pages_full'],
    ],
  ],
  ['mm/internal.h', ['mmap_file', 'vma_close', 'io_remap_pfn_range_prepare', 'maybe_rmap_unlock_action']],
  [
    'mm/memory.c',
    [
      ...['remap_pfn_range_prepare', 'remap_pfn_range_complete', 'simple_ioremap_prepare'],
      ...['map_kernel_pages_prepare', 'map_kernel_pages_complete'],
    ],
  ],
  // The harness's copy of mlock_future_ok() takes a flags word, which its caller does not pass.
  ['mm/mmap.c', ['do_munmap', 'mlock_future_ok']],
  [
    'mm/util.c',
    [
      ...['compat_set_desc_from_vma', '__compat_vma_mmap', 'compat_vma_mmap'],
      ...['mmap_action_prepare', 'mmap_action_complete'],
    ],
  ],
];

/** Files of the kernel that the C side of VMA traces has, in whole or in part. */
export const COMPILED: readonly string[] = [
  ...['mm/vma.c', 'mm/vma_exec.c', 'mm/vma_init.c'],
  ...TAKEN.map(([file]) => file),
];

/** There are no page tables here: world.h has these. */
const PAGE_TABLES = ['remap_p4d_range', 'insert_pages'];

/** What the world of the replayer keeps in structs of the harness. */
const FIELDS = {
  mm_struct: 'struct rw_semaphore mmap_lock;',
  address_space: 'struct rw_semaphore i_mmap_rwsem; int nr_mapped;',
  file: 'int refs;',
  anon_vma: 'struct rw_semaphore rwsem;',
  anon_vma_chain: 'int in_tree;',
  vm_area_struct: 'int in_i_mmap;',
};

const TEXTS = [
  ['#define down_write_nest_lock(sem, nest_lock)', '#define down_write_nest_lock(sem, nest_lock) call_nest_lock(sem)'],
  ['#define vma_policy(vma) NULL', '#define vma_policy(vma) world_vma_policy(vma)'],
  ['#define pr_warn_once pr_err', '#define pr_warn_once(...) call_note()'],
  ['struct mempolicy {};', 'struct mempolicy { int unused; };'],
  ['struct vm_userfaultfd_ctx {};', 'struct vm_userfaultfd_ctx { unsigned long ctx; };'],
] as const;

/** Calls of the tree's allocator, which can be made to fail. */
const WRAPPED = ['kmem_cache_alloc_lru', 'kmem_cache_prefill_sheaf', 'kmem_cache_refill_sheaf']
  .map((name) => `-Wl,--wrap=${name}`)
  .join(' ');

/** What warnings of the tree do: they are told, not dumped to the output, and end nothing. */
const TREE_WARNINGS: readonly (readonly [file: string, texts: readonly (readonly [string, string])[]])[] = [
  [
    '../shared/shared.h',
    [
      [
        '#define dump_stack()\tassert(0)',
        `void call_warn(const char *where);\n#define dump_stack() call_warn(__func__)`,
      ],
    ],
  ],
  [
    '../shared/linux/kernel.h',
    ['pr_err', 'pr_info', 'pr_cont'].map(
      (name) => [`#define ${name} printk`, `#define ${name}(...) ((void)0)`] as const,
    ),
  ],
];

/** Has warnings of the tree told by the program, in place of what the shared headers do. */
export function tellTreeWarnings(scratch: ScratchTree): void {
  for (const [file, texts] of TREE_WARNINGS) {
    scratch.write(
      file,
      texts.reduce((text, [from, to]) => text.replace(from, to), scratch.read(file)),
    );
  }
}

/** The headers of the harness, in the order in which they are included. */
const HEADERS = ['stubs.h', 'dup.h', 'custom.h'];

/**
 * Rewrites the harness's headers in the copy, and puts what is taken from the tree beside them. What versions.h is to
 * know of this kernel, as options of the compiler.
 */
async function tellCalls(scratch: ScratchTree): Promise<string> {
  const worlds = new Set(
    [...readFileSync(join(SOURCES, 'calls.h'), 'utf8').matchAll(/\bworld_(\w+)\(/g)].map(([, name = '']) => name),
  );
  const headers = HEADERS.map((name) => ({ name, text: scratch.read(`include/${name}`) }));
  const given = new Set(PAGE_TABLES);
  for (const { text } of headers) for (const { name } of await functionsOf(text)) given.add(name);

  const taken = await Promise.all(TAKEN.map(([file, symbols]) => takeFunctions(scratch.kernel, file, symbols, given)));
  const replaced = new Map(taken.flatMap(({ prototypes }) => [...prototypes]));
  const declared = new Set<string>();
  for (const { name, text } of headers) {
    for (const one of await functionsOf(text)) if (replaced.has(one.name)) declared.add(one.name);
    const told = (fn: string): boolean => name !== 'dup.h' || fn in upstreamStubs;
    const changed = await withCalls(text, { replaced, told, worlds, fields: FIELDS, texts: TEXTS });
    scratch.write(
      `include/${name}`,
      name === 'stubs.h' ? changed.replace(/^#pragma once$/m, '#pragma once\n#include "calls.h"') : changed,
    );
  }
  tellTreeWarnings(scratch);
  const prototypes = [...replaced].filter(([name]) => !declared.has(name)).map(([, text]) => text);
  scratch.write('declared.h', `${prototypes.join('\n')}\n`);
  scratch.write('taken.h', taken.map(({ text }) => text).join('\n'));
  return given.has('vma_start_anon_pgoff') ? ' -DHAS_ANON_PGOFF' : '';
}

/** Compiles the program of one kind of trace. Its path. */
export async function buildKernelSide(scratch: ScratchTree, kind: 'vma' | 'tree'): Promise<string> {
  const source = join(SOURCES, `${kind}_replay.c`);
  const bits = `-DNUM_VMA_FLAG_BITS=${NUM_VMA_FLAG_BITS} -DNUM_MM_FLAG_BITS=${NUM_VMA_FLAG_BITS}`;
  // The source is copied, the headers beside it are not.
  const include = `-I'${dirname(source)}'`;
  if (kind === 'tree') {
    return scratch.build(source, 'tree_replay', { defines: `${bits} ${include}`, objects: TREE_OBJECTS });
  }
  const known = await tellCalls(scratch);
  const defines = `${bits} ${include} -DCONFIG_NUMA -DCONFIG_ANON_VMA_NAME${known}`;
  return scratch.build(source, 'vma_replay', { defines, coverage: true, link: WRAPPED });
}
