// SPDX-License-Identifier: GPL-2.0-only
/** Prints the cases of the compiled selftests of a folder as JSON. A process of its own, for what it imports never runs. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { list_only, selftest_entries } from '../../harness/selftest/registry.js';

const [folder = ''] = process.argv.slice(2);

list_only();
for (const name of readdirSync(folder).sort()) {
  const isSelftest = name.endsWith('.test.js') && name !== 'table.test.js';
  if (isSelftest) await import(pathToFileURL(join(folder, name)).href);
}
process.stdout.write(`${JSON.stringify(selftest_entries())}\n`);
