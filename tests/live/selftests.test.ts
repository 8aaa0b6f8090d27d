// SPDX-License-Identifier: GPL-2.0-only
/** Verdicts of two sides beside each other, and the table of the README; a few cases on the running kernel, if there is one. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { OUT_OF_REACH } from '../../dev/live/code_contents.js';
import type { FeatureName } from '../../dev/live/features.js';
import {
  codeDivergences,
  divergences,
  EXPLAINED,
  verdictsOf,
  withoutReach,
  withTable,
} from '../../dev/live/selftests.js';
import type { SelftestTable } from '../../dev/selftests/table.js';
import { ROOT, runNode } from '../house/project.js';
import { withLiveSide } from './side.js';

function verdicts(backend: string, ...results: [file: string, name: string, verdict: string][]) {
  return verdictsOf(
    results.map(([file, name, verdict]) => JSON.stringify({ file, name, backend, verdict, reason: '' })).join('\n'),
  );
}

const KNOWN = ['merge.c', 'merge.anon_and_page_offset_mismatch_memfd'] as const;

t.test('what goes another way is explained by what a probe found, or is to be explained', async (t) => {
  const port = verdicts(
    'port',
    ['a.c', 'same', 'pass'],
    ['a.c', 'other', 'pass'],
    [...KNOWN, 'pass'],
    ['a.c', 'gone', 'pass'],
  );
  const live = verdicts(
    'live',
    ['a.c', 'same', 'pass'],
    ['a.c', 'other', 'skip'],
    [...KNOWN, 'fail'],
    ['b.c', 'new', 'pass'],
  );
  const found = divergences(port, live, new Map<FeatureName, string>([['movedFile', 'as before']]));
  t.same(
    found.map(({ key, because }) => [key, because === null]),
    [
      ['a.c: other', true],
      ['merge.c: merge.anon_and_page_offset_mismatch_memfd', false],
      ['a.c: gone', true],
      ['b.c: new', true],
    ],
  );
  t.match(found[1]?.because, /as before/);
  const [unexplained] = divergences(port, live, new Map()).filter(({ key }) => EXPLAINED.has(key));
  t.equal(unexplained?.because, null, 'where the kernel does as the port, it explains nothing');
});

t.test("what the kernel's code cannot do as it is compiled is skipped, and explained; nothing else is", async (t) => {
  const reason = `${OUT_OF_REACH}: process_madvise()`;
  const result = { file: 'a.c', name: 'x', backend: "kernel's code", verdict: 'fail', reason } as const;
  t.equal(withoutReach(result).verdict, 'skip');
  t.equal(withoutReach({ ...result, reason: 'ASSERT_EQ' }).verdict, 'fail');
  t.match(withoutReach({ ...result, file: 'droppable.c', name: 'madvise(MADV_PAGEOUT) behavior', reason: '' }), {
    verdict: 'skip',
    reason: /nothing is reclaimed/,
  });
  const port = verdicts('port', ['a.c', 'x', 'pass'], ['a.c', 'y', 'pass']);
  const code = new Map([...verdicts('code', ['a.c', 'y', 'skip']), ['a.c: x', withoutReach(result)] as const]);
  t.same(
    codeDivergences(port, code).map(({ key, because }) => [key, because]),
    [
      ['a.c: x', reason],
      ['a.c: y', null],
    ],
  );
});

t.test('the README has the cases that there are', async (t) => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const { files }: SelftestTable = JSON.parse(readFileSync(join(ROOT, 'tests/selftests/table.json'), 'utf8'));
  for (const { file, in_c, run } of files) {
    t.match(readme, `| \`${file}\` | ${in_c} | ${run} | `, 'npm run live -- --selftests --record writes it anew');
  }
  t.notMatch(withTable(readme, '| new |'), `\`${files[0]?.file}\` |`);
  t.match(withTable(readme, '| new |'), /-->\n\n\| new \|\n\n<!-- end: selftests -->/);
  t.throws(() => withTable('no place', ''), /no place for the table/);
});

t.test('selftests run unchanged on the running kernel', async (t) => {
  withLiveSide(t, () => {
    const folder = mkdtempSync(join(tmpdir(), 'vma-userland-test-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const record = join(folder, 'record');
    const { status, stdout } = runNode(['dist/dev/run/run.js', 'tests/selftests/map_fixed_noreplace.test.ts'], {
      env: { VMA_SELFTEST_BACKEND: 'dist/dev/live/selftest_backend.js', VMA_SELFTEST_RECORD: record },
    });
    t.equal(status, 0, stdout);
    const results = [...verdictsOf(readFileSync(record, 'utf8')).values()];
    t.equal(results.length, 9);
    t.ok(results.every(({ backend, verdict }) => backend === 'live kernel' && verdict === 'pass'));
  });
});
