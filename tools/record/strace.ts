// SPDX-License-Identifier: GPL-2.0-only
/** Runs a program below strace, and looks at what it has mapped when it begins and when it is about to end. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { removeScratch, scratchFolder } from '../commands/folders.js';
import { CannotBeDone } from '../commands/program.js';
import { mapsComment } from './log.js';

/** Calls that change an address space, or begin and end one. Those that a strace does not know are not asked for. */
const CALLS = [
  ...[
    'execve',
    'execveat',
    'exit',
    'exit_group',
    'clone',
    'clone3',
    'fork',
    'vfork',
    'brk',
    'mmap',
    'munmap',
    'mremap',
  ],
  ...['mprotect', 'pkey_mprotect', 'madvise', 'mlock', 'mlock2', 'mlockall', 'munlock', 'munlockall', 'mseal'],
  ...['remap_file_pages', 'prctl'],
];

/** How long a program is held at its beginning and its end, in microseconds: time enough for a look. */
const HELD = 150_000;
/** Milliseconds between two looks at the log. */
const LOOK = 10;

const BEGINS = /^(\d+) +(?:execve(?:at)?\(|<\.\.\. execve(?:at)? resumed>).*\) += 0(?: \(DELAYED\))?$/;
const ENDS = /^(\d+) +exit_group\(-?\d+(?: <unfinished \.\.\.>)?$/;

/** Is there such a program? */
function isThere(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0;
}

/** Copies the log of strace as it grows, with what was mapped put in. */
class Follower {
  text: string;
  private readonly fd: number;
  private line: string;
  /** Programs that were begun. */
  programs: number;
  private readonly hasEnded: Set<string>;

  constructor(path: string) {
    this.fd = openSync(path, 'r');
    this.text = '';
    this.line = '';
    this.programs = 0;
    this.hasEnded = new Set();
  }

  /** Takes what is new. A line that is not whole yet may say that a program is about to end. */
  look(): void {
    const chunk = Buffer.alloc(65536);
    for (;;) {
      const got = readSync(this.fd, chunk, 0, chunk.length, null);
      if (got === 0) break;
      const lines = (this.line + chunk.toString('utf8', 0, got)).split('\n');
      this.line = lines.pop() ?? '';
      for (const line of lines) this.take(line);
    }
    this.lookForEnd(this.line);
  }

  private lookForEnd(line: string): void {
    const [, pid] = ENDS.exec(line) ?? [];
    if (pid === undefined || this.hasEnded.has(pid)) return;
    this.hasEnded.add(pid);
    this.addMaps('end', pid);
  }

  private take(line: string): void {
    const [, pid] = BEGINS.exec(line) ?? [];
    // What comes before the program is not its own: strace has run something that then runs it.
    if (pid !== undefined && ++this.programs === 2) this.text = '';
    this.text += `${line}\n`;
    if (pid !== undefined) this.addMaps('begin', pid);
    this.lookForEnd(line);
  }

  private addMaps(when: 'begin' | 'end', pid: string): void {
    try {
      this.text += mapsComment(when, Number(pid), readFileSync(`/proc/${pid}/maps`, 'utf8'));
    } catch {
      // It has gone, or nobody may look.
    }
  }

  close(): void {
    this.look();
    closeSync(this.fd);
  }
}

/** What a program has done. */
export interface Strace {
  /** The log, with what was mapped as comments in it. */
  log: string;
  /** Its status, or that of strace. */
  status: number;
}

/**
 * Runs the program to its end, with addresses that are the same each time if that can be had.
 *
 * @throws CannotBeDone without strace, or where it may not trace
 */
export async function straceOf(command: readonly string[], strace = 'strace'): Promise<Strace> {
  if (!isThere(strace))
    throw new CannotBeDone(`there is no ${strace} here: it is a package of that name; --from reads a log`);
  const folder = scratchFolder('record');
  const path = join(folder, 'log');
  const trace = ['-e', `trace=${CALLS.map((name) => `?${name}`).join(',')}`];
  const held = ['execve', 'exit_group'].flatMap((name) => [
    '-e',
    `inject=${name}:${name === 'execve' ? 'delay_exit' : 'delay_enter'}=${HELD}`,
  ]);
  // Held at the exec of the program itself, which is not the first: strace lets that one pass.
  const start = isThere('setarch') ? ['setarch', '-R'] : ['/bin/sh', '-c', 'exec "$0" "$@"'];
  const options = ['-f', '-y', '-s', '256', '-e', 'signal=none', '-o', path, ...trace, ...held];
  const child = spawn(strace, [...options, '--', ...start, ...command], { stdio: 'inherit' });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
  let follower: Follower | null = null;
  const watch = setInterval(() => {
    if (follower === null && existsSync(path)) follower = new Follower(path);
    follower?.look();
  }, LOOK);
  const status = await ended;
  clearInterval(watch);
  const last = follower ?? (existsSync(path) ? new Follower(path) : null);
  last?.close();
  removeScratch(folder);
  const log = last?.text ?? '';
  if (last === null || last.programs < 2)
    throw new CannotBeDone(`${strace} could not run ${command[0] ?? ''}: status ${status}`);
  return { log, status };
}
