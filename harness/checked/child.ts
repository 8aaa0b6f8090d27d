// SPDX-License-Identifier: GPL-2.0-only
/** A fork gives the child what the parent has: its VMAs, but for those that say otherwise, and its anonymous pages. */
import { hexOf } from '../../include/check.js';
import { anon_vma, type mm_struct } from '../../include/mm_types.js';
import {
  VMA_DONTCOPY_BIT,
  VMA_LOCKED_BIT,
  VMA_LOCKONFAULT_BIT,
  VMA_MAYBE_GUARD_BIT,
  VMA_UFFD_MINOR_BIT,
  VMA_UFFD_MISSING_BIT,
  VMA_UFFD_WP_BIT,
  VMA_WIPEONFORK_BIT,
} from '../../include/vma_flags.js';
import { entriesOf } from '../../lib/mm/page_tables.js';
import { nameOf } from './judges.js';
import { hasBit, type Spaces, type VmaState } from './spaces.js';

/** Bits that a child does not inherit. */
const LOST = [VMA_LOCKED_BIT, VMA_LOCKONFAULT_BIT, VMA_UFFD_MISSING_BIT, VMA_UFFD_WP_BIT, VMA_UFFD_MINOR_BIT];

function flagsDiffer(parent: VmaState, child: VmaState): boolean {
  return parent.flags.some((word, i) => {
    const lost = LOST.reduce((sum, bit) => (bit >> 5 === i ? sum | (1 << (bit & 31)) : sum), 0);
    return ((word ^ (child.flags[i] ?? 0)) & ~lost) !== 0;
  });
}

/** The field that differs, null for none. */
function differs(parent: VmaState, child: VmaState): string | null {
  if (parent.start !== child.start || parent.end !== child.end) return 'range';
  if (parent.pgoff !== child.pgoff || parent.anon_pgoff !== child.anon_pgoff) return 'page offset';
  if (parent.file !== child.file) return 'file';
  if (parent.name !== child.name) return 'name';
  if (flagsDiffer(parent, child)) return 'flags';
  const keepsPages = parent.anon !== null && !hasBit(parent, VMA_WIPEONFORK_BIT);
  return (child.anon !== null) === keepsPages ? null : 'anon_vma';
}

/** Pages of a VMA that the child should have and has not, or the other way round. */
function wrongPages(parent: VmaState, child: VmaState): string[] {
  const has = new Map(entriesOf(child.mm, child.start, child.end));
  if (hasBit(parent, VMA_WIPEONFORK_BIT)) {
    return has.size === 0 ? [] : [`fork: ${nameOf(child)} has pages of the parent's, which were to be wiped`];
  }
  for (const [addr, { page, guard }] of entriesOf(parent.mm, parent.start, parent.end)) {
    const isKept = guard ? hasBit(parent, VMA_MAYBE_GUARD_BIT) : page?.mapping instanceof anon_vma;
    if (isKept && !has.has(addr)) return [`fork: the child has not what the parent has at ${hexOf(addr)}`];
  }
  return [];
}

/** What is wrong with the child of a fork that succeeded. */
export function wrongChild(parent: mm_struct, child: mm_struct, spaces: Spaces): string[] {
  const wanted = spaces.of(parent).filter((state) => !hasBit(state, VMA_DONTCOPY_BIT));
  const got = spaces.of(child);
  if (wanted.length !== got.length)
    return [`fork: the child has ${got.length} VMAs, where ${wanted.length} were to be`];
  return wanted.flatMap((state, i) => {
    const copy = got[i];
    if (copy === undefined) return [];
    const what = differs(state, copy);
    return what === null
      ? wrongPages(state, copy)
      : [`fork: ${nameOf(copy)} has another ${what} than ${nameOf(state)}`];
  });
}
