// SPDX-License-Identifier: GPL-2.0-only
import { InvalidArgumentError } from 'commander';

/** One of `of` equal parts of a campaign, counted from 1. */
export interface Shard {
  shard: number;
  of: number;
}

/** Reads "2/8", for a command line. */
export function toShard(value: string): Shard {
  const [, shard = '', of = ''] = /^(\d{1,4})\/(\d{1,4})$/.exec(value) ?? [];
  const part = { shard: Number(shard), of: Number(of) };
  if (part.shard < 1 || part.shard > part.of) throw new InvalidArgumentError('i/n is wanted, with i from 1 to n.');
  return part;
}

/** Traces of consecutive seeds. */
export interface Range {
  /** Seed of the first. */
  seed: number;
  runs: number;
}

/** The part of a range that a shard has; ranges of all shards follow each other, and differ in length by one at most. */
export function partOf({ seed, runs }: Range, { shard, of }: Shard): Range {
  const begin = (i: number): number => Math.floor((i * runs) / of);
  return { seed: seed + begin(shard - 1), runs: begin(shard) - begin(shard - 1) };
}
