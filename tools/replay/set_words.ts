// SPDX-License-Identifier: GPL-2.0-only
/**
 * Words of a VMA trace that set what a test sets by hand: fields of a VMA, sums, a VMA that goes without being unmapped.
 * Nothing is asked and nothing follows: the code under test must live with it.
 */
import { EFAULT } from '../../include/linux/errno.js';
import { GFP_KERNEL } from '../../include/linux/gfp.js';
import { INIT_LIST_HEAD, list_add } from '../../include/linux/list.js';
import { anon_vma_chain, VMA_ITERATOR, type vm_area_struct } from '../../include/mm_types.js';
import { vma_iter_clear_gfp, vma_iter_load, vma_lookup } from '../../lib/mm/inlines/iterator.js';
import { vma_mark_detached } from '../../lib/mm/inlines/lifecycle.js';
import { vm_area_free } from '../../lib/mm/vma_init.js';
import { opsOf } from './files.js';
import { at } from './hex.js';
import { flagsOf, type Operation, type ReplayedSpace } from './vma_space.js';

type Args = readonly number[];

/** A word whose first argument is an address, and which sets something of the VMA there. */
function setter(args: number, set: (vma: vm_area_struct, a: Args, space: ReplayedSpace) => void): Operation {
  return {
    args,
    run(space, a) {
      const vma = vma_lookup(space.mm, at(a, 0));
      if (vma === null) return -EFAULT;
      set(vma, a, space);
      return 0;
    },
  };
}

/** An anon_vma, on a chain of so many links; one link is what a VMA has that was never forked. */
function setAnon(vma: vm_area_struct, a: Args, space: ReplayedSpace): void {
  const anon_vma = space.anonOf(at(a, 1));
  vma.anon_vma = anon_vma;
  INIT_LIST_HEAD(vma.anon_vma_chain);
  if (anon_vma === null) return;
  for (let links = at(a, 2); links > 0; links--) {
    list_add(new anon_vma_chain({ anon_vma, vma }).same_vma, vma.anon_vma_chain);
  }
}

function setSums({ mm }: ReplayedSpace, a: Args): number {
  mm.total_vm = at(a, 0);
  mm.data_vm = at(a, 1);
  mm.exec_vm = at(a, 2);
  mm.stack_vm = at(a, 3);
  mm.locked_vm = at(a, 4);
  return 0;
}

/** Takes a VMA out of the tree and frees it; no hook is called, and of the sums only the number of VMAs changes. */
function drop({ mm }: ReplayedSpace, a: Args): number {
  const vmi = VMA_ITERATOR(mm, at(a, 0));
  const vma = vma_iter_load(vmi);
  if (vma === null) return -EFAULT;
  const error = vma_iter_clear_gfp(vmi, vma.vm_start, vma.vm_end, GFP_KERNEL);
  if (error !== 0) return error;
  vma_mark_detached(vma);
  vm_area_free(vma);
  mm.map_count--;
  return 0;
}

export const SET_WORDS: readonly (readonly [string, Operation])[] = [
  ['setflags', setter(2, (vma, a) => (vma.flags = flagsOf(at(a, 1))))],
  ['setpgoff', setter(2, (vma, a) => (vma.vm_pgoff = at(a, 1)))],
  ['setfile', setter(2, (vma, a, space) => (vma.vm_file = space.fileOf(at(a, 1))))],
  ['setanon', setter(3, setAnon)],
  ['setops', setter(2, (vma, a) => (vma.vm_ops = opsOf(at(a, 1))))],
  ['drop', { args: 1, run: drop }],
  [
    'setcount',
    {
      args: 1,
      run(space, a) {
        space.mm.map_count = at(a, 0);
        return 0;
      },
    },
  ],
  ['setsums', { args: 5, run: setSums }],
  [
    'setdefflags',
    {
      args: 1,
      run(space, a) {
        space.mm.def_vma_flags = flagsOf(at(a, 0));
        return 0;
      },
    },
  ],
];
