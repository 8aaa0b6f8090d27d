// SPDX-License-Identifier: GPL-2.0-only
/**
 * What `import … from 'vma-userland'` gives: the code under test behind its doors, what it stands on, and the stub
 * world. What is not here is this project's own and may change.
 */
export * from '../include/linux/errno.js';
export * from '../include/linux/fs.js';
export * from '../include/linux/gfp.js';
export * from '../include/linux/limits.js';
export * from '../include/linux/list.js';
export {
  MAPLE_ARANGE64_SLOTS,
  MAPLE_RANGE64_SLOTS,
  MT_FLAGS_ALLOC_RANGE,
  MT_FLAGS_LOCK_BH,
  MT_FLAGS_LOCK_EXTERN,
  MT_FLAGS_LOCK_IRQ,
  MT_FLAGS_LOCK_MASK,
  MT_FLAGS_USE_RCU,
  ma_active,
  ma_error,
  ma_none,
  ma_overflow,
  ma_pause,
  ma_root,
  ma_start,
  ma_state,
  ma_underflow,
  type maple_status,
  maple_tree,
} from '../include/linux/maple_tree.js';
export * from '../include/linux/mm.js';
export * from '../include/linux/pagetable.js';
export * from '../include/linux/pagetable_move.js';
export * from '../include/linux/sched.js';
export * from '../include/mm_types.js';
export * from '../include/ref.js';
export * from '../include/uapi/capability.js';
export * from '../include/uapi/fcntl.js';
export * from '../include/uapi/mman.js';
export * from '../include/uapi/prctl.js';
export * from '../include/uapi/resource.js';
export * from '../include/vma.js';
export * from '../include/vma_flags.js';
export {
  BugError,
  current,
  dummy_anon_vma,
  Globals,
  globals,
  reset_dummy_anon_vma,
  type Stubs,
  stubs,
  upstreamStubs,
  vma_dummy_vm_ops,
} from '../stubs/index.js';
export {
  BUG,
  BUG_ON,
  VM_BUG_ON,
  VM_BUG_ON_VMA,
  VM_WARN_ON,
  VM_WARN_ON_ONCE,
  VM_WARN_ON_ONCE_VMA,
  VM_WARN_ON_VMG,
  WARN_ON,
  WARN_ON_ONCE,
} from './bug.js';
export * from './doors/calls.js';
export * from './doors/change.js';
export * from './doors/driver.js';
export * from './doors/flags.js';
export { mk_vma_flags } from './doors/flags.js';
export * from './doors/iterator.js';
export * from './doors/map.js';
export * from './doors/maple_tree.js';
export * from './doors/memory.js';
export * from './doors/process.js';
export * from './doors/remap.js';
export * from './doors/vma.js';
