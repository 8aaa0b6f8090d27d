// SPDX-License-Identifier: GPL-2.0-only
/** Bugs of mm/vma.c, and of the mmap.c that it was a part of. */
import type { Bug } from './bug.js';

const MERGE = 'lib/mm/vma/merge.js';
const RULES = 'lib/mm/vma/merge_rules.js';
const REGION = 'lib/mm/vma/mmap_region.js';
const MUNMAP = 'lib/mm/vma/munmap.js';
const COPY = 'lib/mm/vma/copy.js';
const SPLIT = 'lib/mm/vma/split.js';
const MODIFY = 'lib/mm/vma/modify.js';

export const VMA_BUGS: readonly Bug[] = [
  {
    id: 'A1',
    title: 'a merge with a copied VMA leaves the target without its anon_vma',
    kind: 'use after free',
    cve: 'CVE-2026-23077',
    fixed: '6.19',
    module: MERGE,
    changes: [['if (ret === 0 && vmg.copied_from !== null)', 'if (false)']],
  },
  {
    id: 'A3',
    title: 'unfaulted neighbours of faulted VMAs are never merged',
    kind: 'wrong merge',
    fixed: '6.16',
    module: RULES,
    changes: [
      [
        '    if (tgt_anon === null && src_anon !== null)\n        return !vma_is_fork_child(src) && !vma_is_fork_child(vmg.copied_from);\n',
        '    if ((src_anon === null || tgt_anon === null) && list_is_singular(tgt.anon_vma_chain))\n        return true;\n',
      ],
      ['    if (tgt_anon !== null && src_anon === null)\n        return !vma_is_fork_child(tgt);\n', ''],
    ],
  },
  {
    id: 'A4',
    title: 'the iterator stays elsewhere when a merge runs out of memory',
    kind: 'iterator',
    fixed: '6.16',
    module: MERGE,
    changes: [
      [
        '    if (planMerge(vmg, middle, sides, anon_dup) !== 0 || commit_merge(vmg) !== 0) {',
        `    const planned = planMerge(vmg, middle, sides, anon_dup) === 0;
    if (planned && commit_merge(vmg) !== 0) {
        if (anon_dup.value !== null)
            stubs.unlink_anon_vmas(anon_dup.value);
        if (!vmg.give_up_on_oom)
            vmg.state = VMA_MERGE_ERROR_NOMEM;
        return null;
    }
    if (!planned) {`,
      ],
    ],
  },
  {
    id: 'A5',
    title: 'a split at the borders of a merge that failed',
    kind: 'wrong split',
    fixed: '6.15',
    module: MODIFY,
    changes: [
      ['    if (vmg_nomem(vmg))\n        return ERR_PTR(-ENOMEM);\n', ''],
      ['if (vma.vm_start < start) {', 'if (vma.vm_start < vmg.start) {'],
      ['split_vma(vmg.vmi, vma, start, true)', 'split_vma(vmg.vmi, vma, vmg.start, true)'],
      ['if (vma.vm_end > end) {', 'if (vma.vm_end > vmg.end) {'],
      ['split_vma(vmg.vmi, vma, end, false)', 'split_vma(vmg.vmi, vma, vmg.end, false)'],
    ],
  },
  {
    id: 'A6',
    title: 'closing a userfaultfd takes an error for a VMA',
    kind: 'bad pointer',
    fixed: '6.15',
    module: MERGE,
    changes: [
      [
        'stubs.unlink_anon_vmas(anon_dup);\n    if (!vmg.give_up_on_oom)\n        vmg.state',
        'stubs.unlink_anon_vmas(anon_dup);\n    vmg.state',
      ],
    ],
  },
  {
    id: 'A7',
    title: 'a VMA with a close hook is merged away without it',
    kind: 'leak',
    fixed: '6.8',
    module: MERGE,
    changes: [['    if (vmg.__remove_middle && !can_merge_remove_vma(middle))\n        return NO_SIDE;\n', '']],
  },
  {
    id: 'A7b',
    title: 'the VMA after a gap is merged away without its close hook',
    kind: 'leak',
    fixed: '6.8',
    module: MERGE,
    changes: [['if (can_merge_right && next !== null && !can_merge_remove_vma(next))', 'if (false)']],
  },
  {
    id: 'A8',
    title: 'a failed mmap over a mapping clears one byte too much',
    kind: 'tree',
    fixed: '6.12-rc1',
    module: MUNMAP,
    changes: [['mas_set_range(mas, vms.start, vms.end - 1);', 'mas_set_range(mas, vms.start, vms.end);']],
  },
  {
    id: 'A9',
    title: 'undoing a mmap over a mapping may run out of memory',
    kind: 'use after free',
    fixed: '6.12',
    module: MUNMAP,
    changes: [
      [
        '    mas_store_gfp(mas, null, GFP_KERNEL | __GFP_NOFAIL);\n',
        '    if (mas_store_gfp(mas, null, GFP_KERNEL) !== 0) {\n        reattach_vmas(mas_detach);\n        return;\n    }\n',
      ],
    ],
  },
  {
    id: 'A10',
    title: 'a failed mmap over a mapping says that it went well',
    kind: 'lost error',
    fixed: '6.12',
    module: REGION,
    changes: [
      ['return abortMapping(map, error, false);', 'return abortMapping(map, map.overlap !== null ? 0 : error, false);'],
    ],
  },
  {
    id: 'A13',
    title: "memory for the tree is asked for after the driver's hook",
    kind: 'leak',
    cve: 'CVE-2024-53096',
    fixed: '6.12',
    module: REGION,
    changes: [
      [
        '    if (vma_iter_prealloc(vmi, vma) !== 0) {\n        vm_area_free(vma);\n        return -ENOMEM;\n    }\n',
        '',
      ],
      [
        '    if (!map.check_ksm_early) {\n',
        '    if (vma_iter_prealloc(vmi, vma) !== 0) {\n        vm_area_free(vma);\n        return -ENOMEM;\n    }\n    if (!map.check_ksm_early) {\n',
      ],
    ],
  },
  {
    id: 'A14',
    title: 'a file that mmap_prepare swaps in is referenced twice',
    kind: 'leak',
    fixed: '6.19',
    module: REGION,
    changes: [['if (!map.file_doesnt_need_get)\n', 'if (true)\n']],
  },
  {
    id: 'A15',
    title: 'a file that mmap_prepare swapped in is not let go on an error',
    kind: 'leak',
    fixed: '7.0',
    module: REGION,
    changes: [['    if (map.file_doesnt_need_get && map.file !== null)\n        stubs.fput(map.file);\n', '']],
  },
  {
    id: 'A18',
    title: 'the charge of what was mapped there is lost when a mmap fails late',
    kind: 'accounting',
    fixed: '7.3',
    module: REGION,
    changes: [['map.charged = map.pglen;', 'map.charged = uncharged;']],
  },
  {
    id: 'A19',
    title: 'the iterator stands on the new VMA after a split',
    kind: 'iterator',
    fixed: '6.12',
    module: SPLIT,
    changes: [['    else\n        vma_prev(vmi);\n', '']],
  },
  {
    id: 'A20',
    title: 'page tables of an old mapping are freed when the new one is in the tree',
    kind: 'order',
    fixed: '6.12',
    module: REGION,
    changes: [['    if (overlap !== null)\n        vms_clean_up_area(overlap.vms, overlap.mas_detach);\n', '']],
  },
  {
    id: 'A21',
    title: 'what a merge gave is thrown away',
    kind: 'use after free',
    fixed: '6.13',
    module: MODIFY,
    changes: [['        return merged;\n', '        return vma;\n']],
  },
  {
    id: 'A24',
    title: 'a failed copy breaks the reservation of huge pages',
    kind: 'accounting',
    fixed: '6.16',
    module: COPY,
    changes: [['    stubs.fixup_hugetlb_reservations(copy);\n', '']],
  },
  {
    id: 'A25',
    title: 'shared page tables of huge pages are split before the locks are taken',
    kind: 'lock',
    cve: 'CVE-2025-38084',
    fixed: '6.16',
    module: SPLIT,
    changes: [
      ['    if (stubs.is_vm_hugetlb_page(vma))\n        stubs.hugetlb_split(vma, addr);\n', ''],
      [
        '    vp.insert = half;\n',
        '    vp.insert = half;\n    if (stubs.is_vm_hugetlb_page(vma))\n        stubs.hugetlb_split(vma, addr);\n',
      ],
    ],
  },
  {
    id: 'A26',
    title: 'flags that stick are lost when two VMAs merge',
    kind: 'wrong flags',
    fixed: '6.19',
    module: MERGE,
    changes: [
      [
        '    vma_set_flags_mask(target, sticky_flags);\n    stubs.khugepaged_enter_vma(target, vmg.vm_flags);\n',
        '    stubs.khugepaged_enter_vma(target, vmg.vm_flags);\n',
      ],
    ],
  },
  {
    id: 'A29',
    title: 'a source that grew is taken for one that was replaced',
    kind: 'wrong check',
    fixed: '7.3',
    module: COPY,
    changes: [
      [
        'const replaced = new_vma.vm_start < old_vma_start && new_vma.vm_end > old_vma_start;',
        'const replaced = old_vma_start >= new_vma.vm_start && old_vma_start < new_vma.vm_end;',
      ],
    ],
  },
  {
    id: 'A30',
    title: 'a neighbour loses its userfaultfd context with what was moved beside it',
    kind: 'wrong merge',
    fixed: '7.3',
    module: MERGE,
    changes: [
      ['if (vmg.copied_from !== null && stubs.vma_has_uffd_without_event_remap(vmg.copied_from))', 'if (false)'],
    ],
  },
  {
    id: 'A32',
    title: 'hooks and private data of a VMA that merely grew are overwritten',
    kind: 'wrong object',
    fixed: '7.3',
    module: REGION,
    changes: [
      [
        'if (desc !== null && !merged)\n        set_vma_user_defined_fields',
        'if (desc !== null)\n        set_vma_user_defined_fields',
      ],
    ],
  },
];
