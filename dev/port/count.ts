// SPDX-License-Identifier: GPL-2.0-only
/**
 * Counts the assertions that each test comes to, the one that fails included, and writes them down when the process ends:
 * a test that fails for another reason than in C, or leaves out a part, gives itself away. Loaded before the tests.
 */
import { writeFileSync } from 'node:fs';
import { VmaTest } from '../../harness/vma_test.js';

const file = process.env.VMA_ASSERTIONS;
const reached: Record<string, number> = {};
const report: unknown = Reflect.get(VmaTest.prototype, 'report');

Object.defineProperty(VmaTest.prototype, 'report', {
  value(this: VmaTest, ...args: readonly unknown[]): unknown {
    const { name } = this.tap;
    reached[name] = (reached[name] ?? 0) + 1;
    if (typeof report !== 'function') throw new Error('VmaTest: has no report()');
    return Reflect.apply(report, this, args);
  },
});

process.on('exit', () => {
  if (file !== undefined) writeFileSync(file, JSON.stringify(reached));
});
