// SPDX-License-Identifier: GPL-2.0-only
/**
 * The C side of traces of system calls: the kernel's own functions for them, from where a call enters to mm/vma.c, taken
 * from the tree by symbol and compiled with the harness's headers. What is below them (pages, files, limits of a task) is
 * in dev/conform/c/process_*.h.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NUM_VMA_FLAG_BITS } from '../../include/vma_flags.js';
import { CONSTANTS } from '../../tools/replay/call_arguments.js';
import { TOLD_CALLS } from '../../tools/replay/process_settings.js';
import { functionsOf } from '../kernel/c_functions.js';
import type { ScratchTree } from '../kernel/scratch.js';
import { withCalls } from '../kernel/stub_calls.js';
import { takeFunctions, takeMacros, takeTypes } from '../kernel/take.js';
import { tellTreeWarnings } from './c_side.js';

const SOURCES = fileURLToPath(new URL('../../../dev/conform/c/', import.meta.url));
const OBJECTS = '$(SHARED_OFILES) maple-shim.o rbtree-shim.o main.o';

/** Functions, by the file that has them. */
const TAKEN: readonly (readonly [file: string, symbols: readonly string[]])[] = [
  [
    'include/linux/mm.h',
    [
      ...['check_data_rlimit', 'vma_flags_can_grow', 'mm_populate', 'vma_set_atomic_flag', 'vma_last_pgoff'],
      ...['range_is_subset', 'range_in_vma_desc', 'vma_desc_size', 'vma_desc_pages', 'vma_desc_is_cow_mapping'],
      ...['mm_flags_set', 'mm_flags_clear', 'vma_iter_bulk_store', 'get_unmapped_area', 'in_gate_area'],
    ],
  ],
  ['include/linux/mman.h', ['calc_vm_prot_bits', 'calc_vm_flag_bits', 'arch_validate_prot']],
  ['include/linux/mm_types.h', ['mmf_init_legacy_flags']],
  [
    'include/linux/mm_inline.h',
    ['anon_vma_name_put', 'anon_vma_name_reuse', 'dup_anon_vma_name', 'free_anon_vma_name', 'anon_vma_name_eq'],
  ],
  ['include/linux/fs.h', ['mapping_unmap_writable', 'mapping_deny_writable']],
  ['include/linux/ksm.h', ['ksm_fork', 'ksm_exit']],
  [
    'mm/internal.h',
    [
      'mmap_file',
      'vma_close',
      'maybe_rmap_unlock_action',
      'get_anon_vma',
      'put_anon_vma',
      'anon_vma_prepare',
      'vma_supports_mlock',
    ],
  ],
  [
    'mm/mmap.c',
    [
      ...['check_brk_limits', '__do_sys_brk', 'round_hint_to_min', 'mlock_future_ok', 'file_mmap_ok', 'do_mmap'],
      ...['ksys_mmap_pgoff', 'vm_unmapped_area', 'mm_get_unmapped_area_vmaflags', '__get_unmapped_area'],
      ...['mm_get_unmapped_area', 'find_vma_intersection', 'find_vma', 'find_vma_prev', 'expand_stack_locked'],
      ...['do_munmap', '__do_sys_munmap', '__do_sys_remap_file_pages', 'tear_down_vmas', 'exit_mmap', 'may_expand_vm'],
      ...['vm_stat_account', 'dup_mmap'],
    ],
  ],
  [
    'mm/util.c',
    [
      ...['vm_mmap_pgoff', '__vm_enough_memory', 'vm_commit_limit', 'vm_memory_committed'],
      ...['compat_set_desc_from_vma', '__compat_vma_mmap', 'compat_vma_mmap'],
      ...['mmap_action_prepare', 'mmap_action_complete'],
    ],
  ],
  ['mm/mprotect.c', ['mprotect_fixup', 'do_mprotect_pkey', '__do_sys_mprotect', '__do_sys_pkey_mprotect']],
  ['mm/mremap.c', ['do_mremap', '__do_sys_mremap']],
  [
    'mm/mlock.c',
    [
      ...['can_do_mlock', '__do_sys_mlock', '__do_sys_mlock2', '__do_sys_munlock', '__do_sys_mlockall'],
      ...['__do_sys_munlockall', 'mlock_vma_pages_range'],
    ],
  ],
  [
    'mm/madvise.c',
    [
      ...['anon_vma_name_alloc', 'anon_vma_name_free', 'anon_vma_name', 'do_madvise', '__do_sys_madvise'],
      'set_anon_vma_name',
    ],
  ],
  ['mm/mseal.c', ['__do_sys_mseal']],
  ['mm/rmap.c', ['__anon_vma_prepare', 'anon_vma_clone', 'anon_vma_fork', 'unlink_anon_vmas', '__put_anon_vma']],
  ['mm/gup.c', ['populate_vma_page_range', 'faultin_page_range', '__mm_populate']],
  ['mm/memory.c', ['free_pgtables']],
  ['mm/ksm.c', ['ksm_vma_flags', 'ksm_enable_merge_any', 'ksm_disable_merge_any', 'ksm_madvise']],
  ['mm/shmem.c', ['shmem_get_unmapped_area', 'shmem_kernel_file_setup', 'shmem_file_setup', 'shmem_zero_setup']],
  ['mm/memfd.c', ['memfd_check_seals_mmap', 'memfd_add_seals']],
  ['mm/huge_memory.c', ['thp_get_unmapped_area_vmaflags', 'thp_get_unmapped_area']],
  ['mm/khugepaged.c', ['hugepage_madvise']],
  [
    'kernel/sys.c',
    ['prctl_set_vma', 'prctl_set_mdwe', 'prctl_get_mdwe', 'prctl_get_thp_disable', 'prctl_set_thp_disable'],
  ],
  ['arch/x86/mm/mmap.c', ['arch_pick_mmap_layout', 'get_mmap_base', 'mmap_address_hint_valid', 'task_size_64bit']],
  ['arch/x86/kernel/sys_x86_64.c', ['__do_sys_mmap', 'arch_get_unmapped_area', 'arch_get_unmapped_area_topdown']],
];

const TYPES: readonly (readonly [file: string, names: readonly string[]])[] = [
  ['include/linux/mm_types.h', ['FOLL_WRITE']],
  ['mm/internal.h', ['FOLL_TOUCH']],
  ['mm/mremap.c', ['mremap_type', 'vma_remap_struct']],
  ['mm/madvise.c', ['madvise_walk_private', 'madvise_lock_mode', 'madvise_behavior_range', 'madvise_behavior']],
];

const MACROS: readonly (readonly [file: string, names: RegExp])[] = [
  ['include/uapi/asm-generic/hugetlb_encode.h', /^HUGETLB_FLAG_/],
  ['include/uapi/asm-generic/mman-common.h', /^(?:PROT|MAP|MADV|MCL|MLOCK|PKEY)_/],
  ['include/uapi/asm-generic/mman.h', /^(?:MAP|MCL)_/],
  ['arch/x86/include/uapi/asm/mman.h', /^MAP_/],
  ['include/uapi/linux/mman.h', /^(?:MAP|MREMAP|OVERCOMMIT)_/],
  ['include/linux/mman.h', /^(?:LEGACY_MAP_MASK|_calc_vm_trans)$/],
  ['include/uapi/linux/prctl.h', /^PR_/],
  ['include/uapi/linux/capability.h', /^CAP_(?:IPC_LOCK|SYS_\w+)$/],
  ['include/uapi/linux/fcntl.h', /^F_SEAL_/],
  ['include/uapi/asm-generic/resource.h', /^(?:RLIMIT|RLIM)_/],
  ['include/linux/mm_types.h', /^(?:MMF_|MM_MT_FLAGS$)/],
  ['include/linux/mm.h', /^(?:VM_INIT_DEF_MASK|VM_FLAGS_CLEAR|VM_UNMAPPED_AREA_TOPDOWN|VM_ATOMIC_SET_ALLOWED)$/],
  ['mm/madvise.c', /^(?:__MADV_SET_ANON_VMA_NAME|MAX_MADVISE_GUARD_RETRIES|ANON_VMA_NAME_\w+)$/],
  ['mm/memfd.c', /^F_ALL_SEALS$/],
  ['arch/x86/mm/mmap.c', /^(?:SIZE_128M|mmap64_rnd_bits)$/],
];

/** Fields that structs of the harness get beside their own. */
const FIELDS = {
  mm_struct: `struct rw_semaphore mmap_lock; int page_table_lock; unsigned long hiwater_vm, hiwater_rss,
	start_code, end_code, start_data, end_data, start_brk, brk, start_stack, arg_start, arg_end, env_start, env_end,
	mmap_base, mmap_legacy_base; int mm_users; struct task_struct *owner; struct file *exe_file;
	struct pte_entry *ptes; long nr_ptes, room_ptes;
	atomic_long_t ksm_zero_pages; unsigned long ksm_merging_pages, ksm_rmap_items;`,
  address_space: 'struct rw_semaphore i_mmap_rwsem; int number; struct inode *host; struct cached_page *cache;',
  file: 'int refs; unsigned int f_mode; struct path f_path; struct inode *f_inode; int driver;',
  file_operations: `unsigned int fop_flags; unsigned long (*get_unmapped_area)(struct file *, unsigned long, unsigned long,
	unsigned long, unsigned long);`,
  anon_vma: `struct rw_semaphore rwsem; atomic_t refcount; unsigned long num_children, num_active_vmas; int number;
	struct anon_vma *parent;`,
  anon_vma_chain: 'struct vm_area_struct *vma; struct rb_node rb; unsigned long rb_subtree_last;',
  task_struct: `unsigned int flags; struct rlimit rlim[16]; unsigned long caps; struct file *fd[64]; int number;`,
};

const TEXTS = [
  ['#define down_write_nest_lock(sem, nest_lock)', '#define down_write_nest_lock(sem, nest_lock)'],
  ['#define pr_warn_once pr_err', '#define pr_warn_once(...) ((void)0)'],
  [
    'struct vm_fault {};',
    'struct vm_fault { struct vm_area_struct *vma; unsigned int flags; pgoff_t pgoff; unsigned long address; struct page *page, *cow_page; };',
  ],
  ['struct mmu_gather {};', 'struct mmu_gather { int unused; };'],
  [
    'static inline void hugetlb_split(struct vm_area_struct *, unsigned long) {}',
    'static inline void hugetlb_split(struct vm_area_struct *vma, unsigned long addr) {}',
  ],
] as const;

const TOLD: ReadonlySet<string> = new Set(TOLD_CALLS);

const HEADERS = ['stubs.h', 'dup.h', 'custom.h'];
/** Our own, whose functions take the place of the harness's by the same names. */
const OWN = ['pages', 'faults', 'walks', 'world', 'files', 'drivers'].map((theme) => `process_${theme}.h`);
/** Functions of mm/interval_tree.c, which is compiled as it is, in place of the harness's. */
const TREES: readonly (readonly [name: string, prototype: string])[] = ['insert', 'remove'].flatMap((does) => [
  [
    `mapping_rmap_tree_${does}`,
    `void mapping_rmap_tree_${does}(struct vm_area_struct *vma, struct address_space *mapping);`,
  ],
  [`anon_rmap_tree_${does}`, `void anon_rmap_tree_${does}(struct anon_vma_chain *avc, struct anon_vma *anon_vma);`],
]);
/** Headers of the kernel that mm/interval_tree.c includes, and has nothing to find in here. */
const EMPTY = ['fs.h', 'rmap.h'];

/** Files of the kernel that the C side has, in whole or in part, beside mm/vma.c, which VMA traces are about. */
export const PROCESS_COMPILED: readonly string[] = ['mm/interval_tree.c', ...TAKEN.map(([file]) => file)];

function constantsText(): string {
  const names = Object.values(CONSTANTS).flatMap((constants) => [...constants.keys()]);
  return names.map((name) => `#ifdef ${name}\n\t{ "${name}", ${name} },\n#endif\n`).join('');
}

async function prepare(scratch: ScratchTree): Promise<void> {
  const headers = HEADERS.map((name) => ({ name, text: scratch.read(`include/${name}`) }));
  const own = new Map<string, string>(TREES);
  for (const name of OWN) {
    const text = readFileSync(join(SOURCES, name), 'utf8');
    for (const one of await functionsOf(text)) {
      if (!one.isStatic)
        own.set(
          one.name,
          `${text
            .slice(one.start, one.start + one.bodyAt)
            .replaceAll(/\s+/g, ' ')
            .trim()};`,
        );
    }
  }
  const given = new Set(own.keys());
  for (const name of OWN) {
    const text = readFileSync(join(SOURCES, name), 'utf8');
    for (const [, macro = ''] of text.matchAll(/^#define (\w+)/gm)) given.add(macro);
    for (const one of await functionsOf(text)) given.add(one.name);
  }
  for (const { text } of headers) for (const { name } of await functionsOf(text)) given.add(name);

  const taken = await Promise.all(TAKEN.map(([file, symbols]) => takeFunctions(scratch.kernel, file, symbols, given)));
  const replaced = new Map([...own, ...taken.flatMap(({ prototypes }) => [...prototypes])]);
  const declared = new Set<string>();
  for (const { name, text } of headers) {
    for (const one of await functionsOf(text)) if (replaced.has(one.name)) declared.add(one.name);
    const told = (fn: string): boolean => TOLD.has(fn) && !replaced.has(fn);
    const changed = await withCalls(text, { replaced, told, worlds: new Set(), fields: FIELDS, texts: TEXTS });
    const first =
      name === 'stubs.h' ? changed.replace(/^#pragma once$/m, '#pragma once\n#include "process_calls.h"') : changed;
    scratch.write(`include/${name}`, first);
  }
  tellTreeWarnings(scratch);
  for (const name of EMPTY) scratch.write(`linux/${name}`, '');
  const prototypes = [...replaced].filter(([name]) => !declared.has(name) && !own.has(name)).map(([, text]) => text);
  scratch.write('declared.h', `${prototypes.join('\n')}\n`);
  scratch.write('taken_types.h', TYPES.map(([file, names]) => takeTypes(scratch.kernel, file, names)).join('\n'));
  scratch.write('taken_macros.h', MACROS.map(([file, names]) => takeMacros(scratch.kernel, file, names)).join('\n'));
  scratch.write('constants.h', constantsText());
  scratch.write('taken.h', taken.map(({ text }) => text).join('\n'));
}

/** Calls of the tree's allocator, which can be made to fail. */
const WRAPPED = ['kmem_cache_alloc_lru', 'kmem_cache_prefill_sheaf', 'kmem_cache_refill_sheaf']
  .map((name) => `-Wl,--wrap=${name}`)
  .join(' ');

/** Compiles the program. Its path. */
export async function buildProcessSide(scratch: ScratchTree): Promise<string> {
  await prepare(scratch);
  const source = join(SOURCES, 'process_replay.c');
  const bits = `-DNUM_VMA_FLAG_BITS=${NUM_VMA_FLAG_BITS} -DNUM_MM_FLAG_BITS=${NUM_VMA_FLAG_BITS}`;
  const defines = `${bits} -I'${dirname(source)}' -DCONFIG_ANON_VMA_NAME`;
  return scratch.build(source, 'process_replay', { defines, coverage: true, link: WRAPPED, objects: OBJECTS });
}
