// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { CannotBeDone } from '../../tools/commands/program.js';

const TEST_FILE = /\.test\.js$/;

/** Compiled test files below a folder, in the order of their paths; none if the folder is not there. */
export function testFilesBelow(folder: string): string[] {
  if (!existsSync(folder)) {
    return [];
  }
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => TEST_FILE.test(path))
    .sort()
    .map((path) => join(folder, path));
}

/**
 * Turns file arguments into compiled test files. A source file or folder stands for what it was compiled to.
 *
 * @param root the project's folder
 * @param cwd folder that relative arguments start from
 * @throws CannotBeDone for an argument that names no test
 */
export function collectTests(root: string, cwd: string, args: readonly string[]): string[] {
  const files = new Set<string>();
  for (const arg of args) {
    const compiled = compiledPath(root, resolve(cwd, arg));
    if (!existsSync(compiled)) {
      throw new CannotBeDone(`no such test: ${arg}`);
    }
    const found = statSync(compiled).isDirectory() ? testFilesBelow(compiled) : [compiled];
    if (found.length === 0) {
      throw new CannotBeDone(`no tests below ${arg}`);
    }
    for (const file of found) {
      files.add(file);
    }
  }
  return [...files];
}

/** The name that people know a compiled test file by: that of its source, from the project's folder. */
export function sourceName(root: string, compiled: string): string {
  const name = relative(root, compiled);
  return name.startsWith(`dist${sep}`) ? name.slice(5).replace(/\.js$/, '.ts') : name;
}

function compiledPath(root: string, path: string): string {
  const inside = relative(join(root, 'tests'), path);
  if (inside.startsWith('..') || isAbsolute(inside)) {
    return path;
  }
  return join(root, 'dist', 'tests', ...inside.split(sep)).replace(/\.ts$/, '.js');
}

/** Does a compiled test file start programs? */
export function startsPrograms(file: string): boolean {
  return /\b(?:runNode|runCommand|spawn|spawnSync|execFileSync|fork)\(|\/(?:workshop|sample|project)\.js'/.test(
    readFileSync(file, 'utf8'),
  );
}
