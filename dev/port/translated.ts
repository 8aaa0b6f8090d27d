// SPDX-License-Identifier: GPL-2.0-only
/** Translates C test files with `port tests`, runs what comes out in one process, and says how each test ended. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Verdict } from './in_c.js';

/** The project's folder, seen from dist/dev/port. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** How a translated test ends: as it could in C, or marked, which promises nothing. */
export type Outcome = Verdict | 'marked';

export interface Translated {
  /** Status and output of `port tests`. */
  status: number | null;
  said: string;
  /** What the compiler complains about; empty if nothing. */
  complaints: string;
  /** Outcomes by name of the test; one that is missing was not written or did not run. */
  outcomes: Record<string, Outcome>;
}

/** How long tests may run, and how long it may take to make them, in milliseconds. */
const RUNNING = 10_000;
const MAKING = 120_000;
const RESULT = /^(ok|not ok) \d+ - (\w+)(.*)$/gm;

function node(args: readonly string[], timeout: number, env: Record<string, string> = {}): SpawnSyncReturns<string> {
  // What was set for the run outside, a filter of names say, must not reach the one inside.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:TAP_|VMA_TRACE)/.test(name));
  const settings = { ...Object.fromEntries(inherited), NUM_VMA_FLAG_BITS: '64', ...env };
  return spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: settings,
    encoding: 'utf8',
    timeout,
    killSignal: 'SIGKILL',
  });
}

function outcomesOf(stdout: string, counts: string): Record<string, Outcome> {
  const reached: Record<string, number> = existsSync(counts) ? JSON.parse(readFileSync(counts, 'utf8')) : {};
  const results = [...stdout.matchAll(RESULT)].map(([, state, name = '', rest = '']): [string, Outcome] => [
    name,
    rest.includes(' # TODO') ? 'marked' : `${state === 'ok' ? 'ok' : 'not ok'} ${reached[name] ?? 0}`,
  ]);
  return Object.fromEntries(results);
}

/** Runs compiled files in one process; when one of them cannot be loaded or does not come to an end, each in its own. */
function run(folder: string, names: readonly string[]): Record<string, Outcome> {
  const entry = join(folder, 'all.mjs');
  const counts = join(folder, 'counts.json');
  const imports = ['../dist/dev/port/count.js', ...names.map((name) => `./out/${name}.test.js`)];
  const lines = imports.map((path) => `await import('${path}');\n`);
  writeFileSync(entry, `${lines.join('')}process.stderr.write('loaded');\n`);
  rmSync(counts, { force: true });
  const { stdout, stderr } = node([entry], RUNNING, { VMA_ASSERTIONS: counts });
  const whole = stderr.includes('loaded') && /^# time=/m.test(stdout);
  if (whole || names.length === 1) return outcomesOf(stdout, counts);
  return Object.assign({}, ...names.map((name) => run(folder, [name])));
}

/**
 * @param kernel the tree that `port tests` is given
 * @param files C files
 */
export function runTranslated(kernel: string, files: readonly string[]): Translated {
  const folder = mkdtempSync(join(ROOT, 'translated-'));
  try {
    const config = {
      extends: '../tsconfig.json',
      compilerOptions: { rootDir: '.', outDir: 'out', incremental: false, declaration: false, declarationMap: false },
      include: ['*.ts'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const translate = ['dist/tools/cli.js', 'port', 'tests', '--kernel', kernel, '--out', folder];
    const said = node([...translate, ...files], MAKING);
    // One file that stops it is not to hide what becomes of the others.
    if (said.status === 2) for (const file of files) node([...translate, file], MAKING);
    const compiled = node(['node_modules/typescript/bin/tsc', '-p', folder], MAKING);
    const names = files.map((file) => basename(file, '.c'));
    const written = names.filter((name) => existsSync(join(folder, 'out', `${name}.test.js`)));
    const outcomes = written.length === 0 ? {} : run(folder, written);
    return { status: said.status, said: said.stdout + said.stderr, complaints: compiled.stdout, outcomes };
  } finally {
    if (process.env.KEEP_TRANSLATED === undefined) rmSync(folder, { recursive: true });
  }
}
