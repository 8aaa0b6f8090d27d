// SPDX-License-Identifier: GPL-2.0-only
// Addresses to places on the screen.

/** Narrowest that a segment may get, in pixels. */
const NARROWEST = 6;

/**
 * Widths of all segments: by their weights, and none too narrow to see.
 * @param {import('../axis.js').Segment[]} segments
 * @param {number} width
 * @returns {number[]}
 */
function widthsOf(segments, width) {
  const narrow = new Set();
  // Each that is widened takes from the others, so that another may become too narrow.
  for (;;) {
    const free = segments.filter((_, i) => !narrow.has(i));
    const sum = free.reduce((all, { weight }) => all + weight, 0);
    const share = (width - narrow.size * NARROWEST) / (sum || 1);
    const before = narrow.size;
    segments.forEach(({ weight }, i) => {
      if (!narrow.has(i) && weight * share < NARROWEST) narrow.add(i);
    });
    if (narrow.size === before) {
      return segments.map(({ weight }, i) => (narrow.has(i) ? NARROWEST : weight * share));
    }
  }
}

/**
 * @param {import('../axis.js').Axis} axis
 * @param {number} left
 * @param {number} width
 * @returns {{ at: (address: number) => number, right: number, segments: (import('../axis.js').Segment & { x: number, width: number })[] }}
 */
function scaleOf(axis, left, width) {
  const widths = widthsOf(axis.segments, Math.max(width, axis.segments.length * NARROWEST));
  let x = left;
  const segments = axis.segments.map((segment, i) => {
    const placed = { ...segment, x, width: widths[i] ?? 0 };
    x += placed.width;
    return placed;
  });
  /** @type {(address: number) => number} */
  const at = (address) => {
    const segment = segments.find(({ end }) => address <= end);
    if (segment === undefined) return x;
    const part = (address - segment.start) / (segment.end - segment.start);
    return segment.x + Math.max(0, part) * segment.width;
  };
  return { at, right: x, segments };
}
