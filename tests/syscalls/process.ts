// SPDX-License-Identifier: GPL-2.0-only
/**
 * A process for the tests of the ported system calls: an address space of its own with x86-64's layout, real limits and
 * charges, and nothing left when it exits. The calls are the ported functions themselves.
 */
import { test, type VmaTest } from '../../harness/index.js';
import { snapshot } from '../../harness/picture.js';
import { processGlobals, processStubs } from '../../harness/process_stubs.js';
import { hexOf } from '../../include/check.js';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../include/uapi/mman.js';
import {
  arch_pick_mmap_layout,
  current,
  file,
  globals,
  MM_MT_FLAGS,
  mm_struct,
  mmap,
  mmput,
  PAGE_SIZE,
  stubs,
} from '../../lib/index.js';

export const P = PAGE_SIZE;
export const RW = PROT_READ | PROT_WRITE;
export const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
/** Where the heap of a test's process begins. */
export const HEAP = 0x555500000000;
/** Far from heap and stack. */
export const BASE = 0x200000000000;

/** An address space as exec leaves it, but for the program itself. */
export function newProcessMm(): mm_struct {
  const mm = new mm_struct(MM_MT_FLAGS);
  mm.start_brk = HEAP;
  mm.brk = HEAP;
  arch_pick_mmap_layout(mm);
  return mm;
}

/** A test in a process; at its end the process exits, and all charges are given back. */
export function processTest(name: string, body: (t: VmaTest, mm: mm_struct) => void): void {
  test(name, { stubs: 'checked' }, (t) => inProcess(t, body));
}

function inProcess(t: VmaTest, body: (t: VmaTest, mm: mm_struct) => void): void {
  t.world.exchangeStubs(processStubs({ ...stubs }));
  globals.task_exec = processGlobals.task_exec;
  const mm = newProcessMm();
  current.mm = mm;
  body(t, mm);
  current.mm = null;
  mmput(mm);
  t.ASSERT_EQ(globals.vm_committed_as, 0, 'all charges are given back');
}

/** Each VMA as "start-end flags", in hex; page offset and file as well with `more`. */
export function maps(mm: mm_struct, more = false): string[] {
  return snapshot(mm).map(({ start, end, flags, pgoff, hasFile }) => {
    const line = `${hexOf(start).slice(2)}-${hexOf(end).slice(2)} ${flags.slice(2)}`;
    return more ? `${line} ${pgoff.toString(16)}${hasFile ? ' file' : ''}` : line;
  });
}

/** Maps private anonymous memory at addr. */
export function mapAt(t: VmaTest, addr: number, pages: number, prot = RW, flags = ANON): void {
  t.ASSERT_EQ(mmap(addr, pages * P, prot, flags | MAP_FIXED, -1, 0), addr, 'mmap');
}

/** Opens a file for the current task; the descriptor. */
export function openFile(f: file = new file({ mmap: () => 0 })): number {
  const fd = 3 + current.files.fd.size;
  current.files.fd.set(fd, f);
  return fd;
}

/** A call and what it must return, for tables of them. */
export function expectAll(
  t: VmaTest,
  cases: readonly (readonly [what: string, found: number, wanted: number])[],
): void {
  for (const [what, found, wanted] of cases) t.ASSERT_EQ(found, wanted, what);
}
