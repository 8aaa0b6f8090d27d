// SPDX-License-Identifier: GPL-2.0-only

/**
 * The shortest trace that still fails, by leaving out ever smaller runs of lines (ddmin), then single lines until none
 * can go any more.
 *
 * @param fails says whether a trace fails; it is asked often
 */
export function shrinkTrace(lines: readonly string[], fails: (lines: readonly string[]) => boolean): string[] {
  let kept = [...lines];
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    let from = 0;
    let changed = false;
    while (from < kept.length) {
      const shorter = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (shorter.length < kept.length && fails(shorter)) {
        kept = shorter;
        changed = true;
      } else {
        from += size;
      }
    }
    if (size === 1 && changed) size = 2;
  }
  return kept;
}
