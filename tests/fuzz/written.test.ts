// SPDX-License-Identifier: GPL-2.0-only
/** A finding is shortened, drawn, and written as a test: one that fails for what was found, and passes without it. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Bug } from '../../dev/bugs/bug.js';
import { Copy } from '../../dev/bugs/hunt.js';
import { BUGS } from '../../dev/bugs/list.js';
import { TestProcess } from '../../dev/bugs/test_process.js';
import { assertSilent } from '../../dev/fuzz/committed.js';
import { testSource } from '../../dev/fuzz/test_file.js';
import { ROOT, runNode } from '../house/project.js';

const NAME = 'written';

/** Runs a test file that was written, compiled as it is: it has no types. */
async function run(folder: string, file: string): Promise<string[]> {
  mkdirSync(join(folder, 'dist', NAME), { recursive: true });
  copyFileSync(join(folder, NAME, file), join(folder, 'dist', NAME, file.replace(/ts$/, 'js')));
  const tests = new TestProcess(folder);
  const findings = await tests.run(`${NAME}/${file}`);
  tests.end();
  return findings.map(({ says }) => says);
}

t.test('a finding becomes a test', async (t) => {
  const copy = new Copy(ROOT);
  t.teardown(() => copy.remove());
  const bug = BUGS.find(({ id }) => id === 'A25');
  if (bug === undefined) throw new Error('A25 is not on the list');
  let file = '';
  await copy.withBugIn(bug, async (folder) => {
    mkdirSync(join(folder, NAME));
    const args = [join(folder, 'dist/dev/fuzz/fuzz.js'), '--runs', '2000', '--write', join(folder, NAME)];
    const { status, stdout } = runNode(args);
    t.equal(status, 1);
    t.match(
      stdout,
      /before the last line.*\|#+.*after it:.*\|#+.*lock assertion: i_mmap_rwsem is not held for writing at /s,
    );
    [file = ''] = readdirSync(join(folder, NAME));
    t.equal(file, 'lock_assertion_i_mmap_rwsem_is.test.ts');
    t.match(stdout, new RegExp(`written: ${NAME}/${file}\n$`));
    const lines = readFileSync(join(folder, NAME, file), 'utf8').split('\n');
    t.ok(lines.length < 20, `${lines.length} lines`);
    t.match((await run(folder, file)).join(), /lock assertion: i_mmap_rwsem/);
  });
  const harmless: Bug = { ...bug, changes: [] };
  t.same(await copy.withBugIn(harmless, (folder) => run(folder, file)), [], 'silent without the bug');
});

t.test('what stands in such a test', async (t) => {
  const finding = {
    kind: 'calls' as const,
    lines: ["a 'b", 'c'],
    complaints: ['leak: vma 0x1000-0x2000, allocated at x'],
    drawing: [],
  };
  const source = testSource(finding, 7, '../../dev/fuzz/committed.js');
  t.match(source, /^\/\/ SPDX-License-Identifier: GPL-2.0-only\n\/\*\* Found by random system calls/);
  t.match(source, "t.test('leak: vma …'");
  t.match(source, "    \"a 'b\",\n    'c',\n");
  const said: string[] = [];
  const listening = { equal: (found: string, _wanted: string, what: string) => said.push(found, what) };
  assertSilent(listening, 'functions', ['map_anon 1 2 3', 'unmap 0 5']);
  t.same(said, ['', 'silent']);
  t.throws(() => assertSilent(listening, 'functions', ['nothing 1']), /'nothing' is no word of a program/);
});
