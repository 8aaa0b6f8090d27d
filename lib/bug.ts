// SPDX-License-Identifier: GPL-2.0-only
/**
 * Assertions of the code under test: what asm-generic/bug.h and linux/mmdebug.h are to the kernel. What a failed one
 * does is up to the stub world: the `checked` world fails the test, the `upstream` world prints a line.
 *
 * Deviation: a _ONCE assertion reports each time. The kernel's once keeps its log short; here it would hide the second
 * test that breaks the same rule.
 */
import { stubs } from '../stubs/index.js';

/**
 * Reports when the condition holds, and returns it. `where` is the function that asserts, `what` names the rule broken.
 */
export function WARN_ON(condition: boolean, where: string, what: string): boolean {
  if (condition) stubs.warn(where, what);
  return condition;
}

/** WARN_ON(); reports each time here. include/asm-generic/bug.h. */
export const WARN_ON_ONCE = WARN_ON;
/** WARN_ON() that kernels without CONFIG_DEBUG_VM leave out. include/linux/mmdebug.h. */
export const VM_WARN_ON = WARN_ON;
/** VM_WARN_ON(); reports each time here. include/linux/mmdebug.h. */
export const VM_WARN_ON_ONCE = WARN_ON;
/** VM_WARN_ON_ONCE() about a VMA, which the kernel dumps beside the report. include/linux/mmdebug.h. */
export const VM_WARN_ON_ONCE_VMA = WARN_ON;
/** VM_WARN_ON() about a merge, which the kernel dumps beside the report. include/linux/mmdebug.h. */
export const VM_WARN_ON_VMG = WARN_ON;

/** Throws BugError when the condition holds. */
export function BUG_ON(condition: boolean, where: string, what: string): void {
  if (condition) stubs.bug(where, what);
}

/** BUG_ON() that kernels without CONFIG_DEBUG_VM leave out. include/linux/mmdebug.h. */
export const VM_BUG_ON = BUG_ON;
/** VM_BUG_ON() about a VMA, which the kernel dumps beside the report. include/linux/mmdebug.h. */
export const VM_BUG_ON_VMA = BUG_ON;

/** Throws BugError. */
export function BUG(where: string, what: string): never {
  return stubs.bug(where, what);
}

/**
 * Throws: a pointer that the operation follows is null. C would fault here; `what` names it as the caller knows it.
 * @internal
 */
export function missing(where: string, what: string): never {
  throw new TypeError(`${where}: ${what} = null: must be set`);
}
