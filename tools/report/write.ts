// SPDX-License-Identifier: GPL-2.0-only
/** Writes a report: a folder that opens from the file system, or one file that can be sent. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { makeFolder, outputFolder } from '../commands/folders.js';
import { CannotBeDone } from '../commands/program.js';
import type { ReportData } from './data.js';
import { pageOf, TITLE } from './page.js';

const STYLES = ['report.css', 'timeline.css'];

/** The page's own scripts, in the order in which they stand in it. */
const SCRIPTS = ['elements.js', 'scale.js', 'draw.js', 'part.js', 'links.js', 'tests.js'];

function assets(names: readonly string[]): string {
  const folder = new URL('../../../tools/report/assets/', import.meta.url);
  return names.map((name) => readFileSync(new URL(name, folder), 'utf8')).join('\n');
}

function isReport(file: string): boolean {
  return existsSync(file) && statSync(file).isFile() && readFileSync(file, 'utf8').includes(TITLE);
}

/** Where a report goes: known to be writable, and nothing there but an earlier report, before anything is run for it. */
export interface Destination {
  /** The page. */
  page: string;
  /** Null for a report of one file. */
  folder: string | null;
}

/** @throws CannotBeDone when nothing can be written there, or something else is there */
export function destination({ out, single }: { out: string; single?: string }): Destination {
  if (single !== undefined) {
    if (single === '') throw new CannotBeDone('--single: no file is named');
    const page = resolve(single);
    outputFolder('--single', dirname(page));
    if (existsSync(page) && !isReport(page)) throw new CannotBeDone(`${single} is there, and is no report`);
    return { page, folder: null };
  }
  const folder = outputFolder('--out', out);
  const page = join(folder, 'index.html');
  const isFree = !existsSync(folder) || readdirSync(folder).length === 0 || isReport(page);
  if (!isFree) throw new CannotBeDone(`${out} is there, and is no report`);
  return { page, folder };
}

/** An earlier report there goes. */
export function writeReport(data: ReportData, { page, folder }: Destination): void {
  const html = pageOf(data, assets(STYLES), assets(SCRIPTS));
  if (folder !== null && existsSync(folder)) rmSync(folder, { recursive: true });
  makeFolder(dirname(page));
  writeFileSync(page, html);
}

/** "12 tests, 1 failed", and the status that says so. */
export function conclude({ tests }: ReportData, { page }: Destination): number {
  const failed = tests.filter(({ result }) => result === 'not ok').length;
  process.stdout.write(`${page}: ${tests.length} ${tests.length === 1 ? 'test' : 'tests'}, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}
