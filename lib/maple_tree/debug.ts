// SPDX-License-Identifier: GPL-2.0-only
/** Where the tree's warnings go: MT_WARN_ON() and MAS_WARN_ON() of include/linux/maple_tree.h (Linux 7.3). */
import { stubs } from '../../stubs/index.js';

/** The one seam through which the tree complains: to the stubs in force, unless a test of the tree listens itself. */
export const maple_debug = {
  /** `where` is the function that warns, `what` names the rule broken. */
  warn(where: string, what: string): void {
    stubs.warn(where, what);
  },
};
