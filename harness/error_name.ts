// SPDX-License-Identifier: GPL-2.0-only
/** Errors by their names, as people read them. */
import * as errno from '../include/linux/errno.js';

const NAMES = new Map(
  Object.entries(errno).flatMap(([name, value]): [number, string][] =>
    /^E[A-Z0-9]+$/.test(name) && typeof value === 'number' ? [[-value, `-${name}`]] : [],
  ),
);

/** "-ENOMEM" for a negative error number; null for what is none, or has no name here. */
export function errorName(value: number): string | null {
  return NAMES.get(value) ?? null;
}
