// SPDX-License-Identifier: GPL-2.0-only
/** Runs C test files in the harness of a kernel tree, sanitizers and all, and says how each test ended. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { removeScratch, scratchFolder } from '../../tools/commands/folders.js';
import { KernelTreeError, ScratchTree } from '../kernel/scratch.js';

/** How a test ends, and how many assertions it came to, the one that failed included. */
export type Verdict = `${'ok' | 'not ok'} ${number}`;
/** Verdicts by name of the test, for each file by its name without `.c`. */
export type Verdicts = Record<string, Record<string, Verdict>>;

/**
 * The harness's TEST(), with a line for each test instead of one for those that fail, and its assertions, counted.
 * ASSERT_EQ() and the like are made of these two.
 */
const REPORTING = `static int assertions;
#undef ASSERT_TRUE
#undef __ASSERT_TRUE
#define __ASSERT_TRUE(_expr, ...)	\\
	do {				\\
		assertions++;		\\
		if (!(_expr))		\\
			return false;	\\
	} while (0)
#define ASSERT_TRUE(_expr) __ASSERT_TRUE(_expr, "")
#undef TEST
#define TEST(name)									\\
	do {										\\
		assertions = 0;								\\
		const bool passed = test_##name();					\\
											\\
		(*num_tests)++;								\\
		(*num_fail) += !passed;							\\
		printf("%s %d %s\\n", passed ? "ok" : "not ok", assertions, #name);	\\
		fflush(stdout);								\\
	} while (0)
`;

const RUNNER = /^static void (run_\w+_tests)\(/m;
const INCLUDED = /(?:^#include "tests\/\w+\.c"\n)+/m;
const CALLED = /(?:^\trun_\w+_tests\(&num_tests, &num_fail\);\n)+/m;

function runnerOf(file: string): string {
  const name = RUNNER.exec(readFileSync(file, 'utf8'))?.[1];
  if (name === undefined) throw new KernelTreeError(`${file}: has no run_..._tests()`);
  return name;
}

/** The harness's main.c with other tests in it. */
function mainOf(original: string, files: readonly string[]): string {
  if (!INCLUDED.test(original) || !CALLED.test(original)) {
    throw new KernelTreeError('main.c of the harness: includes and calls its tests otherwise than it did');
  }
  const includes = files.map((file) => `#include "${resolve(file)}"\n`).join('');
  const calls = files.map((file) => `\tputs("# ${file}");\n\t${runnerOf(file)}(&num_tests, &num_fail);\n`).join('');
  return original.replace(INCLUDED, () => `${REPORTING}${includes}`).replace(CALLED, () => calls);
}

function verdictsOf(stdout: string): Verdicts {
  const verdicts: Verdicts = {};
  let current: Record<string, Verdict> = {};
  for (const line of stdout.split('\n')) {
    const [, file, state, count, name = ''] = /^(?:# (.*\.c)|(ok|not ok) (\d+) (\w+))$/.exec(line) ?? [];
    if (file !== undefined) {
      current = {};
      verdicts[basename(file, '.c')] = current;
    } else if (state === 'ok' || state === 'not ok') {
      if (name in current) throw new KernelTreeError(`${name}: two tests of that name`);
      current[name] = `${state} ${Number(count)}`;
    }
  }
  return verdicts;
}

/**
 * The verdicts of the tests in these files, which are compiled together.
 *
 * @param kernel a kernel tree
 * @throws KernelTreeError when they do not compile, a sanitizer complains, or the program ends before its time
 */
export function runInC(kernel: string, files: readonly string[]): Verdicts {
  const scratch = new ScratchTree(kernel);
  const folder = scratchFolder('c-tests');
  try {
    const source = join(folder, 'main.c');
    writeFileSync(source, mainOf(readFileSync(join(scratch.vma, 'main.c'), 'utf8'), files));
    const defines = '-DNUM_VMA_FLAG_BITS=64 -DNUM_MM_FLAG_BITS=64 -fsanitize=address,undefined';
    const program = scratch.build(source, 'hard', { defines });
    // A test that fails does not clean up, in C as here.
    const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' };
    const { status, signal, stdout, stderr } = spawnSync(program, { env, encoding: 'utf8', timeout: 60_000 });
    const complaints = stderr.split('\n').filter((line) => /runtime error|ERROR: AddressSanitizer/.test(line));
    if (complaints.length > 0) throw new KernelTreeError(`the sanitizers complain:\n${complaints.join('\n')}`);
    if (status !== 0 && status !== 1) {
      throw new KernelTreeError(`ended by ${signal ?? `status ${status}`} after ${stdout.split('\n').at(-2)}`);
    }
    return verdictsOf(stdout);
  } finally {
    removeScratch(folder);
    scratch.remove();
  }
}
