// SPDX-License-Identifier: GPL-2.0-only
/**
 * `import … from 'vma-userland/test/selftest'`: the kernel's selftests of memory, as they are written in C: fixtures and
 * assertions by the names of kselftest_harness.h, libc, and /proc. They run on the port, or, with VMA_SELFTEST_BACKEND,
 * on whatever carries out system calls.
 */
export * from '../../include/linux/errno.js';
export * from '../../include/uapi/capability.js';
export * from '../../include/uapi/fcntl.js';
export * from '../../include/uapi/memfd.js';
export * from '../../include/uapi/mman.js';
export * from '../../include/uapi/prctl.js';
export { RLIMIT_MEMLOCK } from '../../include/uapi/resource.js';
export * from './assertions.js';
export type { Backend, BackendProcess, CallArgument, CallName, ProcFile, ProcmapAnswer } from './backend.js';
export {
  FIXTURE,
  FIXTURE_SETUP,
  FIXTURE_TEARDOWN,
  FIXTURE_TEARDOWN_PARENT,
  FIXTURE_VARIANT,
  FIXTURE_VARIANT_ADD,
  type Fixture,
  LEFT_OUT,
  SKIP,
  TEST,
  TEST_F,
  TEST_F_SIGNAL,
  TEST_F_TODO,
  TEST_SIGNAL,
  TEST_TODO,
  type VariantType,
} from './harness.js';
export * from './ksft.js';
export * from './libc.js';
export * from './memory.js';
export {
  list_only,
  SELFTEST,
  type SelftestEntry,
  type SelftestResult,
  selftest_entries,
  type Verdict,
} from './registry.js';
export { untranslated } from './untranslated.js';
export * from './vm_util.js';
