// SPDX-License-Identifier: GPL-2.0-only
/**
 * Lets every fallible call of an operation fail and judges what is left, without a list of what it should be: the error
 * is returned, the tree is valid, the world has nothing to complain of, nothing outside the range has changed, what is
 * left is of a kind that the operation may leave, and the operation, done again, comes to what it would have come to.
 */
import type { Test } from 'tap';
import { VmaTest } from '../../harness/index.js';
import { TestWorld } from '../../harness/test_world.js';
import { type file, type mm_struct, mt_validate, validate_mm } from '../../lib/index.js';
import { FRAMES } from '../../stubs/place.js';
import { type Account, accountOf, joinSplits, NO_WORD, type Outcome, outcomeOf, sumsLeft, sumsOf } from './account.js';
import type { Variant } from './space.js';

export interface Ready {
  /** Carries out the operation. 0, or a negative errno. */
  run(): number;
  files?: readonly file[];
  /** After a success: does what is left to the caller. */
  settle?(): void;
  /** After a failure that leaves a VMA grown: accounts for it. */
  giveUp?(): void;
  /** At the end of all, in place of unmapping everything. */
  end?(): void;
}

/** An operation on an address space that a variant has filled. */
export interface Prepared extends Ready {
  /** The address space that it works on. */
  mm: mm_struct;
}

export interface Judged {
  /** What a failure may leave, beside what any may: same, split, faulted, done. */
  may?: readonly Outcome[];
  /** Does a failure leave what it cannot be done again on? */
  once?: boolean;
  /** Does a VMA that grows to be moved change outside the range? */
  moves?: boolean;
  /** What upstream leaves wrong as well: calls that fail, of which nothing more is asked. docs/upstream.md tells why. */
  known?: (call: string, error: number, lasting: boolean) => boolean;
  /** What it works on; all else is as before, whatever fails. */
  range: readonly [number, number];
}

const ANY: readonly Outcome[] = ['same', 'split', 'faulted', 'done'];

/** What two accounts have not in common. */
function differing(before: Account, after: Account): string {
  const [old, now] = [before, after].map(({ vmas, sums, held }) => [vmas, sums, held].join('\n').split('\n'));
  const only = (these: string[] = [], those: string[] = []): string =>
    these.filter((one) => !those.includes(one)).join('; ');
  return `${only(old, now)} became ${only(now, old)}`;
}

/** What an operation comes to, in the end. */
function finalOf(mm: mm_struct): string {
  return `${joinSplits(mm, false)}\n${sumsOf(mm)}`;
}

interface Walked {
  /** Names of the calls that failed, in their order. */
  calls: string[];
  outcomes: (Outcome | typeof NO_WORD)[];
  /** The errno with which the operation is refused although nothing fails; 0 when it goes well. */
  refused: number;
  complaints: string[];
  begun: ReadonlySet<string>;
  /** Failures that are wrong in a way that is upstream's. */
  known: number;
}

interface Attempt {
  call: string | null;
  outcome: Outcome | typeof NO_WORD;
  error: number;
  final: string;
  complaints: string[];
  /** Operations that it began, by name. */
  begun: ReadonlySet<string>;
  /** Is it wrong in a way that is upstream's? */
  isKnown: boolean;
}

/** Names of operations, from here on, that are no part of another. */
function watchNames(world: TestWorld): Set<string> {
  const names = new Set<string>();
  const { operations } = world;
  const watched = operations.operation.bind(operations);
  operations.operation = (name, args, call) => {
    if (!operations.isUnderWay) names.add(name);
    return watched(name, args, call);
  };
  return names;
}

/** Which call of a run fails: the n-th, none for 0; with all that follow; and what the operation comes to without. */
interface Plan {
  n: number;
  lasting: boolean;
  wanted: string | null;
}

/**
 * One run on an address space of its own. Without stacks, which cost more than all else; where something is wrong,
 * once more with them.
 */
function attempt(t: Test, judged: Judged, prepare: (t: VmaTest) => Prepared, plan: Plan): Attempt {
  const found = attemptOnce(t, judged, prepare, plan, 0);
  return found.complaints.length === 0 ? found : attemptOnce(t, judged, prepare, plan, FRAMES);
}

/** After a failure, with nothing failing any more. */
function doneAgain(ready: Prepared, wanted: string): string[] {
  const error = ready.run();
  if (error !== 0) return [`done again it ends with ${error}`];
  ready.settle?.();
  const final = finalOf(ready.mm);
  return final === wanted ? [] : [`done again it comes to\n${final}\nnot to\n${wanted}`];
}

function attemptOnce(
  t: Test,
  judged: Judged,
  prepare: (t: VmaTest) => Prepared,
  { n, lasting, wanted }: Plan,
  frames: number,
): Attempt {
  const world = new TestWorld('checked', { frames });
  const { faults } = world.checked;
  const begun = watchNames(world);
  const complaints: string[] = [];
  const found: Attempt = { call: null, outcome: 'done', error: 0, final: '', complaints, begun, isKnown: false };
  try {
    const ready = prepare(new VmaTest(t, world));
    const { mm } = ready;
    const before = accountOf(mm, ready.files, judged.range);
    faults.clear();
    begun.clear();
    if (n > 0) {
      if (lasting) faults.failFrom(n);
      else faults.failAt(n);
    }
    found.error = ready.run();
    found.call = faults.hits[0] ?? null;
    found.begun = new Set(begun);
    faults.clear();

    mt_validate(mm.mm_mt);
    validate_mm(mm);
    const after = accountOf(mm, ready.files, judged.range);
    const outcome = outcomeOf(before, after, found.error, mm, judged.range);
    found.outcome = outcome === NO_WORD && judged.may?.includes('partly') ? 'partly' : outcome;
    if (found.error !== 0 && found.call !== null) {
      if (before.outside !== after.outside && judged.moves !== true)
        complaints.push('something has changed outside the range');
      const may: readonly string[] = [...ANY, ...(judged.may ?? [])];
      if (!may.includes(found.outcome)) {
        complaints.push(`a failure may not leave it ${found.outcome}: ${differing(before, after)}`);
      }
      if (found.outcome === 'grown') ready.giveUp?.();
      else if (wanted !== null && judged.once !== true) complaints.push(...doneAgain(ready, wanted));
    }
    if (found.error === 0) {
      ready.settle?.();
      found.final = finalOf(mm);
      if (wanted !== null && found.final !== wanted) {
        complaints.push(`in spite of a failure it went well, but came to\n${found.final}\nnot to\n${wanted}`);
      }
    }
    if (ready.end !== undefined) ready.end();
    else if (mm.map_count > 0) new VmaTest(t, world).unmapAll(mm);
    if (ready.end === undefined) complaints.push(...sumsLeft(mm));
  } catch (error) {
    complaints.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  complaints.push(...world.leave());
  if (complaints.length > 0 && judged.known?.(found.call ?? '', found.error, lasting) === true) {
    found.isKnown = true;
    complaints.length = 0;
  }
  return found;
}

/** Walks over all fallible calls of an operation, each alone and, if asked for, with all that follow. */
export function walk(t: Test, judged: Judged, prepare: (t: VmaTest) => Prepared, lasting: boolean): Walked {
  const clean = attempt(t, judged, prepare, { n: 0, lasting: false, wanted: null });
  const walked: Walked = {
    calls: [],
    outcomes: [],
    refused: clean.error,
    complaints: clean.complaints,
    begun: clean.begun,
    known: 0,
  };
  if (clean.error !== 0 || clean.complaints.length > 0) return walked;
  for (let n = 1; ; n++) {
    const alone = attempt(t, judged, prepare, { n, lasting: false, wanted: clean.final });
    if (alone.call === null) return walked;
    const tries: [string, Attempt][] = [['', alone]];
    if (lasting) tries.push([' and on', attempt(t, judged, prepare, { n, lasting: true, wanted: clean.final })]);
    for (const [how, { complaints, outcome, call, isKnown }] of tries) {
      if (isKnown) walked.known++;
      walked.outcomes.push(outcome);
      walked.complaints.push(...complaints.map((one) => `call ${n}, ${call}${how}: ${one}`));
    }
    walked.calls.push(alone.call);
  }
}

/** Names of a variant and an operation whose walk is refused, or has nothing that can fail. */
export interface Survey {
  points: number;
  refused: string[];
  infallible: string[];
  /** Names of what fails in a way that is upstream's. */
  known: string[];
  /** All operations that were walked over. */
  begun: Set<string>;
}

export function newSurvey(): Survey {
  return { points: 0, refused: [], infallible: [], known: [], begun: new Set() };
}

/** Walks an operation in a variant, reports what is wrong with it, and notes what cannot fail. */
export function survey(
  t: Test,
  into: Survey,
  name: string,
  variant: Variant,
  judged: Judged,
  prepare: (t: VmaTest) => Prepared,
  lasting = false,
): void {
  const walked = walk(t, judged, prepare, lasting);
  into.points += walked.outcomes.length;
  for (const one of walked.begun) into.begun.add(one);
  if (walked.known > 0) into.known.push(name);
  if (walked.refused !== 0) into.refused.push(`${name}, ${variant.kind}: ${walked.refused}`);
  else if (walked.calls.length === 0) into.infallible.push(name);
  if (walked.complaints.length > 0)
    t.fail(name, { complaints: walked.complaints.slice(0, 3), of: walked.complaints.length });
}
