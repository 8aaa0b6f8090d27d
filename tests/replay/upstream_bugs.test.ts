// SPDX-License-Identifier: GPL-2.0-only
/** Bugs that are in Linux 7.3: traces that show each in what the kernel's own code answered, and here as well. */
import t from 'tap';
import { replayTrace } from '../../tools/replay/replay.js';
import { bugPairs, firstDifference, written } from './recorded.js';

/** What was answered to the line of that number, among those with words, from 1 on. */
function answerTo(expected: string, line: number): string {
  const answers = expected.split(/^(?=[a-z_]+ -?[0-9a-f]+$)/m);
  return answers[line - 1] ?? '';
}

t.test('the port answers as C does', async (t) => {
  for (const { name, trace, expected } of bugPairs()) {
    const found = written((write) => replayTrace(trace, write));
    t.equal(firstDifference(found, expected), null, name);
  }
});

t.test('charges that nobody gives back', async (t) => {
  const { expected } = bugPairs()[0] ?? { expected: '' };
  t.match(answerTo(expected, 5), /^mremap 200000010000\n/, 'the move itself goes well');
  t.match(
    answerTo(expected, 6),
    /count=3 total=5 .* committed=5 .*\n {2}200000000000-200000001000 pgoff=\w+ flags=73 /,
  );
  t.match(answerTo(expected, 8), /^show 0\n= count=0 total=0 .* committed=4 /, 'nothing is mapped');
  t.match(answerTo(expected, 13), /^show 0\n= count=0 total=0 .* committed=5 /, 'nor here, after a stack');
});

t.test('a flag that sticks, and is lost by a name', async (t) => {
  const { expected } = bugPairs()[1] ?? { expected: '' };
  t.match(
    answerTo(expected, 7),
    /200000001000-200000002000 pgoff=\w+ flags=100873 [\s\S]*pages 0:g/,
    'there are guards',
  );
  t.match(
    answerTo(expected, 13),
    /200000000000-200000002000 pgoff=\w+ flags=100073 [\s\S]*pages 1:g/,
    'and nothing tells',
  );
});
