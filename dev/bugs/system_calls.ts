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
      [
        '        if (retval === 0) {\n            stubs.ksm_fork(mm, oldmm);\n            stubs.khugepaged_fork(mm, oldmm);\n        }\n        else {',
        '        if (retval !== 0) {',
      ],
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
];
