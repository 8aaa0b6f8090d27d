// SPDX-License-Identifier: GPL-2.0-only
// Addresses of tests and steps: #test=FILE:NAME&part=N&step=N, the same after a reload and in a copy of the page.

/** @typedef {{ test: number, part: number, step: number }} Place */

/**
 * What each test is called in addresses: two of one name have a number behind it.
 * @param {import('../data.js').ReportedTest[]} tests
 * @returns {string[]}
 */
function idsOf(tests) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return tests.map(({ file, name }) => {
    const id = file === '' ? name : `${file}: ${name}`;
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    return count === 1 ? id : `${id} (${count})`;
  });
}

/**
 * @param {string} id
 * @param {number} part
 * @param {number} step
 * @returns {string}
 */
function linkTo(id, part = 0, step = 0) {
  const rest = `${part === 0 ? '' : `&part=${part + 1}`}${step === 0 ? '' : `&step=${step + 1}`}`;
  return `#test=${encodeURIComponent(id)}${rest}`;
}

/**
 * What an address of the page asks for: nothing, a place, or something that is not there.
 * @param {string} hash
 * @param {readonly string[]} ids
 * @param {import('../data.js').ReportedTest[]} tests
 * @returns {Place | string | null}
 */
function placeOf(hash, ids, tests) {
  if (!hash.startsWith('#test=')) return null;
  const asked = new URLSearchParams(hash.slice(1).replaceAll('+', '%2B'));
  const id = asked.get('test') ?? '';
  const test = ids.indexOf(id);
  const found = tests[test];
  if (found === undefined) return `There is no test “${id}” in this report.`;
  const [part, step] = ['part', 'step'].map((name) => Number(asked.get(name) ?? 1) - 1);
  const steps = found.parts[part ?? 0]?.timeline.rows.length ?? 0;
  const isThere =
    Number.isInteger(part) && Number.isInteger(step) && (step === 0 || (Number(step) > 0 && Number(step) < steps));
  if (!isThere) return `The test “${id}” has no step ${asked.get('step') ?? asked.get('part')} in this report.`;
  return { test, part: part ?? 0, step: step ?? 0 };
}
