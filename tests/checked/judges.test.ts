// SPDX-License-Identifier: GPL-2.0-only
/** Judges of what an operation leaves, one by one, up to the page where they change their mind. */
import sinon from 'sinon';
import t from 'tap';
import {
  chargedStacks,
  drifted,
  driftOf,
  foreignFields,
  lostSticky,
  movedAnon,
  movedOffsets,
  overlaps,
  tooMany,
  unmarked,
} from '../../harness/checked/judges.js';
import { crowded, overLimit, unknownError, unsealed } from '../../harness/checked/promises.js';
import { hasBit, hasSameFlags, Spaces, sharedCharge, sumsOf } from '../../harness/checked/spaces.js';
import { S_PRIVATE } from '../../include/linux/fs.js';
import {
  anon_vma,
  file,
  globals,
  mk_vma_flags,
  mm_struct,
  stubs,
  ULONG_MAX,
  VMA_ACCOUNT_BIT,
  VMA_EXEC_BIT,
  VMA_GROWSDOWN_BIT,
  VMA_LOCKED_BIT,
  VMA_MAYBE_GUARD_BIT,
  VMA_NORESERVE_BIT,
  VMA_READ_BIT,
  VMA_SEALED_BIT,
  VMA_SHARED_BIT,
  VMA_STACK_BIT,
  VMA_WRITE_BIT,
  vm_area_struct,
} from '../../lib/index.js';
import { BASE, bits, changed, P, spaces, state } from './states.js';

t.test('what changed without a write mark', async (t) => {
  const was = state();
  const says = (over: Parameters<typeof changed>[1]): string =>
    unmarked(spaces(was), spaces(changed(was, over)), new Set()).join();
  t.equal(says({}), '');
  const without = (field: string): string => `write mark: VMA 0x10000-0x14000 changed its ${field} without one`;
  t.equal(says({ start: BASE - P }), without('range'));
  t.equal(says({ end: BASE + P }), without('range'));
  t.equal(says({ pgoff: 1 }), without('page offset'));
  t.equal(says({ anon_pgoff: 1 }), without('page offset'));
  t.equal(says({ flags: bits(VMA_WRITE_BIT) }), without('flags'));
  t.equal(says({ flags: bits(70) }), without('flags'));
  t.equal(says({ flags: bits(VMA_MAYBE_GUARD_BIT) }), '', 'this one is set under the read lock');
  t.equal(says({ page_prot: { pgprot: 99n } as never }), without('protection'));
  t.same(unmarked(spaces(was), spaces(changed(was, { end: BASE })), new Set([was.vma])), []);
  t.same(unmarked(spaces(was), spaces(state()), new Set()), [], 'another VMA');
});

t.test('fields that no hook was asked for', async (t) => {
  const was = state();
  const now = changed(was, { ops: {}, private_data: 1, file: new file() });
  const other = (field: string): string => `VMA 0x10000-0x14000 was there before, and has another ${field} now`;
  t.same(foreignFields(spaces(was), spaces(now), new Set()), ['vm_ops', 'vm_private_data', 'vm_file'].map(other));
  t.same(foreignFields(spaces(was), spaces(now), new Set([was.vma])), []);
  t.same(foreignFields(spaces(was), spaces(was), new Set()), []);
});

t.test('anon_vmas that come and go', async (t) => {
  const [a, b] = [new anon_vma(), new anon_vma()];
  const says = (from: anon_vma | null, to: anon_vma | null, over = {}, knows = true): string => {
    const was = state({ anon: from });
    return movedAnon(spaces(was), spaces(changed(was, { anon: to, ...over })), () => knows).join();
  };
  t.equal(says(a, a), '');
  t.equal(says(a, null), 'rmap: VMA 0x10000-0x14000 lost its anon_vma');
  t.equal(says(a, b), 'rmap: VMA 0x10000-0x14000 has another anon_vma');
  t.equal(says(null, a), 'rmap: VMA 0x10000-0x14000 did not grow, and has an anon_vma now');
  t.equal(says(null, a, { end: BASE + 5 * P }), '');
  t.equal(says(null, a, { start: BASE - P }), '');
  t.equal(says(null, a, { start: BASE + P, end: BASE + 2 * P }).length > 0, true, 'it shrank');
  t.equal(says(a, b, {}, false), '', 'of a test’s own');
});

t.test('sums: what each VMA counts as, and how far counters are from it', async (t) => {
  const vma = (...flags: readonly number[]): ReturnType<typeof state> => {
    const one = new vm_area_struct();
    [one.vm_start, one.vm_end, one.flags] = [BASE, BASE + 2 * P, mk_vma_flags(...flags)];
    return state({ vma: one });
  };
  const none = { total_vm: 2, locked_vm: 0, data_vm: 0, exec_vm: 0, stack_vm: 0, accounted: 0 };
  t.same(sumsOf([vma()]), none);
  t.same(sumsOf([vma(VMA_LOCKED_BIT)]), { ...none, locked_vm: 2 });
  t.same(sumsOf([vma(VMA_ACCOUNT_BIT)]), { ...none, accounted: 2 });
  t.same(sumsOf([vma(VMA_STACK_BIT, VMA_WRITE_BIT)]), { ...none, stack_vm: 2 });
  t.same(sumsOf([vma(VMA_EXEC_BIT)]), { ...none, exec_vm: 2 });
  t.same(sumsOf([vma(VMA_WRITE_BIT)]), { ...none, data_vm: 2 });
  t.same(sumsOf([vma(VMA_WRITE_BIT, VMA_EXEC_BIT)]), { ...none, data_vm: 2 });
  t.same(sumsOf([vma(VMA_WRITE_BIT, VMA_SHARED_BIT)]), none);
  t.same(sumsOf([vma(VMA_LOCKED_BIT), vma(VMA_LOCKED_BIT)]), { ...none, total_vm: 4, locked_vm: 4 });

  const mm = new mm_struct();
  const far = driftOf(mm, spaces());
  t.same(far, { total_vm: 0, locked_vm: 0, data_vm: 0, exec_vm: 0, stack_vm: 0 });
  mm.total_vm = ULONG_MAX;
  mm.locked_vm = 3;
  t.same(driftOf(mm, spaces()), { ...far, total_vm: -1, locked_vm: 3 });
  t.same(drifted(far, driftOf(mm, spaces()), ['total_vm', 'locked_vm', 'data_vm']), [
    'sums: total_vm is 1 pages too few for the VMAs',
    'sums: locked_vm is 3 pages too many for the VMAs',
  ]);
});

t.test('flags of all words are compared, and found', async (t) => {
  for (const bit of [0, 31, 32, 63, 64, 127]) {
    const one = state({ flags: bits(bit) });
    t.ok(hasBit(one, bit), `${bit}`);
    t.notOk(hasBit(one, (bit + 1) % 128));
    t.notOk(hasSameFlags(one, state()), `${bit}`);
    t.ok(hasSameFlags(one, state({ flags: bits(bit) })));
  }
});

t.test('shared memory is charged once, with its file', async (t) => {
  const shared = new file();
  shared.f_inode.i_flags = S_PRIVATE;
  shared.f_inode.i_size = 3 * P;
  t.equal(sharedCharge([state({ file: shared }), state({ file: shared })]), 3);
  t.equal(sharedCharge([state({ file: new file() }), state()]), 0);
  const free = new vm_area_struct();
  free.flags = mk_vma_flags(VMA_NORESERVE_BIT);
  t.equal(sharedCharge([state({ vma: free, file: shared })]), 0);
});

t.test('an address space that cannot be read is said to be broken', async (t) => {
  t.notOk(new Spaces([], () => null).broken);
  const mm = new mm_struct();
  Object.defineProperty(mm, 'mm_mt', { value: null });
  t.ok(new Spaces([mm], () => null).broken);
});

t.test('what was, and is', async (t) => {
  const [a, b] = [state({ end: BASE + 2 * P }), state({ start: BASE + 3 * P, end: BASE + 5 * P })];
  const over = (start: number, end: number, from = 0, to = 0): string[] =>
    overlaps([a, b], [state({ start: BASE + start * P, end: BASE + end * P })], BASE + from * P, BASE + to * P).map(
      ([was, , first, last]) => `${was === a ? 'a' : 'b'} ${(first - BASE) / P}-${(last - BASE) / P}`,
    );
  t.same(over(0, 5), ['a 0-2', 'b 3-5']);
  t.same(over(1, 4), ['a 1-2', 'b 3-4']);
  t.same(over(2, 3), []);
  t.same(over(-2, 0), []);
  t.same(over(5, 6), []);
  t.same(over(0, 5, 0, 5), [], 'all of it was asked for');
  t.same(over(0, 5, 0, 2), ['b 3-5']);
  t.same(over(0, 5, 3, 5), ['a 0-2']);
  t.same(over(0, 5, 1, 4), ['a 0-2', 'b 3-5']);
  const two = [state({ end: BASE + P }), state({ start: BASE + P, end: BASE + 5 * P })];
  t.equal(overlaps([a, b], two, 0, 0).length, 3, 'each with each');
});

t.test('offsets, files and flags that stick', async (t) => {
  const was = state();
  const moved = (over: Parameters<typeof changed>[1]): string => movedOffsets([was], [changed(was, over)], 0, 0).join();
  t.equal(moved({}), '');
  t.equal(moved({ start: BASE + P, pgoff: was.pgoff + 1, anon_pgoff: was.anon_pgoff + 1 }), '');
  t.match(moved({ pgoff: was.pgoff + 1 }), /another page offset in VMA/);
  t.match(moved({ anon_pgoff: was.anon_pgoff + 1 }), /another page offset in VMA/);
  t.match(moved({ file: new file() }), /^offsets: 0x10000-0x14000 was of VMA 0x10000-0x14000 and has another file in/);
  const sticky = state({ flags: bits(VMA_MAYBE_GUARD_BIT, VMA_READ_BIT) });
  const lost = (flags: readonly number[], over = {}): string =>
    lostSticky([sticky], [changed(sticky, { flags: bits(...flags), ...over })], 0, 0).join();
  t.equal(lost([VMA_MAYBE_GUARD_BIT]), '');
  t.equal(lost([VMA_READ_BIT]), 'flags: 0x10000-0x14000 lost one that sticks, in VMA 0x10000-0x14000');
  t.equal(lost([], { file: new file() }), '', 'mapped anew');
  t.same(lostSticky([state()], [sticky], 0, 0), []);
});

function stackVma(start: number, end: number, ...more: readonly number[]) {
  const vma = new vm_area_struct();
  [vma.vm_start, vma.vm_end, vma.flags] = [start, end, mk_vma_flags(VMA_GROWSDOWN_BIT, ...more)];
  return state({ vma, start, end, flags: bits(VMA_GROWSDOWN_BIT, ...more) });
}

t.test('stacks that grew, what of it was new, and what lies below', async (t) => {
  const was = stackVma(BASE + 8 * P, BASE + 10 * P);
  const now = changed(was, { start: BASE + 5 * P });
  const grown = (before: readonly ReturnType<typeof state>[], after = [now]): number =>
    chargedStacks(spaces(...before), spaces(...after));
  t.equal(grown([was]), 3);
  t.equal(grown([was], [was]), 0);
  t.equal(grown([was], [changed(was, { start: BASE + 9 * P })]), 0, 'it shrank');
  t.equal(grown([was, state({ start: BASE + 6 * P, end: BASE + 7 * P })]), 2, 'a part was there');
  t.equal(grown([was, state({ start: BASE + 4 * P, end: BASE + 6 * P })]), 2);
  t.equal(grown([was, state({ start: BASE, end: BASE + 5 * P })]), 3);
  const accounted = stackVma(BASE + 8 * P, BASE + 10 * P, VMA_ACCOUNT_BIT);
  t.equal(grown([accounted], [changed(accounted, { start: BASE + 5 * P })]), 0);
  const plain = state({ start: BASE + 8 * P });
  t.equal(grown([plain], [changed(plain, { start: BASE })]), 0, 'no stack');

  const gap = globals.stack_guard_gap;
  const top = BASE + gap + 8 * P;
  const stack = stackVma(top, top + P);
  const says = (below: ReturnType<typeof state>, start: number, known = below): string =>
    crowded(spaces(known, stack), spaces(below, changed(stack, { start }))).join();
  const below = state({ end: BASE + P, flags: bits(VMA_READ_BIT) });
  t.equal(says(below, BASE + P + gap), '', 'as near as it may be');
  t.match(
    says(below, BASE + gap),
    /^limits: the stack at 0x[0-9a-f]+ is 0x[0-9a-f]+ bytes away from VMA 0x10000-0x11000$/,
  );
  t.equal(says(below, top), '', 'it did not grow');
  t.match(says({ ...below, flags: bits(VMA_EXEC_BIT) }, BASE + gap), /^limits/);
  t.equal(says({ ...below, flags: bits() }, BASE + gap), '', 'nobody can touch it');
  t.equal(says({ ...below, flags: bits(VMA_READ_BIT, VMA_GROWSDOWN_BIT) }, BASE + gap), '', 'a stack as well');
  const taken = state({ start: top - 2 * P, end: top });
  t.same(crowded(spaces(below, taken, stack), spaces(below, changed(stack, { start: top - 2 * P }))), []);
  const near = state({ start: BASE, end: top - 3 * P, flags: bits(VMA_READ_BIT) });
  const tookIn = (end: number): number =>
    crowded(
      spaces(near, state({ start: top - 2 * P, end }), stack),
      spaces(near, changed(stack, { start: top - 2 * P })),
    ).length;
  t.equal(tookIn(top - P), 0, 'what it took in was as near');
  t.equal(crowded(spaces(near, stack), spaces(near, changed(stack, { start: top - 2 * P }))).length, 1);
});

t.test('sealed memory', async (t) => {
  const was = state({ flags: bits(VMA_SEALED_BIT, VMA_READ_BIT) });
  const says = (...now: readonly ReturnType<typeof state>[]): string => unsealed([was], now).join();
  const lost = 'sealed: VMA 0x10000-0x14000 was sealed, and is not what it was';
  t.equal(says(was), '');
  t.equal(says(), lost);
  t.equal(says(changed(was, { end: BASE + 3 * P })), lost, 'a part is gone');
  const [left, right] = [changed(was, { end: BASE + P }), changed(was, { start: BASE + P, pgoff: was.pgoff + 1 })];
  t.equal(says(left, right), '', 'two halves');
  t.equal(says(left, changed(right, { start: BASE + 2 * P, pgoff: was.pgoff + 2 })), lost, 'with a hole');
  t.equal(says(changed(was, { flags: bits(VMA_READ_BIT) })), lost, 'no longer sealed');
  t.equal(says(changed(was, { flags: bits(VMA_SEALED_BIT, VMA_READ_BIT, VMA_WRITE_BIT) })), lost);
  t.equal(says(changed(was, { flags: bits(VMA_SEALED_BIT, VMA_READ_BIT, VMA_LOCKED_BIT) })), '');
  t.equal(says(changed(was, { pgoff: 0 })), lost);
  t.equal(says(changed(was, { file: new file() })), lost);
  t.same(unsealed([state()], []), []);
});

t.test('limits, and errors that no program knows', async (t) => {
  sinon.stub(stubs, 'rlimit').returns(10 * P);
  const capable = sinon.stub(stubs, 'capable').returns(false);
  t.teardown(() => sinon.restore());
  const mm = new mm_struct();
  const says = (total_vm: number, locked_vm: number, before = { total_vm: 0, locked_vm: 0 }): string => {
    Object.assign(mm, { total_vm, locked_vm });
    return overLimit(mm, before).join();
  };
  t.equal(says(10, 10), '');
  t.equal(says(11, 0), 'limits: 11 pages are mapped, where RLIMIT_AS allows 10');
  t.equal(says(0, 11), 'limits: 11 pages are locked, where RLIMIT_MEMLOCK allows 10');
  t.equal(says(12, 12, { total_vm: 12, locked_vm: 12 }), '', 'it was so before');
  t.equal(says(ULONG_MAX - 1, 0), '');
  t.match(says(ULONG_MAX / 4, 0), /^limits/);
  capable.returns(true);
  t.equal(says(0, 11), '');

  for (const known of [-1, -516, -531, -4095, 0, 517, null]) t.same(unknownError('f', known), [], String(known));
  for (const unknown of [-517, -530]) {
    t.same(unknownError('f', unknown), [`errno: f() answers ${unknown}, which no program knows`]);
  }
  const most = globals.sysctl_max_map_count;
  t.same(tooMany(0, most + 1), []);
  t.same(tooMany(most + 2, most + 2), []);
  t.same(tooMany(0, most + 2), [`limits: ${most + 2} VMAs, where ${most} are allowed`]);
});
