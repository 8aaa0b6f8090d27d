// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LAYERS } from '../build/layers.js';

/** Folders of dist/ whose coverage counts. Tests do not cover themselves. */
const MEASURED_FOLDERS = LAYERS.filter((folder) => folder !== 'tests');

/** What the compiler leaves of a file with nothing but types. */
const EMPTY_MODULE = /^\s*(?:export \{\};)?\s*$/;

/** As much of V8's coverage files as is read or written here. */
interface V8Coverage {
  result: {
    scriptId: string;
    url: string;
    functions: {
      functionName: string;
      isBlockCoverage: boolean;
      ranges: { startOffset: number; endOffset: number; count: number }[];
    }[];
  }[];
  'source-map-cache': Record<string, { lineLengths: number[]; data: unknown; url: string | null }>;
}

/** Whether a compiled module does anything when it is run. */
export function hasCode(compiled: string): boolean {
  return !EMPTY_MODULE.test(compiled.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '').replace(/^#![^\n]*/, ''));
}

function measuredModules(root: string): string[] {
  return MEASURED_FOLDERS.map((folder) => join(root, 'dist', folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.js'))
        .map((path) => join(folder, path)),
    );
}

function loadedModules(coverageFolder: string): Set<string> {
  const urls = new Set<string>();
  for (const name of readdirSync(coverageFolder).filter((entry) => entry.endsWith('.json'))) {
    const coverage: V8Coverage = JSON.parse(readFileSync(join(coverageFolder, name), 'utf8'));
    for (const script of coverage.result) {
      urls.add(script.url);
    }
  }
  return urls;
}

/**
 * V8 knows only modules that were loaded; one that no test ever loads would be missing from the report instead of
 * standing there with 0 %. This adds such modules to V8's output, as run zero times.
 *
 * @param root the project's folder
 * @param coverageFolder where NODE_V8_COVERAGE pointed during the run
 * @returns the modules added
 */
export function addUntouchedModules(root: string, coverageFolder: string): string[] {
  const loaded = loadedModules(coverageFolder);
  const added: string[] = [];
  const coverage: V8Coverage = { result: [], 'source-map-cache': {} };
  for (const path of measuredModules(root)) {
    const url = pathToFileURL(path).href;
    const source = readFileSync(path, 'utf8');
    if (loaded.has(url) || !hasCode(source)) {
      continue;
    }
    const ranges = [{ startOffset: 0, endOffset: source.length, count: 0 }];
    coverage.result.push({
      scriptId: String(added.length),
      url,
      functions: [{ functionName: '', isBlockCoverage: true, ranges }],
    });
    coverage['source-map-cache'][url] = {
      lineLengths: source.split('\n').map((line) => line.length),
      data: JSON.parse(readFileSync(`${path}.map`, 'utf8')),
      url: `${url}.map`,
    };
    added.push(path);
  }
  writeFileSync(join(coverageFolder, 'coverage-untouched.json'), JSON.stringify(coverage));
  return added;
}
