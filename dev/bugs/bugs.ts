// SPDX-License-Identifier: GPL-2.0-only
/** Would it have found them? Puts upstream's real bugs back, one at a time. Usage: `npm run bugs -- --help`. */
import '../../tools/commands/guarded.js';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { complain, likeTheOthers, statusHelp, USAGE } from '../../tools/commands/program.js';
import { judgeAll } from './hunt.js';
import { BUGS } from './list.js';
import { tableOf } from './table.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

async function main(ids: readonly string[], { json, record }: { json: boolean; record: boolean }): Promise<number> {
  const unknown = ids.find((id) => !BUGS.some((bug) => bug.id === id));
  if (unknown !== undefined) {
    complain('bugs', `no bug ${unknown}: there are ${BUGS.map(({ id }) => id).join(', ')}`);
    return USAGE;
  }
  const bugs = ids.length === 0 ? BUGS : BUGS.filter(({ id }) => ids.includes(id));
  const verdicts = await judgeAll(root, bugs, availableParallelism(), undefined, ({ id, upstream, found }) => {
    process.stderr.write(`${id}: upstream ${upstream ? 'yes' : 'no'}, here ${found === null ? 'no' : found.says}\n`);
  });
  process.stdout.write(`${json ? JSON.stringify(verdicts, null, 2) : tableOf(bugs, verdicts)}\n`);
  if (record) writeFileSync(join(root, 'tests/bugs/matrix.json'), `${JSON.stringify(verdicts, null, 2)}\n`);
  return verdicts.every(({ found }) => found !== null) ? 0 : 1;
}

likeTheOthers(new Command('npm run bugs --'))
  .description("Puts upstream's bugs back, one at a time, and tells which tests and detectors find them.")
  .argument('[ids...]', 'bugs by their ids (default: all)')
  .option('--json', 'as JSON', false)
  .option('--record', 'writes the matrix that tests/bugs holds the detectors to', false)
  .addHelpText('after', statusHelp('all were found', 'some were not', 'the command line cannot be used'))
  .action(async (ids: string[], options: { json: boolean; record: boolean }) => {
    process.exitCode = await main(ids, options);
  })
  .parse();
