// SPDX-License-Identifier: GPL-2.0-only
/**
 * Assertions by the names of kselftest_harness.h. ASSERT_* end the case when they fail; EXPECT_* note it, and the case
 * goes on, to fail in the end. `then` is the block that may follow one in C: it is carried out when the assertion fails.
 */
import { VmaAssertionError } from '../failure.js';
import { show } from '../vma_test.js';
import { currentCase } from './case.js';

/** What can be compared: integers, pointers, which are integers here, and truth. */
export type Value = number | bigint | boolean;

/** Its value as an integer: C knows no other. */
function integer(value: Value): bigint | number {
  return typeof value === 'boolean' ? Number(value) : value;
}

type Assertion = (...args: never[]) => void;
type Then = (() => void) | undefined;

function failed(error: VmaAssertionError, isFatal: boolean, then: Then): void {
  const one = currentCase(error.message);
  then?.();
  if (isFatal) throw error;
  one.expectationFailed(error);
}

interface Comparison {
  /** "==", as the reader is told what was wanted. */
  readonly operator: string;
  readonly holds: (expected: bigint | number, seen: bigint | number) => boolean;
}

/** Compares as C's assertion does, the expected value being the left operand. */
function compare(
  name: string,
  { operator, holds }: Comparison,
  [expected, seen]: readonly [Value, Value],
  then: Then,
  assertion: Assertion,
): void {
  const { t } = currentCase(name);
  if (holds(integer(expected), integer(seen))) {
    t.ASSERT_TRUE(true, name);
    return;
  }
  const error = new VmaAssertionError(name, show(seen), `${show(expected)} ${operator} it`, assertion);
  failed(error, name.startsWith('ASSERT'), then);
}

// biome-ignore lint/suspicious/noDoubleEquals: a number and a bigint are equal when they are the same integer
const EQ: Comparison = { operator: '==', holds: (a, b) => a == b };
// biome-ignore lint/suspicious/noDoubleEquals: as above
const NE: Comparison = { operator: '!=', holds: (a, b) => a != b };
const LT: Comparison = { operator: '<', holds: (a, b) => a < b };
const LE: Comparison = { operator: '<=', holds: (a, b) => a <= b };
const GT: Comparison = { operator: '>', holds: (a, b) => a > b };
const GE: Comparison = { operator: '>=', holds: (a, b) => a >= b };

/** expected == seen */
export function ASSERT_EQ(expected: Value, seen: Value, then?: () => void): void {
  compare('ASSERT_EQ', EQ, [expected, seen], then, ASSERT_EQ);
}

/** expected != seen */
export function ASSERT_NE(expected: Value, seen: Value, then?: () => void): void {
  compare('ASSERT_NE', NE, [expected, seen], then, ASSERT_NE);
}

/** expected < seen */
export function ASSERT_LT(expected: Value, seen: Value, then?: () => void): void {
  compare('ASSERT_LT', LT, [expected, seen], then, ASSERT_LT);
}

/** expected <= seen */
export function ASSERT_LE(expected: Value, seen: Value, then?: () => void): void {
  compare('ASSERT_LE', LE, [expected, seen], then, ASSERT_LE);
}

/** expected > seen */
export function ASSERT_GT(expected: Value, seen: Value, then?: () => void): void {
  compare('ASSERT_GT', GT, [expected, seen], then, ASSERT_GT);
}

/** expected >= seen */
export function ASSERT_GE(expected: Value, seen: Value, then?: () => void): void {
  compare('ASSERT_GE', GE, [expected, seen], then, ASSERT_GE);
}

/** seen is not 0. */
export function ASSERT_TRUE(seen: Value, then?: () => void): void {
  compare('ASSERT_TRUE', NE, [0, seen], then, ASSERT_TRUE);
}

/** seen is 0. */
export function ASSERT_FALSE(seen: Value, then?: () => void): void {
  compare('ASSERT_FALSE', EQ, [0, seen], then, ASSERT_FALSE);
}

/** expected == seen */
export function EXPECT_EQ(expected: Value, seen: Value, then?: () => void): void {
  compare('EXPECT_EQ', EQ, [expected, seen], then, EXPECT_EQ);
}

/** expected != seen */
export function EXPECT_NE(expected: Value, seen: Value, then?: () => void): void {
  compare('EXPECT_NE', NE, [expected, seen], then, EXPECT_NE);
}

/** expected < seen */
export function EXPECT_LT(expected: Value, seen: Value, then?: () => void): void {
  compare('EXPECT_LT', LT, [expected, seen], then, EXPECT_LT);
}

/** expected <= seen */
export function EXPECT_LE(expected: Value, seen: Value, then?: () => void): void {
  compare('EXPECT_LE', LE, [expected, seen], then, EXPECT_LE);
}

/** expected > seen */
export function EXPECT_GT(expected: Value, seen: Value, then?: () => void): void {
  compare('EXPECT_GT', GT, [expected, seen], then, EXPECT_GT);
}

/** expected >= seen */
export function EXPECT_GE(expected: Value, seen: Value, then?: () => void): void {
  compare('EXPECT_GE', GE, [expected, seen], then, EXPECT_GE);
}

/** seen is not 0. */
export function EXPECT_TRUE(seen: Value, then?: () => void): void {
  compare('EXPECT_TRUE', NE, [0, seen], then, EXPECT_TRUE);
}

/** seen is 0. */
export function EXPECT_FALSE(seen: Value, then?: () => void): void {
  compare('EXPECT_FALSE', EQ, [0, seen], then, EXPECT_FALSE);
}

/** The same text. */
export function ASSERT_STREQ(expected: string, seen: string, then?: () => void): void {
  compareText('ASSERT_STREQ', true, [expected, seen], then, ASSERT_STREQ);
}

/** Another text. */
export function ASSERT_STRNE(expected: string, seen: string, then?: () => void): void {
  compareText('ASSERT_STRNE', false, [expected, seen], then, ASSERT_STRNE);
}

/** The same text. */
export function EXPECT_STREQ(expected: string, seen: string, then?: () => void): void {
  compareText('EXPECT_STREQ', true, [expected, seen], then, EXPECT_STREQ);
}

/** Another text. */
export function EXPECT_STRNE(expected: string, seen: string, then?: () => void): void {
  compareText('EXPECT_STRNE', false, [expected, seen], then, EXPECT_STRNE);
}

function compareText(
  name: string,
  wantsEqual: boolean,
  [expected, seen]: readonly [string, string],
  then: Then,
  assertion: Assertion,
): void {
  const { t } = currentCase(name);
  if ((expected === seen) === wantsEqual) {
    t.ASSERT_TRUE(true, name);
    return;
  }
  const wanted = wantsEqual ? `'${expected}'` : `anything but '${expected}'`;
  failed(new VmaAssertionError(name, `'${seen}'`, wanted, assertion), name.startsWith('ASSERT'), then);
}

/** A line for the reader. */
export function TH_LOG(text: string): void {
  const one = currentCase('TH_LOG');
  if (!one.isRepeating) one.t.tap.comment(text);
}
