// SPDX-License-Identifier: GPL-2.0-only
/** All words of VMA traces. */
import { EVERYDAY } from './everyday.js';
import { KERNEL } from './kernel.js';
import { SET } from './set.js';
import { SETTINGS } from './settings.js';
import type { Word } from './word.js';

export const TABLES = [EVERYDAY, KERNEL, SET, SETTINGS] as const;

export const WORDS: ReadonlyMap<string, Word> = new Map(
  TABLES.flatMap(({ words }) => words).map((word) => [word.name, word]),
);
