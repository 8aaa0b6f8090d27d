// SPDX-License-Identifier: GPL-2.0-only
/** Figures that measuring commands leave for the report, one file for each command. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** VMA_FIGURES names another folder: what a test measures is no figure of the project. */
const FOLDER = process.env.VMA_FIGURES ?? fileURLToPath(new URL('../../../figures/', import.meta.url));

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The commit that a checkout stands at, with a + when files differ from it; unknown where git does not say. */
export function commitOf(root: string): string {
  const git = (...args: string[]): string =>
    spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
  const commit = git('rev-parse', '--short', 'HEAD');
  return commit === '' ? 'unknown' : commit + (git('status', '--porcelain', '-uno') === '' ? '' : '+');
}

/** What is said of figures that are measured now. */
export function measuredNow(root = ROOT): { date: string; commit: string } {
  return { date: new Date().toISOString().slice(0, 10), commit: commitOf(root) };
}

/** What a command has left, by its name; null if it was not run. */
export function readFigures(name: string, folder = FOLDER): object | null {
  const path = join(folder, `${name}.json`);
  if (!existsSync(path)) return null;
  const figures: unknown = JSON.parse(readFileSync(path, 'utf8'));
  return typeof figures === 'object' ? figures : null;
}

/** Leaves figures; those under other keys stay. */
export function keepFigures(name: string, figures: object, folder = FOLDER): void {
  mkdirSync(folder, { recursive: true });
  const all = { ...readFigures(name, folder), ...figures, measured: measuredNow() };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(all, null, 2)}\n`);
}
