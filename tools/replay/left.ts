// SPDX-License-Identifier: GPL-2.0-only
/** What an operation leaves that the sums and the list of VMAs do not show; printed with calls. */
import { list_for_each_entry } from '../../include/linux/list.js';
import type {
  address_space,
  file,
  vm_area_struct,
  vm_operations_struct,
  vma_iterator,
} from '../../include/mm_types.js';
import type { vma_merge_struct } from '../../include/vma.js';
import { vma_start_anon_pgoff } from '../../lib/doors/vma.js';
import { vma_dummy_vm_ops } from '../../stubs/index.js';
import { flagsText, type Numbering, valueText } from './call_names.js';

interface Space extends Numbering {
  readonly vmi: vma_iterator | null;
  readonly vmg: vma_merge_struct | null;
  kindOf(ops: vm_operations_struct): number;
}

const STATUS = ['active', 'start', 'root', 'none', 'pause', 'overflow', 'underflow', 'error'];

function mergeText({ state, start, end, pgoff, anon_pgoff, vma_flags, ...vmg }: vma_merge_struct): string {
  const { just_expand, give_up_on_oom } = vmg;
  const offsets = `pgoff=${valueText(pgoff)} anon_pgoff=${valueText(anon_pgoff)}`;
  const range = `start=${valueText(start)} end=${valueText(end)} ${offsets}`;
  const asked = `expand=${just_expand ? 1 : 0} quiet=${give_up_on_oom ? 1 : 0}`;
  return `= merge state=${state} ${range} flags=${flagsText(vma_flags)} ${asked}\n`;
}

function countsOf({ held }: Space, one: file, mapping: address_space): [number, number, number] {
  return [held.references.get(one) ?? 0, mapping.i_mmap_writable, held.mapped.get(mapping) ?? 0];
}

export function leftText(space: Space): string {
  const { vmi, vmg, files } = space;
  let text = '';
  if (vmi !== null) {
    const { index, last, status } = vmi.mas;
    text += `= iterator index=${valueText(index)} last=${valueText(last)} status=${STATUS[status]}\n`;
  }
  if (vmg !== null) text += mergeText(vmg);
  for (const [i, one] of files.entries()) {
    const [refs, writable, mapped] = countsOf(space, one, one.f_mapping);
    if (refs === 0 && writable === 0 && mapped === 0) continue;
    text += `= file${(i + 1).toString(16)} refs=${refs} writable=${writable} mapped=${mapped}\n`;
  }
  return text;
}

function opsText(space: Space, ops: vm_operations_struct | null): string {
  if (ops === vma_dummy_vm_ops) return 'dummy';
  return ops === null ? '0' : valueText(space.kindOf(ops));
}

export function attributesText(space: Space, vma: vm_area_struct): string {
  const { held } = space;
  const links = [...list_for_each_entry(vma.anon_vma_chain)];
  const inTrees = links.reduce((sum, avc) => sum + (held.linked.get(avc) ?? 0), 0);
  const marks = ((vma.vm_lock_seq + 1) >>> 0).toString(16);
  return (
    `    flags=${flagsText(vma.flags)} prot=${vma.vm_page_prot.pgprot.toString(16)} ops=${opsText(space, vma.vm_ops)}` +
    ` anon_pgoff=${valueText(vma_start_anon_pgoff(vma))} private=${valueText(Number(vma.vm_private_data ?? 0))} attached=${vma.vm_refcnt}` +
    ` anon=${space.anonId(vma.anon_vma).toString(16)} links=${links.length} in_trees=${inTrees} marks=${marks}` +
    ` mapped=${held.entries.get(vma) ?? 0} policy=${held.policies.numberOf(held.policy(vma))}` +
    ` name=${held.names.numberOf(held.name(vma))} context=${held.contextNumber(vma.vm_userfaultfd_ctx).toString(16)}\n`
  );
}
