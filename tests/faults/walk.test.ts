// SPDX-License-Identifier: GPL-2.0-only
/**
 * Every fallible call of every operation fails once: the first, the second, and so on, until the operation meets no
 * more of them. After each the error is returned, the tree is valid, nothing has leaked, and the address space is as
 * the list says.
 */
import t, { type Test } from 'tap';
import { layoutLine, snapshot, VmaTest } from '../../harness/index.js';
import { TestWorld } from '../../harness/test_world.js';
import { type mm_struct, mt_validate, validate_mm } from '../../lib/index.js';
import { type FaultOperation, OPERATIONS, type Outcome, type Prepared } from './operations.js';

/** What there is of an address space, of VMAs that could be one as if they were. */
interface Account {
  vmas: string;
  joined: string;
  /** What is mapped outside of the range of the operation, page by page. */
  outside: string;
  /** The same without page offsets, which change as a whole when a VMA grows to be moved. */
  around: string;
  sums: string;
  total: number;
  held: string;
}

/** Pages, with what is mapped there, that a range does not have. */
function pagesOutside(mm: mm_struct, [from, to]: readonly [number, number], withOffsets: boolean): string {
  return snapshot(mm)
    .flatMap(({ start, end, pgoff, flags, hasFile }) =>
      Array.from({ length: (end - start) / 0x1000 }, (_, i) => ({ at: start + i * 0x1000, page: pgoff + i })).flatMap(
        ({ at, page }) =>
          at < from || at >= to ? [`${at.toString(16)} ${withOffsets ? page : ''} ${flags} ${hasFile}`] : [],
      ),
    )
    .join('\n');
}

/** Neighbours that differ in nothing but the split between them, put together. */
function joinSplits(mm: mm_struct): string {
  const joined: { start: number; end: number; pgoff: number; rest: string }[] = [];
  for (const shot of snapshot(mm)) {
    const rest = `${shot.flags} ${shot.hasFile} ${shot.hasAnonVma}`;
    const last = joined.at(-1);
    const follows = last?.end === shot.start && last.pgoff + (last.end - last.start) / 0x1000 === shot.pgoff;
    if (last !== undefined && follows && last.rest === rest) last.end = shot.end;
    else joined.push({ start: shot.start, end: shot.end, pgoff: shot.pgoff, rest });
  }
  return joined.map((one) => `${one.start.toString(16)}-${one.end.toString(16)} ${one.pgoff} ${one.rest}`).join('\n');
}

function accountOf(mm: mm_struct, prepared: Prepared, { range = [0, 0] }: FaultOperation): Account {
  const { total_vm, data_vm, exec_vm, stack_vm, locked_vm } = mm;
  const held = (prepared.files ?? []).map((f) => `${f.f_ref} ${f.f_mapping.i_mmap_writable}`);
  return {
    vmas: snapshot(mm).map(layoutLine).join('\n'),
    joined: joinSplits(mm),
    outside: pagesOutside(mm, range, true),
    around: pagesOutside(mm, range, false),
    sums: [total_vm, data_vm, exec_vm, stack_vm, locked_vm].join(' '),
    total: total_vm,
    held: held.join(' '),
  };
}

/** What the failure left, told by the address space before and after. */
function outcomeOf(
  before: Account,
  after: Account,
  error: number,
  operation: FaultOperation,
  mm: mm_struct,
): Outcome | 'nothing that the list has a word for' {
  if (error === 0) return 'done';
  const counted = before.sums === after.sums && before.held === after.held;
  if (counted && before.vmas === after.vmas) return 'same';
  if (counted && before.joined === after.joined) return 'split';
  if (counted && before.vmas === after.vmas.replaceAll(' anon', '')) return 'faulted';
  const [start, end] = operation.range ?? [0, 0];
  const inside = snapshot(mm).filter((shot) => shot.start < end && start < shot.end);
  const isOutsideSame = before.outside === after.outside;
  const pages = (after.outside === '' ? [] : after.outside.split('\n')).length;
  if (isOutsideSame && inside.length === 0 && before.held === after.held && after.total === pages) return 'gap';
  const [only, ...more] = inside;
  if (only === undefined || more.length > 0) return 'nothing that the list has a word for';
  if (isOutsideSame && only.start === start && only.end === end) return 'mapped';
  const isGrown = only.start <= start && only.end >= end && before.total === after.total;
  return isGrown && before.around === after.around ? 'grown' : 'nothing that the list has a word for';
}

/** One run in which the n-th fallible call fails: that call and what it left, null if there are no n of them. */
interface Failed {
  call: string;
  outcome: ReturnType<typeof outcomeOf>;
}

/** Lets the n-th fallible call fail, alone or with all that follow. */
function failNth(t: Test, operation: FaultOperation, n: number, lasting: boolean): Failed | null {
  const world = new TestWorld('checked');
  const { checked, mm } = world;
  if (checked === null) throw new Error('faults need the checked world');
  const { faults } = checked;
  const complaints: string[] = [];
  let failed: Failed | null = null;
  try {
    const prepared = operation.prepare(new VmaTest(t, world));
    const before = accountOf(mm, prepared, operation);
    faults.clear();
    if (lasting) faults.failFrom(n);
    else faults.failAt(n);
    const error = prepared.run();
    const [call] = faults.hits;
    faults.clear();

    mt_validate(mm.mm_mt);
    validate_mm(mm);
    if (call !== undefined)
      failed = { call, outcome: outcomeOf(before, accountOf(mm, prepared, operation), error, operation, mm) };
    else if (error !== 0) complaints.push(`fails with ${error} although no call failed`);
    if (error === 0) prepared.settle?.();
    else if (failed?.outcome === 'grown') prepared.giveUp?.();
    if (mm.map_count > 0) new VmaTest(t, world).unmapAll();
    complaints.push(...sumsLeft(mm));
  } catch (error) {
    complaints.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const left = world.leave();
  const warning =
    !lasting && failed !== null && failed.call === operation.warns?.call ? `WARN: ${operation.warns.where}:` : null;
  if (warning !== null && !left.some((text) => text.startsWith(warning))) complaints.push(`no ${warning}`);
  complaints.push(...left.filter((text) => warning === null || !text.startsWith(warning)));
  if (complaints.length > 0) t.fail(`call ${n}, ${failed?.call ?? 'none'}${lasting ? ' and on' : ''}`, { complaints });
  return failed;
}

function sumsLeft(mm: mm_struct): string[] {
  const { map_count, total_vm, locked_vm, data_vm, exec_vm, stack_vm } = mm;
  const left = Object.entries({ map_count, total_vm, locked_vm, data_vm, exec_vm, stack_vm });
  return left.filter(([, value]) => value !== 0).map(([name, value]) => `${name} = ${value} with nothing mapped`);
}

let walked = 0;

for (const operation of OPERATIONS) {
  t.test(operation.name, async (t) => {
    const found: string[] = [];
    for (let n = 1; ; n++) {
      const alone = failNth(t, operation, n, false);
      if (alone === null) break;
      const lasting = failNth(t, operation, n, true);
      found.push(`${alone.call}: ${alone.outcome}, ${lasting?.outcome}`);
    }
    walked += found.length;
    t.same(found, operation.leaves);
  });
}

t.test('points of failure', async (t) => {
  t.comment(
    `${walked} points of failure in ${OPERATIONS.length} operations, each failing alone and with all that follow`,
  );
  t.equal(
    walked,
    OPERATIONS.reduce((sum, { leaves }) => sum + leaves.length, 0),
  );
});
