// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The range tree as the package exports it: the functions of lib/maple_tree.ts by the same names, with their arguments
 * checked. What takes no number and no entry has nothing to check and comes through as it is.
 */
export * from './maple_tree/state.js';
export * from './maple_tree/step.js';
export * from './maple_tree/store.js';
export * from './maple_tree/tree.js';
