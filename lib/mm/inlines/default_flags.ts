// SPDX-License-Identifier: GPL-2.0-only
/**
 * VMA_DATA_DEFAULT_FLAGS, which an architecture defines: of a heap and of a stack. In the harness's configuration they
 * are executable, on x86-64 by personality (VMA_DATA_FLAGS_TSK_EXEC of include/linux/mm.h, Linux 7.3).
 */
import { READ_IMPLIES_EXEC } from '../../../include/linux/mm.js';
import { VMA_DATA_DEFAULT_FLAGS, VMA_DATA_FLAGS_NON_EXEC, type vma_flags_t } from '../../../include/vma_flags.js';
import { current, globals } from '../../../stubs/index.js';

/** The flags of memory that the current task gets to write data to. */
export function dataDefaultFlags(): vma_flags_t {
  const isExecutable = globals.task_exec || (current.personality & READ_IMPLIES_EXEC) !== 0;
  return isExecutable ? VMA_DATA_DEFAULT_FLAGS : VMA_DATA_FLAGS_NON_EXEC;
}
