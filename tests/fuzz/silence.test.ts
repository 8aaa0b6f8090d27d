// SPDX-License-Identifier: GPL-2.0-only
/** Random operations on the code as it is raise no complaint, and on code that is broken they do. */
import t from 'tap';
import { KINDS, randomLines } from '../../dev/fuzz/program.js';
import { fuzz, printFinding, runProgram, shorten } from '../../dev/fuzz/run.js';
import { printStep, randomProgram, WORDS } from '../../dev/fuzz/steps.js';
import { Random } from '../../dev/random.js';

t.test('three thousand random operations are silent', async (t) => {
  const finding = fuzz(1, 3000);
  t.equal(finding === null ? '' : printFinding(shorten(finding)), '');
});

t.test('a program is the same for the same seed, and has every word', async (t) => {
  const [one, other] = [randomProgram(new Random(7), 500), randomProgram(new Random(7), 500)];
  t.same(one, other);
  t.same(
    WORDS.filter((word) => !one.some((step) => step.word === word)),
    [],
  );
  t.match(
    printStep({ word: 'fault', numbers: [1, 2], failAt: 3, failName: null, lasting: true }),
    /^fault 1 2 fail-from=3$/,
  );
  t.match(printStep({ word: 'brk', numbers: [9], failAt: 1, failName: 'x', lasting: false }), /^brk 9 fail-at=x:1$/);
});

t.test('every program that is shortened out of a silent one is silent', async (t) => {
  for (const kind of KINDS) {
    const { lines } = randomLines(new Random(3), 60, kind);
    for (let at = 0; at < lines.length; at += 7) {
      t.equal(
        runProgram({ kind, lines: [...lines.slice(0, at), ...lines.slice(at + 3)] }),
        null,
        `${kind}, from ${at}`,
      );
    }
  }
});
