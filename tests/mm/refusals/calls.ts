// SPDX-License-Identifier: GPL-2.0-only
/** What system calls and address spaces refuse, by name: the calls of tests/syscalls/doors.test.ts. */
import * as vma from '../../../lib/index.js';

const P = vma.PAGE_SIZE;

/** A call with arguments of which one is bad, and the message, which begins with the name of the function. */
export type Refusal = readonly [call: () => unknown, message: string];

/** Numbers that are none. */
export const CALL_NUMBERS: readonly Refusal[] = [
  [() => vma.mmap(Number.NaN, P, 3, 0x22, -1, 0), 'mmap: addr = NaN: not a number'],
  [() => vma.mmap(0, -1, 3, 0x22, -1, 0), 'mmap: len = -0x1: negative'],
  [() => vma.mmap(0, P, 2 ** 60, 0x22, -1, 0), 'mmap: prot = 0x1000000000000000: past ULONG_MAX'],
  [() => vma.mmap(0, P, 3, 0.5, -1, 0), 'mmap: flags = 0.5: not an integer'],
  [() => vma.mmap(0, P, 3, 0x22, 0.5, 0), 'mmap: fd = 0.5: not an int'],
  [() => vma.mmap(0, P, 3, 0x22, -1, Number.NaN), 'mmap: off = NaN'],
  [() => vma.ksys_mmap_pgoff(0, P, 3, 0x22, 2 ** 40, 0), 'ksys_mmap_pgoff: fd = 0x10000000000: not an int'],
  [() => vma.ksys_mmap_pgoff(0, P, 3, 0x22, -1, -1), 'ksys_mmap_pgoff: pgoff = -0x1'],
  [() => vma.vm_mmap(null, 0, P, 3, 0x22, -1), 'vm_mmap: offset = -0x1'],
  [() => vma.vm_mmap_pgoff(null, 0, P, 3, 0x22, -1), 'vm_mmap_pgoff: pgoff = -0x1'],
  [() => vma.do_mmap(null, 0, P, 3, 0x22, vma.mk_vma_flags(), -1, new vma.Ref(0), null), 'do_mmap: pgoff = -0x1'],
  [() => vma.munmap(0, Number.NaN), 'munmap: len = NaN'],
  [() => vma.brk(-1), 'brk: addr = -0x1'],
  [() => vma.vm_brk_flags(0, -1, false), 'vm_brk_flags: request = -0x1'],
  [() => vma.remap_file_pages(0, P, 0, -1, 0), 'remap_file_pages: pgoff = -0x1'],
  [() => vma.mprotect(0, P, -1), 'mprotect: prot = -0x1'],
  [() => vma.pkey_mprotect(0, P, 3, Number.NaN), 'pkey_mprotect: pkey = NaN: not an int'],
  [() => vma.mlock(-1, P), 'mlock: start = -0x1'],
  [() => vma.mlock2(0, P, 2 ** 40), 'mlock2: flags = 0x10000000000: not an int'],
  [() => vma.munlock(0, -1), 'munlock: len = -0x1'],
  [() => vma.mlockall(0.5), 'mlockall: flags = 0.5: not an int'],
  [() => vma.mseal(0, P, -1), 'mseal: flags = -0x1'],
  [() => vma.prctl(Number.NaN, 0), 'prctl: option = NaN: not an int'],
  [() => vma.prctl(65, -1), 'prctl: arg2 = -0x1'],
  [() => vma.prctl(65, 1, 0, 0, -1), 'prctl: arg5 = -0x1'],
  [() => vma.get_unmapped_area(null, -1, P, 0, 0), 'get_unmapped_area: addr = -0x1'],
  [() => vma.mm_get_unmapped_area(null, 0, P, -1, 0), 'mm_get_unmapped_area: pgoff = -0x1'],
  [() => vma.thp_get_unmapped_area(null, 0, -1, 0, 0), 'thp_get_unmapped_area: len = -0x1'],
  [
    () => vma.vm_unmapped_area(new vma.vm_unmapped_area_info({ length: -1 })),
    'vm_unmapped_area: info.length = -0x1: negative',
  ],
  [() => vma.__vm_enough_memory(null, -1, true), '__vm_enough_memory: pages = -0x1'],
  [() => vma.shmem_file_setup('x', -1, vma.mk_vma_flags()), 'shmem_file_setup: size = -0x1'],
  [() => vma.shmem_kernel_file_setup('x', -1, vma.mk_vma_flags()), 'shmem_kernel_file_setup: size = -0x1'],
  [() => vma.mremap(0, -1, P, 0, 0), 'mremap: old_len = -0x1'],
  [() => vma.madvise(-1, P, 4), 'madvise: start = -0x1'],
  [() => vma.process_madvise([{ iov_base: -1, iov_len: P }], 4, 0), 'process_madvise: iov_base = -0x1'],
  [() => vma.process_madvise([{ iov_base: 0, iov_len: 0.5 }], 4, 0), 'process_madvise: iov_len = 0.5'],
  [() => vma.madvise(0, P, 0.5), 'madvise: behavior = 0.5: not an integer'],
  [() => vma.process_madvise([], Number.NaN, 0), 'process_madvise: behavior = NaN: not an integer'],
  [() => vma.process_madvise([], 4, -1), 'process_madvise: flags = -0x1'],
  [() => vma.set_anon_vma_name(0, -1, null), 'set_anon_vma_name: size = -0x1'],
];

/** What is no address space, and a VMA that was freed. */
export function callObjects(mm: vma.mm_struct, freed: vma.vm_area_struct): readonly Refusal[] {
  const none: vma.mm_struct = Object.create({});
  return [
    [() => vma.may_expand_vm(none, vma.mk_vma_flags(), 1), 'may_expand_vm: mm'],
    [() => vma.dup_mm(new vma.task_struct(), none), 'dup_mm: oldmm'],
    [() => vma.dup_mmap(none, mm), 'dup_mmap: mm'],
    [() => vma.mmput(none), 'mmput: mm'],
    [() => vma.exit_mmap(none), 'exit_mmap: mm'],
    [() => vma.expand_stack(none, 0), 'expand_stack: mm'],
    [() => vma.find_extend_vma_locked(none, 0), 'find_extend_vma_locked: mm'],
    [() => vma.expand_stack_locked(freed, 0), 'expand_stack_locked: vma'],
    [() => vma.mmap_read_lock_maybe_expand(mm, freed, 0, true), 'mmap_read_lock_maybe_expand: new_vma'],
    [() => vma.shmem_zero_setup(freed), 'shmem_zero_setup: vma'],
    [() => vma.find_vma(mm, -1), 'find_vma: addr'],
    [
      () => vma._install_special_mapping(none, 0, P, 0n, new vma.vm_special_mapping('x')),
      '_install_special_mapping: mm',
    ],
    [() => vma.vma_is_special_mapping(freed, new vma.vm_special_mapping('x')), 'vma_is_special_mapping: vma'],
  ];
}

/** The functions that are in these lists. */
export const CALL_DOORS: ReadonlySet<string> = new Set(
  [...CALL_NUMBERS, ...callObjects(new vma.mm_struct(), new vma.vm_area_struct())].map(
    ([, message]) => message.split(':')[0] ?? '',
  ),
);
