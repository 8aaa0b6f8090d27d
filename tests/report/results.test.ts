// SPDX-License-Identifier: GPL-2.0-only
/** What the report makes of a run's TAP. */
import t from 'tap';
import { resultsOf } from '../../dev/report/results.js';

const TAP = `TAP version 14
# Subtest: first
    ok 1 - inner
    1..1
ok 1 - first # time=3.5ms

# Subtest: second \\# two
    # Subtest: inner
        not ok 1 - total
          ---
          values:
            found: "0x5"
            wanted: "0x17"
          before:
            - "   0x10000-0x14000 -|####| pgoff=0x10 rw-p may=rw-- account and so on and so on and so on"
          stackTrace:
            - at /somewhere/project/tests/a.test.ts:3:5
            - at /somewhere/project/node_modules/tap/index.js:1:1
          at:
            fileName: harness/vma_test.ts
          source: "tap.fail(message)"
          ...
        1..1
    not ok 1 - inner # time=3ms
    1..1
not ok 2 - second \\# two # time=1ms

ok 3 - third # SKIP why
not ok 4 - fourth # TODO later
# Subtest: fifth
    not ok 1 - equal
      ---
      diff: |
        -1
        +2
      at:
        fileName: file:///somewhere/project/tests/b.test.ts
      ...
    not ok 2 - known # TODO some day
    1..2
not ok 5 - fifth # time=2ms

not ok 6 - load tests/c.test.js
  ---
  error: cannot be loaded
  ...
not ok 7 - no reason given
1..7
`;

const results = resultsOf(TAP, '/somewhere/project/');

t.test('names, results, times, reasons', async (t) => {
  t.same(
    results.map(({ name, result, milliseconds, reason }) => [name, result, milliseconds, reason]),
    [
      ['first', 'ok', 3.5, ''],
      ['second # two', 'not ok', 1, ''],
      ['third', 'skip', null, 'why'],
      ['fourth', 'todo', null, 'later'],
      ['fifth', 'not ok', 2, ''],
      ['load tests/c.test.js', 'not ok', null, ''],
      ['no reason given', 'not ok', null, ''],
    ],
  );
});

t.test('failures, as text that a reader can use', async (t) => {
  const [first, second, , fourth, fifth, load, silent] = results.map(({ failures }) => failures);
  t.same(first, []);
  t.same(fourth, []);
  t.equal(second?.length, 1, 'the point that closes a test is no failure of its own');
  t.equal(second?.[0]?.path, 'second # two > inner > total');
  t.equal(
    second?.[0]?.diagnostics,
    [
      'values:',
      '  found: 0x5',
      '  wanted: 0x17',
      'before:',
      '     0x10000-0x14000 -|####| pgoff=0x10 rw-p may=rw-- account and so on and so on and so on',
      'stackTrace:',
      '  at tests/a.test.ts:3:5',
    ].join('\n'),
    'no line folded, no path of a machine, nothing of the harness',
  );
  t.same(fifth, [{ path: 'fifth > equal', diagnostics: 'diff:\n  -1\n  +2\nat:\n  fileName: tests/b.test.ts' }]);
  t.same(load, [{ path: 'load tests/c.test.js', diagnostics: 'error: cannot be loaded' }]);
  t.same(silent, [{ path: 'no reason given', diagnostics: '' }]);
});
