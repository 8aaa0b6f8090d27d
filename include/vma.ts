// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The structs of mm/vma.h (Linux 7.3): what the VMA operations thread through their steps.
 */

import { checkFlagsWord, flagsWord, setFlagsWord } from './flag_bitmap.js';
import type { list_head } from './linux/list.js';
import type { ma_state } from './linux/maple_tree.js';
import type { pgoff_t } from './linux/mm.js';
import {
  type address_space,
  type anon_vma,
  type anon_vma_name,
  type file,
  type mempolicy,
  type mm_struct,
  NULL_VM_UFFD_CTX,
  type vm_area_struct,
  type vm_userfaultfd_ctx,
  type vma_iterator,
} from './mm_types.js';
import { type vm_flags_t, vma_flags_t } from './vma_flags.js';

/**
 * struct vma_prepare: the VMAs that one change touches, and the locks it takes for them. C tells the struct from the
 * function of that name by the keyword; here the struct carries it.
 */
export class struct_vma_prepare {
  vma: vm_area_struct;
  /** A neighbour whose start moves along. */
  adj_next: vm_area_struct | null;
  file: file | null;
  mapping: address_space | null;
  anon_vma: anon_vma | null;
  /** A VMA that a split adds. */
  insert: vm_area_struct | null;
  /** One or two VMAs that a merge removes. */
  remove: vm_area_struct | null;
  remove2: vm_area_struct | null;
  skip_vma_uprobe: boolean;

  constructor(vma: vm_area_struct) {
    this.vma = vma;
    this.adj_next = null;
    this.file = null;
    this.mapping = null;
    this.anon_vma = null;
    this.insert = null;
    this.remove = null;
    this.remove2 = null;
    this.skip_vma_uprobe = false;
  }
}

/** Most VMAs that a batch unlinks under one hold of a file's lock. */
export const UNLINK_VMA_FILE_BATCH = 8;

/** VMAs of one file that are to be unlinked from it together. */
export class unlink_vma_file_batch {
  readonly vmas: vm_area_struct[];

  constructor() {
    this.vmas = [];
  }

  get count(): number {
    return this.vmas.length;
  }
}

/** An unmap under way. Ranges in bytes, sums in pages. */
export class vma_munmap_struct {
  vmi: vma_iterator;
  /** First VMA of the range; null when there is none. */
  vma: vm_area_struct | null;
  /** Neighbours of the range, once gathered. */
  prev: vm_area_struct | null;
  next: vm_area_struct | null;
  /** List of userfaultfd unmap events, if the caller wants them. */
  uf: list_head | null;
  start: number;
  end: number;
  /** Range whose page tables may go. */
  unmap_start: number;
  unmap_end: number;
  vma_count: number;
  /** Downgrade, and in the end drop, the mmap lock on success. */
  unlock: boolean;
  /** Page tables still to be cleared? */
  clear_ptes: boolean;
  nr_pages: number;
  locked_vm: number;
  /** Pages in VM_ACCOUNT mappings. */
  nr_accounted: number;
  exec_vm: number;
  stack_vm: number;
  data_vm: number;

  constructor(vmi: vma_iterator) {
    this.vmi = vmi;
    this.vma = null;
    this.prev = null;
    this.next = null;
    this.uf = null;
    this.start = 0;
    this.end = 0;
    this.unmap_start = 0;
    this.unmap_end = 0;
    this.vma_count = 0;
    this.unlock = false;
    this.clear_ptes = false;
    this.nr_pages = 0;
    this.locked_vm = 0;
    this.nr_accounted = 0;
    this.exec_vm = 0;
    this.stack_vm = 0;
    this.data_vm = 0;
  }
}

export const VMA_MERGE_START = 0;
export const VMA_MERGE_ERROR_NOMEM = 1;
export const VMA_MERGE_NOMERGE = 2;
export const VMA_MERGE_SUCCESS = 3;
/** How far a merge got: one of VMA_MERGE_*. */
export type vma_merge_state = 0 | 1 | 2 | 3;

/** What a caller may give for a merge; all of it may be left out and set later. */
export interface MergeInit {
  mm?: mm_struct | null;
  prev?: vm_area_struct | null;
  middle?: vm_area_struct | null;
  next?: vm_area_struct | null;
  target?: vm_area_struct | null;
  start?: number;
  end?: number;
  pgoff?: pgoff_t;
  anon_pgoff?: pgoff_t;
  vma_flags?: vma_flags_t;
  file?: file | null;
  anon_vma?: anon_vma | null;
}

/**
 * A merge, from the question to the answer. prev, middle and next are neighbours; middle is null when the range is not
 * mapped yet. start, end and the offsets begin as the range in question and end as the range of the merged VMA. A merge
 * may change any field.
 */
export class vma_merge_struct {
  mm: mm_struct | null;
  vmi: vma_iterator;
  prev: vm_area_struct | null;
  middle: vm_area_struct | null;
  next: vm_area_struct | null;
  /** The VMA that will span the merged range. */
  target: vm_area_struct | null;
  start: number;
  end: number;
  pgoff: pgoff_t;
  /** Page offset that anonymous pages of the range will have. */
  anon_pgoff: pgoff_t;
  private readonly ownFlags: vma_flags_t;
  file: file | null;
  anon_vma: anon_vma | null;
  policy: mempolicy | null;
  uffd_ctx: vm_userfaultfd_ctx;
  anon_name: anon_vma_name | null;
  state: vma_merge_state;
  /** The source VMA when mremap() copies one. */
  copied_from: vm_area_struct | null;
  /** Caller: nothing lies to the right and the iterator stands at prev, so only extend it. */
  just_expand: boolean;
  /** Caller: when out of memory, give up the merge and report no error. */
  give_up_on_oom: boolean;
  /** Caller: no uprobe_mmap() on the merged VMA. */
  skip_vma_uprobe: boolean;
  /** The merge moves the start of middle, or of next; or removes middle, or next. */
  __adjust_middle_start: boolean;
  __adjust_next_start: boolean;
  __remove_middle: boolean;
  __remove_next: boolean;

  constructor(vmi: vma_iterator, init?: MergeInit) {
    this.mm = null;
    this.vmi = vmi;
    this.prev = null;
    this.middle = null;
    this.next = null;
    this.target = null;
    this.start = 0;
    this.end = 0;
    this.pgoff = 0;
    this.anon_pgoff = 0;
    this.ownFlags = new vma_flags_t();
    this.file = null;
    this.anon_vma = null;
    this.policy = null;
    this.uffd_ctx = NULL_VM_UFFD_CTX;
    this.anon_name = null;
    this.state = VMA_MERGE_START;
    this.copied_from = null;
    this.just_expand = false;
    this.give_up_on_oom = false;
    this.skip_vma_uprobe = false;
    this.__adjust_middle_start = false;
    this.__adjust_next_start = false;
    this.__remove_middle = false;
    this.__remove_next = false;
    if (init !== undefined) Object.assign(this, init);
  }

  /** The merge's own bitmap; assigning copies. */
  get vma_flags(): vma_flags_t {
    return this.ownFlags;
  }
  set vma_flags(flags: vma_flags_t) {
    this.ownFlags.assign(flags);
  }
  get vm_flags(): vm_flags_t {
    return flagsWord(this.ownFlags);
  }
  set vm_flags(word: vm_flags_t) {
    checkFlagsWord('vma_merge_struct', word);
    setFlagsWord(this.ownFlags, word);
  }
}

/** What unmap_region() is to clear. */
export class unmap_desc {
  /** Stands at the first VMA. */
  mas: ma_state<vm_area_struct>;
  first: vm_area_struct;
  /** Page tables may be freed between these addresses. */
  pg_start: number;
  pg_end: number;
  vma_start: number;
  vma_end: number;
  /** Where the walk of the tree ends. */
  tree_end: number;
  /** Where the walk of the tree begins anew. */
  tree_reset: number;
  mm_wr_locked: boolean;

  constructor(mas: ma_state<vm_area_struct>, first: vm_area_struct) {
    this.mas = mas;
    this.first = first;
    this.pg_start = 0;
    this.pg_end = 0;
    this.vma_start = 0;
    this.vma_end = 0;
    this.tree_end = 0;
    this.tree_reset = 0;
    this.mm_wr_locked = false;
  }
}
