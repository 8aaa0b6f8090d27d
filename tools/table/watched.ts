// SPDX-License-Identifier: GPL-2.0-only
/** Where a new file of upstream's concerns this port even though no table names it. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Folders, whether what lies below them counts, and what counts. */
const WATCHED: readonly { folder: string; deep: boolean; name: RegExp }[] = [
  { folder: 'mm', deep: false, name: /^vma(?:_\w+)?\.[ch]$/ },
  { folder: 'mm/vma', deep: true, name: /\.[ch]$/ },
  { folder: 'lib', deep: false, name: /^maple_tree\w*\.[ch]$/ },
  { folder: 'tools/testing/vma', deep: true, name: /\.[ch]$|^Makefile$/ },
];

/** What a build of the harness leaves there. */
const GENERATED = /\/generated\/|\/(?:idr|radix-tree)\.c$/;

/** Files of a folder, and with `deep` of those below it; links are followed, as trees are made of them at times. */
function filesIn(kernel: string, folder: string, deep: boolean): string[] {
  const path = join(kernel, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path).flatMap((name) => {
    const file = `${folder}/${name}`;
    const found = statSync(join(kernel, file), { throwIfNoEntry: false });
    if (found?.isDirectory()) return deep ? filesIn(kernel, file, deep) : [];
    return found?.isFile() ? [file] : [];
  });
}

/** The files of a tree that are watched, whether a table names them or not, in order. */
export function watchedFiles(kernel: string): string[] {
  const files = WATCHED.flatMap(({ folder, deep, name }) =>
    filesIn(kernel, folder, deep).filter((file) => name.test(basename(file))),
  );
  return files.filter((file) => !GENERATED.test(file)).sort();
}

/** Whether a file can declare anything; a Makefile is followed as a whole. */
export function isC(file: string): boolean {
  return /\.[ch]$/.test(file);
}
