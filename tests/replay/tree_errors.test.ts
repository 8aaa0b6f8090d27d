// SPDX-License-Identifier: GPL-2.0-only
/** Traces that are not as the format has them. */
import sinon from 'sinon';
import t from 'tap';
import { MT_FLAGS_ALLOC_RANGE, maple_tree } from '../../include/linux/maple_tree.js';
import { maple_slab } from '../../lib/maple_tree.js';
import { TraceError } from '../../tools/replay/trace_error.js';
import { replayTree } from '../../tools/replay/tree.js';

/** What a trace prints, and the error that ends it. */
function replay(input: string): { output: string; error: unknown } {
  let output = '';
  try {
    replayTree(input, (text) => {
      output += text;
    });
  } catch (error) {
    return { output, error };
  }
  return { output, error: null };
}

const BAD: [string, string][] = [
  ['fly 1', "unknown operation 'fly'"],
  ['set', "'set' takes 1 arguments, not 0"],
  ['set 1 2', "'set' takes 1 arguments, not 2"],
  ['walk 1', "'walk' takes 0 arguments, not 1"],
  ['dump 1', "'dump' takes 0 arguments, not 1"],
  ['store 1 2', "'store' takes 3 arguments, not 2"],
  ['set 0x5', "'0x5' is not a hexadecimal number"],
  ['set -1', "'-1' is not a hexadecimal number"],
  ['set 1.5', "'1.5' is not a hexadecimal number"],
  ['next MAX', "'MAX' is not a hexadecimal number"],
  ['set 20000000000000', "'20000000000000' is past 1fffffffffffff"],
  ['store 5 4 1', "the range of 'store' ends before it begins"],
  ['range 5 4', "the range of 'range' ends before it begins"],
  ['store 4 5 max', "'max' is no entry"],
];

t.test('a bad line ends the replay with its number and the reason', async (t) => {
  for (const [line, reason] of BAD) {
    const { output, error } = replay(`set 5\n# nothing\n${line}\nset 6\n`);
    t.equal(output, 'set 0 index=5 last=5 start\n', `${line}: nothing is printed for it or after it`);
    if (!(error instanceof TraceError)) {
      t.fail(`${line}: no TraceError`, { error });
      continue;
    }
    t.equal(error.line, 3);
    t.equal(error.reason, reason);
    t.equal(error.message, `line 3: ${reason}`);
  }
});

t.test('comments, blank lines and blanks are no operations', async (t) => {
  const { output, error } = replay('# one\n\n  set   a  # to ten\r\n\twalk\n');
  t.equal(error, null);
  t.equal(output, 'set 0 index=a last=a start\nwalk 0 index=0 last=max none\n');
});

t.test('a state in error is reset by the next line, and limits that were passed are none', async (t) => {
  const { output } = replay('store 0 max 1\ngap 5 9 2\nnext 3\nset 0\nprev 5\nfind 0\nset 9\nfind 3\nfindrev 30\n');
  t.equal(
    output,
    [
      'store 0 index=0 last=max active',
      'gap -10 index=5 last=9 start',
      'next 0 index=0 last=max overflow',
      'set 0 index=0 last=0 start',
      'prev 0 index=0 last=max underflow',
      'find 0 index=0 last=max overflow',
      'set 0 index=9 last=9 start',
      'find 1 index=0 last=max active',
      'findrev 0 index=0 last=max underflow',
      '',
    ].join('\n'),
  );
});

t.test(
  'without memory an operation ends with an error, nothing is stored, and the next line begins anew',
  async (t) => {
    const full = Array.from(
      { length: 16 },
      (_, i) => `store ${(16 * i).toString(16)} ${(16 * i + 7).toString(16)} 1\n`,
    );
    const tree = new maple_tree<number>(MT_FLAGS_ALLOC_RANGE, 8);
    replayTree(full.join(''), () => {}, { tree });
    const alloc = sinon.stub(maple_slab, 'alloc').returns(false);
    t.teardown(() => alloc.restore());
    let output = '';
    const lines = [
      'reserve 8a 8b 2',
      'prealloc 8a 8b 2',
      'unused 8a 8b 2',
      'store 8a 8b 2',
      'load 8a',
      'find max',
      'walk',
    ];
    replayTree(lines.join('\n'), (text) => (output += text), { tree });
    t.same(output.match(/^\w+ \S+/gm), [
      'reserve -c',
      'prealloc -c',
      'unused -c',
      'store -c',
      'load 0',
      'find 1',
      'walk 1',
    ]);
  },
);
