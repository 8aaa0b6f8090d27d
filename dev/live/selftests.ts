// SPDX-License-Identifier: GPL-2.0-only
/** The kernel's selftests on the port and on the running kernel, verdict by verdict. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SelftestResult } from '../../harness/selftest/registry.js';
import { removeScratch, scratchFolder } from '../../tools/commands/folders.js';
import { CannotBeDone } from '../../tools/commands/program.js';
import { FEATURES, type FeatureName, type LeftOut } from './features.js';

const RUNNER = fileURLToPath(new URL('../run/run.js', import.meta.url));
const BACKEND = fileURLToPath(new URL('./selftest_backend.js', import.meta.url));
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

/** "24", or "23, 1 skipped": what passed, and what else came of the rest. */
function counted(results: readonly SelftestResult[]): string {
  const count = (verdict: string): number => results.filter((result) => result.verdict === verdict).length;
  const others = [
    [count('skip'), 'skipped'],
    [count('xfail'), 'fail as expected'],
    [count('fail'), 'FAIL'],
  ] as const;
  return [`${count('pass')}`, ...others.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`)].join(', ');
}

/** A row for each file of the kernel's: cases, and what came of them on each side. */
export function tableOf(port: Verdicts, live: Verdicts): string[] {
  const files = [...new Set([...port.values(), ...live.values()].map(({ file }) => file))].sort();
  const of = (verdicts: Verdicts, file: string): SelftestResult[] =>
    [...verdicts.values()].filter((result) => result.file === file);
  const rows = files.map((file) => {
    const [ours, theirs] = [of(port, file), of(live, file)];
    return `| \`${file}\` | ${Math.max(ours.length, theirs.length)} | ${counted(ours)} | ${counted(theirs)} |`;
  });
  const all = `| all | ${Math.max(port.size, live.size)} | ${counted([...port.values()])} | ${counted([...live.values()])} |`;
  return [
    '| file | cases | passed on the port | passed on the live kernel |',
    '| --- | --- | --- | --- |',
    ...rows,
    all,
  ];
}

/** Runs all of them; what they come to. */
function runAll(backend: string | null): Verdicts {
  const folder = scratchFolder('selftests');
  const record = join(folder, 'record');
  const env: NodeJS.ProcessEnv = { ...process.env, VMA_SELFTEST_RECORD: record };
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

/** Runs them on both, and prints the table and what differs. The status to end with. */
export function compareSelftests(leftOut: LeftOut): number {
  const [port, live] = [runAll(null), runAll(BACKEND)];
  const differing = divergences(port, live, leftOut);
  const said = differing.map(({ key, port: ours, live: theirs, because }) => {
    const verdicts = `port: ${ours?.verdict ?? 'did not run'}, live kernel: ${theirs?.verdict ?? 'did not run'}`;
    const why = because === null ? `to be explained; ${theirs?.reason ?? ''}` : `explained by ${because}`;
    return `${key}: ${verdicts}; ${why}`;
  });
  process.stdout.write(`${[...tableOf(port, live), '', ...said].join('\n')}\n`);
  const open = differing.filter(({ because }) => because === null).length;
  process.stdout.write(`${differing.length} cases differ, ${open} of them to be explained\n`);
  return open === 0 ? 0 : 1;
}
