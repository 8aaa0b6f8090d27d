// SPDX-License-Identifier: GPL-2.0-only
/**
 * The baseline: which upstream symbols this port was made from, as fingerprints. `port accept` writes it and nothing
 * else does.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Fingerprint } from './tokens.js';

export const MANIFEST = fileURLToPath(new URL('../../../tools/port/baseline.json', import.meta.url));

export interface Baseline {
  /** Version and point release of the tree that was accepted as a whole, such as 7.2.13. */
  kernel: string;
  /** Files that declare nothing, and a hash of each. */
  whole: Record<string, string>;
  /** Upstream file, then symbol. */
  files: Record<string, Record<string, Fingerprint>>;
}

/** A fingerprint as one string, so that a symbol is one line whatever a formatter thinks of its length. */
function packed({ kind, line, size, hash, shape, context }: Fingerprint): string {
  return [kind, line, size, hash, shape, context].join(' ').trimEnd();
}

/** Stands last in every file: whatever comes or goes before it, the commas of other lines stay. */
const END = '~';

const PACKED = /^(\w+) (\d+) (\d+) ([0-9a-f]{16}) ([0-9a-f]{32})(?: ([0-9a-f]{8}))?$/;

function unpacked(text: unknown): Fingerprint | null {
  const match = typeof text === 'string' ? PACKED.exec(text) : null;
  if (match === null) return null;
  const [, kind = '', line, size, hash = '', shape = '', context = ''] = match;
  return { kind, line: Number(line), size: Number(size), hash, shape, context };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @throws with a message for the user when the file is no baseline */
export function readBaseline(path = MANIFEST): Baseline {
  const parsed = parse(readFileSync(path, 'utf8'));
  const fail = (what: string): Error => new Error(`${path}: not a baseline: ${what}`);
  if (!isRecord(parsed)) throw fail('no JSON object');
  const { kernel, whole, files } = parsed;
  if (typeof kernel !== 'string') throw fail('no "kernel"');
  if (!isRecord(whole) || !isRecord(files)) throw fail('no "whole" or no "files"');
  const result: Baseline = { kernel, whole: {}, files: {} };
  for (const [file, hash] of Object.entries(whole)) result.whole[file] = String(hash);
  for (const [file, symbols] of Object.entries(files)) {
    const inFile: Record<string, Fingerprint> = {};
    for (const [name, text] of Object.entries(isRecord(symbols) ? symbols : {})) {
      if (name === END) continue;
      const fingerprint = unpacked(text);
      if (fingerprint === null) throw fail(`${name} of ${file}: ${JSON.stringify(text)}`);
      inFile[name] = fingerprint;
    }
    result.files[file] = inFile;
  }
  return result;
}

function sorted<T>(record: Record<string, T>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `"name": value` lines of an object, indented. */
function object(lines: readonly string[], indent: string): string {
  return lines.length === 0 ? '{}' : `{\n${lines.map((line) => `${indent}  ${line}`).join(',\n')}\n${indent}}`;
}

/** One line for each symbol, in order, so that a change of the baseline reads well in a diff. The file is whole or old. */
export function writeBaseline(baseline: Baseline, path = MANIFEST): void {
  const entry = (name: string, value: string): string => `${JSON.stringify(name)}: ${value}`;
  const whole = sorted(baseline.whole).map(([file, hash]) => entry(file, JSON.stringify(hash)));
  const files = sorted(baseline.files).map(([file, symbols]) => {
    const lines = sorted(symbols).map(([name, fingerprint]) => entry(name, JSON.stringify(packed(fingerprint))));
    return entry(file, object([...lines, entry(END, '""')], '    '));
  });
  const parts = [
    entry('kernel', JSON.stringify(baseline.kernel)),
    entry('whole', object(whole, '  ')),
    entry('files', object(files, '  ')),
  ];
  writeFileSync(`${path}.new`, `${object(parts, '')}\n`);
  renameSync(`${path}.new`, path);
}
