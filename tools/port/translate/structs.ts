// SPDX-License-Identifier: GPL-2.0-only
/** Structs and arrays with their first values: by field, by order, shorter than they are. */

import { type CType, describe, isInt } from './ctypes.js';
import { part } from './declarators.js';
import { Expressions } from './expressions.js';
import { structEntry, structName, textOf } from './model.js';
import type { Node } from './nodes.js';
import { twinOf } from './older.js';
import type { Parameter } from './port_api.js';
import { childrenOf, constantOf, safeField, Untranslatable } from './scope.js';
import { heldFor, literal, type Value, value } from './values.js';

interface Given {
  name: string;
  code: string;
}

/** Most elements of an array that are written out. */
const MOST_ELEMENTS = 4096;

export abstract class Structs extends Expressions {
  /** Has the file a way of seeing how often a VMA was written to? Then one that is all zero must say so. */
  protected abstract readonly looksAtWrites: boolean;

  protected structFrom(type: CType, list: Node | null): Value {
    if (type.kind !== 'struct') throw new Untranslatable(`a list of values for a ${describe(type)}`);
    if (type.name === 'vma_flags_t') return this.flagsFrom(list);
    const pairs = list === null ? [] : this.pairsOf(type.name, list);
    if (this.file.structs.has(type.name)) return this.ownStruct(type, pairs);
    return this.portStruct(type, pairs);
  }

  private flagsFrom(list: Node | null): Value {
    const given = list === null ? [] : childrenOf(list);
    if (given.length > 0 && !(given.length === 1 && /^\{?\s*0\s*\}?$/.test(given[0]?.text ?? ''))) {
      throw new Untranslatable('words for a vma_flags_t');
    }
    return value(`${this.use('EMPTY_VMA_FLAGS')}.clone()`, { kind: 'struct', name: 'vma_flags_t' }, 'object');
  }

  /** Which field gets which value. */
  private pairsOf(name: string, list: Node): { name: string; node: Node }[] {
    const given = childrenOf(list);
    const [only] = given;
    if (given.length === 1 && only?.text === '0') return [];
    const struct = this.file.env.structs.get(name);
    if (struct === undefined) throw new Untranslatable(`struct ${name} is not known`);
    let next = 0;
    return given.map((one) => {
      if (one.type === 'initializer_pair') {
        const designators = childrenOf(one).filter((child) => child.type.endsWith('_designator'));
        const [designator] = designators;
        if (designators.length !== 1 || designator?.type !== 'field_designator') {
          throw new Untranslatable('a value for a part of a field');
        }
        const field = designator.text.replace(/^\.\s*/, '');
        next = struct.fields.findIndex((candidate) => candidate.name === field) + 1;
        return { name: field, node: part(one, 'value') };
      }
      const field = struct.fields[next++];
      if (field === undefined || field.overlaps)
        throw new Untranslatable('values by their order, for what C lays over each other');
      // Without braces the values of a struct or an array within go on in the list.
      if ((field.type.kind === 'struct' || field.type.kind === 'array') && one.type !== 'initializer_list') {
        const whole = field.type.kind === 'struct' && this.isWhole(one);
        if (!whole) throw new Untranslatable(`values for ${field.name} without braces`);
      }
      return { name: field.name, node: one };
    });
  }

  private isWhole(node: Node): boolean {
    return !/literal$/.test(node.type) && this.translate(node).type.kind === 'struct';
  }

  /** The value of a field in its first values. */
  private fieldCode(type: CType, node: Node, key: string | null, held: (given: Value) => string): string {
    if (node.type === 'initializer_list') {
      if (type.kind === 'array') return this.arrayFrom(type, node, key === null ? null : `${key}[]`).code;
      if (type.kind === 'struct') return this.structFrom(type, node).code;
      const [inner] = childrenOf(node);
      if (inner === undefined || childrenOf(node).length > 1)
        throw new Untranslatable(`a list for a ${describe(type)}`);
      return this.fieldCode(type, inner, key, held);
    }
    return held(this.translate(node));
  }

  private ownStruct(type: Extract<CType, { kind: 'struct' }>, pairs: readonly { name: string; node: Node }[]): Value {
    const struct = this.file.env.structs.get(type.name);
    if (struct === undefined || struct.union) throw new Untranslatable(`a union ${type.name}`);
    const seen = new Map<string, string>();
    for (const { name, node } of pairs) {
      const field = this.file.env.field(type, name);
      if (field.overlaps) throw new Untranslatable(`${name} is part of a union`);
      const key = `struct ${type.name}.${name}`;
      const code = this.fieldCode(field.type, node, key, (given) => this.ownFieldCode(given, field.type, key));
      seen.set(name, code);
    }
    const made = structName(this.file, type.name);
    const list = [...seen].map(([name, code]) => ({ name: safeField(name), code }));
    return value(list.length === 0 ? `new ${made}()` : `new ${made}(${literalOf(list)})`, type, 'object');
  }

  private ownFieldCode(given: Value, type: CType, key: string): string {
    const escapes = this.file.facts.read(`&${key}`).nullable;
    const rep = isInt(type) ? this.factValue('', type, key, escapes).rep : 'object';
    return this.codeFor(given, type, rep, key);
  }

  private portStruct(type: Extract<CType, { kind: 'struct' }>, pairs: readonly { name: string; node: Node }[]): Value {
    const entry = structEntry(this.file, type.name);
    const values: Given[] = [];
    for (const { name, node } of pairs) {
      const field = this.file.env.field(type, name);
      const port = entry.fields.get(name);
      if (port === undefined) throw new Untranslatable(`struct ${type.name} has no ${name} here`, name);
      const place = this.portValue(`_.${name}`, field.type, port);
      const code = this.fieldCode(field.type, node, null, (given) => {
        if (port.choice && !(given.fixed && /^[A-Z]\w+$/.test(given.code))) {
          throw new Untranslatable(`${given.code} for what is one of a few numbers here`);
        }
        const one = this.convert(given, field.type);
        if (isInt(field.type)) return this.held(one, place.rep);
        // A field that is a bitmap copies what it is given.
        if (field.type.kind === 'struct') return field.type.name === 'vma_flags_t' ? one.code : this.copied(one);
        const refuses = (one.nullable && !port.nullable) || (one.errable && !port.errable);
        return refuses && port.cls !== 'unknown' ? this.followed(one) : one.code;
      });
      values.push({ name, code });
    }
    if (new Set(values.map((one) => one.name)).size < values.length)
      throw new Untranslatable('a field with two values');
    if (type.name === 'vm_area_struct' && this.looksAtWrites && !values.some((one) => one.name === 'vm_lock_seq')) {
      values.push({ name: 'vm_lock_seq', code: '0' });
    }
    const fields = this.file.env.structs.get(type.name)?.fields ?? [];
    for (const { name, code } of [...values]) {
      const twin = twinOf(type.name, name, (field) => fields.some((one) => one.name === field));
      if (twin !== null) values.push({ name: twin, code });
    }
    if (entry.kind === 'interface') return value(literalOf(values), type, 'object');
    return value(this.constructed(type.name, entry.parameters, values), type, 'object');
  }

  private constructed(name: string, parameters: readonly Parameter[], values: readonly Given[]): string {
    const made = this.use(structName(this.file, name));
    const init = parameters.find((one) => one.name === 'init');
    const positional = parameters.filter((one) => one !== init);
    const args: string[] = [];
    for (const parameter of positional) {
      const found = values.find((one) => one.name === parameter.name);
      if (found === undefined && !parameter.optional) {
        throw new Untranslatable(`a struct ${name} without ${parameter.name}, which it needs here`);
      }
      if (found === undefined) break;
      args.push(found.code);
    }
    const rest = values.filter(
      (one) => !positional.slice(0, args.length).some(({ name: taken }) => taken === one.name),
    );
    if (rest.length === 0) return `new ${made}(${args.join(', ')})`;
    const complete = args.length === positional.length;
    if (init !== undefined && complete && this.takesInit(init, rest))
      return `new ${made}(${[...args, literalOf(rest)].join(', ')})`;
    return `Object.assign(new ${made}(${args.join(', ')}), ${literalOf(rest)})`;
  }

  /** Can the constructor be given these fields as its `init`? */
  private takesInit(init: Parameter, values: readonly Given[]): boolean {
    const entry = this.file.api.entries.get(init.type.name)?.entry;
    const has = (name: string): boolean =>
      entry?.kind === 'interface' ? entry.fields.has(name) : new RegExp(`\\b${name}\\??:`).test(init.type.name);
    return values.every(({ name }) => has(name));
  }

  // --- Arrays ---

  /** The elements of an array: those that are given, and zero for all others. */
  protected arrayFrom(type: Extract<CType, { kind: 'array' }>, list: Node | null, key: string | null): Value {
    const elements: (string | undefined)[] = [];
    let next = 0;
    for (const one of list === null ? [] : childrenOf(list)) {
      let node = one;
      if (one.type === 'initializer_pair') {
        const [designator, further] = childrenOf(one).filter((child) => child.type.endsWith('_designator'));
        const index = designator?.type === 'subscript_designator' ? childrenOf(designator)[0] : undefined;
        const at = index === undefined || further !== undefined ? null : constantOf(index, this.file.env.numbers);
        if (at === null || at > BigInt(MOST_ELEMENTS)) throw new Untranslatable('values for a part of an array');
        next = Number(at);
        node = part(one, 'value');
      }
      if (type.of.kind === 'array' && node.type !== 'initializer_list')
        throw new Untranslatable('an array in an array without braces');
      elements[next++] = this.elementCode(type.of, node, key);
    }
    const length = type.length ?? elements.length;
    if (length > MOST_ELEMENTS) throw new Untranslatable(`an array of ${length} elements`);
    if (elements.length > length) throw new Untranslatable('more values than the array has elements');
    const all = Array.from({ length }, (_, i) => elements[i] ?? this.zero(type.of, key));
    const scalar = isInt(type.of) || type.of.kind === 'pointer';
    const short = scalar && length > 16 && elements.length === 0;
    const code = short ? `Array.from({ length: ${length} }, () => ${this.zero(type.of, key)})` : `[${all.join(', ')}]`;
    return value(code, { ...type, length }, 'array');
  }

  private elementCode(of: CType, node: Node, key: string | null): string {
    return this.fieldCode(of, node, key, (given) => {
      const rep = isInt(of) ? this.elementRep(of, key) : 'object';
      return this.codeFor(given, of, rep, key);
    });
  }

  private elementRep(of: CType, key: string | null): Value['rep'] {
    if (!isInt(of)) return 'object';
    return key === null ? this.anyValue('', of).rep : this.factValue('', of, key, false).rep;
  }

  /** What C puts where no value is given. */
  protected zero(type: CType, key: string | null): string {
    if (type.kind === 'struct') return this.structFrom(type, null).code;
    if (type.kind === 'array') return this.arrayFrom(type, null, null).code;
    if (!isInt(type)) return 'null';
    if (key !== null) this.file.facts.give(key, literal(0n, type), type);
    const rep = key === null ? this.anyValue('', type).rep : this.elementRep(type, key);
    return rep === 'boolean' ? 'false' : rep === 'bigint' ? '0n' : '0';
  }

  /** The type of an array's elements as TypeScript has it. */
  protected elementText(of: CType, key: string | null): string {
    if (!isInt(of)) return textOf(this.file, of, { nullable: true });
    const rep = this.elementRep(of, key);
    return rep === 'ulong' ? 'number' : rep;
  }

  /** How a variable of this type is held, its values known. */
  protected repOf(type: CType, key: string): Value['rep'] {
    if (!isInt(type)) return 'object';
    const fact = this.file.facts.read(key);
    return heldFor(type, fact.range ?? { lo: 0n, hi: 0n }, fact.port);
  }
}

export function literalOf(values: readonly Given[]): string {
  if (values.length === 0) return '{}';
  return `{ ${values.map(({ name, code }) => (name === code ? name : `${name}: ${code}`)).join(', ')} }`;
}
