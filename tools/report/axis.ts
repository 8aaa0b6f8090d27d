// SPDX-License-Identifier: GPL-2.0-only
/**
 * The address axis of a timeline. All its pictures share it. Addresses that nothing ever covers are cut short, else two
 * pages at the ends of an address space would be too thin to see; and where VMAs differ too much in size, widths grow
 * with the logarithm.
 */
import { PAGE_SIZE } from '../../include/linux/mm.js';

/** A run of addresses in which nothing begins or ends. */
export interface Segment {
  start: number;
  end: number;
  pages: number;
  /** Its share of the axis. */
  weight: number;
  /** Is it shorter on the axis than it would be in proportion? */
  cut: boolean;
}

export interface Axis {
  segments: Segment[];
  /** Are covered addresses drawn in proportion? */
  inProportion: boolean;
}

interface Range {
  start: number;
  end: number;
}

/** Sizes that differ more than this are not drawn in proportion. */
const WIDEST_TO_NARROWEST = 24;

/** A gap takes no more of the axis than this share of all that is covered. */
const LARGEST_GAP = 1 / 6;

function log(pages: number): number {
  return 1 + Math.log2(Math.max(1, pages));
}

/** The axis on which all ranges can be drawn; with no segments if there are none. */
export function axisOf(ranges: readonly Range[]): Axis {
  const points = [...new Set(ranges.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  const pieces = points.slice(1).map((end, i) => {
    const start = points[i] ?? end;
    const covered = ranges.some((range) => range.start <= start && end <= range.end);
    return { start, end, pages: (end - start) / PAGE_SIZE, covered };
  });
  const sizes = pieces.filter(({ covered }) => covered).map(({ pages }) => pages);
  const inProportion = Math.max(...sizes) <= WIDEST_TO_NARROWEST * Math.min(...sizes);
  const weigh = inProportion ? (pages: number): number => pages : log;
  const most = LARGEST_GAP * sizes.reduce((sum, pages) => sum + weigh(pages), 0);
  const segments = pieces.map(({ start, end, pages, covered }) => {
    const weight = covered ? weigh(pages) : Math.min(weigh(pages), most);
    return { start, end, pages, weight, cut: !covered && (weight < pages || !inProportion) };
  });
  return { segments, inProportion: inProportion || sizes.length === 0 };
}
