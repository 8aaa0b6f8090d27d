// SPDX-License-Identifier: GPL-2.0-only
/** A folder within the project in which translated tests are compiled and run as a user's would be. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Finished, ROOT, runCommand, runNode } from '../house/project.js';

export const CLI = 'dist/tools/cli.js';
/** A tree of our own, small, with tests in upstream's style. */
export const SMALL_TREE = join(ROOT, 'tests/data/port');

export class Workshop {
  readonly folder: string;

  constructor(test: Test) {
    this.folder = mkdtempSync(join(ROOT, 'translated-'));
    test.teardown(() => rmSync(this.folder, { recursive: true }));
    const config = {
      extends: '../tsconfig.json',
      compilerOptions: { rootDir: '.', outDir: 'out', incremental: false, declaration: false, declarationMap: false },
      include: ['*.ts'],
    };
    writeFileSync(join(this.folder, 'tsconfig.json'), JSON.stringify(config));
  }

  /** `port tests` with these arguments. */
  translate(...args: string[]): Finished {
    return runNode([CLI, 'port', 'tests', '--out', this.folder, ...args]);
  }

  /** The same without the folder. */
  command(...args: string[]): Finished {
    return runNode([CLI, 'port', 'tests', ...args]);
  }

  /** Compiles everything that was translated. */
  compile(): Finished {
    return runNode(['node_modules/typescript/bin/tsc', '-p', this.folder]);
  }

  /** Format, imports and lint rules of the project. */
  lint(below = '.'): Finished {
    const folder = join(this.folder, below);
    const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
    const options = ['check', '--error-on-warnings', '--vcs-use-ignore-file=false'];
    const paths = files.map((name) => join(folder, name));
    return runNode(['node_modules/@biomejs/biome/bin/biome', ...options, ...paths]);
  }

  /** Runs one compiled test file; top-level results as `ok name`, `not ok name`. */
  run(name: string, bits: '64' | '128'): { status: number | null; results: string[] } {
    const file = join(this.folder, 'out', `${name}.test.js`);
    const { status, stdout } = runCommand(process.execPath, [file], { env: { NUM_VMA_FLAG_BITS: bits } });
    const results = [...stdout.matchAll(/^((?:not )?ok) \d+ - (.*?)(?: # time=.*)?$/gm)];
    return { status, results: results.map(([, state = '', test = '']) => `${state} ${test}`) };
  }
}
