// SPDX-License-Identifier: GPL-2.0-only
/** Upstream's real bugs that can be put back here; docs/bugs.md says how to add one. */
import type { Bug } from './bug.js';
import { INVENTED_BUGS } from './invented.js';
import { SYSTEM_CALL_BUGS } from './system_calls.js';
import { TREE_BUGS } from './tree.js';
import { UTIL_BUGS } from './util.js';
import { VMA_BUGS } from './vma.js';

export const BUGS: readonly Bug[] = [...VMA_BUGS, ...UTIL_BUGS, ...TREE_BUGS, ...SYSTEM_CALL_BUGS];

/** A list of bugs, and the files that have what was recorded of it. */
export interface BugList {
  readonly name: string;
  readonly bugs: readonly Bug[];
  /** What finds each. */
  readonly matrix: string;
  /** How soon random operations do. */
  readonly chance: string;
}

export const UPSTREAM: BugList = {
  name: 'upstream',
  bugs: BUGS,
  matrix: 'tests/bugs/matrix.json',
  chance: 'tests/bugs/chance.json',
};

/** Nobody's: of the same kinds, but none that a detector was made for. */
export const INVENTED: BugList = {
  name: 'invented',
  bugs: INVENTED_BUGS,
  matrix: 'tests/bugs/invented_matrix.json',
  chance: 'tests/bugs/invented_chance.json',
};
