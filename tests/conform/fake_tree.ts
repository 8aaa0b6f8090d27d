// SPDX-License-Identifier: GPL-2.0-only
/** A kernel tree of a few files, with a `make` and a `gcov` that are scripts: what is built is the port itself. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Test } from 'tap';
import { ROOT } from '../house/project.js';
import { folderWith } from '../port/trees.js';

export interface FakeTree {
  kernel: string;
  /** PATH with the scripts before all else. */
  PATH: string;
  /** How make was called, in the order of calls. */
  made(): string[];
}

/** Notes its arguments; makes main.o of main.c, and the program of the script that was given. */
const MAKE = `#!/bin/sh
echo "$*" >> "$(dirname "$0")/made"
case " $* " in
  *" -j4 main.o "*) cp main.c main.o ;;
  *" -j4 vma "*) cp "$(dirname "$0")/program" vma ;;
esac
`;

function script(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

/**
 * @param program the shell script that is built
 * @param tools other scripts in place of `make` and `gcov`
 */
export function fakeTree(test: Test, program: string, tools: Record<string, string> = {}): FakeTree {
  const folder = folderWith(test, {
    'kernel/Makefile': 'VERSION = 7\n',
    'kernel/mm/vma.c': '',
    'kernel/tools/include/a.h': 'a',
    'kernel/tools/testing/vma/Makefile': 'all:\n',
    'kernel/tools/testing/vma/stale.o': 'old',
    'kernel/tools/testing/vma/include/stubs.h': '#pragma once\n',
    'kernel/tools/testing/shared/shared.h': '',
    'kernel/tools/testing/other/b': 'b',
  });
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  script(join(bin, 'program'), `#!/bin/sh\n${program}\n`);
  for (const [name, text] of Object.entries({ make: MAKE, ...tools })) script(join(bin, name), text);
  return {
    kernel: join(folder, 'kernel'),
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    made: () => readFileSync(join(bin, 'made'), 'utf8').trimEnd().split('\n'),
  };
}

/** A program that answers tree traces as the port does, its answers passed through a filter. */
export function portProgram(filter = 'cat'): string {
  return `"${process.execPath}" "${join(ROOT, 'dist/tools/cli.js')}" replay --tree | ${filter}`;
}
