// SPDX-License-Identifier: GPL-2.0-only
/** What a trace prints of calls, and how it has them answered. The recorded pair calls-801 holds both against C. */
import t from 'tap';
import { replayVma } from '../../tools/replay/vma.js';
import { written } from './recorded.js';

function replayed(...lines: string[]): string[] {
  return written((write) => replayVma(`${lines.join('\n')}\n`, write, { validate: false })).split('\n');
}

/** Calls of the last operation. */
function callsOf(...lines: string[]): string[] {
  const all = replayed('calls 1', ...lines);
  const last = all.findLastIndex((line) => /^\w/.test(line));
  return all.slice(last + 1).filter((line) => /^ \S/.test(line));
}

t.test('calls are printed from `calls 1` to `calls 0`', async (t) => {
  const lines = replayed('vma_link 10000 1000 31 10 0', 'calls 1', 'split_vma 20000 0', 'calls 0', 'fault 20000');
  t.same(
    lines.filter((line) => /^ {4}/.test(line)).length,
    2,
    'attributes below the VMA, for `calls 1` and the operation after it',
  );
  t.ok(lines.includes('= iterator index=11000 last=-1 status=active'));
  t.same(callsOf('vma_link 10000 1000 31 10 1'), [
    ' mmap_assert_locked(mm)',
    ' vm_area_cache_alloc() = 0-0',
    ' vma_iter_prealloc_fails() = 0',
    ' vma_start_write(10000-11000)',
    ' vma_assert_write_locked(10000-11000)',
    ' i_mmap_lock_write(map1)',
    ' flush_dcache_mmap_lock(map1)',
    ' mapping_rmap_tree_insert(10000-11000 map1)',
    ' flush_dcache_mmap_unlock(map1)',
    ' i_mmap_unlock_write(map1)',
  ]);
});

t.test('calls from the start', async (t) => {
  const trace = 'mmap 10000 1000 31 10 0\n';
  const told = written((write) => replayVma(trace, write, { calls: true }));
  t.equal(
    `calls 0\n= count=0 total=0 data=0 exec=0 stack=0 locked=0\n${told}`,
    replayed('calls 1', trace.trim()).join('\n'),
  );
});

t.test('a mapped hook that fails: the new VMA is unmapped, and no lock is asserted for that', async (t) => {
  const calls = callsOf('answer mapped 1 1 -c', 'mmap 10000 1000 31 10 30');
  const failed = calls.indexOf(' mapped ends with -c');
  t.same(calls.slice(failed - 1, failed + 3), [
    ' mapped(10000 11000 10 file30 0)',
    ' mapped ends with -c',
    ' vma_start_write(10000-11000)',
    ' vma_assert_write_locked(10000-11000)',
  ]);
  t.notOk(calls.slice(failed).includes(' mmap_assert_write_locked(mm)'));
});

t.test('answers come by number, for a while, or for good', async (t) => {
  const results = (answer: string): string[] =>
    replayed(answer, ...[1, 2, 3, 4].map((i) => `mmap ${i}0000 1000 31 ${i}0 0`)).filter((line) => /^mmap/.test(line));
  t.same(results('answer vm_area_cache_alloc 2 1 -c'), ['mmap 10000', 'mmap -c', 'mmap 30000', 'mmap 40000']);
  t.same(results('answer may_expand_vm 2 2 0'), ['mmap 10000', 'mmap -c', 'mmap -c', 'mmap 40000']);
  t.same(results('answer may_expand_vm 2 0 0'), ['mmap 10000', 'mmap -c', 'mmap -c', 'mmap -c']);
  t.same(results('answer arch_validate_flags 1 0 0'), ['mmap 10000', 'mmap 20000', 'mmap 30000', 'mmap 40000']);
  t.same(
    replayed('answer may_expand_vm 1 0 0', 'noanswers', 'mmap 10000 1000 31 10 0').filter((line) => /^mmap/.test(line)),
    ['mmap 10000'],
  );
});

t.test('what is answered: flags are added to, truth is truth', async (t) => {
  const ksm = callsOf('answer ksm_vma_flags 1 0 80000000', 'mmap 10000 1000 31 10 0');
  t.ok(ksm.includes(' ksm_vma_flags(mm - 31) = 80000031'));
  const locks = callsOf('mmap 10000 1000 31 10 1', 'answer is_vm_hugetlb_page 1 1 1', 'locks');
  t.same(locks.filter((call) => /hugetlb|nest/.test(call)).slice(0, 2), [
    ' is_vm_hugetlb_page(10000-11000) = 1',
    ' down_write_nest_lock(map1)',
  ]);
});

t.test('policies, names, contexts and high flags keep VMAs apart', async (t) => {
  const count = (...settings: string[]): string =>
    replayed(
      'mmap 10000 1000 33 10 0',
      'mmap 12000 1000 33 12 0',
      ...settings,
      'vma_merge_new_range 11000 12000 100033 11 0 0 3',
    )
      .filter((line) => /^vma_merge/.test(line))
      .join();
  t.equal(count(), 'vma_merge_new_range 1');
  for (const setting of ['attributes 1 0 0', 'attributes 0 1 0', 'attributes 0 0 1', 'flagbit 3f 1']) {
    t.equal(count(setting), 'vma_merge_new_range 0', setting);
  }
  const named = replayed(
    'calls 1',
    'mmap 10000 2000 33 10 0',
    'attributes 2 3 4',
    'policy 10000 11000',
    'name 10000 11000',
    'uffd 10000 33 0',
  );
  t.match(named.at(-4), / policy=2 name=3 context=4$/);
  t.match(named.at(-2), / policy=0 name=0 context=0$/);
});

t.test('a file that denies writable mappings, and one that nothing is known of', async (t) => {
  const region = 'region 10000 1000 3b 10 1';
  t.ok(replayed('setwritable 1 -1', region).includes('region -1'));
  t.ok(replayed('setwritable 1 1', region).includes('region 10000'));
  t.ok(replayed('setwritable 0 1').includes('setwritable -e'));
});

t.test('page tables move, or do not, and unmaps are listed for userfaultfd', async (t) => {
  t.ok(replayed('mmap 10000 2000 133 10 0', 'relocate 10000 1000').includes('relocate -c'));
  t.ok(replayed('mmap 10000 2000 133 10 0', 'moves 1', 'relocate 10000 1000').includes('relocate 0'));
  const prep = (setting: string): string[] =>
    callsOf('mmap 10000 1000 33 10 0', setting, 'munmap 10000 1000').filter((call) => /userfaultfd/.test(call));
  t.same(prep('unmaplist 0'), []);
  t.same(prep('unmaplist 1'), [' userfaultfd_unmap_prep(10000-11000 10000 11000 *) = 0']);
});

t.test('at a BUG the calls that led there are printed, and nothing of the operation', async (t) => {
  let output = '';
  const lines = ['calls 1', 'mmap 10000 1000 31 10 1', 'answer mutex_is_locked 1 1 0', 'locks', 'munmap 10000 1000'];
  t.throws(() => replayVma(lines.join('\n'), (text) => (output += text)), {
    name: 'BugError',
    message: /mm_drop_all_locks: mm_all_locks_mutex is not held/,
  });
  t.same(output.trimEnd().split('\n').slice(-3), [
    ' signal_pending(*) = 0',
    ' mmap_assert_write_locked(mm)',
    ' mutex_is_locked(*) = 0',
  ]);
});

t.test('an error of the replay itself is none of the line', async (t) => {
  const broken = new Error('broken');
  const stubs = {
    vm_area_cache_alloc: () => {
      throw broken;
    },
  };
  t.throws(() => replayVma('mmap 10000 1000 31 10 0', () => {}, { stubs }), broken);
});
