// SPDX-License-Identifier: GPL-2.0-only
/**
 * What an outer file's mmap hook and the inner file's mmap_prepare make of one mapping: what the outer one set before,
 * the inner one sees and may change; what it leaves alone stays; what the outer one sets afterwards stands.
 */
import sinon from 'sinon';
import { test } from '../../harness/index.js';
import {
  __pgprot,
  append_vma_flags,
  compat_vma_mmap,
  type file,
  mmap_action_remap_full,
  pgprot_val,
  stubs,
  VMA_DONTEXPAND_BIT,
  VMA_REMAP_FLAGS,
  VMA_SEQ_READ_BIT,
  vfs_mmap,
  type vm_area_desc,
  type vm_area_struct,
  vma_desc_set_flags,
  vma_dummy_vm_ops,
  vma_flags_to_legacy,
  vma_set_file,
} from '../../lib/index.js';
import { assertMapped, END, fileOf, mapFile, notedHooks, SHARED, START, vmaAt } from './driver.js';

const WAYS = { compat_vma_mmap, vfs_mmap };
const OUTER_PROT = 1n << 59n;
const INNER_PROT = 1n << 60n;

interface Hooks {
  before?(vma: vm_area_struct): void;
  inner?(desc: vm_area_desc): void;
  after?(vma: vm_area_struct): void;
}

/** Maps an outer file over an inner one; each of the three steps does what it is given. */
function mapStacked(call: (f: file, vma: vm_area_struct) => number, hooks: Hooks): { inner: file; outer: file } {
  const inner = fileOf({
    mmap_prepare: (desc) => {
      hooks.inner?.(desc);
      return 0;
    },
  });
  const outer = fileOf({
    mmap: (_f, vma) => {
      vma_set_file(vma, inner);
      hooks.before?.(vma);
      const error = call(inner, vma);
      hooks.after?.(vma);
      return error;
    },
  });
  if (mapFile(outer) !== START) throw new Error('the stacked file was not mapped');
  return { inner, outer };
}

for (const [way, call] of Object.entries(WAYS)) {
  test(`${way}: flags go both ways`, (t) => {
    let seen = 0n;
    mapStacked(call, {
      before: (vma) => {
        vma.flags = append_vma_flags(vma.flags, VMA_SEQ_READ_BIT);
      },
      inner: (desc) => {
        seen = vma_flags_to_legacy(desc.vma_flags);
        vma_desc_set_flags(desc, VMA_DONTEXPAND_BIT);
      },
    });
    t.ASSERT_EQ(seen, vma_flags_to_legacy(append_vma_flags(SHARED, VMA_SEQ_READ_BIT)), 'the outer one before it');
    const both = append_vma_flags(SHARED, VMA_SEQ_READ_BIT, VMA_DONTEXPAND_BIT);
    t.ASSERT_EQ(vmaAt(t).vm_flags, vma_flags_to_legacy(both));
    t.unmapAll();
  });

  test(`${way}: the inner hook may take away what the outer one set, and the outer one what the inner set`, (t) => {
    mapStacked(call, {
      before: (vma) => {
        vma.flags = append_vma_flags(vma.flags, VMA_SEQ_READ_BIT);
      },
      inner: (desc) => {
        desc.vma_flags = append_vma_flags(SHARED, VMA_DONTEXPAND_BIT);
      },
      after: (vma) => {
        t.ASSERT_EQ(vma.vm_flags, vma_flags_to_legacy(append_vma_flags(SHARED, VMA_DONTEXPAND_BIT)));
        vma.flags = SHARED;
      },
    });
    t.ASSERT_EQ(vmaAt(t).vm_flags, vma_flags_to_legacy(SHARED));
    t.unmapAll();
  });

  test(`${way}: the flags of the description are a copy`, (t) => {
    let kept: vm_area_desc | undefined;
    mapStacked(call, {
      inner: (desc) => {
        kept = desc;
      },
      after: (vma) => {
        // Neither end writes through to the other.
        kept?.vma_flags.assign(append_vma_flags(SHARED, VMA_SEQ_READ_BIT));
        t.ASSERT_EQ(vma.vm_flags, vma_flags_to_legacy(SHARED));
      },
    });
    t.ASSERT_EQ(vmaAt(t).vm_flags, vma_flags_to_legacy(SHARED));
    t.unmapAll();
  });

  test(`${way}: an action's flags are on the VMA when the outer hook goes on`, (t) => {
    const wanted = vma_flags_to_legacy(VMA_REMAP_FLAGS);
    const write = t.sandbox.spy(stubs, 'remap_pfn_range_ptes');
    mapStacked(call, {
      inner: (desc) => mmap_action_remap_full(desc, 0x77),
      after: (vma) => {
        t.ASSERT_EQ(vma.vm_flags & wanted, wanted);
        t.ASSERT_TRUE(write.calledOnce, 'and its frames are mapped');
      },
    });
    t.ASSERT_EQ(vmaAt(t).vm_flags & wanted, wanted);
    t.unmapAll();
  });

  test(`${way}: protection goes both ways, and into an action`, (t) => {
    const write = t.sandbox.spy(stubs, 'remap_pfn_range_ptes');
    let seen = 0n;
    let afterwards = 0n;
    mapStacked(call, {
      before: (vma) => {
        vma.vm_page_prot = __pgprot(pgprot_val(vma.vm_page_prot) | OUTER_PROT);
      },
      inner: (desc) => {
        seen = pgprot_val(desc.page_prot);
        desc.page_prot = __pgprot(seen | INNER_PROT);
        mmap_action_remap_full(desc, 0x77);
      },
      after: (vma) => {
        afterwards = pgprot_val(vma.vm_page_prot);
      },
    });
    t.ASSERT_EQ(seen & (OUTER_PROT | INNER_PROT), OUTER_PROT, 'the outer one before it');
    t.ASSERT_EQ(afterwards, seen | INNER_PROT);
    t.ASSERT_EQ(pgprot_val(write.firstCall.args[4]), seen | INNER_PROT);
    t.ASSERT_EQ(pgprot_val(vmaAt(t).vm_page_prot) & (OUTER_PROT | INNER_PROT), OUTER_PROT | INNER_PROT);
    t.unmapAll();
  });

  test(`${way}: hooks that the outer one set are seen, and stay where the inner one sets none`, (t) => {
    const outerHooks = notedHooks(t);
    let seen: unknown;
    const { inner } = mapStacked(call, {
      before: (vma) => {
        vma.vm_ops = outerHooks.ops;
      },
      inner: (desc) => {
        seen = desc.vm_ops;
      },
    });
    t.ASSERT_EQ(seen, outerHooks.ops);
    t.ASSERT_EQ(vmaAt(t).vm_ops, outerHooks.ops);
    // The layer calls whatever hook the VMA then has.
    assertMapped(outerHooks.mapped, inner);
    t.unmapAll();
    sinon.assert.calledOnceWithExactly(outerHooks.close, START, END);
    sinon.assert.callOrder(outerHooks.mapped, outerHooks.close);
  });

  test(`${way}: hooks that the inner one sets take the place of the outer one's`, (t) => {
    const outerHooks = notedHooks(t);
    const innerHooks = notedHooks(t);
    const { inner } = mapStacked(call, {
      before: (vma) => {
        vma.vm_ops = outerHooks.ops;
      },
      inner: (desc) => {
        desc.vm_ops = innerHooks.ops;
      },
    });
    t.ASSERT_EQ(vmaAt(t).vm_ops, innerHooks.ops);
    t.unmapAll();
    assertMapped(innerHooks.mapped, inner);
    sinon.assert.calledOnceWithExactly(innerHooks.close, START, END);
    sinon.assert.callOrder(innerHooks.mapped, innerHooks.close);
    sinon.assert.notCalled(outerHooks.mapped);
    sinon.assert.notCalled(outerHooks.close);
  });

  test(`${way}: hooks that the outer one sets afterwards stand; mapped of the inner one has been called`, (t) => {
    const outerHooks = notedHooks(t);
    const innerHooks = notedHooks(t);
    const { inner } = mapStacked(call, {
      inner: (desc) => {
        desc.vm_ops = innerHooks.ops;
      },
      after: (vma) => {
        t.ASSERT_EQ(vma.vm_ops, innerHooks.ops);
        vma.vm_ops = { close: outerHooks.ops.close };
      },
    });
    t.unmapAll();
    assertMapped(innerHooks.mapped, inner);
    sinon.assert.calledOnceWithExactly(outerHooks.close, START, END);
    sinon.assert.callOrder(innerHooks.mapped, outerHooks.close);
    sinon.assert.notCalled(innerHooks.close);
    sinon.assert.notCalled(outerHooks.mapped);
  });

  test(`${way}: where neither sets hooks, the VMA has those of a new one`, (t) => {
    let seen: unknown;
    mapStacked(call, {
      inner: (desc) => {
        seen = desc.vm_ops;
      },
    });
    t.ASSERT_EQ(seen, vma_dummy_vm_ops);
    t.ASSERT_EQ(vmaAt(t).vm_ops, vma_dummy_vm_ops);
    t.unmapAll();
  });

  test(`${way}: private data of the outer hook is not handed on, that of mapped comes last`, (t) => {
    const data = { outer: {}, inner: {}, mapped: {} };
    let seen: unknown;
    mapStacked(call, {
      before: (vma) => {
        vma.vm_private_data = data.outer;
      },
      inner: (desc) => {
        seen = desc.private_data;
        desc.private_data = data.inner;
        desc.vm_ops = {
          mapped: (_start, _end, _pgoff, _file, vm_private_data) => {
            t.ASSERT_EQ(vm_private_data.value, data.inner);
            vm_private_data.value = data.mapped;
            return 0;
          },
        };
      },
      after: (vma) => t.ASSERT_EQ(vma.vm_private_data, data.mapped),
    });
    // As upstream: the description begins without.
    t.ASSERT_EQ(seen, null);
    t.unmapAll();
  });
}
