// SPDX-License-Identifier: GPL-2.0-only
/** The live side itself, on the running kernel; skipped where there is none. */
import { existsSync } from 'node:fs';
import t from 'tap';
import { buildLive, NoLiveSide } from '../../dev/live/build.js';
import { compareProgram } from '../../dev/live/compare.js';
import { LiveSideGone } from '../../dev/live/machine.js';
import { ANON, BASE, FIXED, HEAP, P, RW } from '../../dev/live/places.js';
import type { LiveProcess } from '../../dev/live/process.js';
import { LiveProcesses } from '../../dev/live/processes.js';
import { EBADF, EEXIST, EFAULT, ENOENT, EPERM, ESRCH } from '../../include/linux/errno.js';
import { CAP_IPC_LOCK } from '../../include/uapi/capability.js';
import { MAP_FIXED_NOREPLACE, MAP_SHARED } from '../../include/uapi/mman.js';
import { RLIMIT_AS } from '../../include/uapi/resource.js';
import { withLiveSide } from './side.js';

/** A process to try things in. */
function child(first: LiveProcess): LiveProcess {
  const p = first.fork();
  if (typeof p === 'number') throw new Error(`fork: ${p}`);
  return p;
}

t.test('without a compiler, or elsewhere than on Linux and x86-64, it says so in one line', async (t) => {
  const machine = { platform: 'linux', arch: 'x64', compiler: 'cc' };
  for (const other of [
    { platform: 'darwin' },
    { arch: 'arm64' },
    { compiler: 'no-such-compiler' },
    { compiler: 'false' },
  ]) {
    t.throws(() => buildLive({ ...machine, ...other }), NoLiveSide);
    try {
      buildLive({ ...machine, ...other });
    } catch (error) {
      t.notMatch(String(error), /\n/);
    }
  }
});

t.test('calls answer as the kernel answers, pages with EFAULT instead of a signal', async (t) => {
  withLiveSide(t, ({ first }) => {
    const p = child(first);
    t.equal(p.mmap(BASE, 2 * P, RW, FIXED), BASE);
    t.equal(p.mmap(BASE, P, RW, ANON | MAP_FIXED_NOREPLACE), -EEXIST);
    t.equal(p.write(BASE + P, 0xa5), 0);
    t.equal(p.read(BASE + P), 0xa5);
    t.equal(p.read(BASE + 2 * P), -EFAULT);
    t.equal(p.write(BASE + 2 * P, 1), -EFAULT);
    t.equal(p.mprotect(BASE, P, 1), 0);
    t.equal(p.write(BASE, 1), -EFAULT);
    t.equal(p.poke(BASE + 2 * P - 2, Uint8Array.of(1, 2, 3)), 2, 'as many as there is room for');
    t.same(p.peek(BASE + 2 * P - 2, 3), Buffer.of(1, 2));
    t.equal(p.munmap(BASE, 2 * P), 0);
    t.equal(p.close(63), -EBADF);
    t.equal(p.memfd_create('name'), 3, 'descriptors begin at 3');
    t.equal(p.setrlimit(RLIMIT_AS, 12345n, -1), 0);
    t.same(p.getrlimit(RLIMIT_AS), [12345n, 2n ** 64n - 1n]);
    p.exit();
  });
});

t.test('nothing is mapped but its own program, and the heap begins where that of the port does', async (t) => {
  withLiveSide(t, ({ first, own, leftOut }) => {
    const p = child(first);
    t.same(
      p.mappings().map(({ start, end }) => ({ start, end })),
      own,
    );
    t.ok(own.length <= 3);
    if (!leftOut.has('heap')) t.equal(p.brk(0), HEAP);
    p.exit();
  });
});

t.test('parent and child take turns, each with its own memory', async (t) => {
  withLiveSide(t, ({ first }) => {
    const parent = child(first);
    parent.mmap(BASE, P, RW, FIXED);
    parent.mmap(BASE + P, P, RW, (FIXED & ~2) | MAP_SHARED);
    parent.write(BASE, 1);
    const one = child(parent);
    const two = child(one);
    t.equal(one.write(BASE, 2), 0);
    t.equal(two.write(BASE + P, 3), 0);
    t.same(
      [parent, one, two].map((p) => p.read(BASE)),
      [1, 2, 1],
    );
    t.same(
      [parent, one, two].map((p) => p.read(BASE + P)),
      [3, 3, 3],
    );
    t.not(one.pid, two.pid);
    t.equal(two.call('getpid'), two.pid);
    one.exit();
    t.notOk(existsSync(`/proc/${one.pid}`), 'it was waited for');
    t.equal(two.read(BASE), 1, 'a child lives on without its parent');
    two.exit();
    t.notOk(existsSync(`/proc/${two.pid}`));
    parent.exit();
    t.throws(() => parent.call('getpid'), /has exited/);
  });
});

t.test('capabilities are taken away and had back', async (t) => {
  withLiveSide(t, (side) => {
    const processes = new LiveProcesses(side.first, side.folder);
    const p = processes.current;
    if (p === null || ((side.permitted >> BigInt(CAP_IPC_LOCK)) & 1n) === 0n) return;
    p.mmap(BASE, P, RW, FIXED);
    p.setrlimit(8, 0);
    t.equal(processes.capable(CAP_IPC_LOCK, false), 0);
    t.equal(p.mlock(BASE, P), -EPERM);
    t.equal(processes.capable(CAP_IPC_LOCK, true), 0);
    t.equal(p.mlock(BASE, P), 0);
    processes.end();
  });
});

t.test('files are those of the processes that open them, and go with the program', async (t) => {
  withLiveSide(t, ({ first, folder }) => {
    const processes = new LiveProcesses(first, folder);
    t.equal(processes.open(1, 3, 0x2000), 3);
    t.ok(existsSync(`${folder}/file1`));
    t.equal(processes.unlink(1), 0);
    t.equal(processes.unlink(1), -ENOENT);
    t.equal(processes.open(2, 3, 0x2000), 4);
    processes.exit();
    t.equal(processes.open(3, 3, 0x2000), -ESRCH);
    t.equal(processes.unlink(3), -ENOENT, 'nobody has made it');
    processes.end();
    t.notOk(existsSync(`${folder}/file2`));
  });
});

t.test('when it is killed, whoever asks hears of it', async (t) => {
  withLiveSide(t, ({ machine, first }) => {
    const p = child(first);
    process.kill(-machine.group, 'SIGKILL');
    t.throws(() => p.call('getpid'), LiveSideGone);
  });
});

t.test('a program of each kind of call is the same on the port', async (t) => {
  withLiveSide(t, (side) => {
    const lines = [
      'mmap 200000000000 4000 PROT_READ|PROT_WRITE MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS -1 0',
      'write 200000001000 7',
      'fork',
      'process 2',
      'read 200000001080',
      'mprotect 200000001000 1000 PROT_READ',
      'open 1 3 2000',
      'mmap 200000008000 2000 PROT_READ|PROT_WRITE MAP_SHARED|MAP_FIXED 3 1000',
      'unlink 1',
      'process 1',
      'munmap 200000002000 1000',
      'show',
    ];
    t.equal(compareProgram(lines, side), null);
    const wrong = {
      ...side,
      first: side.first,
      folder: side.folder,
      head: [...side.head, 'mmap 200000000000 1000 0 32 -1 0'],
    };
    t.equal(compareProgram(lines, wrong)?.at, -1, 'and what is not the same at first is seen');
  });
});
