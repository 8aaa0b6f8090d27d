// SPDX-License-Identifier: GPL-2.0-only
/** What follows an edit, on small projects of compiled files: the compiler is another test's business. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Session, type SessionOptions } from '../../dev/watch/session.js';

const VALUE = (value: number): string => `export const value = ${value};\n`;
/** Remembers, in all places that a world could have left something in, how often it ran. */
const COUNTS = `import t from 'tap';
import { value } from '../../lib/value.js';
import { runs } from '../../lib/runs.js';
globalThis.runs = (globalThis.runs ?? 0) + 1;
process.env.RUNS = String(Number(process.env.RUNS ?? 0) + 1);
t.test('fresh', async (t) => {
  t.same([++runs.here, globalThis.runs, process.env.RUNS], [1, 1, '1']);
  t.equal(value, 1);
});
`;
const OTHER = `import t from 'tap';
import { value } from '../../lib/value.js';
t.test('near', async (t) => { t.equal(value, 1); });
`;
const BARREL = `export { value } from './value.js';\n`;
const FAR = `import t from 'tap';
import { value } from '../../lib/index.js';
t.test('far', async (t) => { t.ok(value); });
`;
const ENDS = `import t from 'tap';
import { value } from '../../lib/value.js';
t.test('ends', async () => { process.exit(value); });
`;

interface Watched {
  dist: string;
  session: Session;
  /** What was printed since it was asked for last. */
  said(): string;
}

function watched(
  t: Test,
  files: Record<string, Record<string, string>>,
  options: Partial<SessionOptions> = {},
): Watched {
  const root = t.testdir({
    dist: {
      lib: { 'value.js': VALUE(1), 'index.js': BARREL, 'runs.js': 'export const runs = { here: 0 };\n' },
      tests: files,
    },
  });
  let text = '';
  const print = (more: string): void => {
    text += more;
  };
  const session = new Session(root, { files: [], grep: [], rest: true, ...options }, print, (_format, plain) => plain);
  t.teardown(() => session.stop());
  return {
    dist: join(root, 'dist'),
    session,
    said: () => {
      const said = text.replace(/ \d+\.\d\d s$/gm, '');
      text = '';
      return said;
    },
  };
}

t.test('an edit, its verdicts, and a fresh world for each', async (t) => {
  const files = { upstream: { 'a.test.js': COUNTS }, mm: { 'b.test.js': OTHER }, far: { 'c.test.js': FAR } };
  const { dist, session, said } = watched(t, files);
  const good = [
    '\nlib/value.ts',
    "upstream's tests (1 file): 1 tests run, 1 passed, 0 failed.",
    'nearest files (1 file): 1 tests run, 1 passed, 0 failed.',
    'what else loads it (1 file): 1 tests run, 1 passed, 0 failed.\n',
  ].join('\n');
  for (let edit = 0; edit < 3; edit++) {
    await session.edit(new Set(['lib/value.js']));
    t.equal(said(), good, `edit ${edit}`);
  }
  writeFileSync(join(dist, 'lib/value.js'), VALUE(2));
  await session.edit(new Set(['lib/value.js']));
  const bad = said();
  t.match(bad, /^ {4}not ok 2 - should be equal\n[\s\S]*?\+2\n[\s\S]*?^not ok 1 - fresh/m);
  t.match(bad, /^FAILED: near: .*b\.test\.js/m);
  t.match(bad, /^nearest files \(1 file\): 1 tests run, 0 passed, 1 failed\.$/m);
  t.match(bad, /^what else loads it \(1 file\): 1 tests run, 1 passed, 0 failed\.$/m);
  writeFileSync(join(dist, 'lib/value.js'), VALUE(1));
  await session.failedAgain();
  t.match(said(), /^failed files \(2 files\): 2 tests run, 2 passed, 0 failed\.$/m);
  await session.failedAgain();
  t.equal(said(), 'nothing has failed\n');
  // It was loaded ahead, before it changed.
  writeFileSync(join(dist, 'lib/runs.js'), 'export const runs = { here: 1 };\n');
  await session.edit(new Set(['lib/runs.js']));
  t.match(said(), /^upstream's tests \(1 file\): 1 tests run, 0 passed, 1 failed\.$/m);
  // Processes that were not needed then have loaded it as it was before; the second of two quick edits would meet one.
  await Promise.all([session.edit(new Set(['lib/value.js'])), session.edit(new Set(['lib/value.js']))]);
  t.match(said(), /^upstream's tests \(1 file\): 1 tests run, 0 passed, 1 failed\.$/m);
});

t.test('all, and by name', async (t) => {
  const { session, said } = watched(t, { upstream: { 'a.test.js': COUNTS }, mm: { 'b.test.js': OTHER } });
  await session.all();
  t.match(said(), /^all \(2 files\): 2 tests run, 2 passed, 0 failed\.$/m);
  await session.only('near');
  t.match(said(), /^near \(2 files\): 1 tests run, 1 passed, 0 failed\.$/m);
  await session.edit(new Set(['lib/value.js']));
  t.match(said(), /^upstream's tests \(1 file\): 0 tests run, /m, 'later edits too');
  await session.only('');
  t.match(said(), /^all names \(2 files\): 2 tests run, /m);
});

t.test('nothing after the nearest, if so wanted', async (t) => {
  const { session, said } = watched(t, { mm: { 'b.test.js': OTHER }, far: { 'c.test.js': FAR } }, { rest: false });
  await session.edit(new Set(['lib/value.js']));
  t.equal(said(), '\nlib/value.ts\nnearest files (1 file): 1 tests run, 1 passed, 0 failed.\n');
});

t.test('chosen files', async (t) => {
  const { session, dist, said } = watched(t, { upstream: { 'a.test.js': COUNTS }, mm: { 'b.test.js': OTHER } });
  session.stop();
  let text = '';
  const chosen = new Session(
    join(dist, '..'),
    { files: [join(dist, 'tests/mm/b.test.js')], grep: [], rest: true },
    (more) => {
      text += more;
    },
    (_format, plain) => plain,
  );
  t.teardown(() => chosen.stop());
  await chosen.edit(new Set(['lib/value.js']));
  t.match(text, /^\nlib\/value\.ts\nchosen files \(1 file\): 1 tests run, 1 passed, 0 failed\. \d+\.\d\d s\n$/);
  t.equal(said(), '');
});

t.test('a process that ends fails its file, and an edit that comes too soon gives way', async (t) => {
  const { session, said, dist } = watched(t, { mm: { 'b.test.js': ENDS, 'c.test.js': OTHER } });
  await session.edit(new Set(['lib/value.js']));
  t.match(said(), /^FAILED: run .*b\.test\.ts: [\s\S]*^nearest files \(2 files\): 2 tests run, 1 passed, 1 failed\.$/m);
  rmSync(join(dist, 'tests/mm/b.test.js'));
  await Promise.all([
    session.edit(new Set(['lib/value.js', 'tests/mm/b.test.js'])),
    session.edit(new Set(['lib/value.js'])),
  ]);
  t.match(said(), /^nearest files \(1 file\): 1 tests run, 1 passed, 0 failed\.$/m);
  await Promise.all([session.edit(new Set(['lib/value.js'])), session.edit(new Set(['lib/runs.js']))]);
  const both = said();
  t.match(both, /^lib\/value\.ts, lib\/runs\.ts$/m, 'what was cut short is judged with the next');
  t.equal(both.match(/^nearest files/gm)?.length, 1, 'one verdict for two edits');
});

t.test('types, and nothing left', async (t) => {
  const { session, said, dist } = watched(t, { mm: { 'b.test.js': OTHER } });
  for (const errors of [[], ['x.ts(1,2): error TS1: no'], ['x.ts(1,2): error TS1: no'], []]) session.types(errors);
  t.equal(said(), 'x.ts(1,2): error TS1: no\ntypes are right\n', 'what has not changed is not said again');
  session.stop();
  t.same(readdirSync(join(dist, '../.tap/fixtures')), []);
});
