// SPDX-License-Identifier: GPL-2.0-only
/**
 * The *_full actions cover the VMA as it is described, so their preparation fails only where the hook changes what it
 * asked for afterwards, or asks for an error that is none. Nothing is mapped then, and nothing is completed.
 */
import sinon from 'sinon';
import { test, type VmaTest } from '../../harness/index.js';
import {
  EFAULT,
  EINVAL,
  EIO,
  mmap_action_ioremap_full,
  mmap_action_map_kernel_pages_full,
  mmap_action_remap_full,
  PAGE_SIZE,
  page,
  stubs,
  type vm_area_desc,
} from '../../lib/index.js';
import { account, END, LEN, mapFile, notedHooks, PAGES, PRIVATE, preparedFile, SHARED, START } from './driver.js';

const kernelPages = Array.from({ length: PAGES }, () => new page());

interface Full {
  ask(desc: vm_area_desc): void;
  /** Makes the range that was asked for end a page later, or begin a page earlier or later. */
  longer(desc: vm_area_desc): void;
  earlier(desc: vm_area_desc): void;
  later(desc: vm_area_desc): void;
  /** Does private memory have to be remapped whole? */
  whole: boolean;
}

function ofFrames(ask: (desc: vm_area_desc) => void): Full {
  return {
    ask,
    longer: ({ action }) => {
      action.remap.size += PAGE_SIZE;
    },
    earlier: ({ action }) => {
      action.remap.start -= PAGE_SIZE;
    },
    later: ({ action }) => {
      action.remap.start += PAGE_SIZE;
      action.remap.size -= PAGE_SIZE;
    },
    whole: true,
  };
}

const ACTIONS: Record<string, Full> = {
  remap_full: ofFrames((desc) => mmap_action_remap_full(desc, 0x77)),
  ioremap_full: ofFrames((desc) => mmap_action_ioremap_full(desc, 0x88)),
  map_kernel_pages_full: {
    ask: (desc) => mmap_action_map_kernel_pages_full(desc, kernelPages),
    longer: ({ action }) => {
      action.map_kernel.nr_pages++;
    },
    earlier: ({ action }) => {
      action.map_kernel.start -= PAGE_SIZE;
    },
    later: ({ action }) => {
      action.map_kernel.start += PAGE_SIZE;
      action.map_kernel.nr_pages--;
    },
    whole: false,
  },
};

/** Maps with a hook that is to be refused, and asserts that nothing came of it. */
function assertRefused(t: VmaTest, prepare: (desc: vm_area_desc) => void, error: number, flags = SHARED): void {
  const mapped = t.sandbox.fake.returns(0);
  const close = t.sandbox.fake();
  const f = preparedFile({ mapped, close }, (desc) => {
    prepare(desc);
    return 0;
  });
  const before = account(t, f);
  const complete = [t.sandbox.spy(stubs, 'remap_pfn_range_ptes'), t.sandbox.spy(stubs, 'insert_kernel_pages')];
  const alloc = t.sandbox.spy(stubs, 'vm_area_cache_alloc');
  const acct = t.sandbox.spy(stubs, 'vm_acct_memory');
  t.ASSERT_EQ(mapFile(f, START, END, flags), error);
  for (const spy of [...complete, alloc, mapped, close]) sinon.assert.notCalled(spy);
  t.ASSERT_EQ(acct.args.join(), flags === PRIVATE ? `${-PAGES}` : '', 'what was charged is given back');
  t.ASSERT_EQ(account(t, f), before);
}

for (const [name, action] of Object.entries(ACTIONS)) {
  for (const [kind, flags] of Object.entries({ shared: SHARED, private: PRIVATE })) {
    test(`${name}, ${kind}: a range that leaves the VMA is refused`, (t) => {
      for (const change of ['longer', 'earlier'] as const) {
        t.subtest(change, (s) => {
          const prepare = (desc: vm_area_desc): void => {
            action.ask(desc);
            action[change](desc);
          };
          assertRefused(s, prepare, -EFAULT, flags);
        });
      }
    });

    test(`${name}, ${kind}: an error_override that is no error is refused before the range is looked at`, (t) => {
      for (const override of [EIO, 1, -5000]) {
        t.subtest(String(override), (s) => {
          s.expectWarning('check_mmap_action', 'error_override');
          const prepare = (desc: vm_area_desc): void => {
            action.ask(desc);
            action.longer(desc);
            desc.action.error_override = override;
          };
          assertRefused(s, prepare, -EINVAL, flags);
        });
      }
    });

    test(`${name}, ${kind}: error_override does not replace the error of a preparation`, (t) => {
      const prepare = (desc: vm_area_desc): void => {
        action.ask(desc);
        action.longer(desc);
        desc.action.error_override = -EIO;
      };
      assertRefused(t, prepare, -EFAULT, flags);
    });
  }

  test(`${name}: a part of private memory is ${action.whole ? 'refused' : 'mapped'}, of shared memory mapped`, (t) => {
    const prepare = (desc: vm_area_desc): void => {
      action.ask(desc);
      action.later(desc);
    };
    const taken = (s: VmaTest, flags: typeof SHARED): void => {
      const f = preparedFile({}, (desc) => {
        prepare(desc);
        return 0;
      });
      s.ASSERT_EQ(mapFile(f, START, END, flags), START);
      s.unmapAll();
    };
    t.subtest('shared', (s) => taken(s, SHARED));
    t.subtest('private', (s) => (action.whole ? assertRefused(s, prepare, -EINVAL, PRIVATE) : taken(s, PRIVATE)));
  });

  test(`${name} that is refused over another mapping leaves a gap there, and the neighbours`, {
    stubs: 'checked',
  }, (t) => {
    const { ops, close } = notedHooks(t);
    const old = preparedFile(ops);
    t.ASSERT_EQ(mapFile(old, START - LEN, END + LEN), START - LEN);
    const f = preparedFile({}, (desc) => {
      action.ask(desc);
      action.longer(desc);
      return 0;
    });
    t.ASSERT_EQ(mapFile(f), -EFAULT);
    sinon.assert.calledOnceWithExactly(close, START, END);
    t.ASSERT_LAYOUT(`
      0xfc000-0x100000
      0x104000-0x108000`);
    t.ASSERT_EQ(t.mm.total_vm, 2 * PAGES);
    t.ASSERT_EQ(old.f_ref, 3);
    t.ASSERT_EQ(f.f_ref, 1);
    t.unmapAll();
  });
}
