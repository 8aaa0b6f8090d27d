// SPDX-License-Identifier: GPL-2.0-only
/** `port tests` on tests whose VMAs have hooks that a split calls: fakes of the sandbox, and what is asserted of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ROOT } from '../house/project.js';
import { SMALL_TREE, Workshop } from './workshop.js';

const NAMES = ['split_calls_hooks', 'split_is_refused', 'open_of_nothing', 'two_splits'];

t.test('open and may_split of a split are fakes, and asked about', async (t) => {
  const workshop = new Workshop(t);
  const source = join(ROOT, 'tests/data/port/hooks/hooks.c');
  const { status, stdout, stderr } = workshop.translate('--kernel', SMALL_TREE, source);
  t.equal(status, 0, stdout + stderr);
  const compiled = workshop.compile();
  t.equal(compiled.status, 0, compiled.stdout);
  for (const bits of ['128', '64'] as const) {
    t.same(workshop.run('hooks', bits), { status: 0, results: NAMES.map((name) => `ok ${name}`) }, `${bits} bits`);
  }

  const text = readFileSync(join(workshop.folder, 'hooks.test.ts'), 'utf8');
  const [calls = '', refused = '', nothing = '', two = ''] = NAMES.map((name) => {
    const from = text.indexOf(`test('${name}'`);
    return text.slice(from, text.indexOf('\n});', from));
  });
  t.match(calls, 'const open = t.sandbox.fake(dummy_open);\n  const may_split = t.sandbox.fake(allow_split);');
  t.match(calls, 'const vm_ops = { open, may_split };');
  t.match(calls, "assert_called(open, 1, 'open is called once, for the new VMA');");
  t.match(calls, "assert_called_with(may_split, 'may_split is asked once', vma, 0x2000);");
  t.match(refused, "-EINVAL);\n  assert_called_with(may_split, 'may_split is asked once', vma, 0x2000);");
  t.match(nothing, "assert_called(open, 1, 'open is called once, for the new VMA');");
  t.match(two, '{ open: dummy_close, may_split: allow_split }');
  t.notMatch(two, /fake|assert_called/, 'where more than one split may call them nothing is claimed');
});
