// SPDX-License-Identifier: GPL-2.0-only
/** Folders that commands write to: refused before anything is done when they cannot be written. */
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CannotBeDone } from './program.js';

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Makes a folder and those above it. One by one: node's own way never returns where /proc takes none. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

/** The folder itself, or the nearest above it that is there. */
function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path));
}

/**
 * The full path of a folder that can be written to, or can be made; makeFolder() makes it. `what` says whose value it
 * is, such as --out.
 *
 * @throws CannotBeDone when nothing can be written there
 */
export function outputFolder(what: string, path: string): string {
  if (path === '') throw new CannotBeDone(`${what}: no folder is named`);
  const folder = resolve(path);
  try {
    const there = nearest(folder);
    if (!statSync(there).isDirectory()) throw new CannotBeDone(`${there} is no folder`);
    // The sure way to know, for any user and any kind of file system.
    rmdirSync(mkdtempSync(join(there, '.vma-userland-')));
  } catch (error) {
    throw new CannotBeDone(`${what} ${path}: cannot be written: ${reasonOf(error)}`);
  }
  return folder;
}

/** Folders that go when the process ends, whatever ends it. */
const scratch = new Set<string>();

/** What ends a process, unless it listens. */
export const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Where nobody else listens to a signal the process ends by it, as it would without folders, but removes them. */
function endBy(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
}

/** From the first folder on: whatever ends the process, nothing is left. */
function watchTheEnd(): void {
  process.once('exit', () => scratch.forEach(remove));
  for (const signal of ENDING) process.on(signal, endBy);
}

let isWatched = false;

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * A folder of one's own for the time of a run, in `parent` or among the temporary ones.
 *
 * @throws CannotBeDone when there can be none
 */
export function scratchFolder(name: string, parent = tmpdir()): string {
  // Before there is a folder: a signal may come at any time.
  if (!isWatched) watchTheEnd();
  isWatched = true;
  let folder: string;
  try {
    folder = mkdtempSync(join(parent, `vma-userland-${name}-`));
  } catch (error) {
    const where = parent === tmpdir() ? `TMPDIR ${parent}` : parent;
    throw new CannotBeDone(`${where}: no temporary folder: ${reasonOf(error)}`);
  }
  scratch.add(folder);
  return folder;
}

export function removeScratch(folder: string): void {
  scratch.delete(folder);
  remove(folder);
}
