// SPDX-License-Identifier: GPL-2.0-only
/** How operations are watched, and what switches the tracing of tests on. */
import { join } from 'node:path';
import t from 'tap';
import { traceFolder, traceWanted } from '../../harness/environment.js';
import { World } from '../../harness/index.js';
import type { OperationWatch } from '../../lib/doors/operation.js';
import { do_munmap, file, mk_vma_flags, mm_struct, mmap_region, PAGE_SIZE, VMA_READ_BIT } from '../../lib/index.js';
import { runNode } from '../house/project.js';
import { commentsOf, sampleTest } from './sample.js';

t.test('an operation is watched once, from outside', async (t) => {
  const calls: string[] = [];
  const watch: OperationWatch = {
    operation(name, args, call) {
      calls.push(`${name} ${Object.keys(args).join(' ')}`);
      return call();
    },
  };
  const mm = new mm_struct();
  new World({ mm, watch }).run(() => {
    t.throws(() => do_munmap(mm, Number.NaN, 0, null), /do_munmap: start = NaN/, 'before its arguments are looked at');
    t.equal(mmap_region(null, 0x10000, PAGE_SIZE, mk_vma_flags(VMA_READ_BIT), 0x10, null), 0x10000);
    t.equal(do_munmap(mm, 0x10000, PAGE_SIZE, null), 0);
    new World({ mm }).run(() => do_munmap(mm, 0x10000, PAGE_SIZE, null));
  });
  do_munmap(mm, 0x10000, PAGE_SIZE, null);
  t.same(calls, [
    'do_munmap mm start len uf',
    'mmap_region file addr len vma_flags pgoff uf',
    'do_munmap mm start len uf',
  ]);
});

t.test('what a hook calls is watched as well', async (t) => {
  const calls: string[] = [];
  const watch: OperationWatch = {
    operation(name, _args, call) {
      calls.push(`${name} begins`);
      const result = call();
      calls.push(`${name} ends`);
      return result;
    },
  };
  const mm = new mm_struct();
  const hooked = new file({ mmap: () => do_munmap(mm, 0x20000, PAGE_SIZE, null) });
  new World({ mm, watch }).run(() => mmap_region(hooked, 0x10000, PAGE_SIZE, mk_vma_flags(VMA_READ_BIT), 0x10, null));
  t.same(calls, ['mmap_region begins', 'do_munmap begins', 'do_munmap ends', 'mmap_region ends']);
});

t.test('the environment', async (t) => {
  t.equal(traceWanted('1'), true);
  for (const off of [undefined, '', '0']) t.equal(traceWanted(off), false);
  t.throws(() => traceWanted('banana'), new RangeError('environment: VMA_TRACE = "banana": must be 0 or 1'));
  t.equal(traceFolder(undefined), 'traces');
  t.equal(traceFolder(''), 'traces');
  t.equal(traceFolder('here'), 'here');
});

t.test('a file under plain node', async (t) => {
  const dir = t.testdir({
    'a.test.js': sampleTest("test('sample', (t) => { mapRange(t, 0x10000, 0x11000); t.unmapAll(); });"),
  });
  const env = { VMA_TRACE: '1', VMA_TRACE_DIR: join(dir, 'traces') };
  const file = join(dir, 'a.test.js');

  const late = runNode([file], { env });
  t.not(late.status, 0, 'without the tracer there is nothing to trace with');
  t.match(late.stderr, /environment: VMA_TRACE = "1": not for this run: .*--import vma-userland\/trace/);

  const { status, stdout } = runNode(['--import', 'vma-userland/trace', file], { env });
  t.equal(status, 0);
  t.match(commentsOf(stdout)[0], /^1: __mmap_region\(/);

  const off = runNode(['--import', 'vma-userland/trace', file]);
  t.equal(off.status, 0);
  t.same(commentsOf(off.stdout), []);
});
