// SPDX-License-Identifier: GPL-2.0-only
/**
 * The C types of what the port has, as the baseline's headers declare them: tools/port/c_types.json, one text for each. A
 * tree that was not copied whole is read with them.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BOOL, type CType, FLAGS_WORD, INT, VOID } from './ctypes.js';
import { Environment } from './environment.js';
import type { Headers } from './headers.js';
import type { Macro } from './macros.js';
import { portApi } from './port_api.js';

const FILE = fileURLToPath(new URL('../../../../tools/port/c_types.json', import.meta.url));

/** What the file holds. */
export interface RecordedTypes {
  kernel: string;
  functions: Record<string, string>;
  structs: Record<string, Record<string, string>>;
  variables: Record<string, string>;
  macros: string[];
}

/** A type as a text: `*struct file`, `u64`, `[4]s32`, `f(void,*struct file)`. */
export function encode(type: CType): string {
  switch (type.kind) {
    case 'int':
      return type.bool ? 'bool' : type.word ? 'word' : `${type.signed ? 's' : 'u'}${type.bits}`;
    case 'pointer':
      return `*${encode(type.to)}`;
    case 'array':
      return `[${type.length ?? ''}]${encode(type.of)}`;
    case 'struct':
      return `struct ${type.name}`;
    case 'function':
      return `f(${[type.returns, ...type.parameters].map(encode).join(',')}${type.variadic ? ',...' : ''})`;
    case 'unknown':
      return `?${type.name}`;
    default:
      return type.kind;
  }
}

class Decoder {
  private rest: string;

  constructor(text: string) {
    this.rest = text;
  }

  private take(pattern: RegExp): RegExpExecArray | null {
    const found = pattern.exec(this.rest);
    if (found !== null) this.rest = this.rest.slice(found[0].length);
    return found;
  }

  type(): CType {
    if (this.take(/^\*/) !== null) return { kind: 'pointer', to: this.type() };
    const array = this.take(/^\[(\d*)\]/);
    if (array !== null) return { kind: 'array', length: array[1] === '' ? null : Number(array[1]), of: this.type() };
    const struct = this.take(/^struct (\w+)/);
    if (struct !== null) return { kind: 'struct', name: struct[1] ?? '' };
    if (this.take(/^f\(/) !== null) return this.function();
    const unknown = this.take(/^\?([^,)]*)/);
    if (unknown !== null) return { kind: 'unknown', name: unknown[1] ?? '' };
    const [, sign = '', bits = '', name = ''] = this.take(/^(?:([us])(\d+)|(\w+))/) ?? [];
    if (name === 'bool') return BOOL;
    if (name === 'word') return FLAGS_WORD;
    if (bits === '') return VOID;
    return { ...INT, bits: Number(bits), signed: sign === 's' };
  }

  private function(): CType {
    const returns = this.type();
    const parameters: CType[] = [];
    let variadic = false;
    while (this.take(/^,/) !== null) {
      if (this.take(/^\.\.\./) !== null) variadic = true;
      else parameters.push(this.type());
    }
    this.take(/^\)/);
    return { kind: 'function', returns, parameters, variadic };
  }
}

/** What is recorded of a tree: the types of all that the port has too. */
export function record(kernel: string, { environment, macros }: Headers): RecordedTypes {
  const { entries, stubs } = portApi();
  const known = (name: string): boolean => entries.has(name) || stubs.has(name);
  const sorted = <T>(all: Iterable<[string, T]>): [string, T][] => [...all].sort(([a], [b]) => (a < b ? -1 : 1));
  const functions = sorted(environment.functions).filter(([name]) => known(name));
  const structs = sorted(environment.structs).filter(([name]) => known(name) || name === 'vma_prepare');
  return {
    kernel,
    functions: Object.fromEntries(
      functions.map(([name, { returns, parameters, variadic }]) => [
        name,
        encode({ kind: 'function', returns, parameters: parameters.map((one) => one.type), variadic }),
      ]),
    ),
    structs: Object.fromEntries(
      structs.map(([name, { fields }]) => [
        name,
        Object.fromEntries(fields.map((one) => [one.overlaps ? `|${one.name}` : one.name, encode(one.type)])),
      ]),
    ),
    variables: Object.fromEntries(sorted(environment.variables).map(([name, type]) => [name, encode(type)])),
    macros: [...macros.keys()].sort(),
  };
}

/** The recorded types, as if they had been read from headers. */
export function recordedHeaders(): Headers {
  const types: RecordedTypes = JSON.parse(readFileSync(FILE, 'utf8'));
  const environment = new Environment();
  for (const [name, text] of Object.entries(types.functions)) {
    const type = new Decoder(text).type();
    if (type.kind !== 'function') continue;
    const parameters = type.parameters.map((one, i) => ({ name: `a${i}`, type: one }));
    environment.functions.set(name, { name, returns: type.returns, parameters, variadic: type.variadic });
  }
  for (const [name, fields] of Object.entries(types.structs)) {
    const list = Object.entries(fields).map(([field, text]) => ({
      name: field.replace('|', ''),
      type: new Decoder(text).type(),
      overlaps: field.startsWith('|'),
    }));
    environment.structs.set(name, { name, fields: list, union: false });
  }
  for (const [name, text] of Object.entries(types.variables)) environment.variables.set(name, new Decoder(text).type());
  // Of a macro it is known that there is one.
  const none = (name: string): [string, Macro] => [
    name,
    { name, parameters: null, variadic: false, body: [], line: 0, opaque: true },
  ];
  return { environment, macros: new Map(types.macros.map(none)) };
}
