// SPDX-License-Identifier: GPL-2.0-only
/** All words of traces of system calls. */
import type { CallWord } from './call_word.js';
import { CALLS } from './calls.js';
import { FILES, LIMITS, PROCESSES } from './processes.js';

export const CALL_TABLES = [PROCESSES, CALLS, FILES, LIMITS] as const;

export const CALL_WORDS: ReadonlyMap<string, CallWord> = new Map(
  CALL_TABLES.flatMap(({ words }) => words).map((word) => [word.name, word]),
);
