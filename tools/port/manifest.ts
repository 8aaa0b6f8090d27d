// SPDX-License-Identifier: GPL-2.0-only
/**
 * The baseline: which upstream symbols this port was made from, as hashes of their tokens. `port accept` writes it and
 * nothing else does.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const MANIFEST = fileURLToPath(new URL('../../../tools/port/baseline.json', import.meta.url));

export interface BaselineSymbol {
  kind: string;
  hash: string;
  /** File of this project that it lives in; null for what docs/upstream.md gives a reason instead. */
  home: string | null;
}

export interface Baseline {
  /** Version of the tree that was accepted last. */
  kernel: string;
  /** Upstream file, then symbol. */
  files: Record<string, Record<string, BaselineSymbol>>;
}

/** @throws with a message for the user when the file is no baseline */
export function readBaseline(path = MANIFEST): Baseline {
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!isBaseline(parsed)) throw new Error(`${path}: not a baseline`);
  return parsed;
}

function isBaseline(value: unknown): value is Baseline {
  return typeof value === 'object' && value !== null && 'kernel' in value && 'files' in value;
}

/** One line for each symbol, in order, so that a change of the baseline reads well in a diff. The file is whole or old. */
export function writeBaseline(baseline: Baseline, path = MANIFEST): void {
  const files = Object.entries(baseline.files).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = files.map(([file, symbols]) => {
    const rows = Object.entries(symbols)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, symbol]) => `      ${JSON.stringify(name)}: ${JSON.stringify(symbol)}`);
    return `    ${JSON.stringify(file)}: {\n${rows.join(',\n')}\n    }`;
  });
  const text = `{\n  "kernel": ${JSON.stringify(baseline.kernel)},\n  "files": {\n${texts.join(',\n')}\n  }\n}\n`;
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
