// SPDX-License-Identifier: GPL-2.0-only
/** What each word of a program does: functions of mm/vma.c, called as the system calls do it. Errors are part of it. */
import { fault, guard, lock, name, policy, protect, uffd } from './changing_calls.js';
import {
  allLocks,
  brk,
  extend,
  mapAnon,
  mapFile,
  move,
  refill,
  relocate,
  special,
  stack,
  unmap,
} from './mapping_calls.js';
import type { Call } from './places.js';
import type { Word } from './steps.js';

/** These take and drop locks, and make and free address spaces, by themselves. */
type ByItself = 'unmap_unlocked' | 'mprotect' | 'fork' | 'exit' | 'exec';

export const CALLS: Readonly<Record<Exclude<Word, ByItself>, Call>> = {
  map_anon: mapAnon,
  map_file: mapFile,
  unmap,
  refill,
  relocate,
  protect,
  lock,
  name,
  policy,
  uffd,
  fault,
  guard,
  brk,
  stack,
  move,
  extend,
  all_locks: allLocks,
  special,
};
