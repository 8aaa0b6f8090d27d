// SPDX-License-Identifier: GPL-2.0-only
/** Joins what the shards of a campaign wrote with --json. Usage: `npm run merge -- --help`. */
import '../../tools/commands/guarded.js';
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { CannotBeDone, likeTheOthers, statusHelp } from '../../tools/commands/program.js';
import { describeMutants, isMutantPart, joinMutants } from './mutants.js';
import { type CampaignPart, describePart, isCampaignPart, joinParts, PartsError } from './part.js';

function read(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CannotBeDone(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const command = likeTheOthers(new Command('npm run merge --'))
  .description('Joins the parts of a campaign that conform, live or mutate wrote with --json in its shards.')
  .argument('<files...>', 'a file of each shard')
  .option('--json', 'print what they make together as JSON', false)
  .addHelpText(
    'after',
    statusHelp('nothing was found in any part', 'a difference, or a mutant that survived', 'they make no whole'),
  );
const { json } = command.parse().opts<{ json: boolean }>();
const parts = command.args.map((name) => ({ name, part: read(name) }));

function say(whole: unknown, lines: readonly string[], isClean: boolean): void {
  process.stdout.write(json ? `${JSON.stringify(whole, null, 2)}\n` : `${lines.join('\n')}\n`);
  process.exitCode = isClean ? 0 : 1;
}

try {
  const mutants = parts.flatMap(({ name, part }) => (isMutantPart(part) ? [{ name, part }] : []));
  const campaigns = parts.flatMap(({ name, part }) => (isCampaignPart(part) ? [{ name, part }] : []));
  const stranger = parts.find(({ part }) => !isMutantPart(part) && !isCampaignPart(part));
  if (stranger !== undefined) throw new PartsError(`${stranger.name}: no part of a campaign`);
  if (mutants.length > 0 && campaigns.length > 0)
    throw new PartsError(`${mutants[0]?.name}: of another campaign than ${campaigns[0]?.name}`);
  if (mutants.length > 0) {
    const whole = joinMutants(mutants);
    say(
      whole,
      describeMutants(whole),
      whole.mutants.every(({ fate }) => fate === 'killed' || fate === 'timed out'),
    );
  } else {
    const whole: CampaignPart = joinParts(campaigns);
    say(
      whole,
      describePart(whole),
      whole.kinds.every(({ difference }) => difference === null),
    );
  }
} catch (error) {
  throw error instanceof PartsError ? new CannotBeDone(error.message) : error;
}
