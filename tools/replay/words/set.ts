// SPDX-License-Identifier: GPL-2.0-only
/**
 * Words of a VMA trace that set what a test sets by hand: fields of a VMA, sums, a VMA that goes without being unmapped.
 * Nothing is asked and nothing follows: the code under test must live with it.
 */
import { setAnonChain } from '../../../harness/anon_link.js';
import { EFAULT } from '../../../include/linux/errno.js';
import { GFP_KERNEL } from '../../../include/linux/gfp.js';
import type { vm_area_struct } from '../../../include/mm_types.js';
import { VM_LOCKED } from '../../../include/vma_flags.js';
import { vma_iter_clear_gfp, vma_iter_load, vma_lookup } from '../../../lib/doors/iterator.js';
import { vm_area_free, vma_mark_detached } from '../../../lib/doors/vma.js';
import { __vma_set_anon_pgoff } from '../../../lib/mm/inlines/pgoff.js';
import { at } from '../hex.js';
import type { ReplayedSpace } from '../vma_space.js';
import { type Run, type Words, word } from './word.js';

type Args = readonly number[];

/** Sets something of the VMA at the first argument. */
function setter(set: (vma: vm_area_struct, a: Args, space: ReplayedSpace) => void): Run {
  return (space, a) => {
    const vma = vma_lookup(space.mm, at(a, 0));
    if (vma === null) return -EFAULT;
    set(vma, a, space);
    return 0;
  };
}

const setSums: Run = ({ mm }, a) => {
  mm.total_vm = at(a, 0);
  mm.data_vm = at(a, 1);
  mm.exec_vm = at(a, 2);
  mm.stack_vm = at(a, 3);
  mm.locked_vm = at(a, 4);
  return 0;
};

/** Takes a VMA out of the tree and frees it; no hook is called, and of the sums only the number of VMAs changes. */
const drop: Run = (space, a) => {
  const { mm } = space;
  const vmi = space.iterator(at(a, 0));
  const vma = vma_iter_load(vmi);
  if (vma === null) return -EFAULT;
  const error = vma_iter_clear_gfp(vmi, vma.vm_start, vma.vm_end, GFP_KERNEL);
  if (error !== 0) return error;
  vma_mark_detached(vma);
  vm_area_free(vma);
  mm.map_count--;
  return 0;
};

const GIVES = '0, or `-e`';

export const SET: Words = {
  title: 'set by hand',
  words: [
    word('setflags ADDR FLAGS', {
      does: 'the field of the VMA at ADDR',
      gives: GIVES,
      run: setter((vma, a, { flagsOf }) => (vma.flags = flagsOf(at(a, 1)))),
      often: 30,
    }),
    word('setpgoff ADDR PGOFF', {
      does: 'the same',
      gives: GIVES,
      run: setter((vma, a) => (vma.vm_pgoff = at(a, 1))),
      often: 10,
    }),
    word('setanonpgoff ADDR PGOFF', {
      does: 'the same, for anonymous pages',
      gives: GIVES,
      run: setter((vma, a) => __vma_set_anon_pgoff(vma, at(a, 1))),
      often: 15,
      // So large that no stack grows past it: a VMA of which that could be said does not come to be in the kernel.
      choices: { PGOFF: [0x40000, 0x40000, 0x40008, 0x40010] },
    }),
    word('setfile ADDR FILE', {
      does: 'the same',
      gives: GIVES,
      run: setter((vma, a, space) => (vma.vm_file = space.fileOf(at(a, 1)))),
      often: 10,
    }),
    word('setanon ADDR ANON LINKS', {
      does: '`anon_vma`, and a chain of so many links; a VMA with one link was never forked',
      gives: GIVES,
      run: setter((vma, a, space) => setAnonChain(vma, space.anonOf(at(a, 1)), at(a, 2))),
      often: 40,
      choices: { LINKS: [1, 1, 1, 0, 2] },
    }),
    word('setops ADDR KIND', {
      does:
        '`vm_ops`: 0 is NULL, else a sum of 1, 2 for `open` and `close` hooks, 4 for the `may_split` hook of file 7, ' +
        '8 for a `page_mkwrite` hook, 10 for a `mapped` hook, 20 for one that adds 4 to private data',
      gives: GIVES,
      run: setter((vma, a, space) => (vma.vm_ops = space.operations(at(a, 1)))),
      often: 30,
      choices: { KIND: [0, 1, 1, 3, 3, 5, 9, 0x11, 0x13] },
    }),
    word('drop ADDR', {
      does: 'takes a VMA out of the tree and frees it, hooks not called',
      gives: GIVES,
      run: drop,
      often: 20,
      says: { detach_free_vma: (c) => [c.vma(0).vm_start] },
    }),
    word('setcount N', {
      does: 'a field of the `mm_struct`',
      run({ mm }, a) {
        mm.map_count = at(a, 0);
        return 0;
      },
    }),
    word('setsums TOTAL DATA EXEC STACK LOCKED', { does: 'the same', run: setSums }),
    word('setdefflags FLAGS', {
      does: 'the same',
      run({ mm, flagsOf }, a) {
        mm.def_vma_flags = flagsOf(at(a, 0));
        return 0;
      },
      often: 2,
      choices: { FLAGS: [0, Number(VM_LOCKED)] },
    }),
  ],
};
