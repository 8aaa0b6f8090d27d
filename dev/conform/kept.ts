// SPDX-License-Identifier: GPL-2.0-only
/** Where a campaign that was interrupted goes on: a file of JSON. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { NUM_VMA_FLAG_BITS } from '../../include/vma_flags.js';
import { CannotBeDone } from '../../tools/commands/program.js';
import type { Kind } from './sides.js';

/** What must be the same when it goes on, and how far each kind has come. */
export interface KeptCampaign {
  seed: number;
  runs: number;
  ops: number;
  bits: number;
  /** A kind that is not there has not begun. */
  done: Partial<Record<Kind, number>>;
}

const KINDS: readonly string[] = ['tree', 'vma', 'syscalls'] satisfies Kind[];

/** A file that is no campaign, or one of another kind; the message is for the user. */
export class KeptError extends CannotBeDone {}

function isKept(value: unknown): value is KeptCampaign {
  if (typeof value !== 'object' || value === null || !('done' in value)) return false;
  const { done } = value;
  const numbers: unknown[] = ['seed', 'runs', 'ops', 'bits'].map((name) => Reflect.get(value, name));
  const counted: [string, unknown][] = typeof done === 'object' && done !== null ? Object.entries(done) : [['', null]];
  const counts = counted.map(([kind, count]) => (KINDS.includes(kind) ? count : null));
  return [...numbers, ...counts].every(
    (number) => typeof number === 'number' && Number.isSafeInteger(number) && number >= 0,
  );
}

/** Null when there is no such file yet. */
export function readKept(path: string): KeptCampaign | null {
  if (!existsSync(path)) return null;
  let kept: unknown;
  try {
    kept = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    kept = null;
  }
  if (!isKept(kept)) throw new KeptError(`${path}: no campaign to go on with`);
  if (kept.bits !== NUM_VMA_FLAG_BITS)
    throw new KeptError(`${path}: a campaign with ${kept.bits} flag bits, not ${NUM_VMA_FLAG_BITS}`);
  return kept;
}

/** The file is whole or old. */
export function writeKept(path: string, kept: KeptCampaign): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(kept, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}
