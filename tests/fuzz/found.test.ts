// SPDX-License-Identifier: GPL-2.0-only
/** In a world that forgets something, random operations find it: the finding is shortened, drawn, and stays the same. */
import sinon from 'sinon';
import t, { type Test } from 'tap';
import { fuzz, printFinding, runProgram, shorten } from '../../dev/fuzz/run.js';
import { CheckedWorld } from '../../harness/checked/world.js';
import type { Stubs } from '../../stubs/stubs.js';

/** Worlds from here on have these in place of their own stubs. */
function breakWorlds(test: Test, broken: Partial<Stubs>): void {
  const { worldOptions } = CheckedWorld.prototype;
  const stub = sinon.stub(CheckedWorld.prototype, 'worldOptions').callsFake(function (this: CheckedWorld) {
    const options = worldOptions.call(this);
    return { ...options, stubs: { ...options.stubs, ...broken } };
  });
  test.teardown(() => stub.restore());
}

t.test('what an operation does wrong is found where it is done, and shortened to little else', async (t) => {
  breakWorlds(t, { vma_start_write: () => {} });
  const found = fuzz(1, 200);
  if (found === null) throw new Error('nothing was found');
  t.ok(found.operations >= found.lines.length);
  t.match(found.complaints[0], /is not held for writing|without a write mark/);
  const short = shorten(found);
  t.ok(short.lines.length <= 3 && short.lines.length <= found.lines.length, short.lines.join('; '));
  const kindOf = (text = ''): string => text.replace(/0x[0-9a-f]+|\d+/g, 'N').slice(0, 40);
  t.equal(kindOf(short.complaints[0]), kindOf(found.complaints[0]), 'it is the same');
  const printed = printFinding(short);
  t.match(printed, /^\w+ \d/);
  t.match(printed, /before the last line.*:\n[\s\S]*after it.*:\n/);
  t.ok(printed.endsWith(short.complaints.join('\n')));
  t.not(runProgram(short, true), null, 'and is found without places as well');
});

t.test('what is left at the end is found there', async (t) => {
  breakWorlds(t, { fput: () => {} });
  const lines = ['map_file 0 1 2 3 4 5 6 7'];
  const finding = runProgram({ kind: 'functions', lines });
  t.match(finding?.complaints.join('\n'), /^files: 0 references on a file were taken, where -1 VMAs more map it/);
  t.same(finding?.lines, lines, 'all of it was carried out');
});

t.test('processes are made until there are enough, and a stack that cannot be made leaves none', async (t) => {
  const lines = [
    ...Array.from({ length: 12 }, () => 'fork 0 1 2 3'),
    ...Array.from({ length: 12 }, () => 'exec 0 1 2 3'),
    ...Array.from({ length: 30 }, () => 'exit 0'),
    'exec 0 fail-from=1',
    'fork 0 fail-from=1',
    'map_anon 0 1 2 3',
  ];
  t.equal(runProgram({ kind: 'functions', lines }), null);
});

t.test('drivers answer by the numbers of a line, in every way that they have, and where it has too few', async (t) => {
  const many = Array.from({ length: 150 }, (_, i) => [1, 2, 3, 4, 5, 6, 7, 8].map((k) => i * k));
  const few = Array.from({ length: 40 }, (_, i) => [i]);
  const lines = [...many, ...few].map((numbers) => `map_file 0 ${numbers.join(' ')}`);
  t.equal(runProgram({ kind: 'functions', lines }), null);
});
