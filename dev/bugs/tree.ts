// SPDX-License-Identifier: GPL-2.0-only
/** Bugs of lib/maple_tree.c. */
import type { Bug } from './bug.js';

const STORE = 'lib/maple_tree/store.js';

export const TREE_BUGS: readonly Bug[] = [
  {
    id: 'E1',
    title: 'a store over two leaves takes the last entry twice',
    kind: 'tree',
    fixed: '6.12',
    module: 'lib/maple_tree/rebalance.js',
    changes: [
      [
        'data.addSlots(nodes, last + 1, nodeEnd(nodes, nodeAt(last)), leaf, gaps);',
        'data.addSlots(nodes, Math.min(last + 1, nodeEnd(nodes, nodeAt(last))), nodeEnd(nodes, nodeAt(last)), leaf, gaps);',
      ],
    ],
  },
  {
    id: 'E2',
    title: 'a second, larger preallocation on a state is ignored',
    kind: 'lost reservation',
    fixed: '6.16',
    module: STORE,
    changes: [
      [
        '    if (mas.node_request > 0) {\n        mas.mas_flags = 0;',
        '    if (mas.node_request > 0 && mas.mas_flags !== MA_STATE_PREALLOC) {',
      ],
    ],
  },
  {
    id: 'E4',
    title: 'a search for room from above follows NULL in an empty tree',
    kind: 'NULL dereference',
    fixed: '6.9',
    module: 'lib/maple_tree/gaps.js',
    changes: [
      [
        '    if (mas.status === ma_none || mas.status === ma_root)\n        return mas_sparse_area(mas, min, max, size, false);\n',
        '',
      ],
    ],
  },
  {
    id: 'E5',
    title: 'a state is active again without a node',
    kind: 'NULL dereference',
    fixed: '6.17',
    module: 'lib/maple_tree/iterate.js',
    changes: [['    mas.status = placed ? ma_active : ma_start;', '    mas.status = ma_active;']],
  },
  {
    id: 'E8',
    title: 'an erase without memory does not erase, and says nothing',
    kind: 'lost error',
    fixed: '7.3',
    module: STORE,
    changes: [
      [
        '    } while (mas_nomem_nofail(mas, index, index));\n',
        '        if (mas.status === ma_error) {\n            mas_destroy(mas);\n            mas_reset(mas);\n            return entry;\n        }\n    } while (false);\n',
      ],
    ],
  },
];
