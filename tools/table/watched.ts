// SPDX-License-Identifier: GPL-2.0-only
/** Where a new file of upstream's concerns this port even though no table names it. */
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Folders, whether what lies below them counts, and what counts. */
const WATCHED: readonly { folder: string; deep: boolean; name: RegExp }[] = [
  { folder: 'mm', deep: false, name: /^vma(?:_\w+)?\.[ch]$/ },
  { folder: 'mm/vma', deep: true, name: /\.[ch]$/ },
  { folder: 'lib', deep: false, name: /^maple_tree\w*\.[ch]$/ },
  { folder: 'tools/testing/vma', deep: true, name: /\.[ch]$|^Makefile$/ },
];

/** What a build of the harness leaves there. */
const GENERATED = /\/generated\/|\/(?:idr|radix-tree)\.c$/;

/** The files of a tree that are watched, whether a table names them or not, in order. */
export function watchedFiles(kernel: string): string[] {
  const files = WATCHED.flatMap(({ folder, deep, name }) => {
    if (!existsSync(join(kernel, folder))) return [];
    const entries = readdirSync(join(kernel, folder), { withFileTypes: true, recursive: deep });
    return entries
      .filter((entry) => entry.isFile() && name.test(entry.name))
      .map((entry) => relative(kernel, join(entry.parentPath, entry.name)));
  });
  return files.filter((file) => !GENERATED.test(file)).sort();
}

/** Whether a file can declare anything; a Makefile is followed as a whole. */
export function isC(file: string): boolean {
  return /\.[ch]$/.test(file);
}
