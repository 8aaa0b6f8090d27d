// SPDX-License-Identifier: GPL-2.0-only
/** Random traces of tree operations, on few indices at some and on many at other times, down to 0 and up to the end. */
import type { Random } from '../random.js';

interface Profile {
  /** Indices are below this, but for a few. */
  span: number;
  longest: number;
  edges: boolean;
}

function profileOf(random: Random): Profile {
  const span = random.pick([0x20, 0x80, 0x1000, 0x100000]);
  return { span, longest: Math.max(2, Math.floor(span / random.pick([8, 64, 512]))), edges: random.chance(30) };
}

/** A trace of that many operations. */
export function randomTreeTrace(random: Random, operations: number): string[] {
  const { span, longest, edges } = profileOf(random);
  let value = 0;
  const index = (): number => random.below(span);
  const hex = (n: number): string => n.toString(16);
  const limit = (): string =>
    random.weighted<() => string>([
      [30, () => 'max'],
      [20, () => '0'],
      [50, () => hex(index())],
    ])();
  const range = (): string => {
    const first = edges && random.chance(4) ? 0 : index();
    if (edges && random.chance(3)) return `${hex(first)} max`;
    return `${hex(first)} ${hex(first + random.below(longest))}`;
  };
  const entry = (): string => {
    if (random.chance(30)) return '0';
    value = (value % 0xffff) + 1;
    return hex(value);
  };
  /** Where to look for room. Never from the end down: where that is, the two sides do not agree. */
  const window = (high: string | null = null): string => {
    const low = index();
    return `${hex(low)} ${high ?? hex(low + random.between(1, span))} ${hex(random.between(1, longest))}`;
  };
  const line = (): string =>
    random.weighted<() => string>([
      [180, () => `store ${range()} ${entry()}`],
      [120, () => `prealloc ${range()} ${entry()}`],
      [30, () => `unused ${range()} ${entry()}`],
      [30, () => `reserve ${range()} ${entry()}`],
      [40, () => 'erase'],
      [80, () => `set ${hex(index())}`],
      [40, () => `range ${range()}`],
      [10, () => 'pause'],
      [10, () => 'reset'],
      [90, () => 'walk'],
      [50, () => `find ${limit()}`],
      [50, () => `findrange ${limit()}`],
      [50, () => `findrev ${limit()}`],
      [50, () => `next ${limit()}`],
      [50, () => `nextrange ${limit()}`],
      [50, () => `prev ${limit()}`],
      [50, () => `prevrange ${limit()}`],
      [40, () => `gap ${window(edges && random.chance(20) ? 'max' : null)}`],
      [40, () => `gaprev ${window()}`],
      [30, () => `load ${hex(index())}`],
      [30, () => `mtfind ${hex(index())} ${limit()}`],
      [3, () => 'dump'],
    ])();
  return Array.from({ length: operations }, line);
}
