// SPDX-License-Identifier: GPL-2.0-only
/** Bugs of mm/util.c. */
import type { Bug } from './bug.js';

const UTIL = 'lib/mm/util.js';

export const UTIL_BUGS: readonly Bug[] = [
  {
    id: 'A16',
    title: 'a stacked mapping that fails is unmapped although it is in no tree',
    kind: 'wrong unmap',
    cve: 'CVE-2026-53373',
    fixed: '7.1',
    module: UTIL,
    changes: [['if (err === 0 || is_compat)', 'if (err === 0)']],
  },
  {
    id: 'A17',
    title: "a hidden mapping that fails is unmapped with its file's lock held",
    kind: 'deadlock',
    fixed: '7.1',
    module: UTIL,
    changes: [
      ['    // The unmap may need the lock.\n    maybe_rmap_unlock_action(vma, action);\n', ''],
      [
        '    if (err === 0 || is_compat)\n        return err;\n',
        '    if (err === 0 || is_compat) {\n        maybe_rmap_unlock_action(vma, action);\n        return err;\n    }\n',
      ],
      [
        '    return action.error_override !== 0',
        '    maybe_rmap_unlock_action(vma, action);\n    return action.error_override !== 0',
      ],
    ],
  },
  {
    id: 'A33',
    title: 'a file with mmap_prepare alone cannot be stacked',
    kind: 'missing layer',
    fixed: '6.16',
    module: UTIL,
    changes: [['    if (file.f_op.mmap_prepare)\n        return compat_vma_mmap(file, vma);\n', '']],
  },
];
