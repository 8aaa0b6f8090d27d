// SPDX-License-Identifier: GPL-2.0-only
/** Runs the kernel's selftests on the port, and makes their table. Usage: `npm run selftests -- --help`. */
import '../../tools/commands/guarded.js';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { SelftestResult } from '../../harness/selftest/registry.js';
import { CannotBeDone, complain, likeTheOthers, statusHelp, USAGE } from '../../tools/commands/program.js';
import { casesInC, portedCases, SELFTESTS } from './cases.js';
import { rowsOf, type SelftestTable, type TableRow, tableOf, withSelftests } from './table.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const TABLE = join(root, 'tests/selftests/table.json');
const UPSTREAM = join(root, 'docs/upstream.md');

interface Options {
  kernel?: string;
  record: boolean;
}

/** Runs them on the port. What each case came to. */
function results(): SelftestResult[] {
  const folder = mkdtempSync(join(tmpdir(), 'selftests-'));
  const path = join(folder, 'results.jsonl');
  try {
    spawnSync(process.execPath, [join(root, 'dist/dev/run/run.js'), 'tests/selftests'], {
      cwd: root,
      env: { ...process.env, VMA_SELFTEST_RECORD: path },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    return text
      .split('\n')
      .filter((one) => one !== '')
      .map((one): SelftestResult => JSON.parse(one));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Have the kernel's files as many cases as there are rows for? Says where they have not. */
function agrees(kernel: string, rows: readonly TableRow[]): boolean {
  const wrong = rows.flatMap(({ file, in_c }) => {
    const found = casesInC(readFileSync(join(kernel, SELFTESTS, file), 'utf8'));
    return found === in_c ? [] : [`${file} has ${found} cases, here are ${in_c}`];
  });
  for (const what of wrong) complain('selftests', what);
  return wrong.length === 0;
}

async function run({ kernel, record }: Options): Promise<number> {
  if (kernel !== undefined && !existsSync(join(kernel, SELFTESTS))) {
    throw new CannotBeDone(`--kernel ${kernel}: there is no ${SELFTESTS} in it`);
  }
  const rows = rowsOf(portedCases(join(root, 'dist/tests/selftests')), results());
  process.stdout.write(`${tableOf(rows)}\n`);
  const good = kernel === undefined || agrees(kernel, rows);
  const isWhole = rows.every(({ run: cases, verdicts: { port } }) => {
    return port !== undefined && port.fail === 0 && port.pass + port.skip + port.xfail === cases;
  });
  if (!isWhole) complain('selftests', 'some cases failed, or did not run');
  if (record && isWhole) {
    const { kernel: version }: SelftestTable = JSON.parse(readFileSync(TABLE, 'utf8'));
    writeFileSync(TABLE, `${JSON.stringify({ kernel: version, files: rows }, null, 2)}\n`);
    writeFileSync(UPSTREAM, withSelftests(readFileSync(UPSTREAM, 'utf8'), rows));
  }
  return good && isWhole ? 0 : 1;
}

const program = likeTheOthers(new Command('npm run selftests --'))
  .description("Runs the kernel's selftests that are ported on the port, and prints a table of them.")
  .option('--kernel <tree>', 'counts the cases of its files as well')
  .option('--record', 'writes tests/selftests/table.json and the tables of docs/upstream.md', false)
  .addHelpText(
    'after',
    statusHelp('all passed, or were skipped', 'some failed, or the tree has other cases', 'no such tree'),
  )
  .action(async (options: Options) => {
    try {
      process.exitCode = await run(options);
    } catch (error) {
      if (!(error instanceof CannotBeDone)) throw error;
      complain('selftests', error);
      process.exitCode = USAGE;
    }
  });

await program.parseAsync();
