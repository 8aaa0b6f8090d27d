// SPDX-License-Identifier: GPL-2.0-only
/** Pipes whose ends block, which those that node makes for a child do not: named ones, whose names go at once. */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { NoLiveSide } from './build.js';

/** Descriptors of both ends. */
export interface Pipe {
  read: number;
  write: number;
}

export function makePipes(folder: string, count: number): Pipe[] {
  const paths = Array.from({ length: count }, (_, i) => join(folder, `pipe${i}`));
  const { status, error } = spawnSync('mkfifo', paths);
  if (error !== undefined || status !== 0) throw new NoLiveSide(`no named pipes in ${folder}`);
  return paths.map((path) => {
    // Each open() would wait for the other end, but for the first.
    const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const write = openSync(path, constants.O_WRONLY);
    const read = openSync(path, constants.O_RDONLY);
    closeSync(first);
    unlinkSync(path);
    return { read, write };
  });
}

/** Fills the buffer. Is the writer still there? */
export function readWhole(fd: number, into: Uint8Array): boolean {
  for (let at = 0; at < into.length; ) {
    const got = readSync(fd, into, at, into.length - at, null);
    if (got === 0) return false;
    at += got;
  }
  return true;
}

export function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, null);
}
