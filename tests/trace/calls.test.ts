// SPDX-License-Identifier: GPL-2.0-only
/** VMA_TRACE writes the system calls of a test's processes as a trace of their own, and a replay of it gives the same. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { replayTrace } from '../../tools/replay/replay.js';
import { readTraces, runTraced, sampleTest } from './sample.js';

const TEST = sampleTest(`
import { MADV_DONTFORK, MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../../../../../dist/include/uapi/mman.js';
const RW = PROT_READ | PROT_WRITE;
test('calls', (t) => {
  const p = t.process({ stack: true });
  const at = p.mmap(0x200000000000, 0x4000, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
  p.write(at, 7);
  p.raw.mprotect(at, 0x1000n, PROT_READ);
  try { p.munmap(1, 1); } catch {}
  try { p.write(at, 8); } catch {}
  p.capabilities.delete(14);
  p.setMaxMapCount(9);
  p.setrlimit(9, Infinity);
  const fd = p.open('/some/file', { size: 0x2000, write: false });
  p.mmap(0, 0x1000, PROT_READ, MAP_SHARED, fd, 0x1000);
  p.prctl(0x53564d41, 0, at, 0x1000, 'a name');
  const child = p.fork();
  child.madvise(at, 0x1000, MADV_DONTFORK);
  const second = t.process({ startBrk: 0x10000 });
  second.brk(0x11000);
  child.exit();
  p.close(fd);
  p.open({ mmap: () => 0 });
  t.ASSERT_EQ(p.read(at), 7);
});
test('none', (t) => { t.ASSERT_EQ(1, 1); });
`);

function traceFrom(body: string, folder: string): Map<string, string> {
  const file = join(folder, 'calls.test.js');
  writeFileSync(file, body.replaceAll(/'\.\.\/[^']*\/dist\//g, `'${new URL('../../', import.meta.url).href}`));
  const { status, stdout, stderr } = runTraced([file], { VMA_TRACE_DIR: join(folder, 'traces') });
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
  return readTraces(join(folder, 'traces'));
}

t.test('each call is a line, with what was set beside it; a replay ends where the test did', async (t) => {
  const traces = traceFrom(TEST, t.testdir({}));
  t.same([...traces.keys()], ['calls.calls.trace', 'calls.trace'], 'beside that of other operations');
  const trace = traces.get('calls.calls.trace') ?? '';
  t.same(trace.trimEnd().split('\n'), [
    '# test: calls',
    '# system calls; docs/traces.md has the format',
    'process 1',
    'stack',
    'mmap 200000000000 4000 PROT_READ|PROT_WRITE MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS -1 0',
    'write 200000000000 7',
    'mprotect 200000000000 1000 PROT_READ',
    'munmap 1 1',
    'write 200000000000 8',
    'sysctl max_map_count 9',
    'capable CAP_IPC_LOCK 0',
    'setrlimit RLIMIT_AS -1 -1',
    'open 1 1 2000',
    'mmap 0 1000 PROT_READ MAP_SHARED 3 1000',
    'name 200000000000 1000 a%20name',
    'fork',
    'process 2',
    'madvise 200000000000 1000 MADV_DONTFORK',
    'another',
    'process 3',
    'heap 10000',
    'brk 11000',
    'process 2',
    'exit',
    'process 1',
    'close 3',
    "# a driver of the test's own: in its place one that only has the same kind of hook",
    'driver 20',
    'read 200000000000',
    'show',
  ]);
  const answers: string[] = [];
  replayTrace(trace, (text) => answers.push(text));
  t.match(answers.at(-2), /^read 7\n/);
  t.match(answers.at(-1), /^show 0\n= .* process=1 [\s\S]*= .* process=3 /);
});

t.test('where a replay goes otherwise than the test, the trace says so', async (t) => {
  const body = sampleTest(`
test('fails', (t) => {
  const p = t.process();
  t.world.checked.faults.fail('vm_area_cache_alloc');
  t.ASSERT_EQ(p.raw.mmap(0x10000, 0x1000, 3, 0x32, -1, 0), -12);
  t.ASSERT_EQ(p.raw.fallocate === undefined, false);
  p.raw.fallocate(9, 0, 0, 1);
});
`);
  const trace = traceFrom(body, t.testdir({})).get('fails.calls.trace') ?? '';
  t.match(trace, /^mmap 10000 .*\n# {3}-c in the test, 10000 in a replay$/m);
  t.match(trace, /^# not here: fallocate: the format has no word for it$/m);
  t.match(trace, /^# process 1 was otherwise at the end of the test:\n/m);
});
