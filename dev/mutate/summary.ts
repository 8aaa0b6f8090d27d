// SPDX-License-Identifier: GPL-2.0-only
/** What is said of mutants that were judged. */
import type { Paint } from '../../tools/commands/program.js';
import type { Shard } from '../shards/shard.js';
import type { Fate } from './judge.js';
import { type Mutant, named } from './mutant.js';
import type { Judged } from './verdicts.js';

/** Parts of the project that have a rate of their own; the first that fits counts. */
const AREAS: readonly (readonly [name: string, begins: string])[] = [
  ['lib/mm', 'lib/mm/'],
  ['lib/maple_tree', 'lib/maple_tree'],
  ['lib, the rest', 'lib/'],
  ['stubs', 'stubs/'],
  ['harness/checked', 'harness/checked/'],
  ['harness, the rest', 'harness/'],
];

export function areaOf({ file }: Pick<Mutant, 'file'>): string {
  return AREAS.find(([, begins]) => file.startsWith(begins))?.[0] ?? 'others';
}

/** What was chosen to be judged, and of how many. */
export interface Chosen {
  /** All mutants that there are in what was asked for. */
  all: readonly Mutant[];
  chosen: readonly Mutant[];
  /** Of the chosen those that are recorded as equivalent, and are left out. */
  equivalent: readonly Mutant[];
}

/** Figures of an area, or of all. */
export interface Rate {
  area: string;
  all: number;
  chosen: number;
  equivalent: number;
  killed: number;
  /** Of those killed. */
  timedOut: number;
  survived: number;
  /** Of those that survived: no test reaches them. */
  unreached: number;
  notJudged: number;
}

function counted(judged: readonly Judged[], ...fates: Fate[]): number {
  return judged.filter(({ fate }) => fates.includes(fate)).length;
}

function rateOf(area: string, { all, chosen, equivalent }: Chosen, judged: readonly Judged[]): Rate {
  return {
    area,
    all: all.length,
    chosen: chosen.length,
    equivalent: equivalent.length,
    killed: counted(judged, 'killed', 'timed out'),
    timedOut: counted(judged, 'timed out'),
    survived: counted(judged, 'survived', 'unreached'),
    unreached: counted(judged, 'unreached'),
    notJudged: chosen.length - equivalent.length - judged.length,
  };
}

/** A rate for each area that has any mutants, and one for all where there are several. */
export function ratesOf(chosen: Chosen, judged: readonly Judged[]): Rate[] {
  const names = [...new Set(chosen.chosen.map(areaOf))].sort();
  const rates = names.map((name) => {
    const within = (mutants: readonly Mutant[]): Mutant[] => mutants.filter((mutant) => areaOf(mutant) === name);
    const part = { all: within(chosen.all), chosen: within(chosen.chosen), equivalent: within(chosen.equivalent) };
    return rateOf(
      name,
      part,
      judged.filter(({ mutant }) => areaOf(mutant) === name),
    );
  });
  return rates.length === 1 ? rates : [...rates, rateOf('all', chosen, judged)];
}

/** The share of a sample, in percent, and where that of all lies with a probability of 95 % (Wilson's interval). */
function shareOf(part: number, of: number): string {
  const z = 1.96;
  const share = part / of;
  const middle = (share + z ** 2 / (2 * of)) / (1 + z ** 2 / of);
  const width = (z / (1 + z ** 2 / of)) * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2));
  const percent = (value: number): string => (100 * value).toFixed(1);
  return `${percent(share)} % (${percent(middle - width)} to ${percent(middle + width)})`;
}

/** "lib/mm: 287 of 300 killed …", one line. */
export function lineOf(rate: Rate): string {
  const { area, all, chosen, equivalent, killed, timedOut, survived, unreached, notJudged } = rate;
  const judged = killed + survived;
  const share =
    judged === 0
      ? 'none judged'
      : chosen === all && notJudged === 0
        ? `${((100 * killed) / judged).toFixed(1)} %`
        : shareOf(killed, judged);
  const notes = [
    `${chosen} of ${all} mutants`,
    ...(equivalent > 0 ? [`${equivalent} equivalent`] : []),
    ...(timedOut > 0 ? [`${timedOut} timed out`] : []),
    ...(unreached > 0 ? [`${unreached} reached by no test`] : []),
    ...(notJudged > 0 ? [`${notJudged} not judged`] : []),
  ];
  return `${area}: ${killed} of ${judged} killed, ${share}; ${survived} survived (${notes.join(', ')})`;
}

/** A survivor: place and change, and below it the statement it is in. */
export function survivorLine({ mutant, fate }: Judged, paint: Paint): string {
  const note = fate === 'unreached' ? ' (reached by no test)' : '';
  return `${paint('red', 'survived')} ${named(mutant)}${note}\n    ${mutant.statement}`;
}

/** Figures and all that survived, for other programs. */
export function asJson(chosen: Chosen, judged: readonly Judged[], seed: number | null, shard: Shard | null): string {
  const mutants = judged.map(({ mutant, fate, by, ms }) => {
    const { file, line, where, statement, from, to, nth } = mutant;
    return { file, line, where, statement, from, to, nth, fate, by, ms };
  });
  return JSON.stringify({ seed, shard, rates: ratesOf(chosen, judged), mutants }, null, 2);
}
