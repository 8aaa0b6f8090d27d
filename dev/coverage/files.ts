// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import { type CoverageByFile, type FileCoverage, METRICS } from './ratchet.js';

type JsonObject = Record<string, unknown>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toObject(text: string, where: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) {
    throw new TypeError(`${where}: not a JSON object`);
  }
  return value;
}

function readObject(path: string): JsonObject {
  return toObject(readFileSync(path, 'utf8'), path);
}

/** Builds one file's figures; `pick` finds a metric's number in whatever shape the file has. */
function toCoverage(where: string, pick: (metric: string) => unknown): FileCoverage {
  const coverage: FileCoverage = { lines: 0, statements: 0, functions: 0, branches: 0 };
  for (const metric of METRICS) {
    const value = pick(metric);
    if (typeof value !== 'number' || !(value >= 0 && value <= 100)) {
      throw new RangeError(`${where}: ${metric} is ${String(value)}, not a percentage`);
    }
    coverage[metric] = value;
  }
  return coverage;
}

/** The thresholds that a text is; `where` it comes from is named in errors. @throws for anything but percentages. */
export function toThresholds(text: string, where: string): CoverageByFile {
  const thresholds: CoverageByFile = {};
  for (const [file, entry] of Object.entries(toObject(text, where))) {
    thresholds[file] = toCoverage(`${where}: ${file}`, (metric) => (isObject(entry) ? entry[metric] : undefined));
  }
  return thresholds;
}

/** Reads the thresholds. @throws when the file is missing or holds anything but percentages. */
export function readThresholds(path: string): CoverageByFile {
  return toThresholds(readFileSync(path, 'utf8'), path);
}

export function writeThresholds(path: string, thresholds: CoverageByFile): void {
  writeFileSync(path, `${JSON.stringify(thresholds, null, 2)}\n`);
}

/** Reads istanbul's json-summary. A file with nothing of a kind (no branch, say) has all of it covered. */
export function readSummary(path: string, root: string): CoverageByFile {
  const measured: CoverageByFile = {};
  for (const [key, entry] of Object.entries(readObject(path))) {
    if (key === 'total') {
      continue;
    }
    const file = (isAbsolute(key) ? relative(root, key) : key).split(sep).join('/');
    measured[file] = toCoverage(`${path}: ${file}`, (metric) => {
      const figures = isObject(entry) ? entry[metric] : undefined;
      return isObject(figures) ? (figures.total === 0 ? 100 : figures.pct) : undefined;
    });
  }
  return measured;
}
