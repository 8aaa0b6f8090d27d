// SPDX-License-Identifier: GPL-2.0-only
/** TAP as the kernel's own format. */
import t from 'tap';
import { ktapOf } from '../../dev/run/ktap.js';
import { runNode } from './project.js';

t.test('levels, plans, directives and diagnostics', async (t) => {
  const tap = [
    'TAP version 14',
    '# Subtest: outer',
    '    # Subtest: inner',
    '        ok 1 - a',
    '        not ok 2 - b',
    '          ---',
    '          values:',
    '            found: "0x5"',
    '          ...',
    '        1..2',
    '    not ok 1 - inner # time=3.2ms',
    '    1..1',
    'not ok 1 - outer # time=4ms',
    '',
    'ok 2 - left out # SKIP filter',
    '# a remark',
    '1..2',
    '',
  ].join('\n');
  t.same(ktapOf(tap).split('\n'), [
    'KTAP version 1',
    '1..2',
    '  KTAP version 1',
    '  1..1',
    '    KTAP version 1',
    '    1..2',
    '    ok 1 a',
    '    not ok 2 b',
    '    # values:',
    '    #   found: "0x5"',
    '  not ok 1 inner',
    'not ok 1 outer',
    'ok 2 left out # SKIP filter',
    '# a remark',
    '',
  ]);
});

t.test('upstream’s tests', async (t) => {
  const { status, stdout } = runNode(['dist/dev/run/run.js', '--upstream', '--ktap', '--bits', '128']);
  t.equal(status, 0);
  t.match(stdout, /^KTAP version 1\n1\.\.27\n {2}KTAP version 1\n {2}1\.\.2\n/);
  t.equal(stdout.match(/^ok \d+ \w+$/gm)?.length, 27);
  t.notMatch(stdout, /^ *(?:not )?ok \d+ - |^TAP version|# time=/m);
});
