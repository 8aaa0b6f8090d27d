// SPDX-License-Identifier: GPL-2.0-only
/** mremap_test.c: regions of all alignments move, with what they hold. From tools/testing/selftests/mm (Linux 7.3). */
import {
  getpagesize,
  KSFT,
  ksft_test_result_fail,
  ksft_test_result_pass,
  ksft_test_result_xfail,
  MAP_ANONYMOUS,
  MAP_FAILED,
  MAP_FIXED_NOREPLACE,
  MAP_SHARED,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  memcpy,
  mmap,
  mremap,
  NULL,
  SELFTEST,
} from '../../harness/selftest/index.js';
import {
  align_down,
  GB,
  get_source_mapping,
  has_alignment,
  is_pattern,
  is_remap_region_valid,
  MB,
  or,
  pattern,
  RW,
  wrong,
} from './mremap_helpers.js';

SELFTEST('mremap_test.c');

const PTE = getpagesize();
const PMD = 2 * MB;
const PUD = GB;

/** Bytes at the start of a region that are looked at. */
const THRESHOLD = 4 * MB;

interface Config {
  src_alignment: number;
  dest_alignment: number;
  region_size: number;
  overlapping?: boolean;
  /** Bytes that are mapped right before the destination, and must stay as they are. */
  dest_preamble_size?: number;
}

/** Where the region is to go. */
function destinationOf(src_addr: number, config: Config): number {
  const { dest_alignment, region_size, overlapping = false, dest_preamble_size = 0 } = config;
  const offset = overlapping ? -dest_alignment : dest_alignment;
  let addr = align_down(src_addr + region_size + offset, dest_alignment) + dest_preamble_size;
  if (!has_alignment(addr, dest_alignment)) addr = or(addr, dest_alignment);
  while (!overlapping && !is_remap_region_valid(addr, region_size)) addr += dest_alignment;
  return addr;
}

/** Maps what lies before the destination. */
function preamble(addr: number, size: number): boolean {
  const flags = MAP_FIXED_NOREPLACE | MAP_ANONYMOUS | MAP_SHARED;
  if (mmap(addr - size, size, RW, flags, -1, 0) === MAP_FAILED) return wrong('there is no room before the destination');
  memcpy(addr - size, pattern(size), size);
  return true;
}

/** Moves a region. Did it go well? */
function remap_region(config: Config): boolean {
  const { src_alignment, region_size, dest_preamble_size = 0 } = config;
  const threshold = Math.min(THRESHOLD, region_size);

  const src_addr = get_source_mapping(src_alignment, region_size);
  if (src_addr === NULL) return wrong('the region cannot be mapped');
  memcpy(src_addr, pattern(threshold), threshold);

  const addr = destinationOf(src_addr, config);
  if (dest_preamble_size !== 0 && !preamble(addr, dest_preamble_size)) return false;

  const dest_addr = mremap(src_addr, region_size, region_size, MREMAP_MAYMOVE | MREMAP_FIXED, addr);
  if (dest_addr === MAP_FAILED) return wrong('mremap() fails');
  if (!is_pattern(dest_addr, 0, threshold)) return wrong('the region holds something else');
  if (!is_pattern(addr - dest_preamble_size, 0, dest_preamble_size)) return wrong('what lies before it was changed');
  return true;
}

function moves(name: string, config: Config): void {
  KSFT(name, [name], () => {
    if (remap_region(config)) ksft_test_result_pass(name);
    else ksft_test_result_fail(name);
  });
}

/** C counts these as failures that it expects. */
function does_not_move(name: string, config: Config): void {
  KSFT(name, [name], () => {
    if (remap_region(config)) ksft_test_result_fail(name);
    else ksft_test_result_xfail(name);
  });
}

does_not_move('mremap - Source and Destination Regions Overlapping', {
  src_alignment: PTE,
  dest_alignment: PTE,
  region_size: PTE,
  overlapping: true,
});
does_not_move('mremap - Destination Address Misaligned (1KB-aligned)', {
  src_alignment: PTE,
  dest_alignment: PTE / 4,
  region_size: PTE,
});
does_not_move('mremap - Source Address Misaligned (1KB-aligned)', {
  src_alignment: PTE / 4,
  dest_alignment: PTE,
  region_size: PTE,
});

const ALIGNMENTS: readonly [words: string, size: number, source: number, destination: number][] = [
  ['8KB mremap - Source PTE-aligned, Destination PTE-aligned', 2 * PTE, PTE, PTE],
  ['2MB mremap - Source 1MB-aligned, Destination PTE-aligned', 2 * MB, MB, PTE],
  ['2MB mremap - Source 1MB-aligned, Destination 1MB-aligned', 2 * MB, MB, MB],
  ['4MB mremap - Source PMD-aligned, Destination PTE-aligned', 4 * MB, PMD, PTE],
  ['4MB mremap - Source PMD-aligned, Destination 1MB-aligned', 4 * MB, PMD, MB],
  ['4MB mremap - Source PMD-aligned, Destination PMD-aligned', 4 * MB, PMD, PMD],
  ['2GB mremap - Source PUD-aligned, Destination PTE-aligned', 2 * GB, PUD, PTE],
  ['2GB mremap - Source PUD-aligned, Destination 1MB-aligned', 2 * GB, PUD, MB],
  ['2GB mremap - Source PUD-aligned, Destination PMD-aligned', 2 * GB, PUD, PMD],
  ['2GB mremap - Source PUD-aligned, Destination PUD-aligned', 2 * GB, PUD, PUD],
  ['5MB mremap - Source 1MB-aligned, Destination 1MB-aligned', 5 * MB, MB, MB],
];

for (const [name, region_size, src_alignment, dest_alignment] of ALIGNMENTS) {
  moves(name, { src_alignment, dest_alignment, region_size });
}

moves('5MB mremap - Source 1MB-aligned, Dest 1MB-aligned with 40MB Preamble', {
  src_alignment: MB,
  dest_alignment: MB,
  region_size: 5 * MB,
  dest_preamble_size: 40 * MB,
});
