// SPDX-License-Identifier: GPL-2.0-only
/** What a timeline is made of: an axis on which nothing vanishes, what became of each VMA, lines of the test. */
import t from 'tap';
import type { RecordedVma } from '../../harness/recorder.js';
import { axisOf } from '../../tools/report/axis.js';
import { codeBefore, type ShownTimeline, timelineOf } from '../../tools/report/timeline.js';

type Range = [start: number, end: number];

function vmaOf([start, end]: Range, id: number): RecordedVma {
  return {
    start,
    end,
    pgoff: start / 0x1000,
    flags: '0x1',
    access: 'r--p',
    hasFile: false,
    hasAnonVma: false,
    id,
    fields: [],
  };
}

/** A timeline of these address spaces. */
function timelineFrom(...spaces: Range[][]): ShownTimeline {
  const steps = spaces.map((ranges) => ({
    at: 'assertion',
    place: null,
    operation: null,
    locks: [],
    vmas: ranges.map(vmaOf),
  }));
  return timelineOf({ steps, hooks: [], notes: [] }, () => []);
}

t.test('an axis in proportion', async (t) => {
  const { segments, inProportion } = axisOf([
    { start: 0x1000, end: 0x3000 },
    { start: 0x2000, end: 0x6000 },
  ]);
  t.ok(inProportion);
  t.same(
    segments.map(({ start, end, weight, cut }) => [start, end, weight, cut]),
    [
      [0x1000, 0x2000, 1, false],
      [0x2000, 0x3000, 1, false],
      [0x3000, 0x6000, 3, false],
    ],
  );
});

t.test('a gap as wide as the address space leaves the VMAs their room', async (t) => {
  const { segments, inProportion } = axisOf([
    { start: 0x1000, end: 0x3000 },
    { start: 0x7fff_ffff_0000, end: 0x7fff_ffff_1000 },
  ]);
  t.ok(inProportion);
  const [low, gap, high] = segments;
  t.same([low?.weight, high?.weight], [2, 1]);
  t.same([low?.cut, gap?.cut, high?.cut], [false, true, false]);
  t.ok(gap !== undefined && gap.weight <= 0.5, 'the gap is the smallest of the three');
  t.equal(gap?.pages, (0x7fff_ffff_0000 - 0x3000) / 0x1000);
});

t.test('VMAs that differ too much grow with the logarithm', async (t) => {
  const { segments, inProportion } = axisOf([
    { start: 0x1000, end: 0x2000 },
    { start: 0x4000, end: 0x4000_0000 },
  ]);
  t.notOk(inProportion);
  const [small, gap, large] = segments.map(({ weight }) => weight);
  t.ok(small !== undefined && large !== undefined && large > small && large < 32 * small, `${small} and ${large}`);
  t.ok(gap !== undefined && gap < 5);
  t.same(axisOf([]), { segments: [], inProportion: true });
});

t.test('a split, a merge, and what is neither', async (t) => {
  const { rows } = timelineFrom(
    [
      [0x1000, 0x4000],
      [0x8000, 0x9000],
    ],
    [
      [0x1000, 0x2000],
      [0x3000, 0x4000],
      [0x8000, 0x9000],
    ],
    [
      [0x1000, 0x4000],
      [0x8000, 0xa000],
    ],
    [
      [0x1000, 0x2000],
      [0x2000, 0x3000],
      [0x3000, 0x4000],
    ],
    [],
  );
  t.same(
    rows.map(({ joints }) => joints),
    [
      [],
      [{ kind: 'split', start: 0x2000, end: 0x3000 }],
      [{ kind: 'merge', start: 0x2000, end: 0x3000 }],
      [
        { kind: 'split', start: 0x2000, end: 0x2000 },
        { kind: 'split', start: 0x3000, end: 0x3000 },
      ],
      [],
    ],
  );
  t.same(
    rows.map(({ gone }) => gone.map(({ start, end }) => [start, end])),
    [
      [],
      [[0x2000, 0x3000]],
      [],
      [[0x8000, 0xa000]],
      [
        [0x1000, 0x2000],
        [0x2000, 0x3000],
        [0x3000, 0x4000],
      ],
    ],
  );
  t.same(
    rows.map(({ vmas }) => vmas.map(({ became }) => became)),
    [
      ['mapped', 'mapped'],
      ['one of 2 after a split', 'one of 2 after a split', 'as before'],
      ['merged from 2', 'grown'],
      ['one of 3 after a split', 'one of 3 after a split', 'one of 3 after a split'],
      [],
    ],
  );
  t.same(
    rows[1]?.links,
    [
      { from: 0, to: 0, start: 0x1000, end: 0x2000 },
      { from: 0, to: 1, start: 0x3000, end: 0x4000 },
      { from: 1, to: 2, start: 0x8000, end: 0x9000 },
    ],
    'each part from where its addresses were',
  );
  t.same(
    rows[1]?.vmas.map(({ changed }) => changed),
    [true, true, false],
  );
});

t.test('other changes of one VMA', async (t) => {
  const { rows } = timelineFrom([[0x2000, 0x5000]], [[0x2000, 0x4000]], [[0x1000, 0x3000]]);
  t.same(
    rows.flatMap(({ vmas }) => vmas.map(({ became }) => became)),
    ['mapped', 'shrunk', 'moved'],
  );
  const steps = ['r--p', 'rw-p'].map((access, i) => ({
    at: 'assertion',
    place: null,
    operation: null,
    locks: [],
    vmas: [{ ...vmaOf([0x1000, 0x2000], 1), access, flags: `0x${i + 1}` }],
  }));
  const changed = timelineOf({ steps, hooks: [], notes: ['a note'] }, () => []);
  t.equal(changed.rows[1]?.vmas[0]?.became, 'changed');
  t.same(changed.notes, ['a note']);
});

t.test('calls stand between the steps they were made between, and have their place on the axis', async (t) => {
  const call = { hook: 'open', args: [], returned: 'nothing', failed: false };
  const hooks = [
    { ...call, step: 0, range: { start: 0x1000, end: 0x2000, at: null } },
    { ...call, step: 1, range: null },
    { ...call, step: 2, range: { start: 0x8000, end: 0x9000, at: null } },
  ];
  const steps = [1, 2].map((id) => ({
    at: 'assertion',
    place: null,
    operation: null,
    locks: [],
    vmas: [vmaOf([0x1000, 0x3000], id)],
  }));
  const { rows, callsAfter, axis } = timelineOf({ steps, hooks, notes: [] }, () => []);
  t.same(
    rows.map(({ calls }) => calls.length),
    [1, 1],
  );
  t.equal(callsAfter.length, 1, 'after the last step');
  t.equal(axis.segments.at(-1)?.end, 0x9000, 'of a call as well');
});

t.test('lines of the test that led to a step', async (t) => {
  const lines = ["test('one', (t) => {", '  first();', '', '    second();', '  third();', '});'];
  const at = (line: number) => ({ file: 'tests/a.test.ts', line });
  t.same(codeBefore(lines, at(2), null), ["test('one', (t) => {", '  first();'], 'from the head of the test');
  t.same(codeBefore(lines, at(5), at(2)), ['', '  second();', 'third();'], 'from the step before, less its indent');
  t.same(codeBefore(lines, at(2), at(4)), ['first();'], 'backwards, as in a loop');
  t.same(codeBefore(lines, at(4), { file: 'tests/b.test.ts', line: 1 }), ['second();'], 'in another file');
  const long = Array.from({ length: 100 }, (_, i) => `line(${i + 1});`);
  t.same(codeBefore(long, at(90), null), ['line(90);'], 'no head near');
  t.equal(codeBefore(long, at(90), at(10)).length, 16, 'no more than anybody reads');
  t.same(codeBefore([], at(3), null), [], 'a file that is not there');
});
