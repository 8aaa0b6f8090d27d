// SPDX-License-Identifier: GPL-2.0-only
/** What a run of tests leaves for the report, and that it leaves nothing when nobody asked. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { MOST_OBSERVED, MOST_STEPS, type RecordedTest } from '../../harness/recorder.js';
import { runNode } from '../house/project.js';

/** Runs tests that are written here, against what was compiled, and returns what was recorded. */
function record(t: Test, body: string): RecordedTest[] {
  const source = `
    import { test } from './dist/harness/index.js';
    import { mapRange, plainFile } from './dist/tests/mm/space.js';
    import { do_munmap, file, mk_vma_flags, mmap_region, VMA_READ_BIT, VMA_MAYREAD_BIT, VMA_SHARED_BIT, stubs } from './dist/lib/index.js';
    const READ = mk_vma_flags(VMA_READ_BIT, VMA_MAYREAD_BIT);
    const SHARED = mk_vma_flags(VMA_READ_BIT, VMA_MAYREAD_BIT, VMA_SHARED_BIT);
    const map = (f, start, pages) => mmap_region(f, start, pages * 0x1000, SHARED, 0, null);
    ${body}`;
  const path = join(t.testdir({}), 'recorded.json');
  const options = ['--enable-source-maps', '--input-type=module', '-e', source];
  const { status, stdout } = runNode(options, { env: { VMA_REPORT: path } });
  t.equal(status, 0, stdout);
  return JSON.parse(readFileSync(path, 'utf8'));
}

t.test('each change, with all fields of each VMA', async (t) => {
  const [recorded] = record(
    t,
    `test('changes', (t) => {
      mapRange(t, 0x10000, 0x14000);
      t.ASSERT_EQ(1, 1, 'nothing has changed');
      do_munmap(t.mm, 0x11000, 0x1000, null);
      t.ASSERT_EQ(t.mm.map_count, 2, 'a hole');
      t.unmapAll();
    });`,
  );
  t.equal(recorded?.name, 'changes');
  t.same(
    recorded?.steps.map(({ at, vmas }) => [at, ...vmas.map(({ id, start }) => `#${id} 0x${start.toString(16)}`)]),
    [['assertion mapped', '#1 0x10000'], ['assertion a hole', '#2 0x10000', '#3 0x12000'], ['the end of the test']],
  );
  const fields = Object.fromEntries(recorded?.steps[0]?.vmas[0]?.fields ?? []);
  t.match(fields, {
    vm_start: '0x10000',
    vm_end: '0x14000',
    vm_pgoff: '0x10',
    vm_ops: 'NULL',
    vm_file: 'NULL',
    anon_vma_chain: '0 links',
    vm_refcnt: '0x1',
    vm_mm: 'mm_struct #1',
    vm_userfaultfd_ctx: 'NULL',
    vm_page_prot: /^0x[0-9a-f]+$/,
    flags: /^0x[0-9a-f]+ rw-p may=rw-- account$/,
  });
  t.same(recorded?.steps[0]?.place, { file: 'tests/mm/space.ts', line: recorded?.steps[0]?.place?.line ?? -1 });
});

t.test('each operation begins where a step is, though nothing was asserted between', async (t) => {
  const [recorded] = record(
    t,
    `test('fails', (t) => {
      mmap_region(null, 0x10000, 0x4000, READ, 0x10, null);
      do_munmap(t.mm, 0x11000, 0x1000, null);
      t.unmapAll();
    });`,
  );
  t.same(
    recorded?.steps.map(({ at, vmas }) => [at, vmas.length]),
    [
      ['before do_munmap(start=0x11000, len=0x1000)', 1],
      ['before do_munmap(start=0x0, len=0x7ffffffff000)', 2],
      ['the end of the test', 0],
    ],
  );
});

t.test('calls of hooks: fakes, spies, and plain functions', async (t) => {
  const [recorded] = record(
    t,
    `test('hooks', (t) => {
      const mapped = t.sandbox.fake.returns(0);
      const vm_ops = { mapped, close() {}, open() {}, may_split: (_vma, addr) => (addr === 0x102000 ? -22 : 0) };
      const f = new file({ mmap_prepare: (desc) => { desc.vm_ops = vm_ops; return 0; } });
      t.sandbox.spy(vm_ops, 'open');
      t.ASSERT_EQ(map(f, 0x100000, 4), 0x100000);
      t.ASSERT_EQ(do_munmap(t.mm, 0x102000, 0x1000, null), -22);
      t.ASSERT_EQ(do_munmap(t.mm, 0x100000, 0x1000, null), 0);
      t.unmapAll();
      t.ASSERT_EQ(mapped.callCount, 1);
    });`,
  );
  t.same(
    recorded?.hooks.map(({ hook, args, returned, failed, step }) => [hook, args.join(', '), returned, failed, step]),
    [
      ['mmap_prepare', 'vm_area_desc #1 0x100000-0x104000', '0', false, 0],
      ['mapped', '0x100000, 0x104000, 0x0, file #1, Ref #1', '0', false, 1],
      ['may_split', 'VMA #1 0x100000-0x104000, 0x102000', '-EINVAL', true, 1],
      ['may_split', 'VMA #1 0x100000-0x104000, 0x101000', '0', false, 1],
      ['open', 'VMA #2 0x101000-0x104000', 'nothing', false, 1],
      ['close', 'VMA #1 0x100000-0x101000', 'nothing', false, 2],
      ['close', 'VMA #2 0x101000-0x104000', 'nothing', false, 3],
    ],
    'in order, none twice, arguments as they were then',
  );
  t.same(recorded?.hooks[1]?.range, { start: 0x100000, end: 0x104000, at: null });
  t.same(recorded?.hooks[2]?.range, { start: 0x100000, end: 0x104000, at: 0x102000 }, 'with the address of a split');
});

t.test('a stub that throws, one that has no address, and what has no name', async (t) => {
  const [recorded] = record(
    t,
    `test('stubs', (t) => {
      t.sandbox.stub(stubs, 'rlimit').throws(new Error('no limit'));
      t.throws(() => stubs.rlimit(3), 'no limit');
      const loose = t.sandbox.fake.returns(-12);
      t.ASSERT_EQ(loose(null, [1, 2], undefined, { a: 1 }, 3n, 'text', loose), -12);
    });`,
  );
  t.same(
    recorded?.hooks.map(({ hook, args, returned, range }) => [hook, args, returned, range]),
    [
      ['rlimit', ['0x3'], 'an exception: no limit', null],
      ['fake', ['NULL', '2 entries', 'nothing', '{ a }', '0x3', 'text', 'fake()'], '-ENOMEM', null],
    ],
  );
});

t.test('no more than anybody looks at, and it says so', async (t) => {
  const [long, wide] = record(
    t,
    `test('long', (t) => {
      for (let i = 0; i < ${MOST_STEPS + 5}; i++) {
        mapRange(t, 0x10000, 0x11000);
        t.unmapAll();
        t.ASSERT_EQ(t.mm.map_count, 0);
      }
    });
    test('wide', (t) => {
      for (let i = 0; i <= ${MOST_OBSERVED}; i++) mapRange(t, 0x10000 + i * 0x2000, 0x11000 + i * 0x2000);
      t.unmapAll();
    });`,
  );
  t.equal(long?.steps.length, MOST_STEPS);
  t.match(long?.notes, [/first 60 changes/]);
  t.match(wide?.notes.at(-1), /more than 64 VMAs/);
});

t.test('a test in a test has a timeline of its own, and the outer one goes on', async (t) => {
  const recorded = record(
    t,
    `const ops = { open() {}, close() {} };
    const f = new file({ mmap_prepare: (desc) => { desc.vm_ops = ops; return 0; } });
    test('outer', async (t) => {
      map(f, 0x100000, 1);
      t.subtest('inner', (s) => { map(f, 0x200000, 2); s.unmapAll(); });
      await t.settle();
      t.unmapAll();
    });`,
  );
  t.same(
    recorded.map(({ name, hooks }) => [
      name,
      ...hooks.map(({ hook, range }) => `${hook} ${range?.start.toString(16)}`),
    ]),
    [
      ['outer > inner', 'mmap_prepare 200000', 'close 200000'],
      ['outer', 'mmap_prepare 100000', 'close 100000'],
    ],
  );
});

t.test('a program that a test starts is not recorded', async (t) => {
  const recorded = record(
    t,
    `import { spawnSync } from 'node:child_process';
    const inner = "import { test } from './dist/harness/index.js'; test('inner', (t) => t.ASSERT_TRUE(true));";
    test('outer', (t) => {
      const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', inner]);
      t.ASSERT_EQ(status, 0);
    });`,
  );
  t.same(
    recorded.map(({ name }) => name),
    ['outer'],
  );
});

t.test('fakes of every kind are told of, once each, and restored', async (t) => {
  const [recorded] = record(
    t,
    `test('fakes', (t) => {
      const driver = { open() {}, close() { return 1; } };
      const { open } = driver;
      t.sandbox.spy(driver);
      driver.close();
      t.ASSERT_EQ(driver.close.callCount, 1);
      t.sandbox.restore();
      t.ASSERT_EQ(driver.open, open);
      const replaced = t.sandbox.replace(driver, 'open', t.sandbox.fake.returns(7));
      t.ASSERT_EQ(driver.open, replaced);
      t.ASSERT_EQ(driver.open(5), 7);
      t.ASSERT_TRUE(replaced.calledOnceWithExactly(5));
      const stub = t.sandbox.stub(driver, 'close').onFirstCall().returns(2);
      stub.withArgs(9).returns(3);
      t.ASSERT_EQ(driver.close(), 2);
      t.ASSERT_EQ(driver.close(9), 3);
    });`,
  );
  t.same(
    recorded?.hooks.map(({ hook, args, returned }) => [hook, args.join(), returned]),
    [
      ['close', '', '0x1'],
      ['fake', '0x5', '0x7'],
      ['close', '', '0x2'],
      ['close', '0x9', '0x3'],
    ],
  );
});

t.test('nothing is written, and hooks are left alone, unless somebody asked', async (t) => {
  const folder = t.testdir({});
  const source = `
    import { existsSync } from 'node:fs';
    import { test } from './dist/harness/index.js';
    import { file } from './dist/lib/index.js';
    test('hooks', (t) => {
      const mmap = () => 0;
      const f = new file({ mmap });
      t.ASSERT_EQ(f.f_op.mmap, mmap);
      t.ASSERT_EQ(process.env.VMA_REPORT, undefined);
    });`;
  const plain = runNode(['--input-type=module', '-e', source], { env: { VMA_REPORT: undefined } });
  t.equal(plain.status, 0, plain.stdout);
  t.notOk(existsSync(join(folder, 'recorded.json')));
});

t.test('a place that cannot be written to ends the run before a test', async (t) => {
  const path = join(t.testdir({}), 'nowhere/recorded.json');
  const source = `import { test } from './dist/harness/index.js'; test('a', (t) => t.ASSERT_TRUE(true));`;
  const { status, stdout, stderr } = runNode(['--input-type=module', '-e', source], { env: { VMA_REPORT: path } });
  t.not(status, 0);
  t.match(stdout + stderr, /ENOENT: no such file or directory, open '.*nowhere\/recorded\.json'/);
  t.notOk(existsSync(path));
});
