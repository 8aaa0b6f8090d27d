// SPDX-License-Identifier: GPL-2.0-only
/** The world has one owner: nobody but harness/world.ts puts something else in place of what is global. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ROOT, sourceFiles } from './project.js';

const OWNED =
  'stubs|globals|current|dummy_anon_vma|maple_slab|maple_debug|mmapHooks|doors|sheaf|sideTrees|freed|stacks';

/** An assignment to a field of what is owned, or to many at once; not one that a text speaks of. */
const ASSIGNS = new RegExp(
  `^[^'"\`]*(?:(?<![.\\w])(${OWNED})(?:\\.\\w+|\\[\\w+\\])\\s*(?:[-+]?=(?![=>])|\\+\\+|--)` +
    `|(?:Object\\.assign|Object\\.defineProperty|Reflect\\.set)\\(\\s*(${OWNED})\\b)`,
);

const OWNER = 'harness/world.ts';

/** Whose own state it is: what the function of that file is there to change. */
const THEIRS: Record<string, RegExp> = {
  // The counters of the allocator.
  'lib/maple_tree/slab.ts': /maple_slab\.(?:reserved|live)/,
  // The mark of a call that comes back to its door.
  'lib/doors/operation.ts': /doors\.passed/,
  // Which process runs is what a scheduler decides.
  'dev/fuzz/machine.ts': /current\.mm = /,
  // A new cache is empty.
  'stubs/upstream.ts': /sheaf\.vmas = \[\]/,
  // reset_dummy_anon_vma() and cleanup_mm() of upstream's, which its tests call in the midst of one.
  'lib/maple_tree/dup.ts': /maple_slab\.live \+=/,
  'lib/mm/mmap/limits.ts': /globals\.vm_committed_as \+=/,
  'stubs/globals.ts': /dummy_anon_vma\.was_/,
  'harness/shared.ts': /globals\.fail_prealloc = false/,
};

/** Does the file mean what it imports by the name, or declares and exports, and not a variable of its own? */
function isGlobal(content: string, name: string): boolean {
  return new RegExp(`^import [^;]*\\b${name}\\b[^;]* from|^export const ${name}\\b`, 'm').test(content);
}

function offendingLines(file: string, content: string): string[] {
  return content
    .split('\n')
    .filter((line) => {
      const [, assigned, given] = ASSIGNS.exec(line) ?? [];
      const name = assigned ?? given;
      return name !== undefined && isGlobal(content, name) && THEIRS[file]?.test(line) !== true;
    })
    .map((line) => `${file}: ${line.trim()}`);
}

t.test('what is global is put in place by the world alone', async (t) => {
  const files = sourceFiles(['include', 'stubs', 'lib', 'harness', 'tools', 'dev'], ['.ts']).filter((f) => f !== OWNER);
  t.same(
    files.flatMap((file) => offendingLines(file, readFileSync(join(ROOT, file), 'utf8'))),
    [],
  );
  for (const [file, theirs] of Object.entries(THEIRS)) {
    t.match(readFileSync(join(ROOT, file), 'utf8'), theirs, `${file} still does`);
  }
});

t.test('tests let the world put the tree’s allocator back, and the seam of the review', async (t) => {
  const files = sourceFiles(['tests'], ['.ts']).filter((file) => file !== join('tests', 'harness', 'world.test.ts'));
  const lines = files.flatMap((file) => offendingLines(file, readFileSync(join(ROOT, file), 'utf8')));
  t.same(
    lines.filter((line) => /maple_slab|maple_debug|mmapHooks|Object\.|Reflect\./.test(line)),
    [],
  );
});

t.test('an assignment is told from a look', async (t) => {
  const assigning = [
    'stubs.warn = () => {};',
    'current.mm = mm;',
    'globals[name] = value;',
    'maple_slab.live += 2;',
    'maple_slab.live++;',
    'Object.assign(maple_slab, outer);',
    "Reflect.set(stubs, 'warn', f);",
  ];
  const imports = `import { ${OWNED.replaceAll('|', ', ')} } from 'vma-userland';`;
  for (const line of assigning) {
    t.same(offendingLines('a.ts', `${imports}\n${line}`), [`a.ts: ${line}`]);
    t.same(offendingLines('a.ts', line), [], 'a variable of its own');
  }
  const looking = [
    'if (current.mm === null) return;',
    'world.globals.fail_prealloc = true;',
    'const outer = stubs.warn;',
    'const warn = (globals.fail_prealloc) => 1;',
    "sandbox.stub(stubs, 'warn');",
    'maple_slab.alloc(1, 0);',
  ];
  for (const line of looking) t.same(offendingLines('a.ts', `${imports}\n${line}`), []);
});
