// SPDX-License-Identifier: GPL-2.0-only
/** What the tests of mremap_test.c share: places to map at, patterns of bytes, results. */
import {
  EEXIST,
  EPERM,
  errno,
  KSFT,
  ksft_print_msg,
  ksft_test_result,
  MAP_ANONYMOUS,
  MAP_FAILED,
  MAP_FIXED_NOREPLACE,
  MAP_SHARED,
  memcmp,
  mmap,
  munmap,
  NULL,
  PROT_READ,
  PROT_WRITE,
  rand,
  read_maps,
  srand,
} from '../../harness/selftest/index.js';

export const RW = PROT_READ | PROT_WRITE;
export const KB = 1024;
export const MB = 1024 * KB;
export const GB = 1024 * MB;

/** As in C, where integers have 64 bits. */
function and(a: number, b: number): number {
  return Number(BigInt(a) & BigInt(b));
}

export function or(a: number, b: number): number {
  return Number(BigInt(a) | BigInt(b));
}

/** Has a, rounded down to alignment, that very bit? */
export function has_alignment(addr: number, alignment: number): boolean {
  return and(addr, alignment) !== 0;
}

/** addr, with the bits below the alignment cleared. */
export function align_down(addr: number, alignment: number): number {
  return addr - and(addr, alignment - 1);
}

/** A test with one result: what it returns. */
export function TEST_RESULT(name: string, body: () => boolean): void {
  KSFT(name, [name], () => ksft_test_result(body(), name));
}

/** Says what is wrong: false. */
export function wrong(what: string): false {
  ksft_print_msg(what);
  return false;
}

/** Could len bytes be mapped at addr? */
export function is_remap_region_valid(addr: number, len: number): boolean {
  const remap_addr = mmap(addr, len, RW, MAP_FIXED_NOREPLACE | MAP_ANONYMOUS | MAP_SHARED, -1, 0);
  if (remap_addr === MAP_FAILED) return errno !== EEXIST;
  munmap(remap_addr, len);
  return true;
}

/** Does one mapping have all of [start, start + size)? */
export function is_ptr_mapped(addr: number, size: number): boolean {
  return read_maps().some(({ start, end }) => start <= addr && addr + size <= end);
}

/** /proc/sys/vm/mmap_min_addr as kernels come with it, and room below the mappings. */
const LOWEST = 64 * KB + 40 * MB;

/** Maps shared memory at an address that is aligned so, and not any better; NULL if that cannot be. */
export function get_source_mapping(src_alignment: number, region_size: number): number {
  for (let addr = src_alignment; ; addr += src_alignment) {
    if (addr < LOWEST) continue;
    const src_addr = mmap(addr, region_size, RW, MAP_FIXED_NOREPLACE | MAP_ANONYMOUS | MAP_SHARED, -1, 0);
    if (src_addr === MAP_FAILED) {
      if (errno === EPERM || errno === EEXIST) continue;
      return NULL;
    }
    if (and(src_addr, src_alignment - 1) === 0 && has_alignment(src_addr, src_alignment)) return src_addr;
    munmap(src_addr, region_size);
  }
}

/** So many random bytes. A prime number of them is random, which then come again. */
function random_bytes(length: number): Uint8Array {
  const tile = Uint8Array.from({ length: Math.min(length, 65521) }, () => rand() & 0xff);
  const bytes = new Uint8Array(length);
  bytes.set(tile);
  for (let done = tile.length; done < length; done *= 2) bytes.copyWithin(done, 0, Math.min(done, length - done));
  return bytes;
}

let patterns: Uint8Array = new Uint8Array(0);

/** The first bytes of the pattern that all tests use. */
export function pattern(length: number): Uint8Array {
  srand(20200101);
  if (patterns.length < length) patterns = random_bytes(length);
  return patterns.subarray(0, length);
}

/** Is memory as that part of the pattern? */
export function is_pattern(addr: number, offset: number, length: number): boolean {
  return memcmp(addr, pattern(offset + length).subarray(offset), length) === 0;
}
