// SPDX-License-Identifier: GPL-2.0-only
/** The kernel's selftests on the port and on the running kernel, verdict by verdict. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SelftestResult } from '../../harness/selftest/registry.js';
import { removeScratch, scratchFolder } from '../../tools/commands/folders.js';
import { CannotBeDone } from '../../tools/commands/program.js';
import { buildProcessSide } from '../conform/process_side.js';
import { ScratchTree } from '../kernel/scratch.js';
import { keepFigures } from '../report/figures.js';
import { portedCases } from '../selftests/cases.js';
import { verdictsOf as countVerdicts, rowsOf, tableOf, tellVerdicts } from '../selftests/table.js';
import { OUT_OF_REACH } from './code_contents.js';
import { FEATURES, type FeatureName, type LeftOut } from './features.js';

const RUNNER = fileURLToPath(new URL('../run/run.js', import.meta.url));
const CASES = fileURLToPath(new URL('../../tests/selftests', import.meta.url));
const README = fileURLToPath(new URL('../../../README.md', import.meta.url));
const TESTS = 'tests/selftests';

/** Verdicts by file and name of the case. */
export type Verdicts = ReadonlyMap<string, SelftestResult>;

/** Cases that go another way where a kernel is known to differ from the port, by the feature that a probe tells it by. */
export const EXPLAINED: ReadonlyMap<string, FeatureName> = new Map<string, FeatureName>([
  ['merge.c: merge.anon_and_page_offset_mismatch_memfd', 'movedFile'],
]);

export function keyOf({ file, name }: Pick<SelftestResult, 'file' | 'name'>): string {
  return `${file}: ${name}`;
}

function isResult(value: unknown): value is SelftestResult {
  return typeof value === 'object' && value !== null && 'file' in value && 'name' in value && 'verdict' in value;
}

/** The lines that a run has recorded. */
export function verdictsOf(lines: string): Verdicts {
  const results = lines.split('\n').flatMap((line): SelftestResult[] => {
    const value: unknown = line === '' ? null : JSON.parse(line);
    return isResult(value) ? [value] : [];
  });
  return new Map(results.map((result) => [keyOf(result), result]));
}

/** A case that came to something else on the live kernel. */
export interface Divergence {
  key: string;
  port: SelftestResult | null;
  live: SelftestResult | null;
  /** Why, if that is known; null if somebody has to find out. */
  because: string | null;
}

export function divergences(port: Verdicts, live: Verdicts, leftOut: LeftOut): Divergence[] {
  const keys = [...new Set([...port.keys(), ...live.keys()])];
  return keys.flatMap((key) => {
    const [ours, theirs] = [port.get(key) ?? null, live.get(key) ?? null];
    if (ours?.verdict === theirs?.verdict) return [];
    const feature = EXPLAINED.get(key);
    const why = feature === undefined ? undefined : leftOut.get(feature);
    const because = feature === undefined || why === undefined ? null : `${FEATURES[feature].says}: ${why}`;
    return [{ key, port: ours, live: theirs, because }];
  });
}

/** A line for each of the kernel's files, for the report. */
function summaryOf(port: Verdicts, live: Verdicts): string[] {
  const files = [...new Set([...port.values()].map(({ file }) => file))];
  const of = (verdicts: Verdicts, file: string): string => tellVerdicts(countVerdicts(file, [...verdicts.values()]));
  return files.map((file) => `${file}: passed on the port ${of(port, file)}; on the live kernel ${of(live, file)}`);
}

/** What they run on, and the variables of the environment that it takes. */
interface Side {
  backend: string | null;
  env: NodeJS.ProcessEnv;
}

const PORT: Side = { backend: null, env: {} };
const LIVE: Side = { backend: fileURLToPath(new URL('./selftest_backend.js', import.meta.url)), env: {} };
const CODE_BACKEND = fileURLToPath(new URL('./code_backend.js', import.meta.url));

/** Cases that the compiled code cannot pass, as it has no reclaim, and no holes in files. */
const NOT_IN_CODE: ReadonlyMap<string, string> = new Map([
  ['droppable.c: madvise(MADV_PAGEOUT) behavior', 'nothing is reclaimed'],
  ['guard-regions.c: guard_regions.file.hole_punch', 'files of its disk have no holes'],
]);

/** What the compiled code cannot do is skipped. */
export function withoutReach(result: SelftestResult): SelftestResult {
  const why = NOT_IN_CODE.get(keyOf(result));
  if (why !== undefined) return { ...result, verdict: 'skip', reason: `${OUT_OF_REACH}: ${why}` };
  return result.reason.startsWith(OUT_OF_REACH) ? { ...result, verdict: 'skip' } : result;
}

/** Runs them on the kernel's own code of a tree. */
async function runOnCode(kernel: string): Promise<Verdicts> {
  const scratch = new ScratchTree(kernel);
  try {
    const program = await buildProcessSide(scratch);
    const verdicts = runAll({ backend: CODE_BACKEND, env: { VMA_CODE_SIDE: program } });
    return new Map([...verdicts].map(([key, result]) => [key, withoutReach(result)]));
  } finally {
    scratch.remove();
  }
}

/** Runs all of them; what they come to. */
function runAll({ backend, env: more }: Side): Verdicts {
  const folder = scratchFolder('selftests');
  const record = join(folder, 'record');
  const env: NodeJS.ProcessEnv = { ...process.env, ...more, VMA_SELFTEST_RECORD: record };
  if (backend !== null) Object.assign(env, { VMA_SELFTEST_BACKEND: backend });
  const { stdout, stderr } = spawnSync(process.execPath, [RUNNER, TESTS], {
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const lines = existsSync(record) ? readFileSync(record, 'utf8') : '';
  removeScratch(folder);
  if (lines === '') throw new CannotBeDone(`no selftest ran: ${`${stdout}${stderr}`.trim().split('\n').at(-1) ?? ''}`);
  return verdictsOf(lines);
}

const [BEGIN, END] = ['<!-- selftests: all sides -->', '<!-- end: selftests -->'];

/** A document with the table in its place. */
export function withTable(document: string, table: string): string {
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (from < 0 || to < from) throw new Error('the document has no place for the table of selftests');
  return `${document.slice(0, from + BEGIN.length)}\n\n${table}\n\n${document.slice(to)}`;
}

/** What goes another way than on the port, in words; those that nobody can explain yet. */
function say(where: string, differing: readonly Divergence[]): { said: string[]; open: number } {
  const said = differing.map(({ key, port, live, because }) => {
    const verdicts = `port: ${port?.verdict ?? 'did not run'}, ${where}: ${live?.verdict ?? 'did not run'}`;
    const why = because === null ? `to be explained; ${live?.reason ?? ''}` : `explained by ${because}`;
    return `${key}: ${verdicts}; ${why}`;
  });
  return { said, open: differing.filter(({ because }) => because === null).length };
}

/** What the code does otherwise is to be explained, but for what is out of its reach. */
export function codeDivergences(port: Verdicts, code: Verdicts): Divergence[] {
  return divergences(port, code, new Map()).map((one) => {
    const { live } = one;
    return live?.reason.startsWith(OUT_OF_REACH) ? { ...one, because: live.reason } : one;
  });
}

export interface SelftestOptions {
  leftOut: LeftOut;
  /** A kernel tree, whose code is the third side. */
  kernel: string | null;
  /** Put the table into the README? */
  record: boolean;
}

/** Runs them on all sides, and prints the table and what differs. The status to end with. */
export async function compareSelftests({ leftOut, kernel, record }: SelftestOptions): Promise<number> {
  const [port, live] = [runAll(PORT), runAll(LIVE)];
  const code: Verdicts = kernel === null ? new Map() : await runOnCode(kernel);
  const all = [...port.values(), ...code.values(), ...live.values()];
  const table = tableOf(rowsOf(portedCases(CASES), all));
  if (record) writeFileSync(README, withTable(readFileSync(README, 'utf8'), table));
  const onLive = say('live kernel', divergences(port, live, leftOut));
  const onCode = say("kernel's code", code.size === 0 ? [] : codeDivergences(port, code));
  const said = [...onLive.said, ...onCode.said];
  const open = onLive.open + onCode.open;
  process.stdout.write(`${[table, '', ...said].join('\n')}\n`);
  keepFigures('live', { selftests: [...summaryOf(port, live), ...said] });
  process.stdout.write(`${said.length} cases differ, ${open} of them to be explained\n`);
  return open === 0 ? 0 : 1;
}
