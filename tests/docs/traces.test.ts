// SPDX-License-Identifier: GPL-2.0-only
/** docs/traces.md has the words as the replay has them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { withTables } from '../../tools/replay/words/document.js';
import { TABLES, WORDS } from '../../tools/replay/words/table.js';
import { watchedFunctions } from '../house/doors.js';
import { ROOT } from '../house/project.js';

const document = readFileSync(join(ROOT, 'docs/traces.md'), 'utf8');

t.test('the tables of words are those of the code', async (t) => {
  t.equal(document, withTables(document), 'if not: npm run docs');
  t.throws(() => withTables(document.replace('<!-- end: settings -->', '')), /no place for the words of settings/);
});

t.test('a word stands once, says what it takes and what it answers', async (t) => {
  const words = TABLES.flatMap((table) => table.words);
  t.equal(WORDS.size, words.length);
  for (const { name, args, choices, does, gives } of words) {
    t.ok(does !== '' && gives !== '', name);
    t.same(
      Object.keys(choices).filter((argument) => !args.includes(argument)),
      [],
      name,
    );
    t.equal(new Set(args).size, args.length, `${name}: each argument has a name of its own`);
  }
});

t.test('what a word says is an operation of tests, or a helper', async (t) => {
  const said = [...WORDS.values()].flatMap(({ says }) => Object.keys(says));
  const watched = new Set(watchedFunctions().map(({ name }) => name));
  t.same(
    said.filter((name) => name !== 'fault' && !watched.has(name)),
    [],
  );
});
