// SPDX-License-Identifier: GPL-2.0-only
/** Places: variables, fields, elements, what a pointer points to; how they are read, stored into and pointed at. */

import { constantNamed } from './constants.js';
import {
  type CType,
  converted,
  describe,
  exactly,
  FLAGS,
  INT,
  type IntType,
  isInt,
  pointerTo,
  rangeOf,
  VOID_POINTER,
  within,
} from './ctypes.js';
import { part } from './declarators.js';
import { bigintOf, type Helper, numberOf, toInt, truthOf, ulongOf } from './integers.js';
import {
  COPYABLE,
  embeddedIn,
  type FileScope,
  IMMUTABLE,
  structEntry,
  structName,
  textOf,
  type Variable,
} from './model.js';
import type { Node } from './nodes.js';
import { bare, safeField, Untranslatable } from './scope.js';
import type { Type } from './types.js';
import { heldAs, heldFor, literal, NULL_VALUE, type Rep, truthValue, type Value, value } from './values.js';

/** A pointer variable whose address a call of the port takes: it travels in a Ref of its own. */
export interface TravellingRef {
  variable: Variable;
  name: string;
  initial: string;
}

export interface Place {
  value: Value;
  /** How the place holds an integer. */
  rep: Rep;
  /** Stores what is held so already. */
  store(code: string): string;
  /** What the facts call it; null for what they do not follow. */
  key: string | null;
  variable: Variable | null;
  /** What the address of the place is. */
  address(): Value;
  /** A number that the port wants to be one of a few. */
  choice: boolean;
}

/** How a pointer to this is held. */
function pointerRep(to: CType, arrays: boolean): Rep {
  if (to.kind === 'struct') return 'object';
  if (to.kind === 'void') return 'unknown';
  if (to.kind === 'function') return 'function';
  if (to.kind === 'int' && to.bits === 8 && to.signed) return 'string';
  return arrays ? 'array' : 'ref';
}

export abstract class Places {
  protected readonly file: FileScope;
  protected readonly scopes: Map<string, Variable>[];
  /** Variables that are known not to be NULL here, as TypeScript knows it too. */
  protected narrowed: Set<string>;
  /** Variables that TypeScript may take for null alone. */
  protected emptied: Set<string>;
  /** Names whose declaration was not translated. */
  protected readonly poisoned: Set<string>;
  protected travelling: TravellingRef[];
  /** May the address of a pointer variable travel in this statement? */
  protected mayTravel: boolean;
  private refs: number;
  /** Ranges that hold within a loop. */
  protected readonly limits: Map<string, { lo: bigint; hi: bigint }>;

  constructor(file: FileScope) {
    this.file = file;
    this.scopes = [new Map()];
    this.narrowed = new Set();
    this.emptied = new Set();
    this.poisoned = new Set();
    this.travelling = [];
    this.mayTravel = false;
    this.refs = 0;
    this.limits = new Map();
  }

  abstract translate(node: Node): Value;

  protected readonly helper: Helper = (name) => this.file.use(name);

  protected use(name: string): string {
    return this.file.use(name);
  }

  protected lookup(name: string): Variable | null {
    for (const scope of this.scopes.toReversed()) {
      const found = scope.get(name);
      if (found !== undefined) return found;
    }
    return this.file.globals.get(name) ?? null;
  }

  protected refuseLost(name: string): void {
    const lost = this.poisoned.has(name) || (this.lookup(name) === null && this.file.lost.has(name));
    if (lost) throw new Untranslatable(`uses ${name}, which was not translated`);
  }

  // --- Reading ---

  /** A value of this type from a place of which nothing is known. */
  protected anyValue(code: string, type: CType, more: Partial<Value> = {}): Value {
    if (isInt(type)) return value(code, type, heldAs(type), { place: true, ...more });
    if (type.kind === 'struct') return value(code, type, 'object', { place: true, ...more });
    if (type.kind === 'array') return value(code, type, 'array', { place: true, ...more });
    if (type.kind === 'pointer') {
      return value(code, type, pointerRep(type.to, false), { nullable: true, place: true, ...more });
    }
    throw new Untranslatable(`a ${describe(type)}, which is not known`);
  }

  /** A value from a place that the facts follow. */
  protected factValue(code: string, type: CType, key: string, escapes: boolean): Value {
    const fact = this.file.facts.read(key);
    if (isInt(type)) {
      if (escapes) return this.anyValue(code, type);
      const full = rangeOf(type);
      const range =
        fact.range === null ? exactly(0n) : within(fact.range, full) ? fact.range : converted(fact.range, type);
      const rep = heldFor(type, fact.range ?? range, fact.port);
      return value(code, type, rep, { range: rep === 'ulong' ? full : range, place: true, errno: fact.errno });
    }
    if (type.kind === 'pointer') {
      if (fact.arrays && fact.refs) throw new Untranslatable(`${code} points to an array here and to a variable there`);
      const rep = pointerRep(type.to, fact.arrays);
      return value(code, type, rep, { nullable: fact.nullable, errable: fact.errable, place: true });
    }
    return this.anyValue(code, type);
  }

  protected variableValue(variable: Variable): Value {
    const { code, type, key, boxed } = variable;
    if (boxed) {
      const held = this.anyValue(`${code}.value`, type);
      return type.kind === 'pointer' ? { ...held, nullable: true } : held;
    }
    const held = this.factValue(code, type, key, false);
    const limit = this.limits.get(key);
    const range = limit !== undefined && within(limit, held.range) ? limit : held.range;
    const known = this.narrowed.has(variable.key);
    return { ...held, range, nullable: held.nullable && !known, errable: held.errable && !known };
  }

  /** Follows a pointer: as it is where it cannot be NULL, else by deref(). */
  protected followed(pointer: Value, variable: Variable | null = null): string {
    if (!pointer.nullable && !pointer.errable) return pointer.code;
    const { type } = pointer;
    const unsure = variable !== null && (variable.boxed || this.emptied.has(variable.key));
    if (unsure && type.kind === 'pointer') {
      return `${this.use('deref')}<${textOf(this.file, type)}>(${pointer.code})`;
    }
    return `${this.use('deref')}(${pointer.code})`;
  }

  private readOnly(what: string): (code: string) => string {
    return () => {
      throw new Untranslatable(`${what} cannot be assigned to here`);
    };
  }

  private plain(held: Value, key: string | null, variable: Variable | null, address: () => Value): Place {
    const store = (code: string): string => `${held.code} = ${code}`;
    return { value: held, rep: held.rep, store, key, variable, address, choice: false };
  }

  // --- Places ---

  placeOf(node: Node): Place {
    const inner = bare(node);
    switch (inner.type) {
      case 'identifier':
        return this.named(inner.text);
      case 'field_expression':
        return this.member(inner);
      case 'subscript_expression':
        return this.element(part(inner, 'argument'), part(inner, 'index'));
      case 'pointer_expression':
        if (inner.children[0]?.text === '*') return this.pointedTo(part(inner, 'argument'));
        break;
    }
    throw new Untranslatable(`a place that is a ${inner.type.replaceAll('_', ' ')}`);
  }

  protected named(name: string): Place {
    this.refuseLost(name);
    const variable = this.lookup(name);
    if (variable !== null) {
      const held = this.variableValue(variable);
      return this.plain(held, variable.boxed ? null : variable.key, variable, () => this.addressOfVariable(variable));
    }
    const globals = this.file.api.entries.get('Globals')?.entry;
    const global = globals?.kind === 'class' ? globals.fields.get(name) : undefined;
    if (global !== undefined) {
      const type = this.file.env.variables.get(name) ?? (name === 'sysctl_max_map_count' ? INT : null);
      if (type === null) throw new Untranslatable(`the type of ${name} is not known`);
      const held = this.portValue(`${this.use('globals')}.${name}`, type, global);
      return this.plain(held, null, null, () => this.addressOfField(this.use('globals'), name, type));
    }
    return this.exported(name);
  }

  /** A variable that the port exports. */
  private exported(name: string): Place {
    const entry = this.file.api.entries.get(name)?.entry;
    if (entry?.kind !== 'value') throw new Untranslatable(`the port has no ${name}`, name);
    const { type } = entry;
    this.use(name);
    if (type.cls !== 'object') throw new Untranslatable(`the port has no variable ${name}`, name);
    // `current` is a pointer, as is what get_current() returns; all others are structs.
    const struct: CType = type.name === 'vma_flags_t' ? FLAGS : { kind: 'struct', name: type.name };
    const held = value(name, name === 'current' ? pointerTo(struct) : struct, 'object', { place: true });
    const place = this.plain(held, null, null, () => ({ ...held, type: pointerTo(struct), place: false }));
    return { ...place, store: this.readOnly(name) };
  }

  /** What the port gives: its own type says how it is held, C's what it is. */
  protected portValue(code: string, type: CType, held: Type, errno = false): Value {
    if (isInt(type)) {
      if (held.cls === 'boolean') {
        return value(code, type, 'boolean', { range: { lo: 0n, hi: 1n }, place: true, effects: false });
      }
      if (held.cls === 'bigint') return value(code, type, 'bigint', { place: true });
      if (held.cls !== 'number') throw new Untranslatable(`${code} is no number here`);
      const wide = type.bits === 64 && !type.signed;
      const range = type.signed && type.bits === 64 ? { lo: -(2n ** 53n) + 2n, hi: 2n ** 53n - 2n } : rangeOf(type);
      return value(code, type, wide ? 'ulong' : 'number', { range, place: true, errno: wide && errno });
    }
    if (type.kind === 'struct') {
      if (held.cls !== 'object') throw new Untranslatable(`${code} is no struct here`);
      return value(code, type, 'object', { place: true });
    }
    if (type.kind === 'array') {
      if (held.name !== 'array') throw new Untranslatable(`${code} is no array here`);
      return value(code, type, 'array', { place: true });
    }
    if (type.kind !== 'pointer') throw new Untranslatable(`${code}: a ${describe(type)}`);
    const { nullable, errable } = held;
    const rep = pointerRep(type.to, false);
    const fits =
      (rep === 'object' && held.cls === 'object') ||
      (rep === 'function' && held.cls === 'function') ||
      (rep === 'string' && held.cls === 'string') ||
      (rep === 'ref' && held.name === 'Ref') ||
      (rep === 'unknown' && (held.cls === 'unknown' || held.cls === 'object'));
    if (!fits) throw new Untranslatable(`${code} is held in another way here: ${held.name}`);
    return value(code, type, rep, { nullable: nullable || rep === 'unknown', errable, place: true });
  }

  private member(node: Node): Place {
    const argument = part(node, 'argument');
    const name = part(node, 'field').text;
    const arrow = node.children.some((one) => one?.type === '->');
    const base = this.translate(argument);
    const struct = arrow && base.type.kind === 'pointer' ? base.type.to : base.type;
    if (arrow && base.type.kind === 'array') throw new Untranslatable('-> of an array');
    if (struct.kind !== 'struct' || base.rep !== 'object') throw new Untranslatable(`.${name} of ${describe(struct)}`);
    const inner = bare(argument);
    const variable = inner.type === 'identifier' ? this.lookup(inner.text) : null;
    const object = arrow ? this.followed(base, variable) : base.code;
    return this.field(object, struct.name, name);
  }

  private field(object: string, struct: string, name: string): Place {
    const { type, overlaps } = this.file.env.field({ kind: 'struct', name: struct }, name);
    const own = this.file.structs.has(struct);
    if (own) {
      if (overlaps || this.file.env.structs.get(struct)?.union) throw new Untranslatable(`${name} is part of a union`);
      const key = `struct ${struct}.${name}`;
      const place = `${object}.${safeField(name)}`;
      let held = this.factValue(place, type, key, this.file.facts.read(`&${key}`).nullable);
      if (type.kind === 'pointer') held = { ...held, nullable: true };
      return this.plain(held, key, null, () => this.addressOfField(object, safeField(name), type, key));
    }
    const entry = structEntry(this.file, struct);
    const field = entry.fields.get(name);
    if (field === undefined) throw new Untranslatable(`struct ${struct} has no ${name} here`, name);
    let held = this.portValue(`${object}.${name}`, type, field);
    // A hook that was left out is NULL.
    if (entry.kind === 'interface' && held.rep === 'function') {
      const read = { ...held, code: `(${held.code} ?? null)`, nullable: true };
      const place = this.plain(held, null, null, () => this.addressOfField(object, name, type));
      return { ...place, value: read };
    }
    if (struct === 'vma_flags_t') held = { ...held, place: false };
    const place = this.plain(held, null, null, () => this.addressOfField(object, name, type));
    if (!entry.fixed.has(name)) return { ...place, choice: field.choice };
    return { ...place, store: this.readOnly(`${name} of struct ${struct}`) };
  }

  private element(argument: Node, index: Node): Place {
    const array = this.translate(argument);
    const at = this.translate(index);
    const code = numberOf(at);
    if (!isInt(at.type)) throw new Untranslatable('an index that is no integer');
    if (array.rep === 'string') {
      const char = value(`${this.use('char_at')}(${this.followed(array)}, ${code})`, { ...INT, bits: 8 }, 'number');
      return { ...this.plain(char, null, null, () => array), store: this.readOnly('a text') };
    }
    const of = array.type.kind === 'array' ? array.type.of : array.type.kind === 'pointer' ? array.type.to : null;
    // An element of a reference is what it refers to, and there is but one.
    if (array.rep === 'ref' && of !== null && at.range.lo === 0n && at.range.hi === 0n && at.fixed)
      return this.behind(array, of);
    if (array.rep !== 'array' || of === null) throw new Untranslatable('an index into something that is no array here');
    const list = this.followed(array);
    if (array.code.endsWith('.__vma_flags')) {
      const word = value(`${this.use('at')}(${list}, ${code})`, of, 'bigint');
      return {
        ...this.plain(word, null, null, () => word),
        store: this.readOnly('__vma_flags'),
        address: this.noAddress,
      };
    }
    return this.elementOf(array, list, of, code);
  }

  private readonly noAddress = (): Value => {
    throw new Untranslatable('the address of a word of the flags');
  };

  private elementOf(array: Value, list: string, of: CType, index: string): Place {
    const key = array.type.kind === 'array' ? this.elementKey(array.code) : null;
    const code = `${this.use('at')}(${list}, ${index})`;
    const held = key === null ? this.anyValue(code, of) : this.factValue(code, of, key, false);
    return {
      value: of.kind === 'pointer' ? { ...held, nullable: true } : held,
      rep: held.rep,
      store: (given) => `${this.use('put')}(${list}, ${index}, ${given})`,
      key,
      variable: null,
      address: () =>
        of.kind === 'struct'
          ? { ...held, type: pointerTo(of), place: false }
          : value(`${this.use('element_ref')}(${list}, ${index})`, pointerTo(of), 'ref'),
      choice: false,
    };
  }

  /** What the facts call the elements of an array; null where others may have a pointer to them. */
  protected elementKey(code: string): string | null {
    const variable = [
      ...this.scopes.toReversed().flatMap((scope) => [...scope.values()]),
      ...this.file.globals.values(),
    ].find((one) => one.code === code);
    return variable === undefined || variable.escapes ? null : `${variable.key}[]`;
  }

  private pointedTo(argument: Node): Place {
    const pointer = this.translate(argument);
    const to =
      pointer.type.kind === 'pointer' ? pointer.type.to : pointer.type.kind === 'array' ? pointer.type.of : null;
    if (to === null) throw new Untranslatable('* of something that is no pointer');
    const inner = bare(argument);
    const variable = inner.type === 'identifier' ? this.lookup(inner.text) : null;
    if (pointer.rep === 'array') return this.elementOf(pointer, this.followed(pointer), to, '0');
    if (pointer.rep === 'ref') return this.behind(pointer, to);
    if (pointer.rep !== 'object' || to.kind !== 'struct') throw new Untranslatable(`* of a ${describe(pointer.type)}`);
    const held = value(this.followed(pointer, variable), to, 'object', { place: true, effects: pointer.effects });
    return this.plain(held, null, null, () => ({ ...held, type: pointerTo(to), place: false }));
  }

  /** What a reference refers to. */
  private behind(pointer: Value, to: CType): Place {
    const held = this.anyValue(`${this.followed(pointer)}.value`, to, { effects: pointer.effects });
    return this.plain(held, null, null, () => ({ ...pointer, place: false }));
  }

  // --- Addresses ---

  private addressOfField(object: string, name: string, type: CType, key: string | null = null): Value {
    if (type.kind === 'struct') return value(`${object}.${name}`, pointerTo(type), 'object');
    if (type.kind === 'array') throw new Untranslatable('the address of an array');
    if (key !== null) this.file.facts.giveAll(`&${key}`, VOID_POINTER);
    return value(`${this.use('field_ref')}(${object}, '${name}')`, pointerTo(type), 'ref');
  }

  private addressOfVariable(variable: Variable): Value {
    const { type, code } = variable;
    if (type.kind === 'struct') return value(code, pointerTo(type), 'object');
    if (type.kind === 'array') throw new Untranslatable('the address of an array');
    if (variable.boxed) return value(code, pointerTo(type), 'ref');
    if (!this.mayTravel) throw new Untranslatable(`the address of ${variable.name}`);
    const known = this.travelling.find((one) => one.variable === variable);
    this.refs += known === undefined ? 1 : 0;
    const name = known?.name ?? `${code}_ref${this.refs === 1 ? '' : this.refs}`;
    if (known === undefined) {
      this.travelling.push({ variable, name, initial: this.followed(this.variableValue(variable), variable) });
    }
    return value(name, pointerTo(type), 'ref');
  }

  protected addressOf(argument: Node): Value {
    const inner = bare(argument);
    if (inner.type === 'identifier' && this.file.functions.has(inner.text)) return this.translate(inner);
    if (inner.type === 'compound_literal_expression') {
      const made = this.translate(inner);
      if (made.type.kind !== 'struct') throw new Untranslatable('the address of a value');
      return { ...made, type: pointerTo(made.type), place: false };
    }
    return this.placeOf(inner).address();
  }

  // --- Storing ---

  /** An integer as it is held there. */
  protected held(given: Value, rep: Rep): string {
    switch (rep) {
      case 'boolean':
        return given.rep === 'boolean' ? given.code : truthOf(given, false);
      case 'bigint':
        return bigintOf(given, this.helper);
      case 'ulong':
        return ulongOf(given, this.helper);
      default:
        return given.rep === 'bigint' || given.rep === 'boolean' ? numberOf(given) : given.code;
    }
  }

  /** A struct by value: a copy where it is somebody else's. */
  protected copied(given: Value): string {
    if (given.type.kind !== 'struct' || !given.place || IMMUTABLE.has(given.type.name)) return given.code;
    if (given.type.name === 'vma_flags_t') return `${given.code}.clone()`;
    return `${this.use('struct_copy')}(${[given.code, ...this.embedded(given.type.name)].join(', ')})`;
  }

  protected embedded(name: string): string[] {
    if (!this.file.structs.has(name) && !COPYABLE.has(name)) throw new Untranslatable(`a copy of a struct ${name}`);
    return embeddedIn(this.file, name).map((one) => `'${one}'`);
  }

  /** A value as an assignment to this type converts it. */
  protected convert(given: Value, type: CType): Value {
    if (isInt(type)) return this.convertInt(given, type);
    if (type.kind === 'struct') {
      if (given.type.kind === 'struct' && given.type.name === type.name) return given;
      throw new Untranslatable(`a ${describe(given.type)} for a ${describe(type)}: ${given.code}`);
    }
    if (type.kind === 'pointer') return this.convertPointer(given, type);
    throw new Untranslatable(`a value for a ${describe(type)}`);
  }

  private convertInt(given: Value, type: IntType): Value {
    if (isInt(given.type)) return toInt(given, type, this.helper);
    if (!type.bool) throw new Untranslatable(`a pointer made a number: ${given.code}`);
    return { ...truthValue(this.truthOfValue(given, false), given.effects), type };
  }

  private convertPointer(given: Value, type: Extract<CType, { kind: 'pointer' }>): Value {
    if (isInt(given.type)) {
      if (given.fixed && given.range.lo === 0n && given.range.hi === 0n) return { ...NULL_VALUE, type };
      if (type.to.kind !== 'void') throw new Untranslatable(`a number for a ${describe(type)}: ${given.code}`);
      return { ...given, type, rep: 'unknown', nullable: true, code: bigintOf(given, this.helper) };
    }
    if (given.code === 'null') return { ...given, type, nullable: true };
    const { to } = type;
    if (given.type.kind === 'function') return { ...given, type };
    if (given.type.kind === 'array') {
      if (to.kind === 'struct') {
        const code = `${this.use('at')}(${given.code}, 0)`;
        return this.sameStruct(value(code, pointerTo(given.type.of), 'object'), type);
      }
      if (to.kind === 'void') throw new Untranslatable('an array for a void pointer');
      return { ...given, type, place: false };
    }
    if (given.type.kind !== 'pointer') throw new Untranslatable(`a ${describe(given.type)} for a ${describe(type)}`);
    if (to.kind === 'void' && given.errable && given.type.to.kind === 'void') return { ...given, type };
    if (to.kind === 'void') return { ...given, type, rep: 'unknown', nullable: true, place: false };
    if (given.type.to.kind === 'void') return this.fromVoid(given, type);
    return this.sameStruct(given, type);
  }

  private fromVoid(given: Value, type: Extract<CType, { kind: 'pointer' }>): Value {
    if (given.errable && given.rep === 'object') return { ...given, type };
    if (type.to.kind !== 'struct') throw new Untranslatable(`a void pointer as a ${describe(type)}`);
    const own = this.file.structs.has(type.to.name);
    if (!own && structEntry(this.file, type.to.name).kind !== 'class') {
      throw new Untranslatable(`a void pointer as a ${describe(type)}`);
    }
    const name = own ? structName(this.file, type.to.name) : this.use(structName(this.file, type.to.name));
    return value(`${this.use('as_a')}(${name}, ${given.code})`, type, 'object', {
      nullable: true,
      effects: given.effects,
    });
  }

  private sameStruct(given: Value, type: Extract<CType, { kind: 'pointer' }>): Value {
    const from = given.type.kind === 'pointer' ? given.type.to : given.type;
    const same =
      from.kind === type.to.kind &&
      (from.kind !== 'struct' || type.to.kind !== 'struct' || from.name === type.to.name) &&
      (from.kind !== 'int' ||
        type.to.kind !== 'int' ||
        (from.bits === type.to.bits && from.signed === type.to.signed && from.word === type.to.word));
    if (!same) throw new Untranslatable(`a ${describe(given.type)} for a ${describe(type)}: ${given.code}`);
    return { ...given, type };
  }

  /** The code of a value for a place, converted and held as it wants it; the facts are told. */
  protected codeFor(given: Value, type: CType, rep: Rep, key: string | null): string {
    const one = this.convert(given, type);
    if (key !== null) this.file.facts.give(key, one, type);
    if (isInt(type)) return this.held(one, rep);
    if (type.kind === 'struct') return this.copied(one);
    if (key === null && one.rep === 'array')
      throw new Untranslatable(`an array where a pointer to a variable is held: ${one.code}`);
    return one.code;
  }

  truthOfValue(one: Value, negate: boolean): string {
    if (isInt(one.type)) return truthOf(one, negate);
    if (one.type.kind === 'struct') throw new Untranslatable('a struct as a condition');
    if (one.type.kind === 'function' || (one.type.kind === 'array' && one.rep === 'array')) return String(!negate);
    return `${one.code} ${negate ? '===' : '!=='} null`;
  }

  protected literalInt(number: bigint, type: IntType): Value {
    return literal(number, type);
  }

  /** A name that stands for a number. */
  protected constantValue(name: string): Value | null {
    const number = this.file.env.numbers.get(name);
    const known = constantNamed(name);
    if (known !== null && this.lookup(name) === null) {
      if (known.held === null) return literal(known.number, known.type);
      const code = this.use(name);
      return value(code, known.type, known.held, { range: exactly(known.number), fixed: true });
    }
    if (number === undefined || this.lookup(name) !== null) return null;
    return literal(number, INT);
  }
}
