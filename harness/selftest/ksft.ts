// SPDX-License-Identifier: GPL-2.0-only
/**
 * Results by the names of kselftest.h, for programs that have no fixtures and print lines of TAP themselves. Each part
 * of such a program has a process of its own here, and is registered with the results that it must come to.
 */
import { VmaAssertionError } from '../failure.js';
import { currentCase } from './case.js';
import { SKIP } from './harness.js';
import type { Verdict } from './registry.js';
import { registerCase } from './run_case.js';

/** A part of a program: one result, by that name, or all of those, in their order. */
export function KSFT(title: string, results: readonly string[], body: () => void): void {
  registerCase({ title, body, results });
}

/** A part of a program whose results are not known beforehand: a case that is skipped when all of them are. */
export function KSFT_CALL(title: string, body: () => void): void {
  registerCase({
    title,
    body: () => {
      body();
      const { results } = currentCase(title);
      const [first] = results;
      if (first !== undefined && results.every(({ verdict }) => verdict === 'skip')) SKIP(first.reason);
    },
  });
}

function tell(name: string, verdict: Verdict, reason: string): void {
  const one = currentCase(name);
  if (one.isRepeating) return;
  one.results.push({ name, verdict, reason });
  if (verdict === 'xfail') one.t.tap.comment(`${name}: fails, as is expected`);
}

export function ksft_test_result_pass(name: string): void {
  tell(name, 'pass', '');
  currentCase(name).t.ASSERT_TRUE(true, name);
}

/** The program goes on, and has failed in the end. */
export function ksft_test_result_fail(name: string): void {
  ksftFailed(name, ksft_test_result_fail);
}

function ksftFailed(name: string, caller: (...args: never[]) => void): void {
  tell(name, 'fail', 'failed');
  currentCase(name).expectationFailed(new VmaAssertionError(name, 'not ok', 'ok', caller));
}

export function ksft_test_result(condition: boolean, name: string): void {
  if (condition) ksft_test_result_pass(name);
  else ksftFailed(name, ksft_test_result);
}

/** One of several results is skipped. */
export function ksft_test_result_skip(name: string, reason: string): void {
  tell(name, 'skip', reason);
  currentCase(name).t.tap.comment(`${name}: skipped: ${reason}`);
}

/** It failed, and C's test has it so. */
export function ksft_test_result_xfail(name: string): void {
  tell(name, 'xfail', 'expected to fail');
}

/** A line for the reader. */
export function ksft_print_msg(text: string): void {
  const one = currentCase('ksft_print_msg');
  if (!one.isRepeating) one.t.tap.comment(text.trim());
}

/** The program ends, and has failed. */
export function ksft_exit_fail_msg(text: string): never {
  throw new VmaAssertionError(text.trim(), 'it is so', 'anything else', ksft_exit_fail_msg);
}
