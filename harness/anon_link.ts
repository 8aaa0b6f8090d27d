// SPDX-License-Identifier: GPL-2.0-only
/** What a write fault does to a VMA where no count is kept: an anon_vma, by a link of its own. */
import { INIT_LIST_HEAD, list_add } from '../include/linux/list.js';
import { anon_vma, anon_vma_chain, type vm_area_struct } from '../include/mm_types.js';

/** An anon_vma of its own root. */
export function newRootAnonVma(): anon_vma {
  const fresh = new anon_vma();
  fresh.root = fresh;
  return fresh;
}

/** Gives vma an anon_vma, `shared` or a new one, on a chain of one link. */
export function linkAnonVma(vma: vm_area_struct, shared: anon_vma | null): void {
  const target = shared ?? newRootAnonVma();
  target.root ??= target;
  setAnonChain(vma, target, 1);
}

/** Sets anon_vma, and a chain of so many links to it. */
export function setAnonChain(vma: vm_area_struct, target: anon_vma | null, links: number): void {
  vma.anon_vma = target;
  INIT_LIST_HEAD(vma.anon_vma_chain);
  if (target === null) return;
  for (let left = links; left > 0; left--) {
    list_add(new anon_vma_chain({ anon_vma: target, vma }).same_vma, vma.anon_vma_chain);
  }
}
