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
  if (status !== 0) t.fail('the sample passes', { stdout, stderr });
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
     lib.copy_vma(new lib.Ref(vmaAt(t, 0x20000)), 0x30000, 0x1000, 0x20, 0x20, new lib.Ref(false), false);
     lib.mmap_region(new lib.file({ mmap_prepare: () => 0 }), 0x40000, 0x2000, lib.legacy_to_vma_flags(0x33n), 0, null);`,
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

/** Each operation that the format has a word for, once, and that word. */
const EACH: [call: string, line: string][] = [
  ['alloc_and_link_vma(mm, 0x10000, 0x14000, 0x10, flags())', 'vma_link 10000 4000 33 10 0'],
  ['lib.vma_link(mm, made(0x20000, 0x24000))', 'vma_link 20000 4000 33 20 0'],
  ['lib.insert_vm_struct(mm, anonymous(0x30000, 0x31000))', 'insert_vm_struct 30000 1000 33 30 0'],
  [
    'lib.vma_modify_flags(at(0x11000), vmaAt(t, 0x10000), vmaAt(t, 0x10000), 0x11000, 0x12000, flags(0))',
    'vma_modify_flags 11000 12000 1',
  ],
  ['lib.vma_modify_name(at(0x20000), null, vmaAt(t, 0x20000), 0x20000, 0x21000, null)', 'name 20000 21000'],
  [
    'lib.vma_modify_policy(at(0x21000), vmaAt(t, 0x20000), vmaAt(t, 0x21000), 0x21000, 0x22000, null)',
    'policy 21000 22000',
  ],
  [
    'lib.vma_modify_flags_uffd(at(0x30000), vmaAt(t, 0x22000), vmaAt(t, 0x30000), 0x30000, 0x31000, flags(0), lib.NULL_VM_UFFD_CTX, true)',
    'vma_modify_flags_uffd 30000 31000 1 1',
  ],
  [
    'lib.vma_merge_existing_range(vmg(0x10000, 0x11000, { middle: vmaAt(t, 0x10000) }))',
    'vma_merge_existing_range 10000 11000 33 10 0 0',
  ],
  [
    'lib.vma_merge_new_range(Object.assign(vmg(0x14000, 0x15000, { prev: vmaAt(t, 0x13000) }, 0x13000), { just_expand: true }))',
    'vma_merge_new_range 14000 15000 33 14 0 0 5',
  ],
  [
    'lib.vma_merge_new_range(vmg(0x1f000, 0x20000, { next: vmaAt(t, 0x20000), anon_vma: new lib.anon_vma() }))',
    'vma_merge_new_range 1f000 20000 33 1f 0 1 2',
  ],
  [
    'lib.vma_expand(vmg(0x24000, 0x28000, { target: vmaAt(t, 0x23000) }, 0x22000))',
    'vma_expand 22000 22000 28000 22 33 0',
  ],
  ['lib.vma_shrink(at(0x22000), vmaAt(t, 0x22000), 0x27000)', 'vma_shrink 22000 22000 27000 22'],
  ['lib.__split_vma(at(0x25000), vmaAt(t, 0x25000), 0x25000, false)', '__split_vma 25000 0'],
  ['lib.vma_merge_extend(at(0x25000), vmaAt(t, 0x25000), 0x1000)', 'vma_merge_extend 25000 1000'],
  ['lib.do_vmi_munmap(at(0x12000), mm, 0x12000, 0x1000, null, false)', 'munmap 12000 1000'],
  ['lib.do_vmi_align_munmap(at(0x13000), vmaAt(t, 0x13000), mm, 0x13000, 0x14000, null, false)', 'munmap 13000 1000'],
  ['lib.vm_munmap(0x14000, 0x1000)', 'unmap 14000 1000 0'],
  ['lib.__vm_munmap(0x24000, 0x1000, true)', 'unmap 24000 1000 1'],
  ['lib.do_brk_flags(at(0x40000), vmaAt(t, 0x30000), 0x40000, 0x1000, flags(13))', 'brk 40000 1000 2000'],
  ['lib.__mmap_region(null, 0x800000, 0x1000, flags(0, 1, 8), 0x800, null)', 'mmap 800000 1000 103 800 0'],
  ['lib.expand_downwards(vmaAt(t, 0x800000), 0x7ff000)', 'down 7ff000'],
  ['lib.relocate_vma_down(vmaAt(t, 0x7ff000), 0x1000)', 'relocate 7ff000 1000'],
  ['lib.unmapped_area(room({}))', 'unmapped 1000 10000 900000 0 0'],
  ['lib.unmapped_area_topdown(room({ start_gap: 0x1000 }))', 'room 1000 10000 900000 0 0 1000 1'],
  ['lib.mm_take_all_locks(mm)', 'locks'],
  ['lib.create_init_stack_vma(mm, new lib.Ref(null), new lib.Ref(0))', 'create_init_stack_vma'],
  ['cleanup_mm(mm, at(0))', 'cleanup_mm'],
];

t.test('each operation by its word', async (t) => {
  const trace = endsAsNoted(
    t,
    `const mm = new lib.mm_struct(lib.MT_FLAGS_ALLOC_RANGE);
     Object.assign(t.mm, { mm_mt: mm.mm_mt });
     for (const sum of ['total_vm', 'data_vm', 'exec_vm', 'stack_vm']) t.mm[sum] = 100;
     run(t, t.mm);
     function run(t, mm) {
       const at = (addr) => lib.VMA_ITERATOR(mm, addr);
       const made = (start, end) => alloc_vma(mm, start, end, start / 0x1000, flags());
       const anonymous = (start, end) => {
         const vma = made(start, end);
         lib.vma_set_anonymous(vma);
         return vma;
       };
       const room = (more) => new lib.vm_unmapped_area_info({ length: 0x1000, low_limit: 0x10000, high_limit: 0x900000, ...more });
       const vmg = (start, end, more, from = start) => new lib.vma_merge_struct(at(from),
         { mm, start: more.target ? from : start, end, pgoff: (more.target ? from : start) / 0x1000, vma_flags: flags(), ...more });
       ${EACH.map(([call]) => `${call};`).join('\n')}
     }`,
  );
  const isSet = /^(?:set|drop)/;
  t.same(
    lines(trace).filter((line) => !isSet.test(line)),
    EACH.map(([, line]) => line),
  );
  t.notMatch(trace, /in a replay|not here/);
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
     lib.mmap_region(null, 0x30000, 0x1000, lib.legacy_to_vma_flags(0x33n), 0x30, null);
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

t.test('numbers that a trace does not have', async (t) => {
  const { traces } = traced(
    t,
    `test('sample', (t) => {
      const vma = alloc_and_link_vma(t.mm, 0, 0x1000, 0, flags());
      vma.flags = flags(0, 60);
      alloc_and_link_vma(t.mm, 0x4000, 0x5000, 4, flags(60));
      t.mm.total_vm = -1;
      for (let i = 1; i <= 24; i++) lib.__mmap_region(plainFile(), i * 0x10000, 0x1000, flags(), 0, null);
    });`,
  );
  const trace = traces.get('sample.trace') ?? '';
  t.match(trace, '# not here: flags 0x1000000000000001: a trace has bits 0 to 52\n');
  t.match(
    trace,
    /= VMA 0x4000-0x5000\n# {3}not here: flags 0x1000000000000000.*\n(?:#.*\n)*vma_link 4000 1000 0 4 0\n/,
  );
  t.match(trace, '# not here: sums below 0, where C wraps\n');
  t.match(trace, '# not here: there are more files than a trace has\n');
  t.match(replayedEnd(trace), /^= count=26 .*; 0-1000 pgoff=0 flags=1 file=0 anon=0; 4000-5000 /);
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

t.test('a replay has a world of its own, while that of the test is there still', async (t) => {
  const dir = t.testdir({
    'sample.test.js': sampleTest(`
      test('out of memory', (t) => {
        mapRange(t, 0x10000, 0x14000);
        t.world.checked.faults.failFrom(1);
        t.ASSERT_EQ(lib.do_munmap(t.mm, 0x11000, 0x1000, null), -lib.ENOMEM);
      });`),
  });
  const folder = join(dir, 'traces');
  const { stdout } = runTraced([dir], { VMA_STUBS: 'checked', VMA_TRACE_DIR: folder });
  const trace = readTraces(folder).get('out-of-memory.trace') ?? '';
  t.match(trace, /munmap 11000 1000\n# {3}-c in the test, 0 in a replay\n/, 'memory is out in the test alone');
  t.same(lines(trace).slice(0, 4), ['mmap 10000 4000 33 10 0', 'munmap 11000 1000', 'drop 10000', 'drop 12000']);
  t.match(
    stdout,
    'leak: 1 tree node is in a tree that was not destroyed',
    'nodes of the replay are none of the test’s',
  );
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
  const { status, stdout } = runTraced(['--upstream', '--bits', '128'], { VMA_TRACE_DIR: folder });
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

t.test('what the test did by hand and a replay cannot, and what threw, is a comment', async (t) => {
  const { traces, notes } = traced(
    t,
    `test('sample', (t) => {
      const vma = mapRange(t, 0x10000, 0x14000);
      t.fault(vma);
      const vmg = new lib.vma_merge_struct(lib.VMA_ITERATOR(t.mm, 0x13000),
        { mm: t.mm, start: 0x16000, end: 0x15000, pgoff: 0x16, vma_flags: flags(), anon_vma: vma.anon_vma });
      try {
        lib.vma_merge_new_range(vmg);
      } catch (error) {
        t.tap.comment(error.message);
      }
      t.mm.map_count = 7;
      lib.do_munmap(t.mm, 0x30000, 0x1000, null);
      vma.vm_end = 0x12800;
      lib.do_munmap(t.mm, 0x40000, 0x1000, null);
      vma.vm_end = 0x14000;
      t.mm.map_count = 1;
      note(t);
    });`,
  );
  t.equal(notes.length, 1);
  const trace = traces.get('sample.trace') ?? '';
  t.match(trace, /^# {3}not here: it threw: vma_merge_new_range 16000 15000 33 16 0 0 0$/m);
  t.ok(lines(trace).includes('setcount 7'), 'set by hand');
  t.match(trace, /^# {3}not here: \w+ 10000 2800 .*: .*0x2800|0x12800/m);
});
