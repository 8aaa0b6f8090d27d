// SPDX-License-Identifier: GPL-2.0-only
/**
 * Bugs that nobody had, of the kinds that upstream's are of: no detector was made with them in mind. How many of them are
 * found tells what a bug may expect that is not on the list.
 */
import type { Bug } from './bug.js';

const MERGE = 'lib/mm/vma/merge.js';
const REGION = 'lib/mm/vma/mmap_region.js';
const MUNMAP = 'lib/mm/vma/munmap.js';
const SPLIT = 'lib/mm/vma/split.js';
const COPY = 'lib/mm/vma/copy.js';
const PREPARE = 'lib/mm/vma/prepare.js';
const LINK = 'lib/mm/vma/link.js';
const STACK = 'lib/mm/vma/stack.js';
const BRK = 'lib/mm/vma/brk.js';
const INIT = 'lib/mm/vma_init.js';
const MPROTECT = 'lib/mm/mprotect.js';
const MLOCK = 'lib/mm/mlock.js';
const MSEAL = 'lib/mm/mseal.js';
const MOVE = 'lib/mm/mremap/move.js';
const MREMAP = 'lib/mm/mremap/mremap.js';
const DUP = 'lib/mm/mmap/dup.js';
const EXIT = 'lib/mm/mmap/exit.js';

function invented(
  number: number,
  title: string,
  kind: string,
  module: string,
  ...changes: readonly (readonly [string, string])[]
): Bug {
  return { id: `X${number}`, title, kind, fixed: 'never was', module, changes };
}

export const INVENTED_BUGS: readonly Bug[] = [
  invented(1, 'a mapping that the VMA before takes in brings its page offset along', 'page offset', MERGE, [
    '        vmg.pgoff = vma_start_pgoff(prev);\n        vmg.anon_pgoff = vma_start_anon_pgoff(prev);\n        // Next',
    '        // Next',
  ]),
  invented(2, 'a merge that fails leaves the anon_vma that it duplicated', 'leak', MERGE, [
    '    if (anon_dup !== null)\n        stubs.unlink_anon_vmas(anon_dup);\n',
    '',
  ]),
  invented(3, 'a mmap over a mapping gives its charge back twice', 'accounting', REGION, [
    '    if (overlap !== null)\n        overlap.vms.nr_accounted = 0;\n',
    '',
  ]),
  invented(4, 'a split takes no reference on the file', 'references', SPLIT, [
    '    if (half.vm_file !== null)\n        stubs.get_file(half.vm_file);\n',
    '',
  ]),
  invented(5, 'a copy that cannot be linked is not closed', 'leak', COPY, ['    vma_close(copy);\n', '']),
  invented(6, 'a merge leaves the file of what it took in', 'references', PREPARE, [
    '        stubs.fput(vp.file);\n',
    '',
  ]),
  invented(7, 'the charge of a mprotect() that fails is lost', 'accounting', MPROTECT, [
    '        vm_unacct_memory(charged);\n        return vma;',
    '        return vma;',
  ]),
  invented(8, 'what is left behind a moved part accounts for nothing', 'accounting', MOVE, [
    '    if (vm_end > addr + len)\n        accountAgain(vma_next(vmi));\n',
    '',
  ]),
  invented(9, 'mlock() of a part counts all of the VMA', 'accounting', MLOCK, [
    '        mm.locked_vm += PHYS_PFN(end - start);',
    '        mm.locked_vm += PHYS_PFN(vma.vm_end - vma.vm_start);',
  ]),
  invented(10, 'the child of a fork has locked memory that nobody counted', 'accounting', DUP, [
    '    vma_clear_flags_mask(tmp, VMA_LOCKED_MASK);\n',
    '',
  ]),
  invented(11, 'shared writable mappings of a child are not counted', 'references', DUP, [
    '    if (vma_is_shared_maywrite(tmp))\n        mapping_allow_writable(mapping);\n',
    '',
  ]),
  invented(12, 'a process that ends keeps its charge', 'accounting', EXIT, [
    '    vm_unacct_memory(nr_accounted);\n',
    '',
  ]),
  invented(13, 'a fork that fails keeps the charge of the VMA that it failed at', 'accounting', DUP, [
    '        vm_unacct_memory(charge ?? 0);\n',
    '',
  ]),
  invented(14, 'memory that is not to be copied is in the child', 'wrong check', DUP, [
    'if (vma_test(mpnt, VMA_DONTCOPY_BIT)) {',
    'if (vma_test(mpnt, VMA_DONTCOPY_BIT) && mpnt.vm_file !== null) {',
  ]),
  invented(15, 'a sealed VMA in the middle of a range can be unmapped', 'wrong check', MUNMAP, [
    '    if (vma_is_sealed(vma))\n        return -EPERM;\n    if (vma.vm_end',
    '    if (vma.vm_end',
  ]),
  invented(16, 'a heap that cannot grow keeps the charge', 'accounting', BRK, ['    vm_unacct_memory(pages);\n', '']),
  invented(17, 'what an unfaulted mapping is moved as has the page offset of before', 'page offset', COPY, [
    'const new_pgoff = can_move_pgoff ? new_anon_pgoff : pgoff;',
    'const new_pgoff = pgoff;',
  ]),
  invented(18, 'page tables are freed past the next VMA', 'page tables', MUNMAP, [
    'vms.unmap_end = vms.next.vm_start;',
    'vms.unmap_end = vms.next.vm_end;',
  ]),
  invented(19, 'a stack that grows is not counted as locked', 'accounting', STACK, [
    '        mm.locked_vm = addPages(mm.locked_vm, grow);\n',
    '        mm.locked_vm = addPages(mm.locked_vm, 0);\n',
  ]),
  invented(20, 'a stack grows into the gap that guards the mapping below', 'limits', STACK, [
    'if (hitsGuardGap(prev, start))',
    'if (false)',
  ]),
  invented(21, 'a copy of a VMA has another name', 'wrong flags', INIT, [
    '    stubs.dup_anon_vma_name(orig, copy);\n',
    '',
  ]),
  invented(22, 'a VMA is marked as detached that stays', 'tree', MUNMAP, ['        vma_mark_attached(vma);\n', '']),
  invented(23, 'a linked VMA is not counted', 'limits', LINK, ['    mm.map_count++;\n', '']),
  invented(24, 'mseal() of a part seals all of a VMA that it was merged with', 'wrong flags', MSEAL, [
    'vma_modify_flags(vmi, prev, each, from, Math.min(each.vm_end, end), vma_flags)',
    'vma_modify_flags(vmi, prev, each, each.vm_start, Math.min(each.vm_end, end), vma_flags)',
  ]),
  invented(25, 'a mapping grows over the limit of the address space', 'limits', MREMAP, [
    '        if (!stubs.may_expand_vm(mm, vmaOf(vrm).flags, PHYS_PFN(vrm.old_len)))\n            return -ENOMEM;\n',
    '',
  ]),
  invented(26, 'anonymous memory without its pages still knows where they were', 'page offset', MOVE, [
    '    vma_set_anon_pgoff(vma, PHYS_PFN(vma.vm_start));\n',
    '',
  ]),
  invented(27, 'the borders of a merge to the right are off by what it took', 'page offset', MERGE, [
    '        vma_sub_pgoff(next, PHYS_PFN(delta));\n',
    '',
  ]),
  invented(28, 'a fork that fails tells userfaultfd nothing', 'notification', DUP, [
    '    else\n        stubs.dup_userfaultfd_fail(uf);',
    '',
  ]),
  invented(29, 'pages of a private writable mapping are shared after a fork', 'page tables', DUP, [
    '    if (!vma_test(tmp, VMA_WIPEONFORK_BIT))\n        retval = stubs.copy_page_range(tmp, mpnt);\n',
    '    retval = stubs.copy_page_range(tmp, mpnt);\n',
  ]),
  invented(30, 'a mmap that fails after the hook keeps the nodes that it reserved', 'lost reservation', REGION, [
    '        vma_iter_free(vmi);\n        vm_area_free(vma);\n',
    '        vm_area_free(vma);\n',
  ]),
];
