// SPDX-License-Identifier: GPL-2.0-only
/** Thresholds of coverage only go up: those of the checkout are held against all that was committed since this test was. */
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { committedThresholds, THRESHOLDS } from '../../dev/coverage/committed.js';
import { readThresholds, writeThresholds } from '../../dev/coverage/files.js';
import { LOWERED } from '../../dev/coverage/lowered.js';
import { type CoverageByFile, lowered } from '../../dev/coverage/ratchet.js';
import { ROOT, runCommand } from '../house/project.js';

const OWN = 'tests/coverage/committed.test.ts';

const history = committedThresholds(ROOT, OWN);

t.test(
  'no figure is lower than any that was committed',
  { skip: history ? false : 'no checkout of git' },
  async (t) => {
    const now = readThresholds(join(ROOT, THRESHOLDS));
    if (history?.leftOut) t.comment(`left out: ${history.leftOut}`);
    const fileOf = (line: string): string => line.slice(0, line.indexOf(': '));
    const found = (history?.versions ?? []).map(({ commit, thresholds }) => {
      const lines = lowered(now, thresholds);
      t.same(
        lines.filter((line) => LOWERED[fileOf(line)] === undefined),
        [],
        commit.slice(0, 10),
      );
      return lines.map(fileOf);
    });
    if (history !== null && history.leftOut === '') {
      const still = new Set(found.flat());
      t.same(
        Object.keys(LOWERED).filter((file) => !still.has(file)),
        [],
        'no exception that nothing needs',
      );
    }
  },
);

function all(figure: number): CoverageByFile[string] {
  return { lines: figure, statements: figure, functions: figure, branches: figure };
}

/** A checkout of its own, outside of the project's. */
class Checkout {
  readonly root: string;

  constructor(test: Test) {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'vma-committed-')));
    test.teardown(() => rmSync(this.root, { recursive: true }));
  }

  git(...args: string[]): string {
    const who = ['-c', 'user.name=a', '-c', 'user.email=a@localhost', '-c', 'commit.gpgsign=false'];
    const { status, stdout, stderr } = runCommand('git', [...who, ...args], { cwd: this.root });
    if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  thresholds(thresholds: CoverageByFile): void {
    writeThresholds(join(this.root, THRESHOLDS), thresholds);
  }

  /** The commit. */
  commit(): string {
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', 'a step');
    return this.git('rev-parse', 'HEAD');
  }

  /** What is lower now than it was, each with how many commits ago. */
  lowered(): string[] {
    const { versions } = committedThresholds(this.root, 'the.test') ?? { versions: [] };
    const now = readThresholds(join(this.root, THRESHOLDS));
    return versions.flatMap(({ thresholds }, i) => lowered(now, thresholds).map((line) => `${i}: ${line}`));
  }
}

/** Text that git can tell from another, and knows again. */
function source(name: string): string {
  return Array.from({ length: 30 }, (_, i) => `export const ${name}_${i} = ${i};\n`).join('');
}

t.test('a figure that is lowered, by hand or by a commit before', async (t) => {
  const checkout = new Checkout(t);
  checkout.git('init', '-q');
  checkout.write('lib/a.ts', source('a'));
  checkout.thresholds({ 'lib/a.ts': all(99) });
  checkout.commit();
  t.equal(committedThresholds(checkout.root, 'the.test')?.leftOut, 'the.test is not committed yet');
  checkout.write('the.test', '');
  checkout.thresholds({ 'lib/a.ts': all(80) });
  const first = checkout.commit();
  const seen = committedThresholds(checkout.root, 'the.test');
  t.same(seen, { versions: [{ commit: first, thresholds: { 'lib/a.ts': all(80) } }], leftOut: '' });

  checkout.thresholds({ 'lib/a.ts': { ...all(80), branches: 79.99 } });
  t.same(checkout.lowered(), ['0: lib/a.ts: branches 79.99 %, was 80 %']);
  checkout.commit();
  t.same(checkout.lowered(), ['1: lib/a.ts: branches 79.99 %, was 80 %'], 'a commit does not hide it');
  checkout.thresholds({ 'lib/a.ts': all(85), 'lib/b.ts': all(0) });
  t.same(checkout.lowered(), [], 'it is higher than ever, and what is new begins anywhere');
  checkout.thresholds({});
  t.same(checkout.lowered().length, 2);
  t.match(checkout.lowered(), [/^0: lib\/a\.ts: had thresholds, and has none$/, /^1: /]);
});

t.test('files that are renamed keep their figures, and those that are gone have none', async (t) => {
  const checkout = new Checkout(t);
  checkout.git('init', '-q');
  for (const name of ['a', 'b', 'c']) checkout.write(`tools/${name}.ts`, source(name));
  checkout.write('the.test', '');
  checkout.thresholds({ 'tools/a.ts': all(90), 'tools/b.ts': all(80), 'tools/c.ts': all(70) });
  checkout.commit();

  mkdirSync(join(checkout.root, 'dev'));
  renameSync(join(checkout.root, 'tools/a.ts'), join(checkout.root, 'dev/a.ts'));
  rmSync(join(checkout.root, 'tools/b.ts'));
  checkout.git('add', '-A');
  checkout.thresholds({ 'dev/a.ts': all(89), 'tools/c.ts': all(70) });
  const fell = ['lines', 'statements', 'functions', 'branches'].map((metric) => `dev/a.ts: ${metric} 89 %, was 90 %`);
  t.same(
    checkout.lowered(),
    fell.map((line) => `0: ${line}`),
    'before it is committed',
  );
  checkout.commit();
  renameSync(join(checkout.root, 'dev/a.ts'), join(checkout.root, 'dev/z.ts'));
  checkout.thresholds({ 'dev/z.ts': all(89.5), 'tools/c.ts': all(70) });
  checkout.commit();
  const later = fell.map((line) => line.replace('a.ts', 'z.ts').replace('89 %', '89.5 %'));
  t.same(
    checkout.lowered(),
    later.map((line) => `2: ${line}`),
    'and through two names',
  );
  checkout.thresholds({ 'dev/z.ts': all(90), 'tools/c.ts': all(70) });
  t.same(checkout.lowered(), []);
});

t.test('a shallow clone says what it leaves out, and without a checkout there is nothing', async (t) => {
  const checkout = new Checkout(t);
  checkout.git('init', '-q');
  checkout.write('lib/a.ts', source('a'));
  checkout.write('the.test', '');
  checkout.thresholds({ 'lib/a.ts': all(90) });
  checkout.commit();
  checkout.thresholds({ 'lib/a.ts': all(95) });
  const last = checkout.commit();
  t.equal(committedThresholds(checkout.root, 'the.test')?.versions.length, 2);

  const clone = new Checkout(t);
  clone.git('clone', '-q', '--depth', '1', `file://${checkout.root}`, '.');
  const seen = committedThresholds(clone.root, 'the.test');
  t.same(
    seen?.versions.map(({ commit }) => commit),
    [last],
  );
  t.equal(seen?.leftOut, `all before ${last.slice(0, 10)}: the clone is shallow`);
  clone.thresholds({ 'lib/a.ts': all(94) });
  t.equal(clone.lowered().length, 4, 'what is there is held');

  const bare = new Checkout(t);
  bare.thresholds({});
  t.equal(committedThresholds(bare.root, 'the.test'), null);
  mkdirSync(join(checkout.root, 'inner'));
  t.equal(committedThresholds(join(checkout.root, 'inner'), 'the.test'), null, 'a folder of another project');
});
