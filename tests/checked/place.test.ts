// SPDX-License-Identifier: GPL-2.0-only
/** Where something happened, as it is told outside of every world: compiled files, none of the stub world's. */
import t from 'tap';
import { Place, stacks } from '../../stubs/place.js';

function calledHere(): Place {
  return new Place();
}

t.test('the innermost frame, and those that led there', async (t) => {
  const place = calledHere();
  const [first = '', second = ''] = place.frames();
  t.match(first, /^calledHere \((?:.*\/)?tests\/checked\/place\.test\.[jt]s:\d+\)$/);
  t.match(second, /tests\/checked\/place\.test\.[jt]s:\d+/);
  t.ok(String(place).startsWith(`${first}, from ${second}`), String(place));
  t.notMatch(String(place), /stubs\/|node:internal/);
});

t.test('of a stack, what is of the stub world and of node is left out, and paths begin at the project', async (t) => {
  const stack = [
    'Error: why',
    '    at warn (file:///srv/project/dist/stubs/upstream.js:10:3)',
    '    at count (file:///srv/project/dist/harness/checked/world.js:20:3)',
    '    at Module.mmap_region (file:///srv/project/dist/lib/mm/vma/mmap_region.js:30:5)',
    '    at file:///srv/project/dist/tests/mm/brk.test.js:40:7',
    '    at node:internal/process/task_queues:95:5',
    '    at run (C:\\project\\dist\\stubs\\place.js:5:1)',
    '    at elsewhere (file:///srv/other.js:50:9)',
  ].join('\n');
  t.same(stacks.read(stack), [
    'mmap_region (lib/mm/vma/mmap_region.js:30)',
    'tests/mm/brk.test.js:40',
    'elsewhere (file:///srv/other.js:50:9)',
  ]);
});

t.test('a single frame has none behind it, and without any the place is unknown', async (t) => {
  const place = calledHere();
  const { read } = stacks;
  t.teardown(() => {
    stacks.read = read;
  });
  stacks.read = () => ['f (a.ts:1)'];
  t.equal(String(place), 'f (a.ts:1)');
  stacks.read = () => [];
  t.equal(String(place), 'an unknown place');
});

t.test('where places cost too much, none is kept', async (t) => {
  t.same(new Place(0).frames(), []);
  t.equal(String(new Place(0)), 'an unknown place');
  t.equal(new Place(1).frames().length, 1);
});
