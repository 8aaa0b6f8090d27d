// SPDX-License-Identifier: GPL-2.0-only
/** What a campaign leaves of itself in a file of JSON: the whole of it, or one shard. */
import { writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Shard } from './shard.js';

/** Lines of a file of the kernel's that traces may reach. */
export interface FileLines {
  source: string;
  lines: number;
  /** Those that were not reached. */
  missed: number[];
}

/** What was compared of one kind: "vma", "tree", "syscalls", "live". */
export interface KindPart {
  kind: string;
  /** Operations or calls. */
  operations: number;
  seconds: number;
  /** Of the time of all workers the share in which the other side was at it, from 0 to 1; null if it is not known. */
  theirShare: number | null;
  /** One line for a difference, and its trace; null when there is none. */
  difference: { what: string; trace: string } | null;
  files: FileLines[];
}

export interface CampaignPart {
  command: string;
  /** The whole campaign's; a shard has its part of it. */
  seed: number;
  runs: number;
  ops: number;
  bits: number;
  shard: Shard | null;
  kinds: KindPart[];
}

export function writePart(path: string, part: CampaignPart): void {
  writeFileSync(path, `${JSON.stringify(part, null, 2)}\n`);
}

/** Parts that do not make a whole; the message is for the user. */
export class PartsError extends Error {}

/** A part, and the file that it is from. */
export interface Numbered<T> {
  name: string;
  part: T;
}

/**
 * Checks that parts make a whole: alike in what `common` says, each shard there once. The first of them.
 *
 * @throws PartsError when they do not
 */
export function whole<T extends { shard: Shard | null }>(
  parts: readonly Numbered<T>[],
  common: (part: T) => unknown,
): T {
  const [first, ...others] = parts;
  if (first === undefined) throw new PartsError('no part is given');
  const of = first.part.shard?.of ?? 1;
  for (const { name, part } of others) {
    if (part.shard?.of !== first.part.shard?.of || !isDeepStrictEqual(common(part), common(first.part)))
      throw new PartsError(`${name}: of another campaign than ${first.name}`);
  }
  const places = new Map<number, string>();
  for (const { name, part } of parts) {
    const place = part.shard?.shard ?? 1;
    const before = places.get(place);
    if (before !== undefined) throw new PartsError(`${name}: shard ${place}/${of} is in ${before} already`);
    places.set(place, name);
  }
  for (let place = 1; place <= of; place++) {
    if (!places.has(place)) throw new PartsError(`shard ${place}/${of} is missing`);
  }
  return first.part;
}

export function isCampaignPart(value: unknown): value is CampaignPart {
  return typeof value === 'object' && value !== null && 'command' in value && 'kinds' in value;
}

/**
 * Joins the parts of one campaign: sums, the lines that no part reached, the first difference of each kind.
 *
 * @throws PartsError for parts of different campaigns, one that is missing, and one that is there twice
 */
export function joinParts(parts: readonly Numbered<CampaignPart>[]): CampaignPart {
  const first = whole(parts, ({ command, seed, runs, ops, bits }) => ({ command, seed, runs, ops, bits }));
  const kinds = [...new Set(parts.flatMap(({ part }) => part.kinds.map(({ kind }) => kind)))];
  const joined = kinds.map((kind) =>
    joinKind(
      parts.flatMap(({ part }) => part.kinds.filter((one) => one.kind === kind)),
      kind,
    ),
  );
  return { ...first, shard: null, kinds: joined };
}

function joinKind(parts: readonly KindPart[], kind: string): KindPart {
  const operations = parts.reduce((sum, part) => sum + part.operations, 0);
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  const known = parts.every(({ theirShare }) => theirShare !== null);
  const theirs = parts.reduce((sum, part) => sum + (part.theirShare ?? 0) * part.seconds, 0);
  const sources = [...new Set(parts.flatMap(({ files }) => files.map(({ source }) => source)))];
  return {
    kind,
    operations,
    seconds,
    theirShare: known && seconds > 0 ? theirs / seconds : null,
    difference: parts.find(({ difference }) => difference !== null)?.difference ?? null,
    files: sources.map((source) => {
      const same = parts.flatMap(({ files }) => files.filter((file) => file.source === source));
      const [one, ...rest] = same.map(({ missed }) => missed);
      const missed = (one ?? []).filter((line) => rest.every((others) => others.includes(line)));
      return { source, lines: same[0]?.lines ?? 0, missed };
    }),
  };
}

/** Lines for people: what was compared, and which lines were reached. */
export function describePart({ seed, runs, bits, kinds }: CampaignPart): string[] {
  return kinds.flatMap(({ kind, operations, seconds, theirShare, difference, files }) => {
    const rate = Math.round(operations / Math.max(seconds, 0.001)).toLocaleString('en');
    const share = theirShare === null ? '' : `, ${Math.round(100 * theirShare)} % of the time on the other side`;
    return [
      `${kind}: ${operations.toLocaleString('en')} operations in ${runs} runs from seed ${seed}, ${bits} flag bits: ${difference?.what ?? 'no difference'}`,
      `${kind}: ${rate} operations a second on one machine${share}`,
      ...files.map(({ source, lines, missed }) => {
        const percent = ((100 * (lines - missed.length)) / Math.max(lines, 1)).toFixed(1);
        return `${source}: ${percent} % of its lines reached, ${lines - missed.length} of ${lines}`;
      }),
    ];
  });
}
