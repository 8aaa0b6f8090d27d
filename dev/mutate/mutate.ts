// SPDX-License-Identifier: GPL-2.0-only
/** Which small changes of the code does no test notice? Usage: `npm run mutate -- --help`; docs/mutants.md says more. */
import '../../tools/commands/guarded.js';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CannotBeDone, complain, paintOut } from '../../tools/commands/program.js';
import { beginning, changedSince, isIn } from './changed.js';
import { chooseSources, isDeletedStubCall, LAYERS_WITH_MUTANTS, shardOf, shuffled } from './choose.js';
import { Copy } from './copy.js';
import { EQUIVALENT, type Equivalent, isOf, readEquivalents, recordOf, staleRecords } from './equivalent.js';
import { Kept } from './kept.js';
import { Meter } from './meter.js';
import { identity, type Mutant, named } from './mutant.js';
import { readMutants } from './mutants.js';
import { type MutateOptions, parseOptions } from './options.js';
import { Plan } from './plan.js';
import { asJson, type Chosen, lineOf, ratesOf, survivorLine } from './summary.js';
import { type Judged, judgeAll } from './verdicts.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Mutants of sources, read once. */
class Library {
  private readonly mutants = new Map<string, Mutant[]>();
  private readonly sources = new Set(chooseSources(root, root, []));

  of(file: string): readonly Mutant[] {
    if (!this.sources.has(file)) return [];
    const known = this.mutants.get(file) ?? readMutants(root, file);
    this.mutants.set(file, known);
    return known;
  }
}

/** Lines that --since chooses by; null where it does not, "none" where there is nothing to begin from. */
function linesSince({ since }: MutateOptions): ReturnType<typeof changedSince> | null | 'none' {
  if (since === undefined) return null;
  const revision = since === true ? beginning(root) : since;
  return revision === null ? 'none' : changedSince(root, revision);
}

function allOf(library: Library, options: MutateOptions, lines: ReturnType<typeof changedSince> | null): Mutant[] {
  const all = chooseSources(root, process.cwd(), options.files).flatMap((file) => library.of(file));
  return all
    .filter((mutant) => !options.deletions || isDeletedStubCall(mutant))
    .filter(({ file, line }) => lines === null || isIn(lines.get(file), line));
}

/** Chosen mutants, in the order in which they are judged: at random where not all may come to it. */
function choose(
  all: readonly Mutant[],
  records: readonly Equivalent[],
  seed: number | null,
  options: MutateOptions,
): Chosen {
  const ordered = seed === null ? all : shuffled(all, seed);
  const sampled = ordered.slice(0, options.sample ?? ordered.length);
  const chosen = options.shard === undefined ? sampled : shardOf(sampled, options.shard);
  return { all, chosen, equivalent: chosen.filter((mutant) => records.some((record) => isOf(record, mutant))) };
}

/** Where the tests are that mutants are put to. */
function foldersOf({ tests }: MutateOptions): string[] {
  const folders = tests.length === 0 ? ['tests'] : tests.map((name) => join('tests', name));
  const missing = folders.find((folder) => !existsSync(join(root, folder)));
  if (missing !== undefined) throw new CannotBeDone(`--tests: no folder ${missing}`);
  return folders;
}

async function judge(mutants: readonly Mutant[], options: MutateOptions): Promise<Judged[]> {
  const kept = new Kept(join(root, 'mutants'));
  const copy = new Copy(root);
  const meter = new Meter(mutants.length);
  try {
    // Before a mutant is judged there is nothing to keep.
    const leave = (): never => process.exit(130);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave);
    const plan = await Plan.make(copy, kept, LAYERS_WITH_MUTANTS, foldersOf(options), options.jobs);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, leave);
    const judged = await judgeAll(copy, kept, plan, mutants, {
      jobs: options.jobs,
      fresh: options.fresh,
      seconds: options.mostSeconds ?? null,
      progress: ({ by }, done) => meter.show(done, by === null),
    });
    return judged.sort((a, b) => a.mutant.file.localeCompare(b.mutant.file) || a.mutant.start - b.mutant.start);
  } finally {
    meter.stop();
    copy.remove();
  }
}

/** Records of equivalent mutants, put to the test: one that a test kills is wrong. */
async function doubt(equivalent: readonly Mutant[], options: MutateOptions): Promise<number> {
  const judged = await judge(equivalent, options);
  const wrong = judged.filter(({ by }) => by !== null);
  for (const { mutant, by } of wrong) {
    complain('mutate', `recorded as equivalent, and noticed by ${by?.file} "${by?.test}": ${named(mutant)}`);
  }
  process.stdout.write(`${judged.length} of ${equivalent.length} equivalent mutants judged, ${wrong.length} noticed\n`);
  return wrong.length === 0 ? 0 : 1;
}

function tell(
  chosen: Chosen,
  judged: readonly Judged[],
  library: Library,
  seed: number | null,
  options: MutateOptions,
): void {
  const survivors = judged.filter(({ by }) => by === null);
  if (options.json) {
    process.stdout.write(`${asJson(chosen, judged, seed, options.shard ?? null)}\n`);
    return;
  }
  const paint = paintOut();
  for (const survivor of survivors) {
    process.stdout.write(`${survivorLine(survivor, paint)}\n`);
    if (!options.records) continue;
    const { mutant } = survivor;
    const alike = library
      .of(mutant.file)
      .filter((other) => identity({ ...other, nth: 0 }) === identity({ ...mutant, nth: 0 }));
    process.stdout.write(`${JSON.stringify(recordOf(mutant, alike.length > 1))},\n`);
  }
  if (seed !== null) process.stdout.write(`seed ${seed}\n`);
  for (const rate of ratesOf(chosen, judged)) process.stdout.write(`${lineOf(rate)}\n`);
}

async function main(options: MutateOptions): Promise<number> {
  const library = new Library();
  const records = readEquivalents(root);
  const lines = linesSince(options);
  if (lines === 'none') {
    process.stdout.write('mutate: one commit, and nothing before it that differs: no mutant to judge\n');
    return 0;
  }
  const stale = staleRecords(records, (file) => library.of(file));
  for (const { file, where, change } of stale) {
    complain('mutate', `${EQUIVALENT}: the code has no longer what a record says: ${file} ${where}: ${change}`);
  }
  const all = allOf(library, options, lines);
  const drawn = options.sample !== undefined || options.mostSeconds !== undefined;
  const seed = drawn ? (options.seed ?? randomInt(2 ** 32)) : null;
  const chosen = choose(all, records, seed, options);
  const status = stale.length === 0 ? 0 : 1;
  if (options.doubt) return (await doubt(chosen.equivalent, options)) || status;
  const open = chosen.chosen.filter((mutant) => !chosen.equivalent.includes(mutant));
  if (options.list) {
    for (const mutant of open) process.stdout.write(`${named(mutant)}\n`);
    return status;
  }
  if (open.length === 0) {
    process.stdout.write(`mutate: no mutant to judge (${chosen.equivalent.length} recorded as equivalent)\n`);
    return status;
  }
  const judged = await judge(open, options);
  tell(chosen, judged, library, seed, options);
  return judged.some(({ by }) => by === null) ? 1 : status;
}

process.exitCode = await main(parseOptions(process.argv.slice(2)));
