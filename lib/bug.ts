// SPDX-License-Identifier: GPL-2.0-only
/**
 * Assertions of the code under test: what asm-generic/bug.h and linux/mmdebug.h are to the kernel. What a failed one
 * does is up to the stub world: the `checked` world fails the test, the `upstream` world prints a line.
 *
 * Deviation: a _ONCE assertion reports each time. The kernel's once keeps its log short; here it would hide the second
 * test that breaks the same rule.
 */
import { stubs } from '../stubs/index.js';

/** Reports when the condition holds, and returns it. `where` is the function that asserts, `what` names the rule broken. */
export function WARN_ON(condition: boolean, where: string, what: string): boolean {
  if (condition) stubs.warn(where, what);
  return condition;
}

export const WARN_ON_ONCE = WARN_ON;
export const VM_WARN_ON = WARN_ON;
export const VM_WARN_ON_ONCE = WARN_ON;
export const VM_WARN_ON_VMG = WARN_ON;

/** Throws BugError when the condition holds. */
export function BUG_ON(condition: boolean, where: string, what: string): void {
  if (condition) stubs.bug(where, what);
}

export const VM_BUG_ON = BUG_ON;
export const VM_BUG_ON_VMA = BUG_ON;

/** Throws BugError. */
export function BUG(where: string, what: string): never {
  return stubs.bug(where, what);
}
