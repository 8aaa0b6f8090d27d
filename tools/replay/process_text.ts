// SPDX-License-Identifier: GPL-2.0-only
/** The address space of a process as the answers to a trace have it. */
import { list_for_each_entry } from '../../include/linux/list.js';
import {
  MMF_DISABLE_THP_COMPLETELY,
  MMF_DISABLE_THP_EXCEPT_ADVISED,
  MMF_HAS_MDWE,
  MMF_HAS_MDWE_NO_INHERIT,
  MMF_VM_MERGE_ANY,
  PHYS_PFN,
} from '../../include/linux/mm.js';
import type { pte_t } from '../../include/linux/pagetable.js';
import { type mm_struct, VMA_ITERATOR, type vm_area_struct } from '../../include/mm_types.js';
import { vma_next } from '../../lib/doors/iterator.js';
import { vma_start_anon_pgoff } from '../../lib/doors/vma.js';
import { empty_zero_page, entriesOf } from '../../lib/mm/page_tables.js';
import { flagsText, valueText } from './call_names.js';
import type { ProcessWorld } from './process_stubs.js';
import { sumText } from './vma_space.js';

/** Bits of mm_struct::flags that a trace tells, in the order of their letters. */
const TOLD: readonly (readonly [letter: string, flag: number])[] = [
  ['m', MMF_HAS_MDWE],
  ['i', MMF_HAS_MDWE_NO_INHERIT],
  ['k', MMF_VM_MERGE_ANY],
  ['t', MMF_DISABLE_THP_COMPLETELY],
  ['a', MMF_DISABLE_THP_EXCEPT_ADVISED],
];

function modesOf({ flags }: mm_struct): string {
  return TOLD.map(([letter, flag]) => (flags.has(flag) ? letter : '')).join('') || '-';
}

function pageText({ page, write, guard }: pte_t): string {
  if (guard) return 'g';
  const what = page === null ? 'p' : page === empty_zero_page ? 'z' : page.data.toString(16);
  return write ? `${what}w` : what;
}

/**
 * A page is its content, with `w` where it may be written; `g` is a guard, `z` the page of zeroes, `p` device memory.
 * Pages beside each other that are alike are told together, by the first and the last.
 */
function pagesText(mm: mm_struct, vma: vm_area_struct): string {
  const runs: { first: number; last: number; what: string }[] = [];
  for (const [addr, pte] of entriesOf(mm, vma.vm_start, vma.vm_end)) {
    const [page, what, run] = [PHYS_PFN(addr - vma.vm_start), pageText(pte), runs.at(-1)];
    if (run !== undefined && run.last === page - 1 && run.what === what) run.last = page;
    else runs.push({ first: page, last: page, what });
  }
  if (runs.length === 0) return '';
  const said = runs.map(({ first, last, what }) => {
    return ` ${first.toString(16)}${last > first ? `-${last.toString(16)}` : ''}:${what}`;
  });
  return `    pages${said.join('')}\n`;
}

function vmaText(world: ProcessWorld, mm: mm_struct, vma: vm_area_struct): string {
  const links = [...list_for_each_entry(vma.anon_vma_chain)].map((avc) => world.anonVmas.of(avc.anon_vma).toString(16));
  const file = vma.vm_file === null ? 0 : world.mappings.of(vma.vm_file.f_mapping);
  const name = vma.anon_name === null ? '-' : encodeURIComponent(vma.anon_name.name);
  return (
    `  ${vma.vm_start.toString(16)}-${vma.vm_end.toString(16)} pgoff=${vma.vm_pgoff.toString(16)}` +
    ` flags=${flagsText(vma.flags)} file=${file} anon=${vma.anon_vma !== null ? 1 : 0}\n` +
    `    prot=${vma.vm_page_prot.pgprot.toString(16)} anon_pgoff=${valueText(vma_start_anon_pgoff(vma))}` +
    ` anon=${world.anonVmas.of(vma.anon_vma).toString(16)} links=${links.join(',') || '-'} name=${name}\n` +
    pagesText(mm, vma)
  );
}

/** Its sums, and with `isListed` its VMAs. */
export function spaceText(
  world: ProcessWorld,
  mm: mm_struct,
  { process, committed }: { process: number; committed: number },
  isListed: boolean,
): string {
  const [total, data, exec] = [sumText(mm.total_vm), sumText(mm.data_vm), sumText(mm.exec_vm)];
  const [stack, locked] = [sumText(mm.stack_vm), sumText(mm.locked_vm)];
  const text =
    `= count=${mm.map_count} total=${total} data=${data} exec=${exec} stack=${stack} locked=${locked}` +
    ` process=${process.toString(16)} brk=${mm.start_brk.toString(16)}-${mm.brk.toString(16)}` +
    ` hiwater=${sumText(mm.hiwater_vm)} committed=${committed} defaults=${flagsText(mm.def_vma_flags)} modes=${modesOf(mm)}\n`;
  if (!isListed) return text;

  const vmas: string[] = [];
  const vmi = VMA_ITERATOR(mm, 0);
  for (let vma = vma_next(vmi); vma !== null; vma = vma_next(vmi)) vmas.push(vmaText(world, mm, vma));
  return text + vmas.join('');
}
