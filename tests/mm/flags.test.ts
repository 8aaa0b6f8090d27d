// SPDX-License-Identifier: GPL-2.0-only
/** VMA flags against a model: a bitmap is a BigInt. Words, copies, constants, and bits that there is no room for. */
import fc from 'fast-check';
import t from 'tap';
import { hexOf } from '../../include/check.js';
import * as all from '../../lib/index.js';
import {
  append_vma_flags,
  legacy_to_vma_flags,
  mk_vma_flags,
  mm_struct,
  NUM_VMA_FLAG_BITS,
  pgprot_modify,
  VMA_IGNORE_MERGE_FLAGS,
  VMA_ITERATOR,
  VMA_READ_BIT,
  VMA_STICKY_FLAGS,
  VMG_VMA_STATE,
  vm_area_desc,
  vm_area_struct,
  vm_flags_clear,
  vm_flags_init,
  vm_flags_set,
  vm_get_page_prot,
  vma_flags_and,
  vma_flags_and_mask,
  vma_flags_clear,
  vma_flags_clear_mask,
  vma_flags_count,
  vma_flags_diff_pair,
  vma_flags_empty,
  vma_flags_same,
  vma_flags_same_mask,
  vma_flags_same_pair,
  vma_flags_set,
  vma_flags_set_flag,
  vma_flags_set_mask,
  vma_flags_t,
  vma_flags_test,
  vma_flags_test_all,
  vma_flags_test_all_mask,
  vma_flags_test_any,
  vma_flags_test_any_mask,
  vma_flags_to_legacy,
  vma_set_flags_mask,
  vma_test,
} from '../../lib/index.js';
import { flagsDifferBeyond } from '../../lib/mm/inlines/flag_operations.js';
import { BIT_REFUSALS, WORD_REFUSALS } from './refusals/flags.js';

const WORD = (1n << 64n) - 1n;
const EVERYTHING = (1n << BigInt(NUM_VMA_FLAG_BITS)) - 1n;

/** A bitmap as one number. */
function model(flags: vma_flags_t): bigint {
  return flags.__vma_flags.reduceRight((sum, word) => (sum << 64n) | word, 0n);
}

function fromBits(bits: readonly number[]): bigint {
  return bits.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);
}

function countBits(value: bigint): number {
  return value.toString(2).replaceAll('0', '').length;
}

const bit = fc.integer({ min: 0, max: NUM_VMA_FLAG_BITS - 1 });
const bits = fc.array(bit, { maxLength: NUM_VMA_FLAG_BITS });
const word = fc.bigInt({ min: 0n, max: WORD });

t.test('tests and questions', async (t) => {
  fc.assert(
    fc.property(bits, bits, bit, (a, b, one) => {
      const [x, y] = [mk_vma_flags(...a), mk_vma_flags(...b)];
      const [m, n] = [fromBits(a), fromBits(b)];
      const one_bit = mk_vma_flags(one);
      return (
        model(x) === m &&
        vma_flags_empty(x) === (m === 0n) &&
        vma_flags_count(x) === countBits(m) &&
        vma_flags_test(x, one) === ((m >> BigInt(one)) & 1n) > 0n &&
        vma_flags_test_any(x, ...b) === ((m & n) !== 0n) &&
        vma_flags_test_any_mask(x, y) === ((m & n) !== 0n) &&
        vma_flags_test_all(x, ...b) === ((m & n) === n) &&
        vma_flags_test_all_mask(x, y) === ((m & n) === n) &&
        vma_flags_same(x, ...b) === (m === n) &&
        vma_flags_same_mask(x, y) === (m === n) &&
        vma_flags_same_pair(x, y) === (m === n) &&
        flagsDifferBeyond(x, y, one_bit) === (((m ^ n) & (EVERYTHING ^ model(one_bit))) !== 0n) &&
        !flagsDifferBeyond(x, y, vma_flags_diff_pair(x, y)) &&
        model(x) === m &&
        model(y) === n
      );
    }),
  );
  t.pass('as the model');
});

t.test('changes, in place and to a copy', async (t) => {
  fc.assert(
    fc.property(bits, bits, bit, (a, b, one) => {
      const [m, n] = [fromBits(a), fromBits(b)];
      const y = mk_vma_flags(...b);
      const changed = (change: (flags: vma_flags_t) => void): bigint => {
        const flags = mk_vma_flags(...a);
        change(flags);
        return model(flags);
      };
      const x = mk_vma_flags(...a);
      return (
        changed((f) => vma_flags_set(f, ...b)) === (m | n) &&
        changed((f) => vma_flags_set_mask(f, y)) === (m | n) &&
        changed((f) => vma_flags_set_flag(f, one)) === (m | (1n << BigInt(one))) &&
        changed((f) => vma_flags_clear(f, ...b)) === (m & (EVERYTHING ^ n)) &&
        changed((f) => vma_flags_clear_mask(f, y)) === (m & (EVERYTHING ^ n)) &&
        model(vma_flags_and(x, ...b)) === (m & n) &&
        model(vma_flags_and_mask(x, y)) === (m & n) &&
        model(vma_flags_diff_pair(x, y)) === (m ^ n) &&
        model(append_vma_flags(x, ...b)) === (m | n) &&
        model(x) === m &&
        model(y) === n
      );
    }),
  );
  t.pass('as the model');
});

t.test('the legacy word is the lowest 64 bits', async (t) => {
  fc.assert(
    fc.property(bits, word, (a, w) => {
      const m = fromBits(a);
      const vma = new vm_area_struct();
      vma.flags = mk_vma_flags(...a);
      if (vma.vm_flags !== (m & WORD) || vma_flags_to_legacy(vma.flags) !== (m & WORD)) return false;
      if (model(legacy_to_vma_flags(w)) !== w) return false;
      vm_flags_set(vma, w);
      if (model(vma.flags) !== (m | w)) return false;
      vm_flags_clear(vma, w);
      if (model(vma.flags) !== (m & (EVERYTHING ^ w))) return false;
      vm_flags_init(vma, w);
      return model(vma.flags) === w;
    }),
  );
  t.pass('as the model');
});

t.test('a protection is the lowest 64 bits, whichever was asked for before', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 200 }), (pairs) =>
      pairs.every(([a, b]) => {
        const prot = vm_get_page_prot(a);
        return prot.pgprot === a && pgprot_modify(prot, vm_get_page_prot(b)).pgprot === (a | b);
      }),
    ),
  );
  // A few flags each, as mappings have them, so that places in the table are met again.
  const few = Array.from({ length: 4096 }, (_, i) => BigInt(i) << 3n);
  t.same(
    few.map((a) => vm_get_page_prot(a).pgprot),
    few,
  );
});

t.test('assigning a bitmap copies it: nobody shares one', async (t) => {
  const given = mk_vma_flags(VMA_READ_BIT);
  const vma = new vm_area_struct();
  vma.flags = given;
  const desc = new vm_area_desc();
  desc.vma_flags = given;
  const mm = new mm_struct();
  mm.def_vma_flags = given;
  const vmg = VMG_VMA_STATE(VMA_ITERATOR(mm, 0), null, vma, 0, 0x1000);
  const merged = vmg.vma_flags;
  vmg.vma_flags = given;
  const clone = given.clone();

  vma_flags_set(given, NUM_VMA_FLAG_BITS - 1);
  for (const [name, flags] of Object.entries({ vma: vma.flags, desc: desc.vma_flags, mm: mm.def_vma_flags, merged })) {
    t.equal(model(flags), 1n, `${name} keeps its own`);
  }
  t.equal(model(clone), 1n);
  vma_set_flags_mask(vma, mk_vma_flags(5));
  t.notOk(vma_test(vma, NUM_VMA_FLAG_BITS - 1));
  t.equal(model(vmg.vma_flags), 1n, 'a change of the VMA is none of the merge');
});

t.test('combinations that everybody shares cannot be changed', async (t) => {
  const constants = Object.entries(all).filter(
    (entry): entry is [string, vma_flags_t] => entry[1] instanceof vma_flags_t,
  );
  t.ok(constants.length >= 10, `${constants.length} of them`);
  for (const [name, flags] of constants) {
    const before = model(flags);
    t.throws(() => vma_flags_set(flags, 17), TypeError, name);
    t.equal(model(flags), before);
  }
  t.ok(vma_flags_same_pair(VMA_IGNORE_MERGE_FLAGS, VMA_STICKY_FLAGS));
});

t.test('a bit that there is no room for is refused, and the bitmap stays', async (t) => {
  const vma = new vm_area_struct();
  vma.flags = mk_vma_flags(3);
  for (const [door, fn, call] of BIT_REFUSALS) {
    for (const bad of [NUM_VMA_FLAG_BITS, -1, 2 ** 32, 0.5, Number.NaN, 1000]) {
      const message = `${fn}: bit = ${hexOf(bad)}: not a flag bit of ${NUM_VMA_FLAG_BITS}`;
      t.throws(() => call(vma, bad), new RangeError(message), `${door}: ${message}`);
    }
  }
  t.equal(model(vma.flags), 8n);
});

t.test('a word that 64 bits cannot hold is refused, and the bitmap stays', async (t) => {
  const vma = new vm_area_struct();
  vma.flags = mk_vma_flags(3, NUM_VMA_FLAG_BITS - 1);
  const before = model(vma.flags);
  for (const [door, fn, call] of WORD_REFUSALS) {
    for (const bad of [-1n, WORD + 1n]) {
      const message = new RegExp(`^(RangeError: )?${fn}: flags = ${hexOf(bad)}: `);
      t.throws(() => call(vma, bad), message, `${door} ${hexOf(bad)}`);
      t.equal(model(vma.flags), before);
    }
  }
});
