// SPDX-License-Identifier: GPL-2.0-only
/** docs/reference.md is what the doc comments say, and says all that a user of the harness looks for. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { referenceOf } from '../../dev/reference/reference.js';
import { ROOT } from '../house/project.js';

t.test('the reference is current: `npm run docs` makes it anew', async (t) => {
  const text = referenceOf(ROOT);
  t.ok(
    readFileSync(join(ROOT, 'docs/reference.md'), 'utf8') === text,
    'docs/reference.md follows from the doc comments',
  );
  for (const name of ['test', 'VmaTest', 'TestWorld', 'Faults', 'CheckedWorld', 'World']) {
    t.ok(new RegExp(`^### ${name}$`, 'm').test(text), name);
  }
  for (const member of [
    'subtest',
    'ASSERT_TRUE',
    'ASSERT_EQ',
    'ASSERT_LAYOUT',
    'fault',
    'newMm',
    'failAt',
    'failFrom',
    'fail',
  ]) {
    t.ok(new RegExp(`^- \`${member}\\(.*\`: \\S`, 'm').test(text), `${member}, in words`);
  }
  t.notOk(/^- `(?:private|#)/m.test(text));
});
