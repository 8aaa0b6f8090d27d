// SPDX-License-Identifier: GPL-2.0-only

export const METRICS = ['lines', 'statements', 'functions', 'branches'] as const;

/** Percentages of one file, 0 to 100. */
export type FileCoverage = Record<(typeof METRICS)[number], number>;

/** Percentages by source path, relative to the project. */
export type CoverageByFile = Record<string, FileCoverage>;

/**
 * Holds measured coverage against the thresholds.
 *
 * @returns one line per complaint: a file below a threshold, without an entry, or an entry without a file
 */
export function complaints(measured: CoverageByFile, thresholds: CoverageByFile): string[] {
  const found: string[] = [];
  for (const [file, coverage] of Object.entries(measured)) {
    const threshold = thresholds[file];
    if (threshold === undefined) {
      found.push(`${file}: no threshold yet (--raise writes one)`);
      continue;
    }
    for (const metric of METRICS) {
      if (coverage[metric] < threshold[metric]) {
        found.push(`${file}: ${metric} ${coverage[metric]} %, threshold ${threshold[metric]} %`);
      }
    }
  }
  for (const file of Object.keys(thresholds)) {
    if (measured[file] === undefined) {
      found.push(`${file}: a threshold, but nothing to measure (--raise drops it)`);
    }
  }
  return found;
}

/**
 * Holds thresholds against earlier ones, both by the paths of today.
 *
 * @returns one line per figure that is lower than it was, and per file that has none any more
 */
export function lowered(now: CoverageByFile, before: CoverageByFile): string[] {
  return Object.entries(before).flatMap(([file, was]) => {
    const is = now[file];
    if (is === undefined) return [`${file}: had thresholds, and has none`];
    return METRICS.filter((metric) => is[metric] < was[metric]).map(
      (metric) => `${file}: ${metric} ${is[metric]} %, was ${was[metric]} %`,
    );
  });
}

/** The thresholds after a rise: for every measured file the better of old and new, never less. */
export function raise(measured: CoverageByFile, thresholds: CoverageByFile): CoverageByFile {
  const raised: CoverageByFile = {};
  for (const file of Object.keys(measured).sort()) {
    const now = measured[file];
    const before = thresholds[file];
    if (now !== undefined) {
      raised[file] = before === undefined ? now : better(now, before);
    }
  }
  return raised;
}

function better(a: FileCoverage, b: FileCoverage): FileCoverage {
  return {
    lines: Math.max(a.lines, b.lines),
    statements: Math.max(a.statements, b.statements),
    functions: Math.max(a.functions, b.functions),
    branches: Math.max(a.branches, b.branches),
  };
}
