// SPDX-License-Identifier: GPL-2.0-only
/** Finds the mutants of a compiled module, and puts them into it: all at once, each behind a switch of its own. */
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript-5';
import { identity, type Mutant } from './mutant.js';
import { isOfNoInterest, replacementsOf } from './operators.js';
import { SWITCH } from './switch.js';

function nameOf(node: ts.Node): string | undefined {
  if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isMethodDeclaration(node)) {
    return node.name?.getText();
  }
  if (ts.isGetAccessorDeclaration(node) || ts.isSetAccessorDeclaration(node)) return node.name.getText();
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  const { parent } = node;
  const isFunction = ts.isArrowFunction(node) || ts.isFunctionExpression(node);
  if (isFunction && (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent))) return parent.name.getText();
  return undefined;
}

function whereIs(node: ts.Node): string {
  const names: string[] = [];
  for (let at = node; at !== undefined; at = at.parent) {
    const name = nameOf(at);
    if (name !== undefined) names.unshift(name);
  }
  return names.join('.');
}

/** The statement or part of a class around a node: its first line. */
function statementOf(node: ts.Node): string {
  let at = node;
  while (!ts.isStatement(at) && !ts.isClassElement(at) && !ts.isSourceFile(at.parent)) at = at.parent;
  // An else has no line of its own.
  if (ts.isBlock(at) && !ts.isSourceFile(at.parent)) at = at.parent;
  return at.getText().split('\n', 1)[0]?.trim() ?? '';
}

/** Line numbers of the source, from 1 on, for offsets in what was compiled from it. */
function lineFinder(source: ts.SourceFile, map: SourceMapPayload | null): (offset: number) => number {
  const origins = map === null ? null : new SourceMap(map);
  return (offset) => {
    const { line, character } = source.getLineAndCharacterOfPosition(offset);
    const entry = origins?.findEntry(line, character);
    return (entry !== undefined && 'originalLine' in entry ? entry.originalLine : line) + 1;
  };
}

/**
 * All mutants of a module, in the order of its text.
 *
 * @param file name of its source, from the project's folder
 * @param compiled its JavaScript
 * @param map its source map; without one, lines are those of the JavaScript
 */
export function mutantsOf(file: string, compiled: string, map: SourceMapPayload | null): Mutant[] {
  const source = ts.createSourceFile(file, compiled, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  const lineOf = lineFinder(source, map);
  const text = (node: ts.Node): string => node.getText(source);
  const found: Mutant[] = [];
  const seen = new Map<string, number>();
  const visit = (node: ts.Node): void => {
    if (isOfNoInterest(node)) return;
    for (const { node: replaced, to, form } of replacementsOf(node, text)) {
      const start = replaced.getStart(source);
      const around = { where: whereIs(replaced), statement: statementOf(replaced) };
      const mutant = {
        file,
        ...around,
        from: text(replaced),
        to,
        form,
        start,
        end: replaced.end,
        line: lineOf(start),
        nth: 0,
      };
      const alike = identity(mutant);
      const nth = seen.get(alike) ?? 0;
      seen.set(alike, nth + 1);
      found.push({ ...mutant, nth });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.sort((a, b) => a.start - b.start || b.end - a.end);
}

/** Where a source was compiled to. */
export function compiledPath(root: string, file: string): string {
  return join(root, 'dist', file.replace(/\.ts$/, '.js'));
}

/** All mutants of a source that has been compiled. */
export function readMutants(root: string, file: string): Mutant[] {
  const path = compiledPath(root, file);
  return mutantsOf(file, readFileSync(path, 'utf8'), JSON.parse(readFileSync(`${path}.map`, 'utf8')));
}

/** Mutants of one place, and what lies within it. */
interface Site {
  start: number;
  end: number;
  form: Mutant['form'];
  mutants: (readonly [number: number, to: string])[];
  inner: Site[];
}

/** Sites within each other; mutants come in the order of their text, outer ones first. */
function sitesOf(mutants: readonly (readonly [number: number, mutant: Mutant])[]): Site[] {
  const outermost: Site[] = [];
  const open: Site[] = [];
  for (const [number, { start, end, form, to }] of mutants) {
    while ((open.at(-1)?.end ?? Number.POSITIVE_INFINITY) <= start) open.pop();
    const last = open.at(-1);
    if (last?.start === start && last.end === end && last.form === form) {
      last.mutants.push([number, to]);
      continue;
    }
    const site: Site = { start, end, form, mutants: [[number, to]], inner: [] };
    (last?.inner ?? outermost).push(site);
    open.push(site);
  }
  return outermost;
}

function withSites(text: string, start: number, end: number, sites: readonly Site[]): string {
  let at = start;
  let result = '';
  for (const site of sites) {
    result += text.slice(at, site.start) + switched(text, site);
    at = site.end;
  }
  return result + text.slice(at, end);
}

function switched(text: string, { start, end, form, mutants, inner }: Site): string {
  const original = withSites(text, start, end, inner);
  if (form === 'statement') {
    const cases = mutants.map(([number, to]) => `if($m.is(${number})){${to}}else `);
    return `{${cases.join('')}{${original}}}`;
  }
  return `(${mutants.map(([number, to]) => `$m.is(${number})?(${to}):`).join('')}(${original}))`;
}

/**
 * A module with mutants in it, of which the one is in force whose number the switch has. Lines stay where they are.
 *
 * @param compiled its JavaScript
 * @param mutants of this module, by their numbers in the run
 */
export function withMutants(compiled: string, mutants: readonly (readonly [number: number, mutant: Mutant])[]): string {
  const ordered = [...mutants].sort(([, a], [, b]) => a.start - b.start || b.end - a.end);
  const body = withSites(compiled, 0, compiled.length, sitesOf(ordered));
  return `const $m=globalThis[Symbol.for(${JSON.stringify(SWITCH)})];${body}`;
}
