// SPDX-License-Identifier: GPL-2.0-only
/** The command line as a user meets it: statuses, streams, messages. What a replay answers is tested elsewhere. */
import t from 'tap';
import { BufferedOutput } from '../../tools/commands/output.js';
import { type Finished, runCommand, runNode } from '../house/project.js';
import { firstDifference, readPair } from '../replay/recorded.js';

const CLI = 'dist/tools/cli.js';

function cli(args: string[], input = ''): Finished {
  return runNode([CLI, ...args], { input });
}

t.test('help goes to standard output, complaints to the other', async (t) => {
  const help = cli(['--help']);
  t.equal(help.status, 0);
  t.match(help.stdout, /replay/);
  t.equal(help.stderr, '');
  const cases: [string[], RegExp][] = [
    [['frobnicate'], /unknown command 'frobnicate'/],
    [[], /Usage: vma-userland/],
    [['--frobnicate'], /unknown option '--frobnicate'/],
    [['replay', '--frobnicate'], /unknown option '--frobnicate'/],
    [['replay', 'file'], /too many arguments/],
    [['replay', '--tree', '--calls'], /option '--calls' cannot be used with option '--tree'/],
  ];
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = cli(args);
    t.equal(status, 2, `vma-userland ${args.join(' ')}`);
    t.match(stderr, message);
    t.equal(stdout, '');
  }
});

t.test('replay from end to end', async (t) => {
  for (const [name, args] of Object.entries({ 'maple-small-501': ['--tree'], 'small-101': [] })) {
    const { trace, expected } = readPair(name);
    const { status, stdout, stderr } = cli(['replay', ...args], trace);
    t.equal(status, 0, name);
    t.equal(stderr, '');
    t.equal(firstDifference(stdout, expected), null, 'every byte');
  }
});

t.test('replay of a malformed trace', async (t) => {
  for (const args of [['replay', '--tree'], ['replay']]) {
    const { status, stdout, stderr } = cli(args, '# a comment\n\nfrobnicate 1\n');
    t.equal(status, 2, args.join(' '));
    t.match(stderr, /^vma-userland replay: line 3: .*frobnicate/);
    t.equal(stdout, '');
  }
  const { status, stdout, stderr } = cli(['replay', '--tree'], 'set 5\nset x\nset 6\n');
  t.equal(status, 2);
  t.match(stdout, /^set 0 .*\n$/, 'what came before the bad line was answered, nothing after it');
  t.match(stderr, /^vma-userland replay: line 2: /);
  const terminal = runCommand('bash', ['-c', `"$0" ${CLI} replay --tree 2>&1`, process.execPath], {
    input: 'set 5\nset x\nset 6\n',
  });
  t.match(terminal.stdout, /^set 0 .*\nvma-userland replay: line 2: .*\n$/, 'the message is the last word');
});

t.test('a reader that stops early is no error', async (t) => {
  const lines = 'set 5\n'.repeat(100_000);
  const { status, stdout, stderr } = runCommand(
    'bash',
    ['-c', `set -o pipefail; "$0" ${CLI} replay --tree | head -n 1`, process.execPath],
    { input: lines },
  );
  t.equal(status, 0);
  t.match(stdout, /^set 0 /);
  t.equal(stderr, '');
});

t.test('an output that cannot be written ends with status 2', async (t) => {
  const full = runCommand('bash', ['-c', `"$0" ${CLI} table > /dev/full`, process.execPath]);
  t.equal(full.status, 2);
});

t.test('small writes are gathered', async (t) => {
  const written: string[] = [];
  const output = new BufferedOutput((text) => written.push(text));
  output.write('a');
  output.write('b');
  t.same(written, []);
  output.write('c'.repeat(100_000));
  t.equal(written.length, 1);
  output.flush();
  t.equal(written.length, 1, 'nothing left');
  output.write('d');
  output.flush();
  t.equal(written.join(''), `ab${'c'.repeat(100_000)}d`);
});
