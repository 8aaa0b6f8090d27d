// SPDX-License-Identifier: GPL-2.0-only
/** The traces that VMA_TRACE=1 writes: replayed, each ends in the address space that the test ended in. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runNode } from '../house/project.js';
import { notesOf, readTraces, replayedEnd, runTraced, sampleTest } from './sample.js';

/** Runs a sample on the harness's own stubs, where nothing need be given back. */
function traced(t: Test, body: string): { notes: string[]; traces: Map<string, string>; stdout: string } {
  const dir = t.testdir({ 'sample.test.js': sampleTest(body) });
  const folder = join(dir, 'traces');
  const { status, stdout, stderr } = runTraced([dir], { VMA_STUBS: 'upstream', VMA_TRACE_DIR: folder });
  t.equal(status, 0, stdout + stderr);
  return { notes: notesOf(stdout), traces: existsSync(folder) ? readTraces(folder) : new Map(), stdout };
}

/** Lines of a trace that are carried out. */
function lines(trace = ''): string[] {
  return trace.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** The sample's one trace, which must end as the test noted. */
function endsAsNoted(t: Test, body: string): string {
  const { notes, traces } = traced(t, `test('sample', (t) => { ${body}\nnote(t); });`);
  const trace = traces.get('sample.trace') ?? '';
  t.equal(replayedEnd(trace), notes[0]);
  return trace;
}

t.test('operations', async (t) => {
  const trace = endsAsNoted(
    t,
    `mapRange(t, 0x10000, 0x14000, { file: plainFile() });
     mapRange(t, 0x20000, 0x24000);
     lib.do_munmap(t.mm, 0x21000, 0x1000, null);
     const vma = vmaAt(t, 0x22000);
     t.fault(vma);
     lib.split_vma(lib.VMA_ITERATOR(t.mm, 0x22000), vma, 0x23000, 1);
     lib.copy_vma(new lib.Ref(vmaAt(t, 0x20000)), 0x30000, 0x1000, 0x20, new lib.Ref(false), false);
     lib.mmap_region(new lib.file({ mmap_prepare: () => 0 }), 0x40000, 0x2000, 0x33n, 0, null);`,
  );
  t.same(lines(trace), [
    'mmap 10000 4000 33 10 1',
    'mmap 20000 4000 33 20 0',
    'munmap 21000 1000',
    'fault 22000',
    'split_vma 23000 1',
    'copy_vma 20000 1000 30000 20 0',
    'region 40000 2000 33 0 5',
  ]);
});

t.test('what a test sets by hand', async (t) => {
  const trace = endsAsNoted(
    t,
    `const a = alloc_and_link_vma(t.mm, 0, 0x2000, 0, flags());
     const b = alloc_and_link_vma(t.mm, 0x4000, 0x5000, 4, flags());
     a.flags = flags(0);
     a.vm_pgoff = 7;
     a.vm_ops = { close() {}, page_mkwrite: () => 0 };
     a.vm_file = plainFile();
     b.anon_vma = new lib.anon_vma();
     t.mm.total_vm = 5;
     t.mm.def_vma_flags = flags(13);
     lib.globals.sysctl_max_map_count = 9;
     lib.globals.fail_prealloc = true;
     lib.do_munmap(t.mm, 0, 0x1000, null);
     b.vm_ops = null;`,
  );
  const [first, second, ...rest] = lines(trace);
  t.same([first, second], ['vma_link 0 2000 33 0 0', 'vma_link 4000 1000 33 4 0']);
  t.same(rest.slice(0, 9), [
    'setflags 0 1',
    'setpgoff 0 7',
    'setfile 0 1',
    'setops 0 b',
    'setanon 4000 1 0',
    'setsums 5 0 0 0 0',
    'failprealloc 1',
    'maxmaps 9',
    'setdefflags 2000',
  ]);
  t.same(rest.slice(9), ['munmap 0 1000', 'setops 4000 0']);
  t.match(trace, '# the test, by hand:\nsetflags 0 1\n');
});

t.test('hooks, stubs and errors of the test’s own: what they did is set, and said', async (t) => {
  const trace = endsAsNoted(
    t,
    `const failing = new lib.file({ mmap: () => -5 });
     mapRange(t, 0x10000, 0x12000);
     lib.__mmap_region(failing, 0x10000, 0x2000, flags(), 0, null);
     const marking = new lib.file({ mmap_prepare(desc) { lib.vma_desc_set_flags(desc, 17); desc.pgoff = 0x99; return 0; } });
     lib.__mmap_region(marking, 0x20000, 0x2000, flags(), 0, null);
     t.sandbox.stub(lib.stubs, 'security_vm_enough_memory_mm').returns(-lib.ENOMEM);
     lib.mmap_region(null, 0x30000, 0x1000, 0x33n, 0x30, null);
     t.throws(() => lib.do_munmap(t.mm, NaN, 0x1000, null), /do_munmap: start/);
     t.throws(() => lib.split_vma(lib.VMA_ITERATOR(t.mm, 0x20000), vmaAt(t, 0x20000), 0x20800, 1), /not page-aligned/);`,
  );
  t.match(
    trace,
    /mmap 10000 2000 33 0 1\n# {3}-5 in the test, 10000 in a replay\n# in the test, by its hooks.*\ndrop 10000/,
  );
  t.match(trace, /mmap 20000 2000 33 0 5\n# in the test, by its hooks.*:\nsetflags 20000 120033\nsetpgoff 20000 99/);
  t.match(trace, /region 30000 1000 33 30 0\n# {3}-c in the test, 30000 in a replay\n# in the test.*\ndrop 30000/);
  t.match(
    trace,
    /# do_munmap\(start=NaN, len=0x1000\): do_munmap: start = NaN: not a number\n# {3}not here: argument 2/,
  );
  t.match(trace, /# {3}not here: it threw: split_vma 20800 1\n/);
});

t.test('what a trace cannot say is a comment', async (t) => {
  const trace = endsAsNoted(
    t,
    `const vma = mapRange(t, 0x10000, 0x14000);
     vma.vm_ops = { may_split: () => -lib.EINVAL };
     lib.do_munmap(t.mm, 0x11000, 0x1000, null);
     vma.vm_ops = null;
     vma.vm_userfaultfd_ctx = new lib.vm_userfaultfd_ctx({});
     lib.vma_link_file(vma, false);
     const other = t.newMm();
     alloc_and_link_vma(other, 0, 0x1000, 0, flags());
     cleanup_mm(other, lib.VMA_ITERATOR(other, 0));`,
  );
  t.match(trace, "# not here: a may_split hook of the test's own, at 10000\n");
  t.match(trace, /munmap 11000 1000\n# {3}-16 in the test, 0 in a replay/);
  t.match(trace, '# not here: a userfaultfd context, at 10000\n');
  t.match(trace, /# vma_link_file\(.*\)\n# {3}not here: a trace shows nothing of reverse maps/);
  t.match(trace, '# on another address space: alloc_and_link_vma(start=0x0, end=0x1000');
  t.match(trace, '# on another address space: cleanup_mm() = 0x1\n');
  t.notMatch(trace, /^(?:cleanup_mm|vma_link 0)/m);
});

t.test('calls that a hook makes are nested, not operations', async (t) => {
  const body = `test('sample', (t) => {
    const vma = mapRange(t, 0x10000, 0x12000);
    mapRange(t, 0x20000, 0x21000);
    vma.vm_ops = { close: () => lib.do_munmap(t.mm, 0x20000, 0x1000, null) };
    lib.do_munmap(t.mm, 0x10000, 0x2000, null);
    mapRange(t, 0x30000, 0x31000);
    note(t);
  });`;
  const { notes, traces, stdout } = traced(t, body);
  const trace = traces.get('sample.trace') ?? '';
  t.equal(replayedEnd(trace), notes[0]);
  t.match(
    stdout,
    '    # 3: do_munmap(start=0x10000, len=0x2000) = 0x0\n    #   within: do_munmap(start=0x20000, len=0x1000) = 0x0\n',
  );
  t.match(stdout, '    # 4: __mmap_region(');
  t.match(trace, '#   within: do_munmap(start=0x20000, len=0x1000) = 0x0\nmunmap 10000 2000\n');
  t.equal(lines(trace).filter((line) => line === 'munmap 20000 1000').length, 0);
});

t.test('a file for each test with operations, by its name', async (t) => {
  const { traces, stdout } = traced(
    t,
    `const one = (t) => { mapRange(t, 0x10000, 0x11000); };
     test('a / strange "name"', one);
     test('twice', one);
     test('twice', one);
     test('outer', (t) => { t.subtest('inner', one); t.subtest('idle', (s) => s.ASSERT_TRUE(true)); });`,
  );
  t.same([...traces.keys()], ['a-strange-name.trace', 'outer--inner.trace', 'twice-2.trace', 'twice.trace']);
  for (const name of traces.keys()) t.match(stdout, `${name}\n`, 'the output says where');
  t.match(traces.get('outer--inner.trace'), '# test: outer > inner\n# ');
});

t.test('freed by hand, as the tests of the harness do', async (t) => {
  const { traces } = traced(
    t,
    `test('sample', (t) => {
      detach_free_vma(alloc_and_link_vma(t.mm, 0, 0x1000, 0, flags()));
      lib.mtree_destroy(t.mm.mm_mt);
    });`,
  );
  const trace = traces.get('sample.trace') ?? '';
  t.same(lines(trace), ['vma_link 0 1000 33 0 0', 'drop 0', 'cleanup_mm'], 'nobody sets the number of VMAs');
});

t.test('all of upstream’s tests', async (t) => {
  const folder = join(t.testdir({}), 'traces');
  const { status, stdout } = runTraced(['--upstream'], { VMA_TRACE_DIR: folder });
  t.equal(status, 0);
  t.equal(
    stdout
      .trimEnd()
      .split('\n')
      .at(-1)
      ?.replace(/^\d+ tests run, /, ''),
    '27 passed, 0 failed.',
  );
  const traces = readTraces(folder);
  const tests = new Set([...traces.keys()].map((name) => name.replace(/(?:--.*)?\.trace$/, '')));
  t.equal(tests.size, 16, 'the other 11 are about flags alone');
  for (const [name, trace] of traces) {
    const [, end = ''] = trace.split('# at the end of the test:\n');
    const wanted = end.trimEnd().replaceAll(/^# +/gm, '').replaceAll('\n', '; ');
    t.equal(replayedEnd(trace), wanted.replaceAll(/file=[1-9]\d*/g, 'file=1'), name);
    t.notMatch(trace, /in a replay|it threw/, `${name}: as in the test`);
  }

  const cli = runNode(['dist/tools/cli.js', 'replay'], { input: traces.get('simple_merge.trace') ?? '' });
  t.equal(cli.status, 0, 'the command takes them');
  t.match(cli.stdout, 'vma_merge_new_range 1\n= count=1 total=0 data=0 exec=0 stack=0 locked=0\n  0-3000 pgoff=0 ');
});
