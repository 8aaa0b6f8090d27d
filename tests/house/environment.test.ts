// SPDX-License-Identifier: GPL-2.0-only
/** Values of the environment that nobody knows are refused before a test runs. */
import t from 'tap';
import { runNode } from './project.js';

const BAD: [string, string, string][] = [
  ['NUM_VMA_FLAG_BITS', '65', 'must be 64 or 128'],
  ['NUM_VMA_FLAG_BITS', '0x40', 'must be 64 or 128'],
  ['VMA_STUBS', 'checkt', 'must be checked or upstream'],
  ['VMA_TRACE', 'banana', 'must be 0 or 1'],
];

t.test('an unknown value is an error that names variable, value and what is known', async (t) => {
  for (const [name, value, known] of BAD) {
    const { status, stdout, stderr } = runNode(['dist/tests/upstream/merge_new.test.js'], { env: { [name]: value } });
    t.not(status, 0, `${name}=${value}`);
    t.match(stdout + stderr, `environment: ${name} = "${value}": ${known}`);
  }
});

t.test('the runner says so before the first test', async (t) => {
  for (const [name, value, known] of BAD) {
    const { status, stdout, stderr } = runNode(['dist/dev/run/run.js', '--upstream'], { env: { [name]: value } });
    t.equal(status, 2, `${name}=${value}`);
    t.match(stderr, `${name} = "${value}": ${known}`);
    t.notMatch(stdout, /ok /);
  }
});

t.test('an empty value is none', async (t) => {
  const { status } = runNode(['dist/tests/upstream/merge_new.test.js'], {
    env: { NUM_VMA_FLAG_BITS: '', VMA_STUBS: '', VMA_TRACE: '' },
  });
  t.equal(status, 0);
});
