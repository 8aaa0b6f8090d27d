// SPDX-License-Identifier: GPL-2.0-only
/** C expressions as TypeScript: truth, NULL, integers and flags words, structs by value, pointers to variables. */
import type { Node } from 'web-tree-sitter';
import type { ApiEntry, Parameter, PortApi } from './port_api.js';
import { CONDITIONAL_ARGUMENTS } from './preprocess.js';
import { childrenOf, type OwnFunction, type OwnMacro, provenBy, Untranslatable, type Variable } from './scope.js';
import {
  arrayOf,
  BIGINT,
  BOOLEAN,
  baseTypeOf,
  NULL,
  NUMBER,
  pointerTo,
  refTo,
  STRING,
  type Type,
  UNKNOWN,
  VOID,
} from './types.js';

export interface Expression {
  code: string;
  type: Type;
  /** It names a place, so taking its value by `=` copies a struct. */
  place: boolean;
}

/** What is known outside of the function that is translated. */
export interface FileScope {
  api: PortApi;
  functions: Map<string, OwnFunction>;
  macros: Map<string, OwnMacro>;
  globals: Map<string, Type>;
  /** Names of the whole file whose declaration was not translated. */
  lost: Set<string>;
  use(name: string, module: string): void;
}

/** A pointer variable whose address a call takes: it travels in a Ref of its own. */
export interface TravellingRef {
  variable: Variable;
  name: string;
  initial: string;
}

const COMPARISONS: Record<string, string> = { '==': '===', '!=': '!==', '<': '<', '>': '>', '<=': '<=', '>=': '>=' };
const OPPOSITE: Record<string, string> = { '==': '!=', '!=': '==', '<': '>=', '>': '<=', '<=': '>', '>=': '<' };
/** Hints to the compiler that mean their argument. */
const TRANSPARENT = new Set(['likely', 'unlikely', 'READ_ONCE', 'ACCESS_PRIVATE', 'data_race', '__builtin_expect']);
const PRINTING = /^(?:f?printf|puts|pr_\w+|printk)$/;

function field(node: Node, name: string): Node {
  const child = node.childForFieldName(name);
  if (child === null) throw new Untranslatable(`${node.type} without ${name}`);
  return child;
}

export class ExpressionTranslator {
  protected readonly file: FileScope;
  protected readonly scopes: Map<string, Variable>[];
  /** Variables that are known not to be NULL here. */
  protected narrowed: Set<string>;
  /** Names whose declaration was not translated. */
  protected readonly poisoned: Set<string>;
  protected travelling: TravellingRef[];
  /** How many there were in this function: each has a name of its own. */
  private refs: number;
  /** What __VA_ARGS__ stands for, in a macro that has it. */
  protected variadic: string | null;

  constructor(file: FileScope) {
    this.file = file;
    this.scopes = [new Map()];
    this.narrowed = new Set();
    this.poisoned = new Set();
    this.travelling = [];
    this.refs = 0;
    this.variadic = null;
  }

  protected lookup(name: string): Variable | null {
    for (const scope of this.scopes.toReversed()) {
      const found = scope.get(name);
      if (found !== undefined) return found;
    }
    return null;
  }

  protected apiEntry(name: string): ApiEntry | null {
    return this.file.api.entries.get(name)?.entry ?? null;
  }

  /** Imports a name of the port, and returns it. */
  protected use(name: string): string {
    const found = this.file.api.entries.get(name);
    if (found === undefined) throw new Untranslatable(`the port has no ${name}`, name);
    this.file.use(name, found.module);
    return name;
  }

  private fieldsOf(struct: string): Map<string, Type> {
    const entry = this.apiEntry(struct);
    if (entry === null || entry.kind === 'function' || entry.kind === 'value') {
      throw new Untranslatable(`the port has no struct ${struct}`, struct);
    }
    return entry.fields;
  }

  /** A value as it is; `want` says what it is to be, where a literal can be either. */
  translate(node: Node, want: Type | null = null): Expression {
    switch (node.type) {
      case 'parenthesized_expression': {
        const [inner] = childrenOf(node).filter((child) => child.type !== 'comment');
        if (inner === undefined) throw new Untranslatable('empty parentheses');
        const value = this.translate(inner, want);
        return { ...value, code: `(${value.code})` };
      }
      case 'identifier':
        return this.identifier(node.text);
      case 'null':
        return { code: 'null', type: NULL, place: false };
      case 'true':
      case 'false':
        return { code: node.text, type: BOOLEAN, place: false };
      case 'number_literal':
        return this.number(node.text, want);
      case 'char_literal':
        return { code: String(JSON.parse(`"${node.text.slice(1, -1)}"`).charCodeAt(0)), type: NUMBER, place: false };
      case 'string_literal':
        return { code: node.text, type: STRING, place: false };
      case 'unary_expression':
        return this.unary(node, want);
      case 'binary_expression':
        return this.binary(node, want);
      case 'assignment_expression':
        return this.assignment(field(node, 'left'), field(node, 'right'), field(node, 'operator').text);
      case 'update_expression': {
        const target = this.translate(field(node, 'argument'));
        const prefix = node.children[0]?.text === '++' || node.children[0]?.text === '--';
        const operator = prefix ? node.children[0]?.text : node.children[1]?.text;
        return { ...target, code: prefix ? `${operator}${target.code}` : `${target.code}${operator}`, place: false };
      }
      case 'pointer_expression':
        return node.children[0]?.text === '&'
          ? this.addressOf(field(node, 'argument'))
          : this.follow(field(node, 'argument'));
      case 'field_expression':
        return this.member(node);
      case 'subscript_expression':
        return this.element(node);
      case 'call_expression':
        return this.call(node);
      case 'cast_expression':
        return this.cast(node);
      case 'sizeof_expression':
        return this.sizeOf(node);
      case 'conditional_expression': {
        const test = field(node, 'condition');
        const condition = this.truth(test);
        const yes = this.knowing(provenBy(test, true), () => this.translate(field(node, 'consequence'), want));
        const no = this.knowing(provenBy(test, false), () => this.translate(field(node, 'alternative'), want));
        const type = {
          ...(yes.type.name === 'null' ? no.type : yes.type),
          nullable: yes.type.nullable || no.type.nullable,
        };
        return { code: `(${condition} ? ${yes.code} : ${no.code})`, type, place: false };
      }
      case 'compound_literal_expression':
        return this.structOf(baseTypeOf(field(node, 'type').text), field(node, 'value'));
      default:
        throw new Untranslatable(`${node.type.replaceAll('_', ' ')} is not in the dialect of these tests`);
    }
  }

  private refuseLost(name: string): void {
    const lost = this.poisoned.has(name) || (this.lookup(name) === null && this.file.lost.has(name));
    if (lost) throw new Untranslatable(`uses ${name}, which was not translated`);
  }

  private identifier(name: string): Expression {
    this.refuseLost(name);
    if (name === '__VA_ARGS__' && this.variadic !== null)
      return { code: `...${this.variadic}`, type: NUMBER, place: false };
    const variable = this.lookup(name);
    if (variable !== null) {
      const type = this.narrowed.has(name) ? { ...variable.type, nullable: false, errable: false } : variable.type;
      return { code: variable.boxed ? `${variable.code}.value` : variable.code, type, place: true };
    }
    const own = this.file.globals.get(name);
    if (own !== undefined) return { code: name, type: own, place: true };
    if (this.file.functions.has(name)) return { code: name, type: { ...UNKNOWN, cls: 'function' }, place: false };
    const globals = this.apiEntry('Globals');
    const global = globals?.kind === 'class' ? globals.fields.get(name) : undefined;
    if (global !== undefined) return { code: `${this.use('globals')}.${name}`, type: global, place: true };
    const entry = this.apiEntry(name);
    this.use(name);
    if (entry?.kind === 'value') return { code: name, type: entry.type, place: true };
    return { code: name, type: { ...UNKNOWN, cls: 'function' }, place: false };
  }

  private number(text: string, want: Type | null): Expression {
    const digits = text.replace(/[uUlL]+$/, '');
    if (/[.eEfF]/.test(digits) && !/^0x/i.test(digits)) throw new Untranslatable(`${text}: floating point`);
    const code = /^0\d+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
    return want?.cls === 'bigint'
      ? { code: `${code}n`, type: BIGINT, place: false }
      : { code, type: NUMBER, place: false };
  }

  /** As a bigint, where the other side is one. */
  protected asBigint(value: Expression): string {
    if (value.type.cls === 'bigint') return value.code;
    if (/^(?:0x[\da-f]+|\d+)$/i.test(value.code)) return `${value.code}n`;
    return `BigInt(${value.code})`;
  }

  /** Translates what is only reached when these variables are not NULL. */
  private knowing<T>(names: readonly string[], translate: () => T): T {
    const before = new Set(this.narrowed);
    for (const name of names) this.narrowed.add(name);
    const result = translate();
    this.narrowed = before;
    return result;
  }

  private unary(node: Node, want: Type | null): Expression {
    const operator = field(node, 'operator').text;
    const argument = field(node, 'argument');
    if (operator === '!') return { code: this.truth(argument, true), type: BOOLEAN, place: false };
    const value = this.translate(argument, want);
    if (operator === '~' && value.type.cls !== 'bigint') throw new Untranslatable('~ of a number wider than 32 bits');
    return { code: operator === '+' ? value.code : `${operator}${value.code}`, type: value.type, place: false };
  }

  private binary(node: Node, want: Type | null): Expression {
    const operator = field(node, 'operator').text;
    const [left, right] = [field(node, 'left'), field(node, 'right')];
    if (operator === '&&' || operator === '||') {
      const first = this.truth(left);
      const second = this.knowing(provenBy(left, operator === '&&'), () => this.truth(right));
      return { code: `(${first} ${operator} ${second})`, type: BOOLEAN, place: false };
    }
    if (operator in COMPARISONS) return { code: this.compare(left, right, operator), type: BOOLEAN, place: false };
    return this.arithmetic(left, right, operator, want);
  }

  private arithmetic(left: Node, right: Node, operator: string, want: Type | null): Expression {
    let a = this.translate(left, want);
    if (operator === '<<' || operator === '>>') return this.shift(a, this.translate(right), operator);
    const b = this.translate(right, a.type.cls === 'bigint' ? BIGINT : want);
    if (b.type.cls === 'bigint' && a.type.cls !== 'bigint') a = this.translate(left, BIGINT);
    if (a.type.cls === 'bigint' || b.type.cls === 'bigint') {
      return { code: `(${this.asBigint(a)} ${operator} ${this.asBigint(b)})`, type: BIGINT, place: false };
    }
    if (operator === '/') return { code: `Math.trunc(${a.code} / ${b.code})`, type: NUMBER, place: false };
    return { code: `(${this.asNumber(a)} ${operator} ${this.asNumber(b)})`, type: NUMBER, place: false };
  }

  private shift(a: Expression, b: Expression, operator: string): Expression {
    if (a.type.cls === 'bigint')
      return { code: `(${a.code} ${operator} ${this.asBigint(b)})`, type: BIGINT, place: false };
    // The operators of JavaScript would cut to 32 bits.
    const code = operator === '<<' ? `(${a.code} * 2 ** ${b.code})` : `Math.floor(${a.code} / 2 ** ${b.code})`;
    return { code, type: NUMBER, place: false };
  }

  protected asNumber(value: Expression): string {
    return value.type.cls === 'boolean' ? `Number(${value.code})` : value.code;
  }

  private compare(left: Node, right: Node, operator: string): string {
    const sign = COMPARISONS[operator] ?? operator;
    let [a, b] = [this.translate(left), this.translate(right)];
    if (a.type.cls === 'bigint' || b.type.cls === 'bigint') return `${this.asBigint(a)} ${sign} ${this.asBigint(b)}`;
    if (a.type.cls === 'boolean' && b.type.cls === 'number') b = { ...b, code: this.truth(right), type: BOOLEAN };
    if (b.type.cls === 'boolean' && a.type.cls === 'number') a = { ...a, code: this.truth(left), type: BOOLEAN };
    // 0 is NULL to a pointer.
    if (a.type.cls === 'object' && b.code === '0') return `${a.code} ${sign} null`;
    return `${a.code} ${sign} ${b.code}`;
  }

  /** A condition, as a boolean; `negate` turns it round without a `!` where it can. */
  truth(node: Node, negate = false): string {
    if (node.type === 'parenthesized_expression') {
      const [inner] = childrenOf(node).filter((child) => child.type !== 'comment');
      if (inner !== undefined && inner.type !== 'assignment_expression') return this.truth(inner, negate);
    }
    if (node.type === 'unary_expression' && field(node, 'operator').text === '!') {
      return this.truth(field(node, 'argument'), !negate);
    }
    if (node.type === 'binary_expression') {
      const operator = field(node, 'operator').text;
      const turned = negate ? OPPOSITE[operator] : operator;
      if (operator in COMPARISONS && turned !== undefined)
        return this.compare(field(node, 'left'), field(node, 'right'), turned);
    }
    return this.truthOf(this.translate(node), negate);
  }

  private truthOf(value: Expression, negate: boolean): string {
    const { code, type } = value;
    const sign = negate ? '===' : '!==';
    if (code === '0' || code === '1') return String((code === '1') !== negate);
    if (type.cls === 'boolean') return negate ? `!(${code})` : code;
    if (type.cls === 'number') return `${code} ${sign} 0`;
    if (type.cls === 'bigint') return `${code} ${sign} 0n`;
    if (type.cls === 'object' || type.cls === 'function') return `${code} ${sign} null`;
    return negate ? `!${code}` : `Boolean(${code})`;
  }

  /** Follows a pointer: as it is where it cannot be NULL, else by deref(). */
  protected followed(value: Expression): string {
    return value.type.nullable || value.type.errable ? `${this.use('deref')}(${value.code})` : value.code;
  }

  private member(node: Node): Expression {
    const base = this.translate(field(node, 'argument'));
    const name = field(node, 'field').text;
    if (base.type.cls === 'unknown') throw new Untranslatable(`.${name} of something unknown`);
    const type = this.fieldsOf(base.type.name).get(name);
    if (type === undefined) throw new Untranslatable(`struct ${base.type.name} has no ${name} here`, name);
    return { code: `${this.followed(base)}.${name}`, type, place: true };
  }

  private element(node: Node): Expression {
    const array = this.translate(field(node, 'argument'));
    const index = this.translate(field(node, 'index'));
    const { of } = array.type;
    if (array.type.cls === 'string')
      return { code: `${array.code}.charCodeAt(${index.code})`, type: NUMBER, place: false };
    if (array.type.name !== 'array' || of === undefined)
      throw new Untranslatable('an index into something that is no array here');
    return { code: `${this.use('deref')}(${array.code}[${index.code}])`, type: of, place: true };
  }

  private follow(argument: Node): Expression {
    const pointer = this.translate(argument);
    const { of } = pointer.type;
    if (pointer.type.name === 'Ref' && of !== undefined)
      return { code: `${pointer.code}.value`, type: of, place: true };
    if (pointer.type.cls !== 'object') throw new Untranslatable('* of something that is no pointer here');
    return { code: this.followed(pointer), type: { ...pointer.type, nullable: false, byValue: true }, place: true };
  }

  private addressOf(argument: Node): Expression {
    const variable = argument.type === 'identifier' ? this.lookup(argument.text) : null;
    if (variable?.boxed) return { code: variable.code, type: refTo(variable.type), place: false };
    const value = this.translate(argument);
    if (value.type.byValue) return { ...value, type: { ...pointerTo(value.type), nullable: false }, place: false };
    // A struct within a struct, or one that the port exports.
    if (variable === null && value.type.cls === 'object' && !value.type.nullable) return { ...value, place: false };
    if (variable === null) throw new Untranslatable('the address of a field that is no struct');
    const known = this.travelling.find((one) => one.variable === variable);
    this.refs += known === undefined ? 1 : 0;
    const name = known?.name ?? `${variable.code}_ref${this.refs === 1 ? '' : this.refs}`;
    if (known === undefined) this.travelling.push({ variable, name, initial: this.followed(value) });
    return { code: name, type: refTo({ ...variable.type, nullable: false }), place: false };
  }

  private cast(node: Node): Expression {
    const type = baseTypeOf(field(node, 'type').text.replaceAll('*', ''));
    const value = this.translate(field(node, 'value'), type);
    if (type.cls === 'bigint') return { code: this.asBigint(value), type, place: false };
    if (type.cls === 'number' && value.type.cls === 'bigint')
      return { code: `Number(${value.code})`, type, place: false };
    if (type.cls === 'boolean') return { code: this.truth(field(node, 'value')), type, place: false };
    return value;
  }

  private sizeOf(node: Node): Expression {
    const value = node.childForFieldName('value');
    if (value === null) throw new Untranslatable('sizeof a type');
    const inner = this.translate(value);
    if (inner.type.name !== 'vma_flags_t')
      throw new Untranslatable(`sizeof ${inner.type.name}: objects have no size here`);
    return { code: `${this.use('sizeof')}(${inner.code.replace(/^\((.*)\)$/, '$1')})`, type: NUMBER, place: false };
  }

  /** The right side of an assignment or initialiser, as what the left side is. */
  convert(node: Node, want: Type): Expression {
    if (want.cls === 'boolean') {
      const value = this.translate(node);
      return value.type.cls === 'boolean' ? value : { code: this.truth(node), type: BOOLEAN, place: false };
    }
    const value = this.translate(node, want);
    if (want.cls === 'bigint') return { code: this.asBigint(value), type: BIGINT, place: false };
    if (want.cls === 'number' && value.type.cls === 'boolean')
      return { code: `Number(${value.code})`, type: NUMBER, place: false };
    return value;
  }

  protected copied(value: Expression): string {
    if (!value.place || !value.type.byValue) return value.code;
    return value.type.name === 'vma_flags_t' ? `${value.code}.clone()` : `${this.use('struct_copy')}(${value.code})`;
  }

  private assignment(left: Node, right: Node, operator: string): Expression {
    const target = this.translate(left);
    const value = this.convert(right, target.type);
    if (operator !== '=') {
      const shifts = operator === '<<=' || operator === '>>=' || operator === '/=';
      if (shifts && target.type.cls !== 'bigint') throw new Untranslatable(`${operator} of a number`);
      return { code: `${target.code} ${operator} ${value.code}`, type: target.type, place: false };
    }
    if (target.type.cls === 'object' && !['object', 'unknown', 'function'].includes(value.type.cls)) {
      if (value.code === '0') return { code: `${target.code} = null`, type: target.type, place: false };
      throw new Untranslatable(`a number for what is a ${target.type.name} here: ${right.text}`);
    }
    // A field that is a bitmap copies what it is given.
    const code = left.type === 'identifier' ? this.copied(value) : value.code;
    const given =
      target.type.nullable || !(value.type.nullable || value.type.errable) ? code : `${this.use('deref')}(${code})`;
    return { code: `${target.code} = ${given}`, type: target.type, place: false };
  }

  /** An argument as its parameter wants it. */
  protected argument(node: Node, parameter: Type | null): string {
    if (node.type === 'call_expression' && field(node, 'function').text === CONDITIONAL_ARGUMENTS) {
      const [condition, ...rest] = childrenOf(field(node, 'arguments')).filter((child) => child.type !== 'comment');
      if (condition === undefined) throw new Untranslatable('a condition without arguments');
      const values = rest.map((one) => this.argument(one, parameter)).join(', ');
      return `...(${this.truth(condition)} ? [${values}] : [])`;
    }
    if (parameter === null || parameter.cls === 'unknown') return this.translate(node).code;
    const value = this.convert(node, parameter);
    if (parameter.cls === 'object' && value.code === '0') return 'null';
    if (parameter.cls === 'object' && (value.type.cls === 'number' || value.type.cls === 'bigint')) {
      throw new Untranslatable(`a number for what is a ${parameter.name} here: ${node.text}`);
    }
    const refuses = (value.type.nullable && !parameter.nullable) || value.type.errable;
    return refuses && value.code !== 'null' && parameter.cls === 'object' ? this.followed(value) : value.code;
  }

  private call(node: Node): Expression {
    const callee = field(node, 'function');
    const args = childrenOf(field(node, 'arguments')).filter((child) => child.type !== 'comment');
    if (callee.type !== 'identifier') {
      const called = this.translate(callee);
      return {
        code: `${this.use('deref')}(${called.code})(${args.map((one) => this.argument(one, null)).join(', ')})`,
        type: UNKNOWN,
        place: false,
      };
    }
    const name = callee.text;
    const [first] = args;
    if (TRANSPARENT.has(name) && first !== undefined) return this.translate(first);
    if (name === 'ARRAY_SIZE' && first !== undefined)
      return { code: `${this.translate(first).code}.length`, type: NUMBER, place: false };
    if (name === 'IS_SET' && args.length === 2) return this.isSet(args);
    if (name.startsWith('ASSERT_')) return this.assertion(name, args);
    if (PRINTING.test(name)) throw new Untranslatable(`${name}() prints, which a test does not`);
    return this.callNamed(name, args);
  }

  private isSet(args: readonly Node[]): Expression {
    const [value, flags] = args.map((one) => this.translate(one, BIGINT).code);
    return { code: `(${value} & ${flags}) === ${flags}`, type: BOOLEAN, place: false };
  }

  private assertion(name: string, args: readonly Node[]): Expression {
    const entry = this.apiEntry('VmaTest');
    if (entry?.kind !== 'class' || !entry.fields.has(name))
      throw new Untranslatable(`the harness has no ${name}`, name);
    let values = args.map((one) => this.argument(one, null));
    const [a, b] = args;
    if ((name === 'ASSERT_EQ' || name === 'ASSERT_NE') && a !== undefined && b !== undefined) values = this.alike(a, b);
    return { code: `t.${name}(${values.join(', ')})`, type: VOID, place: false };
  }

  /** Two values that an assertion compares, of one type. */
  private alike(a: Node, b: Node): string[] {
    const [left, right] = [this.translate(a), this.translate(b)];
    if (left.type.cls === 'bigint' || right.type.cls === 'bigint') return [this.asBigint(left), this.asBigint(right)];
    if (left.type.cls === 'boolean' && right.type.cls === 'number') return [left.code, this.truth(b)];
    if (right.type.cls === 'boolean' && left.type.cls === 'number') return [this.truth(a), right.code];
    return [left.code, right.code];
  }

  private callNamed(name: string, args: readonly Node[]): Expression {
    this.refuseLost(name);
    const macro = this.file.macros.get(name);
    if (macro !== undefined)
      return {
        code: `${name}(${args.map((one) => this.argument(one, NUMBER)).join(', ')})`,
        type: UNKNOWN,
        place: false,
      };
    const own = this.file.functions.get(name);
    if (own !== undefined) {
      const values = args.map((one, i) => this.argument(one, own.parameters[i]?.type ?? null));
      return {
        code: `${name}(${[...(own.needsTest ? ['t'] : []), ...values].join(', ')})`,
        type: own.returns,
        place: false,
      };
    }
    const entry = this.apiEntry(name);
    if (entry === null || entry.kind !== 'function') throw new Untranslatable(`the port has no ${name}()`, name);
    this.use(name);
    if (args.length > entry.parameters.length && !entry.parameters.some((one) => one.rest)) {
      throw new Untranslatable(`${name}() takes ${entry.parameters.length} arguments here, not ${args.length}`);
    }
    const values = args.map((one, i) => this.argument(one, parameterAt(entry.parameters, i)));
    return { code: `${name}(${values.join(', ')})`, type: entry.returns, place: false };
  }

  /** A struct with some of its fields given. */
  structOf(type: Type, list: Node | null): Expression {
    const given = (list === null ? [] : childrenOf(list)).filter((child) => child.type !== 'comment');
    const pairs = given.map((pair) => {
      const designator =
        pair.type === 'initializer_pair' ? childrenOf(pair).find((one) => one.type === 'field_designator') : undefined;
      const value = pair.childForFieldName('value');
      if (designator === undefined || value === null) {
        if (given.length === 1 && pair.text === '0') return null;
        throw new Untranslatable('an initialiser without a field name');
      }
      return { name: designator.text.replace(/^\./, ''), value };
    });
    return this.build(
      type,
      pairs.filter((pair) => pair !== null),
    );
  }

  private build(type: Type, pairs: readonly { name: string; value: Node }[]): Expression {
    const entry = this.apiEntry(type.name);
    if (entry === null || entry.kind === 'function' || entry.kind === 'value') {
      throw new Untranslatable(`the port has no struct ${type.name}`, type.name);
    }
    const values = pairs.map(({ name, value }) => {
      const fieldType = entry.fields.get(name);
      if (fieldType === undefined) throw new Untranslatable(`struct ${type.name} has no ${name} here`, name);
      const code =
        value.type === 'initializer_list' ? this.structOf(fieldType, value).code : this.argument(value, fieldType);
      return { name, code };
    });
    const built = { ...type, byValue: true };
    if (entry.kind === 'interface') return { code: literalOf(values), type: built, place: false };

    this.use(type.name);
    const fixed = entry.parameters.filter((one) => values.some(({ name }) => name === one.name));
    const rest = values.filter(({ name }) => !fixed.some((one) => one.name === name));
    const takesInit = this.takesInit(entry.parameters, rest);
    const args = fixed.map((one) => values.find(({ name }) => name === one.name)?.code ?? '');
    if (rest.length === 0) return { code: `new ${type.name}(${args.join(', ')})`, type: built, place: false };
    if (takesInit)
      return { code: `new ${type.name}(${[...args, literalOf(rest)].join(', ')})`, type: built, place: false };
    return {
      code: `Object.assign(new ${type.name}(${args.join(', ')}), ${literalOf(rest)})`,
      type: built,
      place: false,
    };
  }

  /** Can the constructor be given these fields as its `init`? */
  private takesInit(parameters: readonly Parameter[], values: readonly { name: string }[]): boolean {
    const init = parameters.find(({ name }) => name === 'init');
    if (init === undefined) return false;
    if (init.type.name === 'Partial') return true;
    const entry = this.apiEntry(init.type.name);
    const has = (name: string): boolean =>
      entry?.kind === 'interface' ? entry.fields.has(name) : new RegExp(`\\b${name}\\??:`).test(init.type.name);
    return values.every(({ name }) => has(name));
  }

  /** The elements of an array. */
  protected arrayFrom(of: Type, list: Node): Expression {
    const values = childrenOf(list).filter((child) => child.type !== 'comment');
    return { code: `[${values.map((one) => this.convert(one, of).code).join(', ')}]`, type: arrayOf(of), place: false };
  }
}

function literalOf(values: readonly { name: string; code: string }[]): string {
  return `{ ${values.map(({ name, code }) => (name === code ? name : `${name}: ${code}`)).join(', ')} }`;
}

function parameterAt(parameters: readonly Parameter[], i: number): Type | null {
  const parameter = parameters[i] ?? parameters.at(-1);
  if (parameter === undefined) return null;
  return parameter.rest && parameter.type.of !== undefined ? parameter.type.of : parameter.type;
}
