// SPDX-License-Identifier: GPL-2.0-only
import { LAYERS } from '../../dev/build/layers.js';
import { ROOT, runNode } from './project.js';

/** Files, and what each imports: other files, or packages by their path below node_modules. */
export type ModuleGraph = Map<string, Set<string>>;

/**
 * Asks the compiler which file imports which. Its answer counts imports of types and dynamic imports too, and never
 * takes a comment or a string for an import.
 */
export function readModuleGraph(): ModuleGraph {
  const { stdout } = runNode(['node_modules/typescript/bin/tsc', '-p', '.', '--noEmit', '--explainFiles']);
  return parseModuleGraph(stdout);
}

/** Reads `--explainFiles`: a file at the margin, below it, indented, each reason why it is there. */
export function parseModuleGraph(text: string): ModuleGraph {
  const graph: ModuleGraph = new Map();
  let imported = '';
  for (const line of text.split('\n')) {
    const importer = /^ +Imported via .* from file '(.+?)'/.exec(line)?.[1];
    if (importer !== undefined) {
      edges(graph, importer).add(imported);
    } else if (/^\S/.test(line)) {
      imported = line.replace(ROOT, '');
      edges(graph, imported);
    }
  }
  return graph;
}

function edges(graph: ModuleGraph, file: string): Set<string> {
  let found = graph.get(file);
  if (found === undefined) {
    found = new Set();
    graph.set(file, found);
  }
  return found;
}

/** The first circle of imports among the chosen files, as a path that ends where it begins; null if there is none. */
export function findCircle(graph: ModuleGraph, choose: (file: string) => boolean): string[] | null {
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string): string[] | null {
    const start = path.indexOf(file);
    if (start >= 0) {
      return [...path.slice(start), file];
    }
    if (done.has(file) || !choose(file)) {
      return null;
    }
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next);
      if (circle !== null) {
        return circle;
      }
    }
    path.pop();
    done.add(file);
    return null;
  }
  for (const file of graph.keys()) {
    const circle = visit(file);
    if (circle !== null) {
      return circle;
    }
  }
  return null;
}

function layerOf(file: string): number {
  return LAYERS.findIndex((layer) => file.startsWith(`${layer}/`));
}

/** Imports that point from a lower layer to a higher one, or from the code under test to a package. */
export function wrongImports(graph: ModuleGraph): string[] {
  const wrong: string[] = [];
  for (const [file, imports] of graph) {
    const layer = layerOf(file);
    for (const imported of layer < 0 ? [] : imports) {
      const reached = layerOf(imported);
      const isPackage = reached < 0;
      if (isPackage ? layer <= LAYERS.indexOf('lib') : reached > layer) {
        wrong.push(`${file} imports ${imported}`);
      }
    }
  }
  return wrong;
}
