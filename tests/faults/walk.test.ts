// SPDX-License-Identifier: GPL-2.0-only
/**
 * Every fallible call of every operation fails once: the first, the second, and so on, until the operation meets no
 * more of them. After each the error is returned, the tree is valid, nothing has leaked, and the address space is as
 * the list says. doors.test.ts and calls.test.ts walk over all there is, and leave the judgement to detectors.
 */
import t, { type Test } from 'tap';
import { VmaTest } from '../../harness/index.js';
import { TestWorld } from '../../harness/test_world.js';
import { mt_validate, validate_mm } from '../../lib/index.js';
import { accountOf, outcomeOf, sumsLeft } from './account.js';
import { type FaultOperation, OPERATIONS } from './operations.js';

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
    const before = accountOf(mm, prepared.files, operation.range);
    faults.clear();
    if (lasting) faults.failFrom(n);
    else faults.failAt(n);
    const error = prepared.run();
    const [call] = faults.hits;
    faults.clear();

    mt_validate(mm.mm_mt);
    validate_mm(mm);
    if (call !== undefined)
      failed = {
        call,
        outcome: outcomeOf(before, accountOf(mm, prepared.files, operation.range), error, mm, operation.range),
      };
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
