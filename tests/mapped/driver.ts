// SPDX-License-Identifier: GPL-2.0-only
/** What the tests of the mapped hook stand on: files with hooks, mappings of them, and an account of what is there. */

import sinon, { type SinonSpy } from 'sinon';
import { layoutLine, snapshot, type VmaTest } from '../../harness/index.js';
import {
  append_vma_flags,
  file,
  type file_operations,
  mk_vma_flags,
  mmap_region,
  PAGE_SIZE,
  VMA_MAYREAD_BIT,
  VMA_MAYWRITE_BIT,
  VMA_READ_BIT,
  VMA_SHARED_BIT,
  VMA_WRITE_BIT,
  type vm_area_desc,
  type vm_area_struct,
  type vm_operations_struct,
  vma_lookup,
} from '../../lib/index.js';

/** An errno that nothing but a driver would come up with. */
export { EIO } from '../../include/linux/errno.js';

export const PRIVATE = Object.freeze(mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_MAYREAD_BIT, VMA_MAYWRITE_BIT));
export const SHARED = Object.freeze(append_vma_flags(PRIVATE, VMA_SHARED_BIT));
export const START = 0x100000;
export const PAGES = 4;
export const LEN = PAGES * PAGE_SIZE;
export const END = START + LEN;

/** A file whose mmap_prepare sets these hooks, then does what `also` says. */
export function preparedFile(
  vm_ops: vm_operations_struct | null,
  also?: (desc: vm_area_desc) => number | undefined,
): file {
  return new file({
    mmap_prepare: (desc) => {
      desc.vm_ops = vm_ops;
      return also?.(desc) ?? 0;
    },
  });
}

export function fileOf(f_op: file_operations): file {
  return new file(f_op);
}

/** Maps [start, end) of a file by mmap_region(). The page offset follows the address, as in one long mapping. */
export function mapFile(f: file | null, start = START, end = END, flags = SHARED, pgoff = offsetOf(start)): number {
  return mmap_region(f, start, end - start, flags, pgoff, null);
}

export function offsetOf(addr: number): number {
  return (addr - START) / PAGE_SIZE + 0x40;
}

/** The VMA at addr; fails the test if there is none. */
export function vmaAt(t: VmaTest, addr = START): vm_area_struct {
  const vma = vma_lookup(t.mm, addr);
  if (vma === null) throw new Error(`nothing is mapped at 0x${addr.toString(16)}`);
  return vma;
}

/** Hooks that note what they are called for: open and close the range of the VMA, mapped all that it is given. */
export interface NotedHooks {
  readonly ops: vm_operations_struct & Pick<Required<vm_operations_struct>, 'mapped' | 'open' | 'close'>;
  readonly mapped: SinonSpy;
  readonly open: SinonSpy;
  readonly close: SinonSpy;
}

/** Such hooks, of which mapped returns `result`. A VMA that was closed is freed: only its range can be asked for. */
export function notedHooks({ sandbox }: VmaTest, result = 0): NotedHooks {
  const mapped = sandbox.fake.returns(result);
  const [open, close] = [sandbox.fake(), sandbox.fake()];
  const ops: NotedHooks['ops'] = {
    mapped,
    open: (vma) => void open(vma.vm_start, vma.vm_end),
    close: (vma) => void close(vma.vm_start, vma.vm_end),
  };
  return { ops, mapped, open, close };
}

/** mapped was called once, for [start, end) of the file, with a place for private data. */
export function assertMapped(mapped: SinonSpy, f: file, start = START, end = END, pgoff = offsetOf(start)): void {
  sinon.assert.calledOnceWithExactly(mapped, start, end, pgoff, f, sinon.match.has('value'));
}

/** Everything that a failed mapping must leave as it was, as text. Only the checked world counts references. */
export function account(t: VmaTest, ...files: file[]): string {
  const { mm } = t;
  const sums = `count=${mm.map_count} total=${mm.total_vm} data=${mm.data_vm} exec=${mm.exec_vm} locked=${mm.locked_vm}`;
  const counted = t.world.checkedWorld === null ? [] : files;
  const held = counted.map((f) => `refs=${f.f_ref} writable=${f.f_mapping.i_mmap_writable}`);
  return [sums, ...held, ...snapshot(mm).map(layoutLine)].join('\n');
}
