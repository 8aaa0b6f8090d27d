// SPDX-License-Identifier: GPL-2.0-only
/** Each action of mmap_prepare: it succeeds, fails while it is prepared, fails while it completes; with and without mapped. */

import sinon, { type SinonSpy } from 'sinon';
import { test, type VmaTest } from '../../harness/index.js';
import {
  EFAULT,
  EINVAL,
  ENOMEM,
  MMAP_IO_REMAP_PFN,
  mmap_action,
  mmap_action_complete,
  mmap_action_ioremap,
  mmap_action_ioremap_full,
  mmap_action_map_kernel_pages,
  mmap_action_map_kernel_pages_full,
  mmap_action_remap,
  mmap_action_remap_full,
  mmap_action_simple_ioremap,
  PAGE_SIZE,
  page,
  pgprot_val,
  stubs,
  ULONG_MAX,
  VM_MIXEDMAP,
  VMA_REMAP_FLAGS,
  type vm_area_desc,
  type vma_flags_t,
  vma_flags_to_legacy,
} from '../../lib/index.js';
import {
  account,
  assertMapped,
  EIO,
  END,
  LEN,
  mapFile,
  notedHooks,
  offsetOf,
  PAGES,
  PRIVATE,
  preparedFile,
  SHARED,
  START,
  vmaAt,
} from './driver.js';

type PageStub = 'remap_pfn_range_ptes' | 'insert_kernel_pages';

interface Action {
  /** What the hook asks for. */
  ask(desc: vm_area_desc): void;
  /** The stub that completes it, what it is called with after the VMA, and the flags that the VMA gets. */
  stub: PageStub;
  args: readonly unknown[];
  flags: bigint;
}

const REMAP = vma_flags_to_legacy(VMA_REMAP_FLAGS);
const kernelPages = Array.from({ length: PAGES }, () => new page());
/** Physical address of a device, and the frame that the page offset of the mapping leads to. */
const DEVICE = 0xfed00000;
const DEVICE_PAGES = offsetOf(START) + PAGES;

const ACTIONS: Record<string, Action> = {
  remap: {
    ask: (desc) => mmap_action_remap(desc, START + PAGE_SIZE, 0x77, PAGE_SIZE),
    stub: 'remap_pfn_range_ptes',
    args: [START + PAGE_SIZE, 0x77, PAGE_SIZE],
    flags: REMAP,
  },
  remap_full: {
    ask: (desc) => mmap_action_remap_full(desc, 0x77),
    stub: 'remap_pfn_range_ptes',
    args: [START, 0x77, LEN],
    flags: REMAP,
  },
  ioremap: {
    ask: (desc) => mmap_action_ioremap(desc, START, 0x88, 2 * PAGE_SIZE),
    stub: 'remap_pfn_range_ptes',
    args: [START, 0x88, 2 * PAGE_SIZE],
    flags: REMAP,
  },
  ioremap_full: {
    ask: (desc) => mmap_action_ioremap_full(desc, 0x88),
    stub: 'remap_pfn_range_ptes',
    args: [START, 0x88, LEN],
    flags: REMAP,
  },
  simple_ioremap: {
    ask: (desc) => mmap_action_simple_ioremap(desc, DEVICE, DEVICE_PAGES * PAGE_SIZE),
    stub: 'remap_pfn_range_ptes',
    args: [START, DEVICE / PAGE_SIZE + offsetOf(START), LEN],
    flags: REMAP,
  },
  map_kernel_pages: {
    ask: (desc) => mmap_action_map_kernel_pages(desc, START, kernelPages, 2),
    stub: 'insert_kernel_pages',
    args: [START, kernelPages, 2],
    flags: VM_MIXEDMAP,
  },
  map_kernel_pages_full: {
    ask: (desc) => mmap_action_map_kernel_pages_full(desc, kernelPages),
    stub: 'insert_kernel_pages',
    args: [START, kernelPages, PAGES],
    flags: VM_MIXEDMAP,
  },
};

/** Maps a file whose mmap_prepare asks for something; with a mapped hook that returns `mapped` if that is given. */
function mapWith(t: VmaTest, ask: (desc: vm_area_desc) => void, mapped?: number, flags = SHARED) {
  const hooks = notedHooks(t, mapped ?? 0);
  const { mapped: hook, close } = hooks;
  const f = preparedFile(mapped === undefined ? {} : hooks.ops, (desc) => {
    ask(desc);
    return 0;
  });
  const before = account(t, f);
  return { result: mapFile(f, START, END, flags), hook, close, f, before };
}

for (const [name, action] of Object.entries(ACTIONS)) {
  test(`${name} is carried out before mapped is called`, (t) => {
    for (const hooked of [false, true]) {
      t.subtest(hooked ? 'with the hook' : 'without', (s) => {
        const complete = s.sandbox.spy(stubs, action.stub);
        const { result, hook, close, f } = mapWith(s, action.ask, hooked ? 0 : undefined);
        s.ASSERT_EQ(result, START);
        sinon.assert.calledOnce(complete);
        sinon.assert.calledWith(complete as SinonSpy, vmaAt(s), ...action.args);
        s.ASSERT_EQ(vmaAt(s).vm_flags & action.flags, action.flags, 'flags');
        const { vm_pgoff } = vmaAt(s);
        s.unmapAll();
        if (hooked) {
          assertMapped(hook, f, START, END, vm_pgoff);
          sinon.assert.calledOnceWithExactly(close, START, END);
          sinon.assert.callOrder(complete, hook, close);
        } else sinon.assert.notCalled(hook);
      });
    }
  });

  test(`${name} that fails while it completes takes the VMA with it`, (t) => {
    for (const override of [0, -EIO]) {
      t.subtest(override === 0 ? 'with its own error' : 'with the error that the action names', (s) => {
        const write = s.sandbox.stub(stubs, action.stub).returns(-ENOMEM);
        const zap = s.sandbox.spy(stubs, 'zap_vma_range');
        const unmap = s.sandbox.spy(stubs, 'unmap_vmas');
        const { result, hook, close, f, before } = mapWith(
          s,
          (desc) => {
            action.ask(desc);
            desc.action.error_override = override;
          },
          0,
        );
        s.ASSERT_EQ(result, override === 0 ? -ENOMEM : override);
        sinon.assert.notCalled(hook);
        // The VMA is new, and whole but for the action: it is closed like any other.
        sinon.assert.calledOnceWithExactly(close, START, END);
        sinon.assert.callOrder(write, unmap, close);
        if (action.stub === 'remap_pfn_range_ptes') {
          // Frames that a failure left mapped go at once, before anything else can use them.
          const [vma, addr, , size] = write.firstCall.args;
          s.ASSERT_TRUE(zap.calledOnceWithExactly(vma, addr, size));
          sinon.assert.callOrder(write, zap, unmap);
        } else sinon.assert.notCalled(zap);
        s.ASSERT_EQ(account(s, f), before);
      });
    }
  });

  test(`${name} that mapped rejects is undone`, (t) => {
    const complete = t.sandbox.spy(stubs, action.stub);
    const { result, hook, close, f, before } = mapWith(t, action.ask, -EIO);
    t.ASSERT_EQ(result, -EIO);
    sinon.assert.calledOnceWithMatch(hook, START, END, sinon.match.number, f);
    sinon.assert.calledOnceWithExactly(close, START, END);
    sinon.assert.callOrder(complete, hook, close);
    t.ASSERT_EQ(account(t, f), before);
  });
}

/** Where C's sum of an address and a size becomes 0. */
const PAST_MEMORY = ULONG_MAX + 1;

interface Refusal {
  ask(desc: vm_area_desc): void;
  error: number;
  /** The warning that must come with it: function and rule. */
  warnings?: [where: string, what: string][];
  flags?: vma_flags_t;
}

const OUTSIDE: [string, string] = ['mmap_action_remap', 'start is outside the VMA'];
const BEYOND: [string, string] = ['mmap_action_remap', 'the range ends outside the VMA'];

const REFUSALS: Record<string, Refusal> = {
  'a remap that begins below the VMA': {
    ask: (desc) => mmap_action_remap(desc, START - PAGE_SIZE, 0x77, PAGE_SIZE),
    error: -EFAULT,
    warnings: [OUTSIDE],
  },
  'a remap that ends past the VMA': {
    ask: (desc) => mmap_action_remap(desc, START, 0x77, LEN + PAGE_SIZE),
    error: -EFAULT,
    warnings: [BEYOND],
  },
  'an I/O remap past the VMA': {
    ask: (desc) => mmap_action_ioremap(desc, END, 0x77, PAGE_SIZE),
    error: -EFAULT,
    warnings: [OUTSIDE, BEYOND],
  },
  'a remap of a part of copy-on-write memory': {
    ask: (desc) => mmap_action_remap(desc, START, 0x77, PAGE_SIZE),
    error: -EINVAL,
    flags: PRIVATE,
  },
  'a simple remap of a device that is too small': {
    ask: (desc) => mmap_action_simple_ioremap(desc, DEVICE, (DEVICE_PAGES - 1) * PAGE_SIZE),
    error: -EINVAL,
  },
  'a simple remap from an offset past the device': {
    ask: (desc) => mmap_action_simple_ioremap(desc, DEVICE, PAGE_SIZE),
    error: -EINVAL,
  },
  'a simple remap that leaves physical memory': {
    ask: (desc) => mmap_action_simple_ioremap(desc, PAST_MEMORY - DEVICE_PAGES * PAGE_SIZE, DEVICE_PAGES * PAGE_SIZE),
    error: -EINVAL,
  },
  'kernel pages past the VMA': {
    ask: (desc) => mmap_action_map_kernel_pages(desc, START + PAGE_SIZE, kernelPages, PAGES),
    error: -EFAULT,
  },
  'an error to return instead that is no error': {
    ask: (desc) => {
      mmap_action_remap_full(desc, 0x77);
      desc.action.error_override = 5;
    },
    error: -EINVAL,
    warnings: [['check_mmap_action', 'error_override']],
  },
  'an action that does not exist': {
    ask: (desc) => Reflect.set(desc.action, 'type', 9),
    error: -EINVAL,
    warnings: [['mmap_action_prepare', 'unknown type']],
  },
};

for (const [name, { ask, error, warnings = [], flags = SHARED }] of Object.entries(REFUSALS)) {
  test(`${name} is refused, and nothing is mapped`, (t) => {
    for (const [where, what] of warnings) t.expectWarning(where, what);
    const { result, hook, close, f, before } = mapWith(t, ask, 0, flags);
    t.ASSERT_EQ(result, error);
    sinon.assert.notCalled(hook);
    sinon.assert.notCalled(close);
    t.ASSERT_EQ(account(t, f), before);
  });
}

test('copy-on-write memory that is remapped whole gets the frame as its offset', (t) => {
  const { result } = mapWith(t, (desc) => mmap_action_remap_full(desc, 0x77), undefined, PRIVATE);
  t.ASSERT_EQ(result, START);
  t.ASSERT_LAYOUT('0x100000-0x104000 pgoff=0x77');
  t.unmapAll();
});

test('a simple remap may end with the last page but one of physical memory', (t) => {
  const remap = t.sandbox.spy(stubs, 'remap_pfn_range_ptes');
  const size = DEVICE_PAGES * PAGE_SIZE;
  const start = PAST_MEMORY - PAGE_SIZE - size;
  const { result } = mapWith(t, (desc) => mmap_action_simple_ioremap(desc, start, size));
  t.ASSERT_EQ(result, START);
  t.ASSERT_EQ(remap.firstCall.args[2], start / PAGE_SIZE + offsetOf(START));
  t.unmapAll();
});

test('a simple remap of an address inside a page counts whole pages', (t) => {
  const remap = t.sandbox.spy(stubs, 'remap_pfn_range_ptes');
  // The last byte lies in the page that the mapping ends with.
  const size = (DEVICE_PAGES - 1) * PAGE_SIZE + 1;
  const { result } = mapWith(t, (desc) => mmap_action_simple_ioremap(desc, DEVICE + 8, size));
  t.ASSERT_EQ(result, START);
  t.ASSERT_EQ(remap.firstCall.args[2], DEVICE / PAGE_SIZE + offsetOf(START));
  t.unmapAll();
});

test('the protection of a remap is what the hook made it', (t) => {
  const remap = t.sandbox.spy(stubs, 'remap_pfn_range_ptes');
  let wanted = 0n;
  mapWith(t, (desc) => {
    mmap_action_remap_full(desc, 0x77);
    wanted = pgprot_val(desc.page_prot);
  });
  t.ASSERT_EQ(pgprot_val(remap.firstCall.args[4]), wanted);
  t.unmapAll();
});

test('an action that was never prepared is refused with a warning', (t) => {
  t.ASSERT_EQ(mapFile(preparedFile({})), START);
  const action = new mmap_action();
  action.type = MMAP_IO_REMAP_PFN;
  t.expectWarning('mmap_action_complete', 'not prepared');
  t.ASSERT_EQ(mmap_action_complete(vmaAt(t), action, false), -EINVAL);
  t.ASSERT_LAYOUT('', t.mm);
});

test('an argument that is no address is refused where it is given', (t) => {
  const { result } = mapWith(t, (desc) => {
    t.throws(() => mmap_action_remap(desc, -1, 0, 0), /^mmap_action_remap: start = -0x1: negative/);
    t.throws(() => mmap_action_remap(desc, START, Number.NaN, 0), /^mmap_action_remap: start_pfn = NaN/);
    t.throws(
      () => mmap_action_simple_ioremap(desc, 2 ** 60, 1),
      /^mmap_action_simple_ioremap: start_phys_addr = 0x1000000000000000/,
    );
    t.throws(
      () => mmap_action_map_kernel_pages(desc, START, [], 0.5),
      /^mmap_action_map_kernel_pages: nr_pages = 0\.5/,
    );
  });
  t.ASSERT_EQ(result, START);
  t.unmapAll();
});
