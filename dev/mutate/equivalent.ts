// SPDX-License-Identifier: GPL-2.0-only
/** Mutants that no test can notice, because the code does the same with them: a committed list with reasons. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CannotBeDone } from '../../tools/commands/program.js';
import { changeOf, type Mutant } from './mutant.js';

/** Where the records are, from the project's folder. */
export const EQUIVALENT = 'dev/mutate/equivalent.json';

export interface Equivalent {
  file: string;
  /** The function around it. */
  where: string;
  /** The first line of the statement around it, as it is compiled. */
  statement: string;
  /** As survivors are listed: "a < b → a <= b". */
  change: string;
  /** Which one, where a function has several that look the same; without it all of them. */
  nth?: number;
  /** Why it makes no difference, so that a reader can check it. */
  reason: string;
}

function isRecord(value: unknown): value is Equivalent {
  if (typeof value !== 'object' || value === null) return false;
  const fields = ['file', 'where', 'statement', 'change', 'reason'];
  const texts = fields.every((name) => typeof Reflect.get(value, name) === 'string');
  const unknown = Object.keys(value).some((name) => name !== 'nth' && !fields.includes(name));
  const nth: unknown = Reflect.get(value, 'nth');
  return texts && !unknown && (nth === undefined || Number.isInteger(nth));
}

/** @throws CannotBeDone when the list cannot be read, or a record has no reason */
export function readEquivalents(root: string, path = EQUIVALENT): Equivalent[] {
  const records: unknown = JSON.parse(readFileSync(join(root, path), 'utf8'));
  if (!Array.isArray(records)) throw new CannotBeDone(`${path}: not a list`);
  return records.map((record: unknown, i) => {
    if (!isRecord(record)) {
      throw new CannotBeDone(`${path}: record ${i + 1} wants file, where, statement, change and reason, nth at most`);
    }
    if (record.reason.trim().length < 10) throw new CannotBeDone(`${path}: record ${i + 1}: it says no reason`);
    return record;
  });
}

export function isOf(record: Equivalent, mutant: Mutant): boolean {
  return (
    record.file === mutant.file &&
    record.where === mutant.where &&
    record.statement === mutant.statement &&
    record.change === changeOf(mutant) &&
    (record.nth === undefined || record.nth === mutant.nth)
  );
}

/** A record of that mutant, for the list: all but the reason. */
export function recordOf(mutant: Mutant, alike: boolean): Equivalent {
  const { file, where, statement, nth } = mutant;
  return { file, where, statement, change: changeOf(mutant), ...(alike ? { nth } : {}), reason: '' };
}

/** Records that no mutant is left for: the code has changed, and somebody has to look again. */
export function staleRecords(
  records: readonly Equivalent[],
  mutantsIn: (file: string) => readonly Mutant[],
): Equivalent[] {
  return records.filter((record) => !mutantsIn(record.file).some((mutant) => isOf(record, mutant)));
}
