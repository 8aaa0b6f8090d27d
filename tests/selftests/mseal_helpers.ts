// SPDX-License-Identifier: GPL-2.0-only
/** What the tests of mseal_test.c share. Each test, with and without a seal, has a process of its own. */
import {
  ASSERT_EQ,
  ASSERT_LT,
  ASSERT_NE,
  ASSERT_STREQ,
  ASSERT_TRUE,
  EPERM,
  errno,
  getpagesize,
  KSFT,
  ksft_test_result_pass,
  MAP_ANONYMOUS,
  MAP_FAILED,
  MAP_PRIVATE,
  mmap,
  mseal,
  NULL,
  PROT_READ,
  PROT_WRITE,
  read_maps,
} from '../../harness/selftest/index.js';

export const page_size = getpagesize();
export const RW = PROT_READ | PROT_WRITE;

/** A test that has one result. */
export function TEST_ONCE(name: string, body: () => void): void {
  KSFT(name, [name], () => {
    body();
    ksft_test_result_pass(name);
  });
}

/** A test that is carried out without a seal, and with one. */
export function TEST_SEAL(name: string, body: (seal: boolean) => void): void {
  for (const seal of [false, true]) TEST_ONCE(`${name}(${seal})`, () => body(seal));
}

/** Seals memory. 0, or -1. */
export function sys_mseal(ptr: number, len: number | bigint): number {
  return mseal(ptr, len, 0);
}

function mapped(size: number, prot: number): number {
  const ptr = mmap(NULL, size, prot, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  return ptr;
}

/** Private memory that can be read only. */
export function single_address(size: number): number {
  return mapped(size, PROT_READ);
}

/** Private memory that can be written as well. */
export function single_address_rw(size: number): number {
  return mapped(size, RW);
}

export function succeeds(ret: number): void {
  ASSERT_EQ(ret, 0);
}

export function fails(ret: number): void {
  ASSERT_LT(ret, 0);
}

/** What must not be done to sealed memory. */
export function refused_if(seal: boolean, ret: number): void {
  if (seal) fails(ret);
  else succeeds(ret);
}

/** A mapping that is refused with EPERM where there is a seal, and is as it should be where there is none. */
export function sealed_or(seal: boolean, ptr: number, is_right: boolean): void {
  if (!seal) {
    ASSERT_TRUE(is_right);
    return;
  }
  ASSERT_EQ(ptr, MAP_FAILED);
  ASSERT_EQ(errno, EPERM);
}

/** The mapping that begins at addr has so many bytes, 0 where there is none; and that protection, where it is given. */
export function ASSERT_VMA(addr: number, size: number, prot?: 'r'): void {
  const vma = read_maps().find(({ start }) => start === addr);
  ASSERT_EQ(size, vma === undefined ? 0 : vma.end - vma.start);
  if (prot !== undefined) ASSERT_STREQ('r--', vma?.perms.slice(0, 3) ?? '');
}

/** A mapping begins at addr, which can be read only. */
export function ASSERT_READ_ONLY(addr: number): void {
  const vma = read_maps().find(({ start }) => start === addr);
  ASSERT_STREQ('r--', vma?.perms.slice(0, 3) ?? '');
}
