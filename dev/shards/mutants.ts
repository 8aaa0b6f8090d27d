// SPDX-License-Identifier: GPL-2.0-only
/** Parts of a campaign of mutants, as `npm run mutate -- --json` prints them. */
import { lineOf, type Rate } from '../mutate/summary.js';
import { type Numbered, whole } from './part.js';
import type { Shard } from './shard.js';

export interface JudgedMutant {
  file: string;
  line: number;
  from: string;
  to: string;
  fate: string;
}

export interface MutantPart {
  /** What a sample was drawn by; null when all were chosen. */
  seed: number | null;
  shard: Shard | null;
  rates: Rate[];
  mutants: JudgedMutant[];
}

export function isMutantPart(value: unknown): value is MutantPart {
  return typeof value === 'object' && value !== null && 'rates' in value && 'mutants' in value;
}

/** Figures that are sums; `all` is the same in every part. */
const SUMS = ['chosen', 'equivalent', 'killed', 'timedOut', 'survived', 'unreached', 'notJudged'] as const;

/**
 * Joins the parts of one campaign.
 *
 * @throws PartsError for parts of different campaigns, one that is missing, and one that is there twice
 */
export function joinMutants(parts: readonly Numbered<MutantPart>[]): MutantPart {
  const first = whole(parts, ({ seed }) => ({ seed }));
  const areas = [...new Set(parts.flatMap(({ part }) => part.rates.map(({ area }) => area)))];
  const rates = areas.map((area) => {
    const same = parts.flatMap(({ part }) => part.rates.filter((rate) => rate.area === area));
    const sum: Rate = { area, all: Math.max(...same.map(({ all }) => all)), ...zero() };
    for (const rate of same) for (const name of SUMS) sum[name] += rate[name];
    return sum;
  });
  return { seed: first.seed, shard: null, rates, mutants: parts.flatMap(({ part }) => part.mutants) };
}

function zero(): Pick<Rate, (typeof SUMS)[number]> {
  return { chosen: 0, equivalent: 0, killed: 0, timedOut: 0, survived: 0, unreached: 0, notJudged: 0 };
}

/** Lines for people: what survived, and the figures. */
export function describeMutants({ rates, mutants }: MutantPart): string[] {
  const survivors = mutants.filter(({ fate }) => fate === 'survived' || fate === 'unreached');
  return [
    ...survivors.map(({ file, line, from, to }) => `survived ${file}:${line}: ${from} -> ${to}`),
    ...rates.map(lineOf),
  ];
}
