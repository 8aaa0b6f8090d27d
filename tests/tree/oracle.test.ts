// SPDX-License-Identifier: GPL-2.0-only
/** Random operations on the range tree, each answer held against a sorted array, the tree's own rules after each. */
import t from 'tap';
import { Random } from '../../dev/random.js';
import { EBUSY } from '../../include/linux/errno.js';
import { GFP_KERNEL } from '../../include/linux/gfp.js';
import { ULONG_MAX } from '../../include/linux/limits.js';
import { MT_FLAGS_ALLOC_RANGE, type ma_state, maple_tree } from '../../include/linux/maple_tree.js';
import {
  MA_STATE,
  maple_slab,
  mas_empty_area,
  mas_empty_area_rev,
  mas_erase,
  mas_find,
  mas_find_rev,
  mas_next,
  mas_next_range,
  mas_preallocate,
  mas_prev,
  mas_prev_range,
  mas_set,
  mas_set_range,
  mas_store,
  mas_store_gfp,
  mas_store_prealloc,
  mas_walk,
  mt_next,
  mt_prev,
  mt_validate,
  mtree_destroy,
  mtree_load,
} from '../../lib/maple_tree.js';
import { Oracle } from './oracle.js';

const STEPS = 12_000;
const FANOUTS = [4, 5, 10, 16, 32];

/** Where the indices of a run lie. Few of them, so that ranges meet; the last two touch the ends of everything. */
const SPACES = [
  { name: 'low', base: 0, width: 160 },
  { name: 'high', base: ULONG_MAX - 159, width: 160 },
];

/** One tree, one state, one oracle, and the random numbers that drive them. */
class Run {
  readonly tree: maple_tree<number>;
  readonly mas: ma_state<number>;
  readonly oracle = new Oracle();
  readonly random: Random;
  readonly base: number;
  readonly width: number;
  entries = 0;
  step = '';

  constructor(seed: number, flags: number, fanout: number, space: { base: number; width: number }) {
    this.tree = new maple_tree<number>(flags, fanout);
    this.mas = MA_STATE(this.tree, 0, 0);
    this.random = new Random(seed);
    this.base = space.base;
    this.width = space.width;
  }

  check(what: string, found: unknown, wanted: unknown): void {
    if (found !== wanted) throw new Error(`${this.step}: ${what} is ${found}, wanted ${wanted}`);
  }

  index(): number {
    return this.base + this.random.below(this.width);
  }

  /** Mostly short ranges, now and then one over much or all of the space. */
  range(): { first: number; last: number } {
    if (this.random.oneIn(2000)) return { first: 0, last: ULONG_MAX };
    const first = this.index();
    const left = this.base + this.width - first;
    const size = 1 + this.random.below(this.random.oneIn(30) ? left : Math.min(left, 6));
    return { first, last: this.random.oneIn(100) ? ULONG_MAX : first + size - 1 };
  }

  /** Phases of growing and of shrinking, so that nodes split and join. */
  entry(step: number): number | null {
    const nulls = Math.floor(step / 500) % 2 === 0 ? 20 : 75;
    if (this.random.below(100) < nulls) return null;
    return this.random.oneIn(10) ? 1 : ++this.entries;
  }

  checkRange(what: string, entry: number | null, wanted: { first: number; last: number; entry: number | null }): void {
    this.check(`${what}: entry`, entry, wanted.entry);
    this.check(`${what}: index`, this.mas.index, wanted.first);
    this.check(`${what}: last`, this.mas.last, wanted.last);
  }
}

/** After a store of NULL the state is on the whole of the NULL range, after any other on what was stored. */
function checkStored(run: Run, first: number, last: number, entry: number | null): void {
  if (entry === null && run.tree.height === 0) return;
  run.checkRange('stored', entry, entry === null ? run.oracle.at(first) : { first, last, entry });
}

function store(run: Run, step: number): void {
  const { mas } = run;
  const { first, last } = run.range();
  const entry = run.entry(step);
  run.step += ` store ${first} ${last} ${entry}`;
  mas_set_range(mas, first, last);
  const way = run.random.below(3);
  if (way === 0) {
    run.check('error', mas_store_gfp(mas, entry, GFP_KERNEL), 0);
  } else if (way === 1) {
    run.check('error', mas_preallocate(mas, entry, GFP_KERNEL), 0);
    mas_store_prealloc(mas, entry);
  } else {
    mas_store(mas, entry);
  }
  run.oracle.store(first, last, entry);
  checkStored(run, first, last, entry);
}

function erase(run: Run): void {
  const index = run.index();
  run.step += ` erase ${index}`;
  const was = run.oracle.at(index);
  mas_set(run.mas, index);
  run.check('erased', mas_erase(run.mas), was.entry);
  if (was.entry !== null) run.oracle.store(was.first, was.last, null);
  if (was.entry !== null && run.tree.height > 0) run.checkRange('erased', null, run.oracle.at(index));
}

function walk(run: Run): void {
  const index = run.index();
  run.step += ` walk ${index}`;
  run.check('load', mtree_load(run.tree, index), run.oracle.at(index).entry);
  mas_set(run.mas, index);
  run.checkRange('walk', mas_walk(run.mas), run.oracle.at(index));
}

/** From a walk, a few steps over entries or over ranges, one way. */
function steps(run: Run): void {
  const { mas, oracle } = run;
  walk(run);
  if (run.tree.height === 0) return;
  const forward = run.random.oneIn(2);
  const ranges = run.random.oneIn(2);
  const limit = run.random.oneIn(3) ? (forward ? ULONG_MAX : 0) : run.index();
  run.step += ` ${forward ? 'next' : 'prev'}${ranges ? '_range' : ''} to ${limit}`;
  for (let i = 0; i < 4; i++) {
    const { index, last } = mas;
    const all = oracle.all();
    const here = all.findIndex((range) => range.last >= index);
    let wanted = forward ? oracle.after(last, limit) : oracle.before(index, limit);
    if (ranges) wanted = all[here + (forward ? 1 : -1)] ?? null;
    if (forward ? last >= limit : index <= limit) wanted = null;
    const step = forward ? (ranges ? mas_next_range : mas_next) : ranges ? mas_prev_range : mas_prev;
    const entry = step(mas, limit);
    if (wanted === null) {
      run.check('entry', entry, null);
      return;
    }
    run.checkRange('step', entry, wanted);
  }
}

/** Searches from an index: the entry there or the next one, then the one after that. */
function find(run: Run): void {
  const { mas, oracle } = run;
  const index = run.index();
  run.step += ` find ${index}`;
  const max = run.random.oneIn(3) ? ULONG_MAX : index + run.random.below(Math.min(30, ULONG_MAX - index + 1));
  let wanted = oracle.at(index).entry === null ? oracle.after(index, max) : oracle.at(index);
  mas_set(mas, index);
  run.check(`find to ${max}`, mas_find(mas, max), wanted?.entry ?? null);
  if (wanted !== null && run.tree.height > 0) {
    wanted = wanted.last >= max ? null : oracle.after(wanted.last, max);
    run.check(`second find to ${max}`, mas_find(mas, max), wanted?.entry ?? null);
  }
  const min = run.random.oneIn(3) ? 0 : Math.max(0, index - run.random.below(30));
  wanted = oracle.at(index).entry === null ? oracle.before(index, min) : oracle.at(index);
  mas_set(mas, index);
  run.check(`find_rev to ${min}`, mas_find_rev(mas, min), wanted?.entry ?? null);
  const here = oracle.at(index);
  const next = here.last >= max ? null : oracle.after(here.last, max);
  run.check(`mt_next to ${max}`, mt_next(run.tree, index, max), next?.entry ?? null);
  const prev = here.first <= min ? null : oracle.before(here.first, min);
  run.check(`mt_prev to ${min}`, mt_prev(run.tree, index, min), prev?.entry ?? null);
}

/** Searches for room. A deep tree without gap tracking finds none, as upstream; then nothing is compared. */
function gap(run: Run): void {
  const { mas, oracle } = run;
  if ((run.tree.ma_flags & MT_FLAGS_ALLOC_RANGE) === 0 && run.tree.height > 1) return;
  const a = run.index();
  const b = run.index();
  // A window that ends at ULONG_MAX has an answer of its own upstream; see the kept traces.
  const min = Math.min(a, b, ULONG_MAX - 1);
  const max = Math.min(Math.max(a, b), ULONG_MAX - 1);
  const size = 1 + run.random.below(Math.min(max - min + 1, 12));
  run.step += ` gap ${min} ${max} ${size}`;
  const gaps = oracle.gaps(min, max, size);
  mas_set(mas, 0);
  const low = gaps[0];
  run.check('error up', mas_empty_area(mas, min, max, size), low === undefined ? -EBUSY : 0);
  if (low !== undefined) run.checkRange('lowest', null, { first: low.first, last: low.first + size - 1, entry: null });
  mas_set(mas, 0);
  const high = gaps.at(-1);
  run.check('error down', mas_empty_area_rev(mas, min, max, size), high === undefined ? -EBUSY : 0);
  if (high !== undefined) {
    run.checkRange('highest', null, { first: high.last - size + 1, last: high.last, entry: null });
  }
}

function oneStep(run: Run, step: number): void {
  const kind = run.random.below(100);
  if (kind < 55) store(run, step);
  else if (kind < 62) erase(run);
  else if (kind < 70) walk(run);
  else if (kind < 82) steps(run);
  else if (kind < 92) find(run);
  else gap(run);
  mt_validate(run.tree);
}

/** Once in a while all of it, range by range. */
function checkAll(run: Run): void {
  if (run.tree.height === 0) return;
  mas_set(run.mas, 0);
  let entry = mas_walk(run.mas);
  for (const range of run.oracle.all()) {
    run.checkRange('all', entry, range);
    entry = mas_next_range(run.mas, ULONG_MAX);
  }
}

for (const space of SPACES) {
  for (const flags of [0, MT_FLAGS_ALLOC_RANGE]) {
    for (const fanout of FANOUTS) {
      t.test(`${space.name} indices, ${flags === 0 ? 'no gaps' : 'gaps'}, fan-out ${fanout}`, async (t) => {
        const seed = 0x9e3779b9 ^ (fanout * 8 + flags * 2 + space.width + (space.base > 0 ? 1 : 0));
        const run = new Run(seed, flags, fanout, space);
        const live = maple_slab.live;
        const reserved = maple_slab.reserved;
        let highest = 0;
        for (let step = 0; step < STEPS / 2; step++) {
          run.step = `seed ${seed} step ${step}:`;
          oneStep(run, step);
          if (step % 100 === 0) checkAll(run);
          highest = Math.max(highest, run.tree.height);
        }
        mtree_destroy(run.tree);
        t.equal(maple_slab.live, live, 'no node is left');
        t.equal(maple_slab.reserved, reserved, 'no reservation is left');
        t.ok(highest >= (fanout === 4 ? 4 : 2), `the tree had ${highest} storeys`);
      });
    }
  }
}
