// SPDX-License-Identifier: GPL-2.0-only
/** What the checked world keeps books of, and how it compares: pages, names, policies, faults, what was not asked for. */
import t from 'tap';
import { Attributes } from '../../harness/checked/attributes.js';
import { tablesOfOthers } from '../../harness/checked/borders.js';
import { wrongChild } from '../../harness/checked/child.js';
import { Faults } from '../../harness/checked/faults.js';
import { judgesAttributes, notKept } from '../../harness/checked/kept.js';
import { changedOutside } from '../../harness/checked/outside.js';
import { type PageRange, PageRecord } from '../../harness/checked/pages.js';
import { References } from '../../harness/checked/references.js';
import { Reports } from '../../harness/checked/reports.js';
import { GFP_KERNEL } from '../../include/linux/gfp.js';
import { page, pte_t } from '../../include/linux/pagetable.js';
import {
  address_space,
  anon_vma,
  anon_vma_name,
  current,
  file,
  mempolicy,
  mk_vma_flags,
  mm_struct,
  PROT_GROWSDOWN,
  unmap_desc,
  VMA_DONTCOPY_BIT,
  VMA_LOCKED_BIT,
  VMA_MAYBE_GUARD_BIT,
  VMA_READ_BIT,
  VMA_UFFD_WP_BIT,
  VMA_WIPEONFORK_BIT,
  VMA_WRITE_BIT,
  vm_area_struct,
  vm_userfaultfd_ctx,
} from '../../lib/index.js';
import { MA_STATE, mas_store_gfp } from '../../lib/maple_tree.js';
import { FreedObjects } from '../../stubs/freed.js';
import { BASE, bits, changed, MM, P, spaces, state } from './states.js';

t.test('pages: faulted in, dropped, moved, shared', async (t) => {
  const record = new PageRecord(() => []);
  const anon = new anon_vma();
  const child = new mm_struct();
  const add = (from: number, to: number, mm = MM): void =>
    record.add({ mm, start: from * P, end: to * P, anon_vma: anon, pgoff: from + 100 });
  const text = ({ mm, start, end, pgoff }: PageRange): string =>
    `${mm === child ? 'child ' : ''}${start / P}-${end / P}@${pgoff}`;
  const all = (): string => [...record.ranges()].map(text).sort().join(' ');
  add(2, 6);
  t.equal(all(), '2-6@102');
  add(0, 8);
  t.equal(all(), '0-2@100 2-6@102 6-8@106', 'what is there stays');
  add(2, 6);
  t.equal(all(), '0-2@100 2-6@102 6-8@106');
  record.drop(MM, 3 * P, 4 * P);
  t.equal(all(), '0-2@100 2-3@102 4-6@104 6-8@106');
  record.drop(MM, 6 * P, 6 * P);
  record.drop(child, 0, 9 * P);
  t.equal(all(), '0-2@100 2-3@102 4-6@104 6-8@106');
  record.move(MM, 5 * P, 20 * P, 2 * P);
  t.equal(all(), '0-2@100 2-3@102 20-21@105 21-22@106 4-5@104 7-8@107');
  record.share(MM, child, P, 3 * P);
  t.equal(all(), '0-2@100 2-3@102 20-21@105 21-22@106 4-5@104 7-8@107 child 1-2@101 child 2-3@102');
  add(1, 2, child);
  record.drop(MM, 0, Infinity);
  t.equal(all(), 'child 1-2@101 child 2-3@102');
  record.drop(child, P, 2 * P);
  record.drop(child, 2 * P, 3 * P);
  t.equal(all(), '');
});

t.test('pages of tables, neighbours together', async (t) => {
  const mm = new mm_struct();
  const [a, b] = [new anon_vma(), new anon_vma()];
  const at = (addr: number, mapping: object | null, index: number): [number, pte_t] => [
    addr * P,
    new pte_t(new page(mapping, index)),
  ];
  mm.pgd = new Map([
    at(0, a, 50),
    at(1, a, 51),
    at(2, a, 53),
    at(3, b, 54),
    at(4, {}, 55),
    at(5, b, 56),
    at(7, b, 58),
    [8 * P, new pte_t(null)],
  ]);
  const record = new PageRecord(() => [mm]);
  const text = (from = 0, to = Infinity): string =>
    [...record.ranges(from * P, to * P)]
      .map(({ start, end, anon_vma: anon, pgoff }) => `${anon === a ? 'a' : 'b'} ${start / P}-${end / P}@${pgoff}`)
      .join(' ');
  t.equal(text(), 'a 0-2@50 a 2-3@53 b 3-4@54 b 5-6@56 b 7-8@58');
  t.equal(text(1, 4), 'a 1-2@51 a 2-3@53 b 3-4@54');
  t.equal([...record.ranges()].length, 5, 'from the first address on');
});

t.test('policies and names are counted', async (t) => {
  const reports = new Reports();
  const attributes = new Attributes(reports);
  const [one, other] = [new vm_area_struct(), new vm_area_struct()];
  const [policy, second] = [new mempolicy(), new mempolicy()];
  const complaints = (): string =>
    reports
      .take()
      .join(' | ')
      .replace(/ at .*/, '');
  t.ok(attributes.isEqualPolicy(policy, null), 'as long as nobody has one');
  attributes.setPolicy(one, null);
  t.ok(attributes.isEqualPolicy(policy, null));
  attributes.setPolicy(one, policy);
  t.notOk(attributes.isEqualPolicy(policy, second));
  t.notOk(attributes.isEqualPolicy(policy, null));
  t.ok(attributes.isEqualPolicy(policy, policy));
  attributes.setPolicy(one, policy);
  attributes.setPolicy(other, policy);
  attributes.end();
  t.equal(complaints(), 'leak: a policy has 2 references');
  attributes.setPolicy(other, second);
  attributes.setPolicy(other, null);
  attributes.end();
  t.equal(complaints(), 'leak: a policy has 1 references', 'what was there before is put');
  attributes.putPolicy(policy);
  attributes.end();
  t.equal(complaints(), '');
  attributes.putPolicy(policy);
  t.equal(complaints(), 'policy: a reference was dropped');
  attributes.putPolicy(new mempolicy());
  t.equal(complaints(), '', 'a test’s own');

  const name = new anon_vma_name('heap');
  attributes.setName(one, name);
  attributes.setName(one, name);
  t.equal(name.kref, 2);
  attributes.initNuma(other);
  attributes.dupName(one, other);
  t.equal(name.kref, 3);
  attributes.end();
  t.equal(complaints(), 'leak: name heap has 2 references');
  attributes.assertFreed(other);
  t.match(complaints(), /^name: .*numa: |^name: /);
  t.equal(name.kref, 2);
  attributes.setName(one, null);
  t.same([name.kref, one.anon_name, attributes.nameOf(one)], [1, null, null]);
  attributes.end();
  t.equal(complaints(), '');
  attributes.dupName(one, other);
  t.match(complaints(), /^numa: vma_numab_state_init\(\) was not called/);
});

t.test('faults: which call fails, how often, with what', async (t) => {
  const faults = new Faults();
  const calls = (...names: readonly string[]): number[] => names.map((name) => faults.check(name, -12));
  t.equal(faults.calls, 0);
  t.same(calls('a', 'b'), [0, 0]);
  t.equal(faults.calls, 2);
  faults.failAt(2);
  t.same(calls('a', 'b', 'c'), [0, -12, 0]);
  faults.fail('b', 2, -5);
  t.same(calls('b', 'a', 'b', 'b'), [0, 0, -5, 0]);
  faults.fail('b', 1, 0);
  t.same(calls('b'), [-12], 'the usual one');
  faults.failFrom(2);
  t.same(calls('a', 'a', 'b'), [0, -12, -12]);
  t.same(faults.hits, ['b', 'b', 'b', 'a', 'b']);
  t.same(faults.failed, ['b', 'b', 'b', 'a', 'b']);
  faults.clear();
  t.same([faults.calls, [...faults.hits], ...calls('a')], [0, [], 0]);
  t.throws(() => faults.fail('a', 1, 1), /errno = 1: must be negative/);
  t.throws(() => faults.failAt(0), /n = 0: calls are counted from 1/);
  t.throws(() => faults.failAt(1.5), /n = 1\.5/);
});

t.test('files: whose reference it is', async (t) => {
  const books = (inOperation: boolean, inHook: boolean) => {
    const reports = new Reports();
    const references = new References(reports, new FreedObjects(false));
    const f = new file();
    references.beginOperation(new Map());
    references.caller = { inOperation, inHook };
    return { reports, references, f };
  };
  const { references, f } = books(true, false);
  references.getFile(f);
  t.same(references.endOperation(new Map(), new Map([[f, 1]]), false), []);
  t.match(references.endOperation(new Map(), new Map([[f, 2]]), false), [
    /^files: a file has 2 references, where 1 are/,
  ]);
  t.same(references.endOperation(new Map(), new Map([[f, 2]]), false), [], 'said once');

  const hook = books(true, true);
  hook.references.getFile(hook.f);
  t.same(hook.references.endOperation(new Map(), new Map(), false), [], 'a hook may keep one');
  hook.references.caller = { inOperation: true, inHook: false };
  hook.references.putFile(hook.f);
  hook.references.putFile(hook.f);
  t.match(hook.reports.take(), [/^files: the opener's reference on a file was dropped at /]);

  const put = books(true, true);
  const fresh = new file();
  put.references.swappedIn(fresh);
  t.same(put.references.endOperation(new Map(), new Map([[fresh, 1]]), false), []);
  fresh.f_ref++;
  t.match(put.references.endOperation(new Map(), new Map([[fresh, 1]]), false), [
    /^files: a file that a hook put in has 2/,
  ]);
  const held = books(true, true);
  const kept = new file();
  held.references.swappedIn(kept);
  held.references.getFile(kept);
  t.same(held.references.endOperation(new Map(), new Map([[kept, 1]]), false), [], 'the hook’s own is its own');
  const failed = books(true, false);
  const lost = new file();
  failed.references.swappedIn(lost);
  t.same(failed.references.endOperation(new Map(), new Map(), false), []);
  t.match(failed.references.endOperation(new Map(), new Map(), true), [/^files: a file that a hook put in has 1/]);

  const counted = books(false, false);
  const mapping = new address_space();
  counted.references.writableTaken(mapping);
  mapping.i_mmap_writable++;
  counted.references.end();
  t.match(counted.reports.take(), [/^leak: i_mmap_writable is 1, 0 before; taken at /]);
  counted.references.unmapWritable(mapping);
  counted.references.end();
  t.same(counted.reports.take(), []);
  counted.references.unmapWritable(mapping);
  counted.references.end();
  t.same(counted.reports.take(), [], 'nobody may');
});

t.test('a child is what its parent is', async (t) => {
  const [parent, child] = [new mm_struct(), new mm_struct()];
  const was = state({ mm: parent, flags: bits(VMA_READ_BIT) });
  const says = (over: Parameters<typeof changed>[1], of = was): string => {
    const copy = { ...of, mm: child, vma: new vm_area_struct(), anon: null, ...over };
    return wrongChild(parent, child, spaces(of, copy)).join();
  };
  const other = (what: string, name = '0x10000-0x14000'): string =>
    `fork: VMA ${name} has another ${what} than VMA 0x10000-0x14000`;
  t.equal(says({}), '');
  t.equal(says({ start: BASE - P, end: BASE + 4 * P }), other('range', '0xf000-0x14000'));
  t.equal(says({ end: BASE + P }), other('range', '0x10000-0x11000'));
  t.equal(says({ pgoff: 1 }), other('page offset'));
  t.equal(says({ anon_pgoff: 1 }), other('page offset'));
  t.equal(says({ file: new file() }), other('file'));
  t.equal(says({ name: 'x' }), other('name'));
  t.equal(says({ flags: bits(VMA_READ_BIT, VMA_WRITE_BIT) }), other('flags'));
  t.equal(says({ flags: bits(VMA_READ_BIT, 100) }), other('flags'));
  const locked = { ...was, flags: bits(VMA_READ_BIT, VMA_LOCKED_BIT, VMA_UFFD_WP_BIT) };
  t.equal(says({ flags: bits(VMA_READ_BIT) }, locked), '', 'locks and userfaultfds stay behind');
  t.equal(says({ anon: new anon_vma() }), other('anon_vma'));
  t.equal(says({}, { ...was, anon: new anon_vma() }), other('anon_vma'));
  t.equal(says({ anon: new anon_vma() }, { ...was, anon: new anon_vma() }), '');
  const wiped = { ...was, anon: new anon_vma(), flags: bits(VMA_WIPEONFORK_BIT) };
  t.equal(says({}, wiped), '');
  t.equal(says({ anon: new anon_vma() }, wiped), other('anon_vma'));
  t.same(wrongChild(parent, child, spaces(was)), ['fork: the child has 0 VMAs, where 1 were to be']);
  t.same(wrongChild(parent, child, spaces({ ...was, flags: bits(VMA_DONTCOPY_BIT) })), []);

  const anon = new anon_vma();
  const faulted = { ...was, anon };
  parent.pgd = new Map([[BASE + P, new pte_t(new page(anon, 1))]]);
  child.pgd = new Map();
  t.equal(says({ anon: new anon_vma() }, faulted), 'fork: the child has not what the parent has at 0x11000');
  child.pgd.set(BASE + P, new pte_t(new page(anon, 1)));
  t.equal(says({ anon: new anon_vma() }, faulted), '');
  t.equal(says({}, wiped), "fork: VMA 0x10000-0x14000 has pages of the parent's, which were to be wiped");
  parent.pgd = new Map([[BASE, new pte_t(null, false, true)]]);
  t.equal(says({}), '', 'a guard of another kind');
  const guarded = { ...was, flags: bits(VMA_MAYBE_GUARD_BIT) };
  t.equal(says({}, guarded), 'fork: the child has not what the parent has at 0x10000');
});

t.test('attributes that an operation was not told to change', async (t) => {
  t.ok(judgesAttributes('do_munmap'));
  t.notOk(judgesAttributes('mmap'));
  const was = state({ flags: bits(VMA_READ_BIT) });
  const says = (name: string, args: Record<string, unknown>, over: Parameters<typeof changed>[1]): string =>
    notKept(name, args, [was], [changed(was, over)]).join();
  const another = (what: string): string => `attributes: 0x10000-0x14000 has another ${what} than it is to have`;
  const all = { flags: bits(VMA_WRITE_BIT), policy: new mempolicy(), name: 'x', uffd: {} };
  t.equal(says('do_munmap', {}, all), another('flags, policy, name, userfaultfd context'));
  t.equal(says('none', {}, all), '');
  t.equal(says('mmap_region', { addr: BASE, len: 4 * P }, all), '');
  t.match(says('mmap_region', { addr: BASE, len: 3 * P }, all), /^attributes/);
  t.match(says('mmap_region', { addr: BASE + P, len: 3 * P }, all), /^attributes/);
  t.match(says('mmap_region', {}, all), /^attributes/);
  const flags = { flags: bits(VMA_WRITE_BIT) };
  t.equal(says('mprotect', { start: BASE + 8, len: 4 * P - 16, prot: 0 }, flags), '', 'whole pages');
  t.equal(says('mprotect', { start: BASE + P, len: P, prot: 0 }, flags), another('flags'));
  t.equal(says('mprotect', { start: BASE + P, len: P, prot: PROT_GROWSDOWN }, flags), '');
  t.equal(says('mprotect', { start: BASE, len: 4 * P, prot: 0 }, { name: 'x' }), another('name'));
  t.equal(says('madvise', { start: BASE, len_in: 4 * P }, flags), '');
  t.equal(says('madvise', { start: -P, len_in: 40 * P }, flags), another('flags'));
  t.equal(says('mseal', { start: BASE, len: -P }, flags), another('flags'));

  const range = { start: BASE, end: BASE + 4 * P };
  const wanted = mk_vma_flags(VMA_WRITE_BIT);
  t.equal(says('vma_modify_flags', { ...range, vma_flags_ptr: wanted }, flags), '');
  t.equal(says('vma_modify_flags', { ...range, vma_flags_ptr: mk_vma_flags() }, flags), another('flags'));
  t.equal(says('vma_modify_flags', { ...range, end: BASE + P, vma_flags_ptr: wanted }, flags), another('flags'));
  t.equal(says('vma_modify_flags', range, flags), '', 'nobody knows what was asked for');
  const { policy } = all;
  t.equal(says('vma_modify_policy', { ...range, new_pol: policy }, { policy }), '');
  t.equal(says('vma_modify_policy', { ...range, new_pol: new mempolicy() }, { policy }), another('policy'));
  t.equal(says('vma_modify_policy', range, { policy }), '');
  const name = new anon_vma_name('x');
  t.equal(says('vma_modify_name', { ...range, new_name: name }, { name: 'x' }), '');
  t.equal(says('vma_modify_name', { ...range, new_name: null }, { name: 'x' }), another('name'));
  t.equal(says('vma_modify_name', { ...range, new_name: name }, { name: 'y' }), another('name'));
  const { uffd } = all;
  const ctx = new vm_userfaultfd_ctx(uffd);
  t.equal(says('vma_modify_flags_uffd', { ...range, new_ctx: ctx }, { uffd }), '');
  t.equal(
    says('vma_modify_flags_uffd', { ...range, new_ctx: new vm_userfaultfd_ctx() }, { uffd }),
    another('userfaultfd context'),
  );
  t.equal(says('vma_modify_flags_uffd', { ...range, new_ctx: uffd }, { uffd }), another('userfaultfd context'));
  t.equal(says('vma_modify_flags_uffd', range, { uffd }), '');
});

t.test('memory that an operation was not asked for', async (t) => {
  const was = state({ flags: bits(VMA_READ_BIT) });
  const says = (
    name: string,
    args: Record<string, unknown>,
    after: readonly ReturnType<typeof state>[],
    result: unknown = 0,
  ): string => changedOutside(name, args, result, spaces(was), spaces(...after), [MM]).join(' | ');
  const outside = (range: string, what: string): string => `outside: ${range} ${what}, which it was not asked for`;
  const all = { mm: MM, start: BASE, len: 4 * P };
  t.equal(says('none', all, []), '');
  t.equal(says('do_munmap', all, []), '');
  t.equal(says('do_munmap', { ...all, start: BASE + P }, []), outside('0x10000-0x11000', 'is not mapped any more'));
  t.equal(says('do_munmap', { ...all, len: 3 * P }, []), outside('0x13000-0x14000', 'is not mapped any more'));
  t.equal(
    says('do_munmap', { ...all, start: BASE + P, len: P }, []),
    [outside('0x10000-0x11000', 'is not mapped any more'), outside('0x12000-0x14000', 'is not mapped any more')].join(
      ' | ',
    ),
  );
  const beside = state({ start: BASE + 8 * P });
  t.equal(says('do_munmap', all, [beside]), outside('0x18000-0x1c000', 'is mapped now'));
  t.equal(says('expand_downwards', { vma: was.vma }, [was, beside]), '', 'a stack grows');
  t.equal(says('mmap', { mm: MM, addr: 0, len: 4 * P }, [was, beside], beside.start), '');
  t.equal(
    says('mmap', { mm: MM, addr: 0, len: 4 * P }, [was, beside], -12),
    outside('0x18000-0x1c000', 'is mapped now'),
  );
  t.equal(
    says('split_vma', { mm: MM }, [changed(was, { file: new file() })]),
    outside('0x10000-0x14000', 'has another file'),
  );
  t.equal(
    says('split_vma', { mm: MM }, [changed(was, { pgoff: 0 })]),
    outside('0x10000-0x14000', 'has another page offset'),
  );
  const flags = changed(was, { flags: bits(VMA_WRITE_BIT) });
  t.equal(says('split_vma', { mm: MM }, [flags]), '', 'judged elsewhere');
  t.equal(says('mmap', { mm: MM, addr: 0, len: 0 }, [flags]), outside('0x10000-0x14000', 'has another flags'));
  t.equal(
    says('mmap', { mm: MM, addr: 0, len: 0 }, [changed(was, { name: 'x' })]),
    outside('0x10000-0x14000', 'has another name'),
  );
  t.equal(says('mmap', { mm: MM, addr: 0, len: 0 }, [changed(was, { flags: bits(VMA_READ_BIT, VMA_LOCKED_BIT) })]), '');
  const named = (option: number): string =>
    says('prctl', { mm: MM, option, arg3: BASE + P, arg4: P }, [changed(was, { name: 'x' })]);
  t.match(named(0x53564d41), /0x10000-0x11000 has another name.*0x12000-0x14000 has another name/);
  t.equal(named(67), '');
  const moved = { mm: MM, addr: BASE, old_len: 4 * P, new_len: 4 * P, new_addr: beside.start, flags: 0 };
  t.equal(says('mremap', { ...moved, flags: 2 }, [beside], -12), '', 'where it may go');
  t.equal(says('mremap', moved, [beside], beside.start), '');
  t.equal(says('mremap', moved, [beside], -12), outside('0x18000-0x1c000', 'is mapped now'));
  t.match(
    changedOutside('do_munmap', { ...all, mm: new mm_struct() }, 0, spaces(was), spaces(), [MM]).join(),
    /^outside/,
    'of another space',
  );
  t.same(changedOutside('dup_mmap', { mm: MM }, 0, spaces(), spaces(was), [MM]), [], 'a child is made of nothing');
  const { mm } = current;
  current.mm = MM;
  t.equal(says('munmap', { addr: BASE, len: 4 * P }, []), '', 'the current one’s');
  current.mm = mm;
});

t.test('page tables of those that stay', async (t) => {
  const mm = new mm_struct();
  const place = (start: number, end: number): vm_area_struct => {
    const vma = new vm_area_struct();
    [vma.vm_start, vma.vm_end, vma.vm_mm] = [start * P, end * P, mm];
    mas_store_gfp(MA_STATE(mm.mm_mt, vma.vm_start, vma.vm_end - 1), vma, GFP_KERNEL);
    return vma;
  };
  const first = place(0, 2);
  place(4, 6);
  place(8, 10);
  const says = (pg_start: number, pg_end: number, vma_start: number, vma_end: number): string =>
    tablesOfOthers(
      Object.assign(Object.create(unmap_desc.prototype), {
        first,
        pg_start: pg_start * P,
        pg_end: pg_end * P,
        vma_start: vma_start * P,
        vma_end: vma_end * P,
      }),
    )
      .map((text) => / 0x\S+ /.exec(text)?.[0].trim())
      .join(' ');
  t.equal(says(2, 8, 4, 6), '');
  t.equal(says(1, 8, 4, 6), '0x0-0x2000');
  t.equal(says(2, 9, 4, 6), '0x8000-0xa000');
  t.equal(says(2, 0, 4, 6), '0x8000-0xa000', 'up to the end');
  t.equal(says(2, 0, 4, 0), '', 'all from there on');
  t.equal(says(0, 4, 0, 4), '', 'the next one begins where it ends');
  t.equal(says(0, 5, 0, 4), '0x4000-0x6000');
  first.vm_mm = null;
  t.equal(says(0, 0, 4, 6), '');
});
