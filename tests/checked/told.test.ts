// SPDX-License-Identifier: GPL-2.0-only
/** Who is to be told of what: each notification that is missing is named, each that came is not, and none outlives its operation. */
import sinon from 'sinon';
import t from 'tap';
import { Hooks } from '../../harness/checked/hooks.js';
import { Locks } from '../../harness/checked/locks.js';
import { Notifications } from '../../harness/checked/notifications.js';
import { References } from '../../harness/checked/references.js';
import { Reports } from '../../harness/checked/reports.js';
import { type Rule, ruleOf } from '../../harness/checked/rules.js';
import { file, mm_struct, mmu_gather, stubs, VMA_READ_BIT, vm_area_struct } from '../../lib/index.js';
import { FreedObjects } from '../../stubs/freed.js';
import { BASE, bits, changed, MM, P, spaces, state } from './states.js';

function rule(name: string): Rule {
  const found = ruleOf(name);
  if (found === null) throw new Error(`no rule of ${name}`);
  return found;
}

/** What is missed after an operation in which `told` was told. */
function missed(
  name: string,
  before: ReturnType<typeof spaces>,
  after: ReturnType<typeof spaces>,
  told: (to: Notifications) => void = () => {},
  succeeded = true,
): string {
  const to = new Notifications(new Reports());
  to.beginOperation();
  told(to);
  return to.missed(name, rule(name), before, after, succeeded).join(' | ');
}

t.test('huge pages and hugetlb, of a border that moves', async (t) => {
  const was = state();
  const cut = changed(was, { end: BASE + P });
  const rest = state({ start: BASE + P });
  const huge = 'huge pages: the border of VMA 0x10000-0x14000 moved without vma_adjust_trans_huge()';
  t.equal(missed('split_vma', spaces(was), spaces(cut, rest)), huge);
  t.equal(missed('split_vma', spaces(was), spaces(changed(was, { start: BASE + P })), undefined), huge);
  t.equal(
    missed('split_vma', spaces(was), spaces(cut, rest), (to) => to.adjustHuge(was.vma, null)),
    '',
  );
  t.equal(
    missed('split_vma', spaces(was), spaces(cut, rest), (to) => to.adjustHuge(rest.vma, was.vma)),
    '',
    'as the next one',
  );
  t.equal(missed('split_vma', spaces(was), spaces(was)), '');
  const hugetlb = sinon.stub(stubs, 'is_vm_hugetlb_page').returns(true);
  t.teardown(() => hugetlb.restore());
  const adjusted = (to: Notifications): void => to.adjustHuge(was.vma, null);
  t.equal(
    missed('split_vma', spaces(was), spaces(cut, rest), adjusted),
    'hugetlb: VMA 0x10000-0x14000 was split without hugetlb_split()',
  );
  const split = (to: Notifications): void => {
    adjusted(to);
    to.splitHugetlb(was.vma);
  };
  t.equal(missed('split_vma', spaces(was), spaces(cut, rest), split), '');
  t.equal(
    missed('split_vma', spaces(was, rest), spaces(cut, rest), adjusted),
    '',
    'it shrank beside one that was there',
  );
  rest.vma.vm_file = new file();
  t.equal(missed('split_vma', spaces(was), spaces(cut, rest), adjusted), '', 'beside one of another file');
});

t.test('khugepaged and uprobes', async (t) => {
  const f = new file();
  const was = state();
  const grown = changed(was, { end: BASE + 6 * P });
  const grew = 'khugepaged: VMA 0x10000-0x16000 grew without khugepaged_enter_vma()';
  t.equal(missed('do_munmap', spaces(was), spaces(grown)), grew);
  t.equal(
    missed('do_munmap', spaces(was), spaces(grown), (to) => to.enterKhugepaged(was.vma)),
    '',
  );
  t.equal(missed('copy_vma', spaces(was), spaces(grown)), '', 'the caller’s business');

  const [mapped, larger] = [state({ file: f }), (from: typeof was) => changed(from, { end: BASE + 6 * P })];
  const told =
    (...calls: readonly ((to: Notifications) => void)[]) =>
    (to: Notifications): void => {
      to.enterKhugepaged(mapped.vma);
      for (const call of calls) call(to);
    };
  const probe =
    (end: number, start = BASE) =>
    (to: Notifications): void => {
      [mapped.vma.vm_start, mapped.vma.vm_end] = [start, end];
      to.probe(mapped.vma);
    };
  const unprobe = (to: Notifications): void => to.unprobe(mapped.vma);
  const after = spaces(larger(mapped));
  const says = (...calls: readonly ((to: Notifications) => void)[]): string =>
    missed('do_munmap', spaces(mapped), after, told(...calls));
  const unprobed = 'uprobes: VMA 0x10000-0x14000 changed its range without uprobe_munmap()';
  const notProbed = 'uprobes: uprobe_mmap() was not called for VMA 0x10000-0x16000';
  t.equal(says(), `${unprobed} | ${notProbed}`);
  t.equal(says(unprobe), notProbed);
  t.equal(says(probe(BASE + 6 * P)), unprobed);
  t.equal(says(unprobe, probe(BASE + 6 * P)), '');
  const early = 'uprobes: uprobe_mmap() was called for VMA 0x10000-0x16000 when it was';
  t.equal(says(unprobe, probe(BASE + 4 * P)), `${early} 0x10000-0x14000`);
  t.equal(says(unprobe, probe(BASE + 6 * P, BASE - P)), `${early} 0xf000-0x16000`);
  t.equal(missed('do_munmap', spaces(mapped), spaces(mapped)), '', 'it did not move');
  t.equal(
    missed('do_munmap', spaces(), spaces(mapped)),
    'uprobes: uprobe_mmap() was not called for VMA 0x10000-0x14000',
    'new',
  );
  t.equal(missed('do_munmap', spaces(), spaces(was)), '', 'of no file');

  const next = state({ start: BASE + 4 * P, file: f, pgoff: mapped.pgoff + 4 });
  const both = spaces(mapped, next);
  const merged = spaces(changed(mapped, { end: BASE + 8 * P }));
  const whole = told(unprobe, probe(BASE + 8 * P));
  const away = 'uprobes: VMA 0x14000-0x18000 was merged away without uprobe_munmap()';
  t.equal(missed('do_munmap', both, merged, whole), away);
  const swallow = (more: (to: Notifications) => void): string =>
    missed('do_munmap', both, merged, (to) => {
      whole(to);
      more(to);
    });
  t.equal(
    swallow((to) => to.unprobe(next.vma)),
    '',
  );
  const tlb = new mmu_gather();
  t.equal(
    swallow((to) => to.unmaps(tlb, MM, BASE + 4 * P, BASE + 8 * P)),
    '',
    'unmap_vmas() tells uprobes',
  );
  t.equal(
    swallow((to) => to.unmaps(tlb, MM, BASE, BASE + 4 * P)),
    away,
    'of another range',
  );
  t.equal(
    swallow((to) => to.unmaps(tlb, MM, BASE + 8 * P, BASE + 9 * P)),
    away,
  );
  t.equal(
    swallow((to) => to.unmaps(tlb, new mm_struct(), BASE + 4 * P, BASE + 8 * P)),
    away,
    'of another space',
  );
  t.equal(
    missed('do_munmap', spaces(mapped, changed(next, { pgoff: 0 })), merged, whole),
    '',
    'it went, and another came',
  );
  t.equal(missed('do_munmap', spaces(mapped, changed(next, { file: new file() })), merged, whole), '');
  t.equal(missed('do_munmap', spaces(mapped, changed(next, { mm: new mm_struct() })), merged, whole), '');

  const fresh = state({ ops: {} });
  const perf = (to: Notifications): void => to.perfMapped(fresh.vma);
  t.equal(
    missed('do_munmap', spaces(), spaces(fresh), perf),
    'khugepaged: khugepaged_enter_vma() was not called for VMA 0x10000-0x14000',
  );
  t.equal(missed('do_munmap', spaces(), spaces(fresh)), '', 'split off');
  t.equal(missed('split_vma', spaces(), spaces(state()), perf), '', 'without hooks');
  const entered = (to: Notifications): void => {
    perf(to);
    to.enterKhugepaged(fresh.vma);
  };
  t.equal(missed('do_munmap', spaces(), spaces(fresh), entered), '');
});

t.test('perf, KSM, page tables, userfaultfds', async (t) => {
  const none = spaces();
  const was = state();
  for (const name of ['mmap_region', '__mmap_region', 'do_brk_flags']) {
    t.equal(missed(name, none, none), `perf: perf_event_mmap() was not called in ${name}()`);
    t.equal(
      missed(name, none, none, (to) => to.perfMapped(was.vma)),
      '',
    );
    t.equal(missed(name, none, none, undefined, false), '', 'it failed');
  }
  const grown = spaces(changed(was, { start: BASE - P }));
  const stack = 'perf: perf_event_mmap() was not called for a stack that grew';
  t.equal(missed('expand_downwards', spaces(was), grown), stack);
  t.equal(missed('expand_downwards', spaces(was), spaces(was)), '');
  t.equal(missed('expand_downwards', spaces(was), grown, undefined, false), '');
  const other = spaces(changed(was, { flags: bits(VMA_READ_BIT) }));
  t.equal(
    missed('mprotect', spaces(was), other),
    'perf: perf_event_mmap() was not called for memory whose protection changed',
  );
  t.equal(missed('mprotect', spaces(was), spaces(was)), '');
  t.equal(missed('mprotect', spaces(was), other, undefined, false), '');
  t.equal(
    missed('__install_special_mapping', none, spaces(was)),
    'perf: perf_event_mmap() was not called for a special mapping',
  );
  t.equal(missed('__install_special_mapping', spaces(was), spaces(was)), '');
  const left = 'page tables: those that the stack left were not freed';
  t.equal(missed('relocate_vma_down', none, none), left);
  t.equal(missed('relocate_vma_down', none, none, undefined, false), '');
  const tlb = new mmu_gather();
  const freed = (to: Notifications): void => {
    to.gather(tlb);
    to.freesRange(tlb);
  };
  t.equal(missed('relocate_vma_down', none, none, freed), '');
  const ksm = (to: Notifications): void => to.ksmEnters(MM);
  t.equal(
    missed('create_init_stack_vma', none, none, ksm, false),
    'ksm: ksm_exit() was not called for an address space that came to nothing',
  );
  t.equal(missed('create_init_stack_vma', none, none, ksm), '');
  const leaves = (to: Notifications): void => {
    ksm(to);
    to.ksmLeaves(MM);
  };
  t.equal(missed('create_init_stack_vma', none, none, leaves, false), '');

  const prepared = (to: Notifications): void => to.uffdPrepare();
  const complete = 'userfaultfd: unmaps were prepared, and userfaultfd_unmap_complete() was not called';
  for (const name of ['munmap', 'mmap', 'mremap', 'brk', 'vm_munmap']) {
    t.equal(missed(name, none, none, prepared), complete, name);
    t.equal(missed(name, none, none), '');
  }
  t.equal(missed('mmap', none, none, prepared, false), '');
  t.equal(missed('vm_munmap', none, none, prepared, false), complete, 'in any case');
  t.equal(missed('do_munmap', none, none, prepared), '', 'the caller does it');
  const completed = (to: Notifications): void => {
    prepared(to);
    to.uffdComplete();
  };
  t.equal(missed('munmap', none, none, completed), '');

  const forks = (to: Notifications): void => to.uffdForks();
  const ended = (how: 'complete' | 'fail') => (to: Notifications) => {
    forks(to);
    to.uffdForked(how);
  };
  t.equal(missed('copy_mm', none, none, forks), 'userfaultfd: it was asked about a fork, and not told how that ended');
  t.equal(missed('copy_mm', none, none, ended('complete')), '');
  t.equal(missed('copy_mm', none, none, ended('fail'), false), '');
  t.equal(missed('dup_mmap', none, none, ended('complete'), false), 'userfaultfd: it was told of a fork that failed');
  const starts = (to: Notifications): void => to.startsOnChild('ksm_fork');
  t.equal(
    missed('dup_mmap', none, none, starts, false),
    'fork: ksm_fork() was called for a child that came to nothing',
  );
  t.equal(missed('dup_mmap', none, none, starts), '');
  t.equal(missed('munmap', none, none, forks), '');
});

t.test('what was told in one operation says nothing of the next', async (t) => {
  const was = state({ file: new file() });
  const to = new Notifications(new Reports());
  const grown = spaces(changed(was, { end: BASE + 6 * P }));
  const cut = spaces(changed(was, { end: BASE + P }));
  [was.vma.vm_start, was.vma.vm_end] = [BASE, BASE + 6 * P];
  to.probe(was.vma);
  to.unprobe(was.vma);
  to.probe(was.vma);
  to.enterKhugepaged(was.vma);
  to.perfMapped(was.vma);
  to.adjustHuge(was.vma, null);
  to.hiwaterTotal(MM);
  to.uffdPrepare();
  to.uffdForks();
  to.startsOnChild('ksm_fork');
  to.ksmEnters(MM);
  t.same(to.missed('do_munmap', rule('do_munmap'), spaces(was), grown, true), []);
  t.same(to.totalFell(MM), []);
  to.beginOperation();
  t.equal(to.missed('do_munmap', rule('do_munmap'), spaces(was), grown, true).length, 3);
  t.match(to.missed('split_vma', rule('split_vma'), spaces(was), cut, true), [/^huge pages/, /^uprobes/, /^uprobes/]);
  t.equal(to.missed('do_brk_flags', rule('do_brk_flags'), spaces(), spaces(), true).length, 1);
  t.same(to.missed('munmap', rule('munmap'), spaces(), spaces(), true), []);
  t.same(to.missed('copy_mm', rule('copy_mm'), spaces(), spaces(), false), []);
  t.same(to.missed('create_init_stack_vma', rule('create_init_stack_vma'), spaces(), spaces(), false), []);
  t.same(to.totalFell(MM), ['hiwater: total_vm went down without update_hiwater_vm()']);
});

t.test('gathers', async (t) => {
  const reports = new Reports();
  const to = new Notifications(reports);
  const tlb = new mmu_gather();
  const complaints = (): string =>
    reports
      .take()
      .join(' | ')
      .replaceAll(/ at [^|]*? (?=outside|without)| at .*/g, ' ');
  to.unmaps(tlb, MM, 0, P);
  t.equal(complaints(), 'tlb: pages are unmapped outside a gather');
  to.freesTables(tlb);
  to.freedTables();
  t.equal(complaints(), 'tlb: page tables are freed outside a gather | tlb: free_pgtables() freed no page tables ');
  to.freesRange(tlb);
  t.equal(complaints(), 'tlb: page tables are freed outside a gather');
  to.gather(tlb);
  to.unmaps(tlb, MM, 0, P);
  t.equal(complaints(), 'hiwater: pages are unmapped without update_hiwater_rss()');
  to.hiwaterRss();
  to.unmaps(tlb, MM, 0, P);
  to.freesTables(tlb);
  to.freesRange(tlb);
  to.freedTables();
  t.equal(complaints(), '');
  to.finish(tlb);
  t.equal(complaints(), '');
  to.gather(tlb, true);
  to.unmaps(tlb, MM, 0, P);
  t.equal(complaints(), '', 'of a whole address space');
  to.finish(tlb);
  to.finish(tlb);
  t.equal(complaints(), 'tlb: a gather that was not begun is finished ');
});

t.test('hooks: which are called, and when', async (t) => {
  const reports = new Reports();
  const locks = new Locks(reports);
  const hooks = new Hooks(reports, locks, new References(reports, new FreedObjects(false)));
  const complaints = (): string =>
    reports
      .take()
      .map((text) => text.replace(/ at .*/, ''))
      .join(' | ');
  const vma = (): vm_area_struct => Object.assign(new vm_area_struct(), { vm_ops: { open() {}, close() {} } });
  const call = (name: string, on: vm_area_struct, result: unknown = 0): string => {
    hooks.call(name, [on], () => result);
    return complaints();
  };
  const one = vma();
  t.equal(call('open', one), '');
  t.match(call('open', one), /^hook: open\(\) of .* called a second time,$/);
  t.equal(call('close', one), '');
  t.match(call('fault', one), /^hook: fault\(\) of .* called$/, 'after its close');
  const copy = vma();
  hooks.copied(copy);
  hooks.fixedUp(copy);
  t.match(call('close', copy), /^hook: close\(\) of .* called$/, 'a copy that was not opened');
  const unfixed = vma();
  hooks.copied(unfixed);
  call('open', unfixed);
  t.match(call('close', unfixed), /^hook: close\(\) of .* called$/, 'the reservations of its source');
  const failed = vma();
  t.equal(call('mmap', failed, -12), '');
  t.match(call('close', failed), /^hook: close\(\) of .* called$/);
  t.match(call('mmap', vma(), 1), /^hook: mmap\(\) returned 1, not 0 or a negative errno; called$/);
  t.match(call('mmap', vma(), 5n), /returned 5n/);
  t.match(call('open', vma(), Promise.resolve()), /^hook: open\(\) returned a Promise: nobody waits for it; called$/);
  t.equal(call('open', vma(), 7), '', 'it has no say');
  let inside = false;
  hooks.call('open', [vma()], () => {
    inside = hooks.isRunning;
  });
  t.same([inside, hooks.isRunning], [true, false]);
  const freedOpen = vma();
  call('open', freedOpen);
  hooks.assertClosed(freedOpen);
  t.match(complaints(), /^hook: .* freed$/);
  const never = vma();
  call('fault', never);
  hooks.assertClosed(never);
  hooks.assertClosed(vma());
  t.equal(complaints(), '', 'nobody has mapped it');
  hooks.beginOperation();
  t.equal(hooks.touched.size, 0);
  const mm = new mm_struct();
  locks.mmapWriteLock(mm);
  const held = Object.assign(vma(), { vm_mm: mm });
  hooks.call('open', [held], () => locks.mmapWriteUnlock(mm));
  t.match(complaints(), /^hook: open\(\) dropped mmap_lock, or took it anew; called$/);
  t.ok(hooks.touched.has(held));
});
