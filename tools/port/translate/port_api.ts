// SPDX-License-Identifier: GPL-2.0-only
/** What the port offers to a translated test, read from its own declarations: names, signatures, fields. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Type, typeFromText, UNKNOWN } from './types.js';

export interface Parameter {
  name: string;
  type: Type;
  rest: boolean;
  /** A call may leave it out. */
  optional: boolean;
}

export type ApiEntry =
  | { kind: 'function'; parameters: Parameter[]; returns: Type }
  | { kind: 'class' | 'interface'; fields: Map<string, Type>; fixed: Set<string>; parameters: Parameter[] }
  | { kind: 'value'; type: Type };

export interface PortApi {
  /** By name: the entry, and the module that exports it. */
  entries: Map<string, { entry: ApiEntry; module: string }>;
  /** What the stub world does, by name: functions of `stubs`. */
  stubs: Map<string, Extract<ApiEntry, { kind: 'function' }>>;
}

const DIST = fileURLToPath(new URL('../../../../dist/', import.meta.url));

/** The package's modules, each with the declarations that it exports. Of a name that two have, the first one's is meant. */
const MODULES: Record<string, string> = {
  'vma-userland': 'lib/index.d.ts',
  'vma-userland/test/c': 'harness/c.d.ts',
  'vma-userland/test': 'harness/index.d.ts',
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
    const [, dots = '', name = '', mark = '', type = 'unknown'] = /^(\.\.\.)?(\w+)(\??): (.*)$/s.exec(part) ?? [];
    return { name, type: typeFromText(type), rest: dots !== '', optional: dots !== '' || mark !== '' };
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

/** Fields that cannot be assigned to. */
function fixedFields(body: string): Set<string> {
  const found = new Set([...body.matchAll(/^ {4}readonly (\w+)\??:/gm)].map(([, name = '']) => name));
  for (const [, name = ''] of body.matchAll(/^ {4}get (\w+)\(\)/gm)) {
    if (!new RegExp(`^ {4}set ${name}\\(`, 'm').test(body)) found.add(name);
  }
  return found;
}

function readClasses(text: string, add: (name: string, entry: ApiEntry) => void): void {
  for (const [, kind = '', name = '', body = ''] of text.matchAll(
    /^export (?:declare )?(class|interface) (\w+)[^{\n]*\{\n(.*?)^\}/gms,
  )) {
    const open = body.indexOf('constructor(');
    const parameters = open < 0 ? [] : parametersOf(enclosed(body, open + 'constructor'.length));
    add(name, {
      kind: kind === 'class' ? 'class' : 'interface',
      fields: fieldsOf(body),
      fixed: fixedFields(body),
      parameters,
    });
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

/** Names that a declaration file exports, by itself or from others; each with the file that declares it. */
function exportsOf(file: string): Map<string, string> {
  const text = readFileSync(file, 'utf8');
  const found = new Map<string, string>();
  for (const [, path = ''] of text.matchAll(/^export \* from '(.*)\.js';$/gm)) {
    for (const [name, at] of exportsOf(join(dirname(file), `${path}.d.ts`))) found.set(name, at);
  }
  for (const [, list = '', path] of text.matchAll(/^export (?:type )?\{([^}]*)\}(?: from '(.*)\.js')?;$/gm)) {
    const names = list.split(',').map((one) => one.trim().replace(/^type /, ''));
    const from = path === undefined ? importsOf(text, file) : null;
    for (const name of names.filter((one) => one !== '')) {
      found.set(name, from === null ? join(dirname(file), `${path}.d.ts`) : (from.get(name) ?? file));
    }
  }
  for (const [, name = ''] of text.matchAll(
    /^export (?:declare )?(?:function\*?|class|interface|const|type) ?(\w+)/gm,
  )) {
    found.set(name, file);
  }
  return found;
}

/** Where the names come from that a file imports. */
function importsOf(text: string, file: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, list = '', path = ''] of text.matchAll(/^import (?:type )?\{([^}]*)\} from '(\..*)\.js';$/gm)) {
    for (const one of list.split(',')) found.set(one.trim().replace(/^type /, ''), join(dirname(file), `${path}.d.ts`));
  }
  return found;
}

let known: PortApi | null = null;

/** Reads the declarations that the build has made. */
export function portApi(): PortApi {
  if (known !== null) return known;
  const entries: PortApi['entries'] = new Map();
  const files = new Map<string, Map<string, ApiEntry>>();
  for (const [module, index] of Object.entries(MODULES)) {
    for (const [name, file] of exportsOf(join(DIST, index))) {
      const declared = files.get(file) ?? declarationsIn(file);
      files.set(file, declared);
      const entry = declared.get(name) ?? declaredBeyond(file, name);
      if (entry !== undefined && !entries.has(name)) entries.set(name, { entry, module });
    }
  }
  known = { entries, stubs: stubFunctions() };
  return known;
}

function stubFunctions(): PortApi['stubs'] {
  const text = readFileSync(join(DIST, 'stubs/stubs.d.ts'), 'utf8');
  const found: PortApi['stubs'] = new Map();
  for (const match of text.matchAll(/^ {4}(\w+)\(/gm)) {
    const list = enclosed(text, match.index + match[0].length - 1);
    const returns = /^: (.*?);$/ms.exec(text.slice(match.index + match[0].length + list.length + 1))?.[1] ?? 'unknown';
    found.set(match[1] ?? '', { kind: 'function', parameters: parametersOf(list), returns: typeFromText(returns) });
  }
  return found;
}

/** A name that the file itself has from another one. */
function declaredBeyond(file: string, name: string): ApiEntry | undefined {
  const further = exportsOf(file).get(name);
  return further === undefined || further === file ? undefined : declarationsIn(further).get(name);
}

function declarationsIn(file: string): Map<string, ApiEntry> {
  const text = readFileSync(file, 'utf8');
  const found = new Map<string, ApiEntry>();
  const add = (name: string, entry: ApiEntry): void => {
    // Of a function with several signatures the first counts.
    if (!found.has(name)) found.set(name, entry);
  };
  readFunctions(text, add);
  readClasses(text, add);
  readValues(text, add);
  return found;
}
