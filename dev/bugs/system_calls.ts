// SPDX-License-Identifier: GPL-2.0-only
/** Bugs of the system calls on the VMA code, and of fork. */
import type { Bug } from './bug.js';

const MOVE = 'lib/mm/mremap/move.js';
const CHECK = 'lib/mm/mremap/check.js';
const MREMAP = 'lib/mm/mremap/mremap.js';
const DUP = 'lib/mm/mmap/dup.js';

export const SYSTEM_CALL_BUGS: readonly Bug[] = [
  {
    id: 'A34',
    title: 'huge alignment ignores the hint of mmap()',
    kind: 'wrong address',
    fixed: '6.13',
    module: 'lib/mm/mmap/get_unmapped_area.js',
    changes: [['file === null && addr === 0 && len % PMD_SIZE === 0', 'file === null && len % PMD_SIZE === 0']],
  },
  {
    id: 'A35',
    title: 'a memfd sealed against writing cannot be mapped to be read',
    kind: 'wrong check',
    fixed: '6.13',
    module: 'lib/mm/memfd.js',
    changes: [['    vma_flags_clear(vma_flags_ptr, VMA_MAYWRITE_BIT);\n', '']],
  },
  {
    id: 'A36',
    title: 'droppable memory that is not supported is an error that no program knows',
    kind: 'wrong errno',
    fixed: '7.1',
    module: 'lib/mm/mmap/do_mmap.js',
    changes: [
      [
        'if (vma_flags_empty(droppable))\n        return -EOPNOTSUPP;',
        'if (vma_flags_empty(droppable))\n        return -524;',
      ],
    ],
  },
  {
    id: 'B2',
    title: 'userfaultfd is told of a fork that failed',
    kind: 'notification',
    fixed: '6.12',
    module: DUP,
    changes: [
      [
        '    if (retval === 0)\n        stubs.dup_userfaultfd_complete(uf);\n    else\n        stubs.dup_userfaultfd_fail(uf);',
        '    stubs.dup_userfaultfd_complete(uf);',
      ],
    ],
  },
  {
    id: 'B3',
    title: 'khugepaged and KSM run on an address space that is half built',
    kind: 'notification',
    fixed: '6.12',
    module: DUP,
    changes: [
      ['            stubs.ksm_fork(mm, oldmm);\n            stubs.khugepaged_fork(mm, oldmm);\n', ''],
      [
        '        const done = dupVmas(mm, oldmm, vmi, uf);',
        '        stubs.ksm_fork(mm, oldmm);\n        stubs.khugepaged_fork(mm, oldmm);\n        const done = dupVmas(mm, oldmm, vmi, uf);',
      ],
    ],
  },
  {
    id: 'C1',
    title: 'what is left of a VMA at address 0 is not accounted after a partial move',
    kind: 'accounting',
    fixed: '6.15',
    module: MOVE,
    changes: [['    if (vm_start < addr)\n', '    if (vm_start !== 0 && vm_start < addr)\n']],
  },
  {
    id: 'C3',
    title: 'locked memory is forgotten when a part of it is moved and stays mapped',
    kind: 'accounting',
    fixed: '7.3-rc6',
    module: MOVE,
    changes: [['if (err !== 0 || !needs_pre_split(vrm))', 'if (true)']],
  },
  {
    id: 'C5',
    title: 'the charge of a move that fails is lost',
    kind: 'accounting',
    fixed: '7.3',
    module: MOVE,
    changes: [['    if (!isDontunmap(vrm))\n        vrm_uncharge(vrm);\n', '']],
  },
  {
    id: 'C6',
    title: "the reservation of the wrong VMA's huge pages is mended",
    kind: 'accounting',
    fixed: '7.3',
    module: MOVE,
    changes: [['stubs.fixup_hugetlb_reservations(vmaOf(vrm));', 'stubs.fixup_hugetlb_reservations(vma);']],
  },
  {
    id: 'C7',
    title: 'a move that shrinks charges for growth',
    kind: 'accounting',
    fixed: '7.3',
    module: MREMAP,
    changes: [
      [
        '        vrm.old_len = vrm.new_len;\n        vrm_populate_calculated(vrm);\n',
        '        vrm.old_len = vrm.new_len;\n',
      ],
    ],
  },
  {
    id: 'C9',
    title: 'the new address is checked where none is asked for',
    kind: 'wrong check',
    fixed: '6.17',
    module: CHECK,
    changes: [
      [
        '    if (!vrm_implies_new_addr(vrm))\n        return 0;\n',
        '    if (vrm.new_addr > TASK_SIZE - vrm.new_len || offset_in_page(vrm.new_addr) !== 0)\n        return -EINVAL;\n    if (!vrm_implies_new_addr(vrm))\n        return 0;\n',
      ],
    ],
  },
  {
    id: 'C11',
    title: 'a VMA is read that a move has merged away',
    kind: 'use after free',
    fixed: '6.17',
    module: MREMAP,
    changes: [
      [
        '    VM_WARN_ON_ONCE(last_end === null && multi_allowed && res_vma',
        '    VM_WARN_ON_ONCE(last_end === null && vma_multi_allowed(vma) && res_vma',
      ],
    ],
  },
  {
    id: 'C12',
    title: 'a shrink across a gap is refused',
    kind: 'wrong check',
    fixed: '6.17',
    module: CHECK,
    changes: [
      ['const old_len = vrm.remap_type === MREMAP_SHRINK ? vrm.new_len : vrm.old_len;', 'const { old_len } = vrm;'],
    ],
  },
  {
    id: 'C13',
    title: 'a move is refused where there is room for its VMAs',
    kind: 'limits',
    fixed: '7.1',
    module: 'lib/mm/mremap/vrm.js',
    changes: [
      [
        'return map_count <= get_sysctl_max_map_count();',
        'return before_unmaps\n        ? mm.map_count + 2 < get_sysctl_max_map_count() - 3\n        : mm.map_count < get_sysctl_max_map_count() - 3;',
      ],
    ],
  },
  {
    id: 'D1',
    title: 'mlockall() goes on with an error for the VMA before',
    kind: 'bad pointer',
    fixed: '6.12-rc7',
    module: 'lib/mm/mlock.js',
    changes: [
      [
        '    if (IS_ERR(vma))\n        return vma;\n',
        '    if (IS_ERR(vma)) {\n        prev.value = new Proxy({}, {\n            get: () => {\n                throw new TypeError("an error is read as if it were a VMA");\n            },\n        });\n        return vma;\n    }\n',
      ],
      ['        if (error !== 0)\n            prev.value = vma;\n', ''],
    ],
  },
  {
    id: 'D2',
    title: 'the pages of mlock() are counted in an int',
    kind: 'accounting',
    fixed: '7.3',
    module: 'lib/mm/mlock.js',
    changes: [
      ['mm.locked_vm -= PHYS_PFN(end - start);', 'mm.locked_vm -= PHYS_PFN(end - start) | 0;'],
      ['mm.locked_vm += PHYS_PFN(end - start);', 'mm.locked_vm += PHYS_PFN(end - start) | 0;'],
    ],
  },
  {
    id: 'D5',
    title: 'advice on sealed memory is looked at as if it were a bit mask',
    kind: 'wrong check',
    fixed: '6.11',
    module: 'lib/mm/madvise/madvise.js',
    changes: [
      [
        '    switch (behavior) {\n        case MADV_FREE:\n        case MADV_DONTNEED:',
        '    switch ((behavior & 0x1f) !== 0 ? MADV_FREE : 0) {\n        case MADV_FREE:\n        case MADV_DONTNEED:',
      ],
    ],
  },
];
