// SPDX-License-Identifier: GPL-2.0-only
/** mmap_region(): what KSM, limits and hooks that change a mapping have to do with it. */
import sinon from 'sinon';
import { test } from '../../harness/index.js';
import {
  __mmap_region,
  EINVAL,
  file,
  mk_vma_flags,
  mmap_region,
  PAGE_SIZE,
  stubs,
  VMA_DONTEXPAND_BIT,
  VMA_LOCKED_BIT,
  VMA_MERGEABLE_BIT,
  type vma_flags_t,
  vma_set_file,
  vma_set_flags,
  vma_test,
} from '../../lib/index.js';
import { DATA, mapRange, plainFile, vmaAt } from './space.js';

const START = 0x20000;
const END = 0x22000;
const FLAGS = Object.freeze(mk_vma_flags(...DATA));

test('flags that the architecture refuses', (t) => {
  const validate = t.sandbox.stub(stubs, 'arch_validate_flags').returns(false);
  t.ASSERT_EQ(mmap_region(null, START, END - START, FLAGS, START / PAGE_SIZE, null), -EINVAL);
  sinon.assert.calledOnce(validate);
  t.ASSERT_LAYOUT('');
});

test('KSM is asked once: before the merge, or after a hook that may change the mapping has run', (t) => {
  const other = plainFile();
  const mmapHook = (): file =>
    new file({
      mmap: (_file, vma) => {
        vma_set_file(vma, other);
        vma_set_flags(vma, VMA_DONTEXPAND_BIT);
        return 0;
      },
    });
  const prepared = new file({ mmap_prepare: () => 0 });
  const kinds: readonly (readonly [what: string, f: file | null, asked: file | null, bits: readonly number[]])[] = [
    ['anonymous memory', null, null, DATA],
    ['mmap_prepare', prepared, prepared, DATA],
    ['an mmap hook that changes flags and file', mmapHook(), other, [...DATA, VMA_DONTEXPAND_BIT]],
  ];
  for (const [what, f, asked, bits] of kinds) {
    t.subtest(what, (t) => {
      const seen: [file | null, vma_flags_t][] = [];
      t.sandbox.stub(stubs, 'ksm_vma_flags').callsFake((_mm, mapped, flags) => {
        seen.push([mapped, flags.clone()]);
        const more = flags.clone();
        more.w0 |= mk_vma_flags(VMA_MERGEABLE_BIT).w0;
        return more;
      });
      const vma = mapRange(t, START, END, { file: f });
      t.ASSERT_EQ(seen.length, 1);
      t.ASSERT_EQ(seen[0]?.[0], asked);
      t.ASSERT_EQ(hasBit(seen[0]?.[1] ?? FLAGS, VMA_DONTEXPAND_BIT), bits.includes(VMA_DONTEXPAND_BIT));
      t.ASSERT_TRUE(vma_test(vma, VMA_MERGEABLE_BIT));
      t.ASSERT_EQ(vma_test(vma, VMA_DONTEXPAND_BIT), bits.includes(VMA_DONTEXPAND_BIT));
      t.unmapAll();
    });
  }
});

function hasBit(flags: vma_flags_t, bit: number): boolean {
  return (flags.w0 & (1 << bit)) !== 0;
}

test('KSM’s flags are there before the merge is decided on', (t) => {
  t.sandbox.stub(stubs, 'ksm_vma_flags').callsFake((_mm, _file, flags) => {
    const more = flags.clone();
    if (hasBit(flags, VMA_MERGEABLE_BIT)) return more;
    more.w0 |= mk_vma_flags(VMA_MERGEABLE_BIT).w0;
    return more;
  });
  mapRange(t, START, END);
  mapRange(t, END, END + PAGE_SIZE);
  t.ASSERT_LAYOUT('0x20000-0x23000');
  t.unmapAll();
});

test('locked memory counts where it can be locked, and loses the flag where not', (t) => {
  const supports = t.sandbox.stub(stubs, 'vma_supports_mlock').returns(true);
  mapRange(t, START, END, { bits: [...DATA, VMA_LOCKED_BIT] });
  t.ASSERT_EQ(t.mm.locked_vm, 2);
  supports.returns(false);
  const vma = mapRange(t, 2 * START, 2 * START + PAGE_SIZE, { bits: [...DATA, VMA_LOCKED_BIT] });
  t.ASSERT_FALSE(vma_test(vma, VMA_LOCKED_BIT));
  t.ASSERT_EQ(t.mm.locked_vm, 2);
  t.unmapAll();
  t.ASSERT_EQ(t.mm.locked_vm, 0);
});

test('a limit is asked for what a mapping adds, not for what it replaces', (t) => {
  mapRange(t, START, END + 2 * PAGE_SIZE);
  const may = t.sandbox.spy(stubs, 'may_expand_vm');
  t.ASSERT_EQ(__mmap_region(null, END, 4 * PAGE_SIZE, FLAGS, END / PAGE_SIZE, null), END);
  sinon.assert.calledOnceWithExactly(may, t.mm, sinon.match.any, 2);
  t.ASSERT_EQ(vmaAt(t, END).vm_end, END + 4 * PAGE_SIZE);
  t.unmapAll();
});
