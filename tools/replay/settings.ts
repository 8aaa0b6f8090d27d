// SPDX-License-Identifier: GPL-2.0-only
/** What the words of a trace have set for those after them, beside globals of the world. */
import { INIT_LIST_HEAD, list_head } from '../../include/linux/list.js';
import { vma_flags_t } from '../../include/vma_flags.js';

export class Settings {
  /** Bits that each FLAGS of a word has beside its own. */
  readonly flags: vma_flags_t;
  /** What `policy`, `name` and `uffd` give, by number. */
  policy: number;
  name: number;
  context: number;
  /** Are functions called where they rely on their callers not to? */
  careless: boolean;
  /** Is there no memory for nodes of trees? */
  noNodes: boolean;
  /** The list that unmaps are given for userfaultfd; null for none. */
  unmaps: list_head | null;

  constructor() {
    this.flags = new vma_flags_t();
    this.policy = 0;
    this.name = 0;
    this.context = 0;
    this.careless = false;
    this.noNodes = false;
    this.unmaps = null;
  }

  withUnmaps(isOn: boolean): void {
    this.unmaps = isOn ? new list_head() : null;
    if (this.unmaps !== null) INIT_LIST_HEAD(this.unmaps);
  }
}
