// SPDX-License-Identifier: GPL-2.0-only
/** The program of the live side, compiled for the time of a run. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeScratch, scratchFolder } from '../../tools/commands/folders.js';
import { HEAP, OWN_FILE, P } from './places.js';

const SOURCE = fileURLToPath(new URL('../../../dev/live/c/live.c', import.meta.url));

/** No libc, no stack protector, nothing that the program did not ask for: what is mapped must be known. */
const OPTIONS = [
  ...['-O1', '-std=gnu11', '-static', '-nostdlib', '-no-pie', '-fno-pie', '-ffreestanding', '-fno-stack-protector'],
  ...['-fcf-protection=none', '-fno-asynchronous-unwind-tables', '-mgeneral-regs-only'],
  ...['-Wl,--build-id=none', '-Wl,-z,noexecstack', '-Wl,-z,norelro', '-Wl,-z,noseparate-code'],
  `-Wl,--section-start=.last=0x${(HEAP - P).toString(16)}`,
];

/** Why there is no live side here: in one line, for the user. Nothing has failed. */
export class NoLiveSide extends Error {
  override readonly name = 'NoLiveSide';
}

/** A folder with the compiled program, and pipes later. */
export interface LiveProgram {
  folder: string;
  path: string;
}

/** What a machine has; tests say otherwise. */
export interface Machine {
  platform: string;
  arch: string;
  compiler: string;
}

export const thisMachine: Machine = { platform: process.platform, arch: process.arch, compiler: 'cc' };

/**
 * Compiles it in a temporary folder, or in one that is there.
 *
 * @throws NoLiveSide without Linux on x86-64, or a compiler
 */
export function buildLive({ platform, arch, compiler }: Machine = thisMachine, given?: string): LiveProgram {
  if (platform !== 'linux' || arch !== 'x64')
    throw new NoLiveSide(`the live side is for Linux on x64, not ${platform} on ${arch}`);
  const folder = given ?? scratchFolder('live');
  // Named as the file that it is in a trace.
  const path = join(folder, `file${OWN_FILE}`);
  const { status, stderr, error } = spawnSync(compiler, [...OPTIONS, '-o', path, SOURCE], { encoding: 'utf8' });
  if (error === undefined && status === 0) return { folder, path };
  if (given === undefined) removeScratch(folder);
  if (error !== undefined) throw new NoLiveSide(`no C compiler: ${error.message}`);
  throw new NoLiveSide(`${compiler} does not compile the live side: ${stderr.trim().split('\n')[0] ?? ''}`);
}
