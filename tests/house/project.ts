// SPDX-License-Identifier: GPL-2.0-only
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder, seen from dist/tests/house. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface Finished {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface Settings {
  cwd?: string;
  input?: string;
  env?: Record<string, string | undefined>;
}

/**
 * Runs a command to its end. tap's own variables and those of tracing are left out of its environment: a name filter of
 * the outer run must not reach a run that a test starts. Nor does the coverage of a foreign program concern anybody.
 */
export function runCommand(command: string, args: readonly string[], settings: Settings = {}): Finished {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:TAP_|VMA_TRACE|NODE_V8_COVERAGE$)/.test(name));
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: settings.cwd ?? ROOT,
    env: { ...Object.fromEntries(inherited), ...settings.env },
    input: settings.input ?? '',
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (error !== undefined) {
    throw error;
  }
  return { status, stdout, stderr };
}

/** Figures that programs leave when tests run them. */
const FIGURES = join(tmpdir(), 'vma-userland-figures-of-tests');

/** Runs one of the project's compiled programs; in a run with coverage it is covered as well. */
export function runNode(args: readonly string[], settings: Settings = {}): Finished {
  const { NODE_V8_COVERAGE } = process.env;
  return runCommand(process.execPath, args, {
    ...settings,
    env: { NODE_V8_COVERAGE, VMA_FIGURES: FIGURES, ...settings.env },
  });
}

/** Files with one of these endings below some of the project's folders, as far as those exist, relative to it. */
export function sourceFiles(folders: readonly string[], endings: readonly string[]): string[] {
  const there = folders.filter((folder) => existsSync(join(ROOT, folder)));
  return there.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => endings.some((ending) => path.endsWith(ending)))
      .map((path) => join(folder, path))
      .sort(),
  );
}
