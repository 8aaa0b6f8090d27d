// SPDX-License-Identifier: GPL-2.0-only
/** Upstream's real bugs that can be put back here; docs/bugs.md says how to add one. */
import type { Bug } from './bug.js';
import { SYSTEM_CALL_BUGS } from './system_calls.js';
import { TREE_BUGS } from './tree.js';
import { UTIL_BUGS } from './util.js';
import { VMA_BUGS } from './vma.js';

export const BUGS: readonly Bug[] = [...VMA_BUGS, ...UTIL_BUGS, ...TREE_BUGS, ...SYSTEM_CALL_BUGS];
