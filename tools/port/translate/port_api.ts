// SPDX-License-Identifier: GPL-2.0-only
/** What the port offers to a translated test, read from its own declarations: names, signatures, fields. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Type, typeFromText, UNKNOWN } from './types.js';

export interface Parameter {
  name: string;
  type: Type;
  rest: boolean;
}

export type ApiEntry =
  | { kind: 'function'; parameters: Parameter[]; returns: Type }
  | { kind: 'class' | 'interface'; fields: Map<string, Type>; parameters: Parameter[] }
  | { kind: 'value'; type: Type };

export interface PortApi {
  /** By name: the entry, and the module that exports it. */
  entries: Map<string, { entry: ApiEntry; module: string }>;
}

const DIST = fileURLToPath(new URL('../../../../dist/', import.meta.url));

/** Where the package's two modules have their declarations. */
const MODULES: Record<string, readonly string[]> = {
  'vma-userland': ['include', 'stubs', 'lib'],
  'vma-userland/test': ['harness'],
};

/** Splits a parameter list at its commas, but not within types. */
function splitList(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const [i, char] of [...text].entries()) {
    if ('<({['.includes(char)) depth++;
    if (')}]'.includes(char) || (char === '>' && text[i - 1] !== '=')) depth--;
    if (char === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  return [...parts, part].map((one) => one.trim()).filter((one) => one !== '');
}

function parametersOf(text: string): Parameter[] {
  return splitList(text).map((part) => {
    const [, dots = '', name = '', type = 'unknown'] = /^(\.\.\.)?(\w+)\??: (.*)$/s.exec(part) ?? [];
    return { name, type: typeFromText(type), rest: dots !== '' };
  });
}

/** The text between the parenthesis at `from` and its partner. */
function enclosed(text: string, from: number): string {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === '(') depth++;
    if (text[i] === ')' && --depth === 0) return text.slice(from + 1, i);
  }
  return '';
}

function readFunctions(text: string, add: (name: string, entry: ApiEntry) => void): void {
  for (const match of text.matchAll(/^export declare function\*? ?(\w+)(?:<[^(]*>)?\(/gm)) {
    const open = match.index + match[0].length - 1;
    const list = enclosed(text, open);
    const returns = /^: (.*?);$/ms.exec(text.slice(open + list.length + 2))?.[1] ?? 'unknown';
    const type = / is /.test(returns) ? typeFromText('boolean') : typeFromText(returns);
    add(match[1] ?? '', { kind: 'function', parameters: parametersOf(list), returns: type });
  }
}

function fieldsOf(body: string): Map<string, Type> {
  const fields = new Map<string, Type>();
  for (const [, name = '', type = ''] of body.matchAll(/^ {4}(?:readonly )?(\w+)\??: ([^;]*);$/gm)) {
    fields.set(name, typeFromText(type));
  }
  for (const [, name = '', type = ''] of body.matchAll(/^ {4}get (\w+)\(\): ([^;]*);$/gm)) {
    fields.set(name, typeFromText(type));
  }
  for (const [, name = ''] of body.matchAll(/^ {4}(\w+)\??\([^;]*\): [^;]*;$/gm)) {
    if (name !== 'constructor' && !fields.has(name)) fields.set(name, { ...UNKNOWN, cls: 'function' });
  }
  return fields;
}

function readClasses(text: string, add: (name: string, entry: ApiEntry) => void): void {
  for (const [, kind = '', name = '', body = ''] of text.matchAll(
    /^export (?:declare )?(class|interface) (\w+)[^{\n]*\{\n(.*?)^\}/gms,
  )) {
    const open = body.indexOf('constructor(');
    const parameters = open < 0 ? [] : parametersOf(enclosed(body, open + 'constructor'.length));
    add(name, { kind: kind === 'class' ? 'class' : 'interface', fields: fieldsOf(body), parameters });
  }
}

function readValues(text: string, add: (name: string, entry: ApiEntry) => void): void {
  for (const [, name = '', type, value] of text.matchAll(/^export declare const (\w+)(?:: ([^;]*)| = ([^;]*));$/gm)) {
    const shown =
      type ?? (/^-?\d+n$/.test(value ?? '') ? 'bigint' : /^-?[\d.]+/.test(value ?? '') ? 'number' : 'boolean');
    const parsed = typeFromText(shown);
    add(name, parsed.cls === 'function' ? functionValue(shown) : { kind: 'value', type: parsed });
  }
}

/** A constant that holds a function, such as VM_WARN_ON. */
function functionValue(text: string): ApiEntry {
  const list = enclosed(text, text.indexOf('('));
  const returns = text.slice(text.lastIndexOf('=>') + 2).trim();
  return { kind: 'function', parameters: parametersOf(list), returns: typeFromText(returns) };
}

let known: PortApi | null = null;

/** Reads the declarations that the build has made. */
export function portApi(): PortApi {
  if (known !== null) return known;
  const entries: PortApi['entries'] = new Map();
  for (const [module, folders] of Object.entries(MODULES)) {
    for (const folder of folders) {
      const files = readdirSync(join(DIST, folder), { recursive: true, encoding: 'utf8' }).sort();
      for (const file of files.filter((name) => name.endsWith('.d.ts') && !name.startsWith('maple_tree/'))) {
        const text = readFileSync(join(DIST, folder, file), 'utf8');
        const add = (name: string, entry: ApiEntry): void => {
          if (!entries.has(name)) entries.set(name, { entry, module });
        };
        readFunctions(text, add);
        readClasses(text, add);
        readValues(text, add);
      }
    }
  }
  // lib/maple_tree/ exports through lib/maple_tree.ts alone.
  readTree(entries);
  known = { entries };
  return known;
}

function readTree(entries: PortApi['entries']): void {
  const exported = new Set(readFileSync(join(DIST, 'lib/maple_tree.d.ts'), 'utf8').match(/\w+/g));
  for (const file of readdirSync(join(DIST, 'lib/maple_tree')).filter((name) => name.endsWith('.d.ts'))) {
    const text = readFileSync(join(DIST, 'lib/maple_tree', file), 'utf8');
    const add = (name: string, entry: ApiEntry): void => {
      if (exported.has(name) && !entries.has(name)) entries.set(name, { entry, module: 'vma-userland' });
    };
    readFunctions(text, add);
    readValues(text, add);
  }
}
