// SPDX-License-Identifier: GPL-2.0-only
/**
 * The matrix that `npm run review` prints is the one that the review was about: a detector that stops to detect, or a
 * revision that gains or loses a defect, fails here. And the hooks of actions that each revision has.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { DEFECTS } from '../../dev/review/defects.js';
import { type Cell, formatMatrix, reportsOf, runMatrix, shortReport, worldOf } from '../../dev/review/matrix.js';
import { hooksOf, REVISIONS } from '../../dev/review/revisions/index.js';
import {
  do_munmap,
  file,
  mk_vma_flags,
  mmap_action_remap_full,
  mmap_region,
  PAGE_SIZE,
  stubs,
  VMA_READ_BIT,
  VMA_SHARED_BIT,
  type vm_area_desc,
} from '../../lib/index.js';

/** Defect by revision, in the order of DEFECTS: v1, v2, v3, 7.2, 7.3. */
const WANTED: readonly (readonly string[])[] = [
  ['NULL dereference: mapped', 'clean', 'clean', 'clean', 'clean'],
  ['NULL dereference: mapped', 'clean', 'clean', 'clean', 'clean'],
  ['use after free: vm_private_data', 'clean', 'clean', 'clean', 'clean'],
  // Neither 7.2 nor 7.3 asserts it: what do_munmap() locks first objects, as in v1.
  ['refused late', 'clean', 'clean', 'refused late', 'refused late'],
  ['use after free: vm_file', 'use after free: vm_file', 'clean', 'clean', 'clean'],
  ['deadlock: i_mmap_rwsem', 'deadlock: i_mmap_rwsem', 'clean', 'clean', 'clean'],
  ['clean', 'clean', 'not held: i_mmap_rwsem', 'clean', 'clean'],
  ['WARN: vma_assert_attached', 'WARN: vma_assert_attached', 'WARN: vma_assert_attached', 'clean', 'clean'],
  ['WARN: __vma_check_mmap_hook', 'WARN: __vma_check_mmap_hook', 'WARN: __vma_check_mmap_hook', 'clean', 'clean'],
];

t.test('each revision has the defects that the review found in it, and no others', async (t) => {
  const cells: Cell[] = runMatrix();
  for (const [i, { name }] of DEFECTS.entries()) {
    const row = cells.filter(({ defect }) => defect === name).map(({ report }) => shortReport(report));
    t.same(row, WANTED[i], name);
  }
  const other = cells.filter(({ expected }) => !expected);
  t.same(other, [], 'the first report of each cell is of the defect that its row is about');
  t.equal(cells.length, WANTED.length * REVISIONS.length);
});

t.test('the merged revisions have nothing at all reported but the assertions of locks that come late', async (t) => {
  const merged = REVISIONS.slice(-2);
  t.same(
    merged.map(({ name }) => name),
    ['7.2', '7.3'],
  );
  for (const revision of merged) {
    for (const defect of DEFECTS) {
      const reports = reportsOf(defect, revision);
      const wanted = defect.right === undefined ? [] : [/^lock assertion.* vms_gather_munmap_vmas/, /^lock assertion/];
      t.match(reports, wanted, `${revision.name}: ${defect.name}`);
      t.equal(reports.length, wanted.length);
    }
  }
});

t.test('the reports name where the object came from and where it went', async (t) => {
  const report = runMatrix().find(({ defect, revision }) => defect.startsWith('VMA used') && revision === 'v1')?.report;
  t.match(report, /allocated at .*vma_init\.ts:\d+.*; freed at .*vma_init\.ts:\d+/);
});

t.test('the README shows what the command prints', async (t) => {
  const readme = readFileSync(fileURLToPath(new URL('../../../README.md', import.meta.url)), 'utf8');
  const [, shown] = /^## The review, replayed$.*?^```\n(.*?)^```$/ms.exec(readme) ?? [];
  t.equal(shown, formatMatrix(runMatrix()));
});

t.test('an error_hook of the posted revisions that loses the error is reported', async (t) => {
  for (const revision of REVISIONS.filter(({ actionHooks }) => actionHooks)) {
    const world = worldOf(revision);
    world.sandbox.stub(stubs, 'remap_pfn_range_ptes').returns(-12);
    // What was unmapped is then taken for a mapping.
    const lost = (): number => mapWith(({ action }) => Object.assign(hooksOf(action), { error_hook: () => 0 }));
    t.throws(lost, /^use after free/, revision.name);
    t.match(world.leave()[0], /^WARN: mmap_action_finish: error_hook made a success of an error/, revision.name);
  }
});

t.test('the command prints the matrix, or all reports as JSON, and refuses other arguments', async (t) => {
  const main = fileURLToPath(new URL('../../dev/review/review.js', import.meta.url));
  const run = (...args: string[]): string => execFileSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  const table = run();
  t.equal(table.split('\n').length, DEFECTS.length + 3, 'a heading, a rule, a row each');
  t.match(table, /\| defect +\| v1 +\| v2 +\| v3 +\| 7\.2 +\| 7\.3 +\|/);
  t.equal(JSON.parse(run('--json')).cells.length, DEFECTS.length * REVISIONS.length);
  t.equal(spawnSync(process.execPath, [main, '--nonsense']).status, 2);
});

const START = 0x100000;

function mapWith(ask: (desc: vm_area_desc) => void): number {
  const f = new file({
    mmap_prepare: (desc) => {
      desc.vm_ops = {};
      mmap_action_remap_full(desc, 0x77);
      ask(desc);
      return 0;
    },
  });
  return mmap_region(f, START, PAGE_SIZE, mk_vma_flags(VMA_READ_BIT, VMA_SHARED_BIT), 0, null);
}

for (const revision of REVISIONS) {
  const has = revision.actionHooks;
  t.test(
    `${revision.name}: ${has ? 'success_hook and error_hook' : 'error_override'} at the end of an action`,
    async (t) => {
      const world = worldOf(revision);
      try {
        const { sandbox } = world;
        const success_hook = sandbox.fake.returns(0);
        const error_hook = sandbox.fake.returns(-7);
        const ask = (desc: vm_area_desc): void => {
          if (has) Object.assign(hooksOf(desc.action), { success_hook, error_hook });
          else desc.action.error_override = -7;
        };

        t.equal(mapWith(ask), START);
        t.equal(success_hook.callCount, has ? 1 : 0);
        do_munmap(world.mm, START, PAGE_SIZE, null);

        sandbox.stub(stubs, 'remap_pfn_range_ptes').returns(-12);
        t.equal(mapWith(ask), -7);
        t.equal(error_hook.callCount, has ? 1 : 0);
        if (has) t.ok(error_hook.calledOnceWithExactly(-12), 'it is given the error');
        t.equal(world.mm.map_count, 0);
      } finally {
        t.same(world.leave(), []);
      }
    },
  );
}
