// SPDX-License-Identifier: GPL-2.0-only
/** Verdicts in C beside outcomes of the translation. */
import type { Verdicts } from './in_c.js';
import type { Outcome } from './translated.js';

export interface Comparison {
  /** A line for each test. */
  lines: string[];
  /** Tests that end otherwise than in C, or are lost, without a mark. */
  disagreeing: string[];
  marked: string[];
}

export function compareVerdicts(verdicts: Verdicts, outcomes: Record<string, Outcome>): Comparison {
  const comparison: Comparison = { lines: [], disagreeing: [], marked: [] };
  for (const [file, tests] of Object.entries(verdicts)) {
    for (const [name, verdict] of Object.entries(tests)) {
      const outcome = outcomes[name] ?? 'lost';
      const agrees = outcome === verdict || outcome === 'marked';
      if (!agrees) comparison.disagreeing.push(name);
      if (outcome === 'marked') comparison.marked.push(name);
      comparison.lines.push(`${agrees ? '  ' : '! '}${file}/${name}: ${verdict} in C, ${outcome} here`);
    }
  }
  return comparison;
}
