// SPDX-License-Identifier: GPL-2.0-only
/** `import … from 'vma-userland/test'`: write a test of VMA behaviour, or of a driver's hooks, as upstream's are written. */
import { loadRunner } from './load_runner.js';
import { registerTest, type TestBody, type TestOptions } from './vma_test.js';

export * from '../include/linux/errno.js';
export { PAGE_SIZE } from '../include/linux/mm.js';
export * from '../include/uapi/capability.js';
export * from '../include/uapi/fcntl.js';
export * from '../include/uapi/fs.js';
export * from '../include/uapi/memfd.js';
export * from '../include/uapi/mman.js';
export * from '../include/uapi/prctl.js';
export * from '../include/uapi/resource.js';
export {
  PM_FILE,
  PM_GUARD_REGION,
  PM_MMAP_EXCLUSIVE,
  PM_PRESENT,
  PM_SWAP,
} from '../lib/fs/proc/pagemap.js';
export type { SmapEntry } from '../lib/fs/proc/smaps.js';
export type { MapEntry } from '../lib/fs/proc/task_mmu.js';
export { DoubleFreeError, UseAfterFreeError } from '../stubs/freed.js';
export { Faults } from './checked/faults.js';
export { CheckedWorld } from './checked/world.js';
export { defaultStubSet, type StubSet } from './environment.js';
export { VmaAssertionError } from './failure.js';
export { layoutLine, picture, snapshot, type VmaSnapshot } from './picture.js';
export { ErrnoError, type Signal, SignalError } from './process/errors.js';
export { type OpenOptions, type OvercommitOptions, Process } from './process/process.js';
export type { ProcessOptions } from './process/processes.js';
export { type IoVec, type Limit, RawCalls } from './process/raw.js';
export type { RunnerTest } from './runner.js';
export * from './shared.js';
export { rlimit } from './shared.js';
export { TestWorld, type TestWorldOptions } from './test_world.js';
export { show, type TestBody, type TestOptions, VmaTest } from './vma_test.js';
export { World, type WorldOptions } from './world.js';

const runner = await loadRunner();

/** A top-level test with a fresh address space, a stub world and a sinon sandbox. */
export function test(name: string, body: TestBody): void;
export function test(name: string, options: TestOptions, body: TestBody): void;
export function test(name: string, first: TestBody | TestOptions, second?: TestBody): void {
  const body = typeof first === 'function' ? first : second;
  if (body === undefined) throw new TypeError(`test: body = undefined: test '${name}' has nothing to run`);
  registerTest(runner, name, body, typeof first === 'function' ? {} : first);
}
