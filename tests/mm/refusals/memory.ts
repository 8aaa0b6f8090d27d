// SPDX-License-Identifier: GPL-2.0-only
/** Bad numbers and VMAs at the doors of lib/doors/memory.ts. */
import {
  address_space,
  do_user_addr_fault,
  faultin_page_range,
  handle_mm_fault,
  populate_vma_page_range,
  Ref,
  read_user_byte,
  read_user_bytes,
  truncate_pagecache_range,
  truncate_setsize,
  write_user_byte,
  write_user_bytes,
} from '../../../lib/index.js';
import { addresses, type NumberRefusal, numbers } from './numbers.js';
import type { VmaRefusal } from './vmas.js';

export const MEMORY_NUMBERS: readonly NumberRefusal[] = [
  numbers('handle_mm_fault', 'address', (_t, vma, bad) => handle_mm_fault(vma, bad, 0)),
  addresses('populate_vma_page_range', 'start', (_t, vma, bad) => populate_vma_page_range(vma, bad, 0x14000)),
  addresses('populate_vma_page_range', 'end', (_t, vma, bad) => populate_vma_page_range(vma, 0x10000, bad)),
  addresses('faultin_page_range', 'start', (t, _vma, bad) => faultin_page_range(t.mm, bad, 0x14000, false)),
  addresses('faultin_page_range', 'end', (t, _vma, bad) => faultin_page_range(t.mm, 0x10000, bad, false)),
  numbers('do_user_addr_fault', 'addr', (t, _vma, bad) => do_user_addr_fault(t.mm, bad, false)),
  numbers('read_user_byte', 'addr', (t, _vma, bad) => read_user_byte(t.mm, bad, new Ref(0))),
  numbers('write_user_byte', 'addr', (t, _vma, bad) => write_user_byte(t.mm, bad, 0)),
  numbers('read_user_bytes', 'addr', (t, _vma, bad) => read_user_bytes(t.mm, bad, new Uint8Array(1))),
  numbers('write_user_bytes', 'addr', (t, _vma, bad) => write_user_bytes(t.mm, bad, new Uint8Array(1))),
  numbers('truncate_setsize', 'newsize', (_t, _vma, bad) => truncate_setsize(new address_space(), bad)),
  addresses('truncate_pagecache_range', 'start', (_t, _vma, bad) =>
    truncate_pagecache_range(new address_space(), bad, 0x4000),
  ),
];

export const MEMORY_VMAS: readonly VmaRefusal[] = [
  ['handle_mm_fault', 'vma', (_t, dead) => handle_mm_fault(dead, 0x10000, 0)],
  ['populate_vma_page_range', 'vma', (_t, dead) => populate_vma_page_range(dead, 0x10000, 0x11000)],
];
