// SPDX-License-Identifier: GPL-2.0-only
/** `vma-userland/test/c`: C's integers to the last bit, its pointers, its copies of structs. */
import t from 'tap';
import * as c from '../../harness/c.js';
import { alloc_and_link_vma, cleanup_mm, test, VmaAssertionError } from '../../harness/index.js';
import {
  anon_vma_chain,
  ERR_PTR,
  INIT_LIST_HEAD,
  list_add,
  mk_vma_flags,
  Ref,
  ULONG_MAX,
  VMA_EXEC_BIT,
  VMA_ITERATOR,
  VMA_READ_BIT,
  vm_area_struct,
  vma_flags_set,
  vma_flags_t,
} from '../../lib/index.js';

const TOP = 2n ** 64n - 1n;

t.test('64 bits: exact, and cut where C cuts', async (t) => {
  t.equal(c.u64.sub(0x1000, 0x2000), 0xfffffffffffff000n);
  t.equal(c.u64.add(ULONG_MAX, 1), 0n, 'the port’s ULONG_MAX is C’s');
  t.equal(c.u64.of(-12), TOP - 11n, 'an error in an unsigned long');
  t.equal(c.u64.mul(0x123456789abcdefn, 0xfedcba987654321n), 0x22236d88fe5618cfn);
  t.equal(c.u64.not(0), TOP);
  t.equal(c.u64.shl(3, 63), 1n << 63n);
  t.equal(c.u64.shr(1n << 63n, 62), 2n);
  t.equal(c.u64.xor(0x500000003, 0x300000001), 0x600000002n);
  t.equal(c.u64.and(-1, 0xff), 0xffn);
  t.equal(c.u64.or(1n << 40n, 1), (1n << 40n) + 1n);
  t.equal(c.s64.of(TOP), -1n);
  t.equal(c.s64.shr(-4096, 4), -256n, 'the sign is kept');
  t.equal(c.s64.div(-7, 2), -3n, 'towards zero');
  t.equal(c.s64.mod(-7, 2), -1n);
});

t.test('narrower: numbers, cut to the type', async (t) => {
  t.equal(c.u8.of(300), 44);
  t.equal(c.s8.of(200), -56);
  t.equal(c.u16.of(-1), 65535);
  t.equal(c.s16.of(40000), -25536);
  t.equal(c.u32.sub(3, 5), 0xfffffffe);
  t.equal(c.s32.add(2 ** 31 - 1, 1), -(2 ** 31));
  t.equal(c.narrow(9, 3, false), 1);
  t.equal(c.narrow(7, 3, true), -1);
});

t.test('what C does not define is refused', async (t) => {
  t.throws(() => c.u64.div(1, 0), /u64\.div: b = 0/);
  t.throws(() => c.u32.mod(1, 0), /u32\.mod: b = 0/);
  t.throws(() => c.u32.shl(1, 32), /u32\.shl: count = 32: must be below 32/);
  t.throws(() => c.u64.shr(1, -1), /u64\.shr: count = -1/);
});

t.test('an unsigned long as the port holds it', async (t) => {
  t.equal(c.ulong(TOP), ULONG_MAX);
  t.equal(c.ulong(0x7fffn), 0x7fff);
  t.throws(() => c.ulong(2n ** 60n), /ulong: value = 0x1000000000000000: the port has no number for it/);
  t.throws(() => c.ulong(2n ** 53n - 1n), /ulong: value/, 'that number stands for another');
  t.ok(c.is_err_value(-4095));
  t.ok(c.is_err_value(TOP));
  t.notOk(c.is_err_value(0x1000));
});

t.test('pointers: followed, made, looked at', async (t) => {
  const vma = new vm_area_struct();
  t.equal(c.deref(vma), vma);
  t.throws(() => c.deref(null), /pointer = NULL/);
  t.throws(() => c.deref(undefined), /pointer = NULL/);
  t.throws(() => c.deref(ERR_PTR(-12)), /pointer = error -12/);
  t.equal(c.as_a(vm_area_struct, vma), vma);
  t.equal(c.as_a(vm_area_struct, null), null);
  t.throws(() => c.as_a(vm_area_struct, {}), /no vm_area_struct/);
  t.equal(c.ptr_err(ERR_PTR(-22)), -22);
  t.throws(() => c.ptr_err(vma), /holds no error/);
  const ref = new Ref<vm_area_struct | null>(vma);
  t.equal(c.given(ref), ref);
  ref.value = null;
  t.throws(() => c.given(ref), /pointer = NULL/);
});

t.test('places: one pointer for one place, bounds as ASan has them', async (t) => {
  const vma = new vm_area_struct();
  const start = c.field_ref(vma, 'vm_start');
  start.value = 0x1000;
  t.equal(vma.vm_start, 0x1000);
  t.equal(c.field_ref(vma, 'vm_start'), start);
  t.not(c.field_ref(vma, 'vm_end'), start);
  const list = [1, 2, 3];
  const second = c.element_ref(list, 1n);
  second.value = 9;
  t.equal(second.value, 9);
  t.same(list, [1, 9, 3]);
  t.equal(c.element_ref(list, 1), second);
  t.equal(c.at(list, 2), 3);
  t.equal(c.put(list, 0, 5), 5);
  t.throws(() => c.at(list, 3), /at: index = 3: the array has 3 elements/);
  t.throws(() => c.put(list, -1, 0), /put: index = -1/);
  t.throws(() => c.element_ref(list, 3), /element_ref: index = 3/);
  t.equal(c.char_at('ab', 1), 98);
  t.equal(c.char_at('ab', 2), 0);
  t.throws(() => c.char_at('ab', 3), /char_at: index = 3/);
  t.same([c.strlen('abc'), c.strcmp('a', 'b'), c.strcmp('b', 'a'), c.strcmp('a', 'a')], [3, -1, 1, 0]);
});

t.test('bitmaps as bytes', async (t) => {
  const [one, other] = [new vma_flags_t(), new vma_flags_t()];
  t.equal(c.sizeof(one) % 8, 0);
  c.memset(one, 0x101, c.sizeof(one));
  t.equal(one.__vma_flags[0], 0x0101010101010101n, 'the lowest byte, eight times');
  t.equal(c.memcmp(one, other, 8), 1);
  t.equal(c.memcmp(other, one, 8), -1);
  c.memset(one, 0, c.sizeof(one));
  t.equal(c.memcmp(one, other, 8), 0);
  vma_flags_set(one, 8);
  vma_flags_set(other, 0, 16);
  t.equal(c.memcmp(one, other, 8), -1, 'the first byte that differs');
});

t.test('structs: what is in them is copied, what they point to is not', async (t) => {
  const vma = new vm_area_struct({ flags: mk_vma_flags(VMA_READ_BIT) });
  const avc = new anon_vma_chain({ vma });
  INIT_LIST_HEAD(vma.anon_vma_chain);
  list_add(avc.same_vma, vma.anon_vma_chain);
  const copy = c.struct_copy(vma);
  vma_flags_set(copy.flags, VMA_EXEC_BIT);
  t.equal(c.memcmp(vma.flags, mk_vma_flags(VMA_READ_BIT), 8), 0, 'flags of its own');
  t.not(copy.anon_vma_chain, vma.anon_vma_chain);
  t.equal(copy.anon_vma_chain.next, avc.same_vma, 'links point where the original’s do');
  const link = c.struct_copy(avc);
  t.equal(link.vma, vma);
  t.equal(link.same_vma.owner, link, 'a link is part of the copy');

  const outer = { inner: { n: 1 }, to: vma, list: [{ n: 2 }], plain: [3] };
  const again = c.struct_copy(outer, 'inner', 'list[]');
  again.inner.n = 5;
  again.list[0] = { n: 6 };
  again.plain[0] = 7;
  t.same([outer.inner.n, outer.list[0]?.n, outer.plain[0]], [1, 2, 3]);
  t.equal(again.to, vma);
  const deep = { a: { b: { n: 1 } } };
  const copied = c.struct_copy(deep, 'a', 'a.b');
  copied.a.b.n = 2;
  t.equal(deep.a.b.n, 1);
});

t.test('assignment fills the struct that is there', async (t) => {
  const [to, from] = [new vm_area_struct(), new vm_area_struct({ flags: mk_vma_flags(VMA_READ_BIT) })];
  from.vm_start = 0x1000;
  const { flags, anon_vma_chain: list } = to;
  t.equal(c.struct_assign(to, from), to);
  t.equal(to.vm_start, 0x1000);
  t.equal(to.flags, flags, 'its bitmap is the same, with other bits');
  t.equal(c.memcmp(flags, from.flags, 8), 0);
  t.equal(to.anon_vma_chain, list);
  t.equal(c.struct_assign(to, to), to);
  const outer = { inner: { n: 1 }, list: [1, 2] };
  const { inner, list: old } = outer;
  c.struct_assign(outer, { inner: { n: 4 }, list: [3, 4] }, 'inner');
  t.equal(outer.inner, inner);
  t.same([inner.n, old], [4, [3, 4]]);
});

t.test('what a test asserts, and what is not translated', async (t) => {
  t.equal(
    c.attempt(() => {
      throw new VmaAssertionError('what', 'found', 'wanted', () => {});
    }, 7),
    7,
  );
  t.equal(
    c.attempt(() => 3, 7),
    3,
  );
  t.throws(() => c.attempt(() => c.deref(null), 7), /NULL/, 'a crash is no failed assertion');
  c.returned(true);
  t.throws(() => c.returned(false), VmaAssertionError);
  t.throws(() => c.untranslated('a.c:3', 'goto out;', 'no rule'), /a\.c:3: not translated: goto out;: no rule/);
});

test('fakes and spies beside what upstream asserts', (t) => {
  const close = t.sandbox.fake();
  c.assert_called(close, 0, 'not yet');
  close(1, 2);
  t.throws(() => c.assert_called(close, 0, 'close stays'), 'close stays');
  c.assert_called_with(close, 'once', 1);
  t.throws(() => c.assert_called_with(close, 'once', 1), 'once');
  close(1);
  close(1);
  t.throws(() => c.assert_called_with(close, 'once', 1), 'once');
  close(2);
  t.throws(() => c.assert_called_with(close, 'once', 1), 'once');
});

test('assertions and calls of older kernels', (t) => {
  const { mm } = t;
  const vmi = VMA_ITERATOR(mm, 0);
  const vma = alloc_and_link_vma(mm, 0, 0x3000, 0, mk_vma_flags(VMA_READ_BIT));
  t.ASSERT_EQ(c.asserted(t, vma), vma);
  t.throws(() => c.asserted(t, null), 'ASSERT_NE');
  t.throws(() => c.vma_shrink_to(vmi, vma, 0x1000, 0x2000, 1), /vma_shrink_to: start = 4096, pgoff = 1/);
  t.ASSERT_EQ(c.vma_shrink_to(vmi, vma, 0, 0x1000, 0), 0);
  t.ASSERT_EQ(vma.vm_end, 0x1000);
  t.ASSERT_EQ(cleanup_mm(mm, vmi), 1);
});

t.test('a test without a body is refused by name', async (t) => {
  for (const args of [['idle'], ['idle', {}]]) {
    t.throws(() => Reflect.apply(c.test, undefined, args), {
      name: 'TypeError',
      message: "test: body = undefined: test 'idle' has nothing to run",
    });
  }
});
