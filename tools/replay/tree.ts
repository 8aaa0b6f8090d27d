// SPDX-License-Identifier: GPL-2.0-only
/**
 * Replays a trace of range-tree operations on one tree and one state, and prints what the kernel's own
 * lib/maple_tree.c printed for it. The recorded ones are tests/data/conformance/maple-*.
 */

import { GFP_KERNEL } from '../../include/linux/gfp.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { MT_FLAGS_ALLOC_RANGE, type ma_state, maple_tree } from '../../include/linux/maple_tree.js';
import { Ref } from '../../include/ref.js';
import {
  MA_STATE,
  mas_destroy,
  mas_empty_area,
  mas_empty_area_rev,
  mas_erase,
  mas_find,
  mas_find_range,
  mas_find_rev,
  mas_for_each,
  mas_is_err,
  mas_next,
  mas_next_range,
  mas_pause,
  mas_preallocate,
  mas_prev,
  mas_prev_range,
  mas_reset,
  mas_set,
  mas_set_range,
  mas_store_gfp,
  mas_store_prealloc,
  mas_walk,
  mt_find,
  mtree_load,
} from '../../lib/doors/maple_tree.js';
import { at, formatHex, parseHex, wordsOf } from './hex.js';
import { TraceError } from './trace_error.js';

type Mas = ma_state<number>;
/** One operation: what it returns is printed; `before` goes before its name. */
type Operation = { args: number; run(mas: Mas, args: readonly number[]): number; before?: () => string };

const STATUS = ['active', 'start', 'root', 'none', 'pause', 'overflow', 'underflow', 'error'];

/** An index as the traces print it. */
function formatIndex(index: number): string {
  return index === ULONG_MAX ? 'max' : formatHex(index);
}

/** A value entry as a number; the traces have 0 for NULL. */
function traceValue(entry: number | null): number {
  return entry ?? 0;
}

function entryOf(value: number): number | null {
  return value === 0 ? null : value;
}

/**
 * A step forwards. Upstream does not survive some of them: a limit that the state has reached counts as none, and from
 * the end of everything the state begins again at 0.
 */
function forward(step: (mas: Mas, max: number) => number | null): Operation {
  return {
    args: 1,
    run(mas, args) {
      const limit = at(args, 0) <= mas.last ? ULONG_MAX : at(args, 0);
      if (mas.last === ULONG_MAX) mas_set(mas, 0);
      return traceValue(step(mas, limit));
    },
  };
}

/** A step backwards, as forward(); with `restart`, from the beginning of everything the state begins at 0x100. */
function backward(step: (mas: Mas, min: number) => number | null, restart: boolean): Operation {
  return {
    args: 1,
    run(mas, args) {
      const limit = at(args, 0) >= mas.index ? 0 : at(args, 0);
      if (restart && mas.index === 0) mas_set(mas, 0x100);
      return traceValue(step(mas, limit));
    },
  };
}

function find(search: (mas: Mas, max: number) => number | null): Operation {
  return {
    args: 1,
    run(mas, args) {
      const limit = at(args, 0);
      return traceValue(search(mas, limit < mas.index ? ULONG_MAX : limit));
    },
  };
}

/** A search for room: from a new state, which is reset again if there is none. */
function gap(search: (mas: Mas, min: number, max: number, size: number) => number): Operation {
  return {
    args: 3,
    run(mas, args) {
      mas_reset(mas);
      const error = search(mas, at(args, 0), at(args, 1), at(args, 2));
      if (error !== 0) mas_reset(mas);
      return error;
    },
  };
}

function simple(args: number, act: (mas: Mas, args: readonly number[]) => void): Operation {
  return {
    args,
    run(mas, given) {
      act(mas, given);
      return 0;
    },
  };
}

function runPrealloc(mas: Mas, args: readonly number[]): number {
  mas_set_range(mas, at(args, 0), at(args, 1));
  const entry = entryOf(at(args, 2));
  const error = mas_preallocate(mas, entry, GFP_KERNEL);
  if (error === 0) mas_store_prealloc(mas, entry);
  return error;
}

function runUnused(mas: Mas, args: readonly number[]): number {
  mas_set_range(mas, at(args, 0), at(args, 1));
  const error = mas_preallocate(mas, entryOf(at(args, 2)), GFP_KERNEL);
  mas_destroy(mas);
  mas_reset(mas);
  return error;
}

/** How many nodes a store may take. */
function runReserve(mas: Mas, args: readonly number[]): number {
  mas_set_range(mas, at(args, 0), at(args, 1));
  const error = mas_preallocate(mas, entryOf(at(args, 2)), GFP_KERNEL);
  const { reserved } = mas;
  mas_destroy(mas);
  mas_reset(mas);
  return error === 0 ? reserved : error;
}

function runStore(mas: Mas, args: readonly number[]): number {
  mas_set_range(mas, at(args, 0), at(args, 1));
  return mas_store_gfp(mas, entryOf(at(args, 2)), GFP_KERNEL);
}

/** Operations whose first two arguments are a range. */
const RANGED = new Set(['range', 'store', 'prealloc', 'unused', 'reserve']);

/** All operations on `tree` by name. */
function operationsOn(tree: maple_tree<number>): Map<string, Operation> {
  const found = new Ref(0);
  return new Map<string, Operation>([
    ['set', simple(1, (mas, args) => mas_set(mas, at(args, 0)))],
    ['range', simple(2, (mas, args) => mas_set_range(mas, at(args, 0), at(args, 1)))],
    ['pause', simple(0, mas_pause)],
    ['reset', simple(0, mas_reset)],
    ['walk', { args: 0, run: (mas) => traceValue(mas_walk(mas)) }],
    ['erase', { args: 0, run: (mas) => traceValue(mas_erase(mas)) }],
    ['find', find(mas_find)],
    ['findrange', find(mas_find_range)],
    ['findrev', backward(mas_find_rev, false)],
    ['next', forward(mas_next)],
    ['nextrange', forward(mas_next_range)],
    ['prev', backward(mas_prev, true)],
    ['prevrange', backward(mas_prev_range, true)],
    ['store', { args: 3, run: runStore }],
    ['prealloc', { args: 3, run: runPrealloc }],
    ['unused', { args: 3, run: runUnused }],
    ['reserve', { args: 3, run: runReserve }],
    ['gap', gap(mas_empty_area)],
    ['gaprev', gap(mas_empty_area_rev)],
    ['load', { args: 1, run: (_mas, args) => traceValue(mtree_load(tree, at(args, 0))) }],
    [
      'mtfind',
      {
        args: 2,
        run(_mas, args) {
          found.value = at(args, 0);
          const entry = mt_find(tree, found, at(args, 1));
          if (entry === null) found.value = 0;
          return traceValue(entry);
        },
        before: () => `at=${formatIndex(found.value)} `,
      },
    ],
  ]);
}

/** Every entry, by a state of its own. */
function dump(tree: maple_tree<number>): string {
  const mas = MA_STATE(tree, 0, 0);
  let text = 'dump';
  for (const entry of mas_for_each(mas, ULONG_MAX)) {
    text += ` =${formatIndex(mas.index)} =${formatIndex(mas.last)} ${formatHex(entry)};`;
  }
  return text;
}

/** The arguments of one line as numbers, or an error that says what is wrong with them. */
function parseArgs(name: string, words: readonly string[], count: number, line: number): number[] {
  if (words.length !== count) throw new TraceError(line, `'${name}' takes ${count} arguments, not ${words.length}`);
  const args = words.map((word) => (word === 'max' ? ULONG_MAX : parseHex(word, line)));
  if (!RANGED.has(name)) return args;
  if (at(args, 1) < at(args, 0)) throw new TraceError(line, `the range of '${name}' ends before it begins`);
  if (words[2] === 'max') throw new TraceError(line, `'max' is no entry`);
  return args;
}

/** What a test may change: the tree to work on, and something to do with it after each line. */
export interface ReplayOptions {
  tree?: maple_tree<number>;
  after?: (tree: maple_tree<number>) => void;
}

/**
 * Replays the lines of `input`; each line of the answer goes to `write`. Throws a TraceError at the first line that is
 * not as the format has it; nothing is written for that line or after it.
 */
export function replayTree(input: string, write: (text: string) => void, options: ReplayOptions = {}): void {
  const tree = options.tree ?? new maple_tree<number>(MT_FLAGS_ALLOC_RANGE);
  const { after } = options;
  const mas = MA_STATE(tree, 0, 0);
  const operations = operationsOn(tree);
  let line = 0;
  for (const text of input.split('\n')) {
    line++;
    const [name, ...words] = wordsOf(text);
    if (name === undefined) continue;
    if (name === 'dump') {
      parseArgs(name, words, 0, line);
      write(`${dump(tree)}\n`);
      after?.(tree);
      continue;
    }
    const operation = operations.get(name);
    if (operation === undefined) throw new TraceError(line, `unknown operation '${name}'`);
    const args = parseArgs(name, words, operation.args, line);
    if (mas_is_err(mas)) mas_reset(mas);
    const result = formatHex(operation.run(mas, args));
    const before = operation.before?.() ?? '';
    write(
      `${before}${name} ${result} index=${formatIndex(mas.index)} last=${formatIndex(mas.last)} ${STATUS[mas.status]}\n`,
    );
    after?.(tree);
  }
}
