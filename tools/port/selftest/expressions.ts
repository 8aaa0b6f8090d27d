// SPDX-License-Identifier: GPL-2.0-only
/** Expressions of selftests. One that has no rule here is refused. */
import type { Node } from '../translate/nodes.js';
import { childrenOf, literalOf, Untranslatable } from '../translate/scope.js';
import { CALLS, type Parameter, RETURNS_NOTHING, type Signature, STRUCTS, SYSCALLS } from './calls.js';
import { FIXTURE_STRUCT, VARIANT_STRUCT } from './dialect.js';
import { type FileScope, headerConstant, type OwnFunction, type Variable } from './scope.js';
import { typeOfCast } from './types.js';
import {
  ADDRESS,
  ADDRESSES,
  ATOM,
  arithmetic,
  BOOL,
  beside,
  CHAR,
  common,
  compared,
  condition,
  converted,
  describe,
  exactly,
  hull,
  INT,
  type IntType,
  isWithin,
  LONG,
  literal,
  moved,
  negated,
  numeric,
  type Range,
  rangeOfType,
  type Type,
  UINT,
  ULONG,
  type Value,
  VOID,
} from './values.js';

/** A part of a node by the name that the grammar has for it. */
export function part(node: Node, name: string): Node {
  const found = node.childForFieldName(name);
  if (found === null) throw new Untranslatable(`${node.type.replaceAll('_', ' ')} without ${name}`);
  return found;
}

const COMPARISONS = new Set(['==', '!=', '<', '>', '<=', '>=']);
const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, '0': 0, '\\': 92, "'": 39, '"': 34 };

export abstract class Expressions {
  protected readonly file: FileScope;
  /** What variables can be where an expression stands, beyond what the facts know: in the body of a loop. */
  protected readonly narrowed: Map<string, Range>;

  constructor(file: FileScope) {
    this.file = file;
    this.narrowed = new Map();
  }

  protected abstract lookup(name: string): Variable | null;

  value(node: Node): Value {
    switch (node.type) {
      case 'parenthesized_expression': {
        const [inner] = childrenOf(node);
        if (inner === undefined) throw new Untranslatable('empty parentheses');
        return this.value(inner);
      }
      case 'identifier':
        return this.identifier(node.text);
      case 'null':
        return this.identifier('NULL');
      case 'true':
      case 'false':
        return this.truthValue(node.text, exactly(node.text === 'true' ? 1n : 0n), ATOM);
      case 'number_literal':
        return this.number(node.text);
      case 'char_literal':
        return this.char(node.text);
      case 'string_literal':
        return this.text(node);
      case 'unary_expression':
        return this.unary(node);
      case 'binary_expression':
        return this.binary(node);
      case 'conditional_expression':
        return this.conditional(node);
      case 'cast_expression':
        return this.cast(node);
      case 'field_expression':
        return this.field(node);
      case 'subscript_expression':
      case 'pointer_expression':
        return this.pointer(node);
      case 'call_expression':
        return this.call(node);
      default:
        throw new Untranslatable(`${node.type.replaceAll('_', ' ')}: no rule for it`);
    }
  }

  protected truthValue(code: string, range: Range, tight: number): Value {
    return { code, type: BOOL, range, tight, truth: true };
  }

  /** What a variable, a field or a parameter is, by what the facts know of it. */
  protected held(code: string, type: Type, key: string): Value {
    if (type.kind !== 'int') return { code, type, range: ADDRESSES, tight: ATOM };
    const range = this.narrowed.get(key) ?? this.file.facts.read(key);
    if (type.bool) return this.truthValue(code, range, ATOM);
    return { code, type, range, tight: ATOM, ...(this.file.facts.isBig(key) ? { big: true } : {}) };
  }

  protected variable(one: Variable): Value {
    return this.held(one.boxed ? `${one.code}.value` : one.code, one.type, one.key);
  }

  private identifier(name: string): Value {
    const variable = this.lookup(name);
    if (variable !== null) return this.variable(variable);
    if (name === 'NULL') return { code: this.file.use('NULL'), type: ADDRESS, range: exactly(0n), tight: ATOM };
    if (name === 'MAP_FAILED') return { code: this.file.use(name), type: ADDRESS, range: exactly(-1n), tight: ATOM };
    if (name === 'errno') return { code: this.file.use(name), type: INT, range: { lo: 0n, hi: 4095n }, tight: ATOM };
    if (name === '_SC_PAGESIZE' || name === '_SC_PAGE_SIZE') return literal(30n, INT, this.file.use('_SC_PAGESIZE'));
    if (name === 'UINT64_MAX' || name === 'ULONG_MAX') return literal(2n ** 64n - 1n, ULONG);
    const own = this.file.constants.get(name);
    if (own !== undefined) return literal(own, this.typeOfNumber(own), name);
    if (this.file.macros.has(name)) throw new Untranslatable(`the macro ${name} has no rule`);
    const known = headerConstant(name);
    if (known !== null) return literal(known, this.typeOfNumber(known), this.file.use(name));
    throw new Untranslatable(`${name} is not known`, name);
  }

  private typeOfNumber(number: bigint): IntType {
    return [INT, UINT, LONG].find((type) => isWithin(exactly(number), rangeOfType(type))) ?? ULONG;
  }

  private number(text: string): Value {
    if (/^[-+]/.test(text)) {
      const given = this.number(text.slice(1).trim());
      return text.startsWith('-') ? this.minus(given) : given;
    }
    const found = literalOf(text);
    if (found === null) throw new Untranslatable(`${text}: no integer`);
    const { value, unsigned, long, decimal } = found;
    const candidates = [INT, ...(decimal && !unsigned ? [] : [UINT]), LONG, ULONG];
    const type = candidates.find(
      (one) => isWithin(exactly(value), rangeOfType(one)) && (one.bits === 64 || !long) && !(unsigned && one.signed),
    );
    if (type === undefined) throw new Untranslatable(`${text}: wider than 64 bits`);
    const digits = text.replace(/[uUlL]+$/, '');
    return literal(value, type, /^0\d+$/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase());
  }

  private char(text: string): Value {
    const inner = text.slice(1, -1);
    const escaped = inner[0] === '\\' && inner.length === 2 ? ESCAPES[inner[1] ?? ''] : undefined;
    const code = inner.length === 1 ? inner.charCodeAt(0) : escaped;
    if (code === undefined || code > 126)
      throw new Untranslatable(`${text}: a character of which the value is not known`);
    if (inner.length > 1) return literal(BigInt(code), INT);
    return { ...literal(BigInt(code), INT, `${this.file.use('chr')}(${text})`), char: inner };
  }

  protected text(node: Node): Value {
    if (!/^"(?:[ -!#-[\]-~]|\\[nt\\"])*"$/.test(node.text))
      throw new Untranslatable(`${node.text}: a text with what JavaScript writes otherwise`);
    return { code: node.text, type: { kind: 'text' }, range: exactly(0n), tight: ATOM };
  }

  private minus(given: Value): Value {
    const one = numeric(given);
    if (one.range.lo === one.range.hi) {
      const type = one.type.kind === 'int' ? common(one.type, INT) : INT;
      const number = type.signed ? -one.range.lo : BigInt.asUintN(type.bits, -one.range.lo);
      return literal(number, type, one.big || !type.signed ? undefined : `-${beside(one, 15)}`);
    }
    return arithmetic('-', literal(0n, INT), one);
  }

  private unary(node: Node): Value {
    const operator = part(node, 'operator').text;
    const argument = part(node, 'argument');
    const given = this.value(argument);
    if (operator === '!') return negated(given);
    if (operator === '-') return this.minus(given);
    if (operator === '+') return numeric(given);
    if (operator === '~') {
      const one = numeric(given);
      if (one.type.kind !== 'int' || one.range.lo !== one.range.hi) throw new Untranslatable(`~ of ${given.code}`);
      const type = common(one.type, INT);
      const number = type.signed ? ~one.range.lo : BigInt.asUintN(type.bits, ~one.range.lo);
      return literal(number, type, type.signed ? `~${beside(one, 15)}` : undefined);
    }
    throw new Untranslatable(`the operator ${operator}`);
  }

  private binary(node: Node): Value {
    const operator = part(node, 'operator').text;
    const [left, right] = [part(node, 'left'), part(node, 'right')];
    if (operator === '&&' || operator === '||') {
      const tight = operator === '&&' ? 5 : 4;
      const [a, b] = [condition(this.value(left)), condition(this.value(right))];
      // Beside the other of the two, parentheses make it plain.
      return this.truthValue(`${beside(a, 6)} ${operator} ${beside(b, 6)}`, { lo: 0n, hi: 1n }, tight);
    }
    const [a, b] = [this.value(left), this.value(right)];
    if (COMPARISONS.has(operator)) return compared(operator, a, b);
    const [x, y] = [a.type.kind === 'address', b.type.kind === 'address'];
    if (x && !y && (operator === '+' || operator === '-')) return moved(operator, a, b);
    if (y && !x && operator === '+') return moved('+', b, a);
    if (x || y) throw new Untranslatable(`${operator} of pointers: ${node.text}`);
    return arithmetic(operator, a, b);
  }

  private conditional(node: Node): Value {
    const test = condition(this.value(part(node, 'condition')));
    const [yes, no] = [this.value(part(node, 'consequence')), this.value(part(node, 'alternative'))];
    const write = (a: Value, b: Value): string => `${beside(test, 4)} ? ${beside(a, 4)} : ${beside(b, 4)}`;
    if (yes.truth && no.truth) return this.truthValue(write(yes, no), hull(yes.range, no.range), 3);
    if (yes.type.kind === 'int' && no.type.kind === 'int' && !yes.big && !no.big) {
      const [a, b] = [numeric(yes), numeric(no)];
      const type = common(yes.type, no.type);
      const range = hull(a.range, b.range);
      if (!isWithin(range, rangeOfType(type)))
        throw new Untranslatable(`?: in which a value changes its sign: ${node.text}`);
      return { code: write(a, b), type, range, tight: 3 };
    }
    if (yes.type.kind === 'address' && no.type.kind === 'address')
      return { code: write(yes, no), type: yes.type, range: ADDRESSES, tight: 3 };
    throw new Untranslatable(`?: of a ${describe(yes.type)} and a ${describe(no.type)}`);
  }

  private cast(node: Node): Value {
    const type = typeOfCast(part(node, 'type'));
    const given = this.value(part(node, 'value'));
    return this.castTo(given, type);
  }

  private castTo(given: Value, type: Type): Value {
    if (type.kind === 'void') return { ...given, type: VOID };
    if (type.kind === 'address' && given.type.kind === 'address') return { ...given, type };
    if (type.kind === 'int' && given.type.kind === 'int') return converted(given, type, 'what is cast');
    if (type.kind === 'int' && given.type.kind === 'address') {
      if (type.bits < 64) throw new Untranslatable(`a pointer made an ${describe(type)}: ${given.code}`);
      // MAP_FAILED is the largest number then; nobody compares it with anything but itself.
      return { ...given, type, range: given.range.lo < 0n ? { lo: 0n, hi: 0n } : ADDRESSES };
    }
    if (type.kind === 'address' && given.type.kind === 'int') {
      const number = numeric(given);
      if (number.big || !isWithin(number.range, { lo: -1n, hi: 2n ** 53n - 1n }))
        throw new Untranslatable(`a pointer made of ${given.code}`);
      return { ...number, type };
    }
    throw new Untranslatable(`a cast of a ${describe(given.type)} to a ${describe(type)}`);
  }

  // --- Places ---

  /** The type of a field, with what the facts call it, or what is known of it. */
  protected fieldOf(base: Value, name: string): { code: string; type: Type; key: string | null; range: Range } {
    if (base.type.kind !== 'struct') throw new Untranslatable(`.${name} of a ${describe(base.type)}`);
    const struct = base.type.name;
    const code = `${base.code}.${name}`;
    const known = STRUCTS[struct]?.[name];
    if (known !== undefined) return { code, type: known.type, key: null, range: known.range };
    const [fixture, isVariant] = struct.startsWith(VARIANT_STRUCT)
      ? [struct.slice(VARIANT_STRUCT.length), true]
      : [struct.slice(FIXTURE_STRUCT.length), false];
    const info = this.file.fixtures.get(fixture);
    const type = (isVariant ? info?.variant : info?.fields)?.get(name);
    if (type === undefined) throw new Untranslatable(`struct ${struct.replace(/^__/, '')} has no ${name} here`);
    return { code, type, key: `${struct}.${name}`, range: ADDRESSES };
  }

  private field(node: Node): Value {
    const { code, type, key, range } = this.fieldOf(this.value(part(node, 'argument')), part(node, 'field').text);
    if (key === null) return { code, type, range, tight: ATOM };
    return this.held(code, type, key);
  }

  /** The address that an index or a star is about, of memory that is read and written byte by byte. */
  protected byteAt(node: Node): Value {
    const isIndex = node.type === 'subscript_expression';
    const base = this.value(part(node, 'argument'));
    if (base.type.kind !== 'address') throw new Untranslatable(`memory of a ${describe(base.type)}: ${node.text}`);
    if (!base.type.char) throw new Untranslatable(`what a void pointer points to: ${node.text}`);
    return isIndex ? moved('+', base, this.value(part(node, 'index'))) : base;
  }

  private pointer(node: Node): Value {
    if (node.type === 'pointer_expression' && node.children[0]?.text === '&')
      return this.addressOf(part(node, 'argument'));
    const boxed = this.boxedBy(node);
    if (boxed !== null) return boxed;
    const character = this.characterOf(node);
    if (character !== null) return character;
    const address = this.byteAt(node);
    return {
      code: `${this.file.use('load_char')}(${address.code})`,
      type: CHAR,
      range: rangeOfType(CHAR),
      tight: ATOM,
    };
  }

  /** What a pointer to a variable points to; null for what is no such pointer. */
  protected boxedBy(node: Node): Value | null {
    if (node.type !== 'pointer_expression') return null;
    const base = this.value(part(node, 'argument'));
    if (base.type.kind !== 'box') return null;
    const { of } = base.type;
    const code = `${base.code}.value`;
    if (of.kind === 'int' && of.bool) return this.truthValue(code, { lo: 0n, hi: 1n }, ATOM);
    return { code, type: of, range: of.kind === 'int' ? rangeOfType(of) : ADDRESSES, tight: ATOM };
  }

  /** A character of a text; null for what is no text. */
  private characterOf(node: Node): Value | null {
    const text = this.value(part(node, 'argument'));
    if (text.type.kind !== 'text') return null;
    const index = node.type === 'subscript_expression' ? numeric(this.value(part(node, 'index'))).code : '0';
    // Its end is a zero.
    const code = `(${beside(text, 17)}.charCodeAt(${index}) || 0)`;
    return { code, type: CHAR, range: { lo: 0n, hi: 127n }, tight: ATOM };
  }

  private addressOf(argument: Node): Value {
    if (argument.type === 'subscript_expression') return this.byteAt(argument);
    if (argument.type === 'parenthesized_expression') {
      const [inner] = childrenOf(argument);
      if (inner !== undefined) return this.addressOf(inner);
    }
    const variable = argument.type === 'identifier' ? this.lookup(argument.text) : null;
    if (variable?.boxed) {
      // Whoever has the pointer gives it whatever it likes.
      if (variable.type.kind === 'int') this.file.facts.give(variable.key, rangeOfType(variable.type), variable.type);
      return { code: variable.code, type: { kind: 'box', of: variable.type }, range: ADDRESSES, tight: ATOM };
    }
    const given = this.value(argument);
    if (given.type.kind === 'struct' && !given.type.pointer)
      return { ...given, type: { ...given.type, pointer: true } };
    throw new Untranslatable(`the address of ${argument.text}`);
  }

  // --- Calls ---

  private call(node: Node): Value {
    const name = part(node, 'function').text;
    const args = childrenOf(part(node, 'arguments'));
    const own = this.file.functions.get(name);
    if (own !== undefined) return this.callOwn(own, args);
    if (name === 'syscall') return this.systemCall(args);
    if (name === 'FORCE_READ') return this.forceRead(args);
    if (name === 'sigaction') return this.handlerSet(args);
    if (name === 'siglongjmp') return this.longJump(args);
    if (this.file.macros.has(name)) throw new Untranslatable(`the macro ${name}() has no rule`);
    const signature = Object.hasOwn(CALLS, name) ? CALLS[name] : undefined;
    if (signature === undefined) throw new Untranslatable(`${name}() is not known`, name);
    return this.callHarness(name, signature, args);
  }

  /** sigaction(SIGSEGV, &act, NULL): the variable is the handler. */
  private handlerSet([signal, action, old, ...more]: readonly Node[]): Value {
    const inner = action?.type === 'pointer_expression' ? part(action, 'argument') : null;
    const variable = inner?.type === 'identifier' ? this.lookup(inner.text) : null;
    const isAction = variable?.type.kind === 'struct' && variable.type.name === 'sigaction';
    if (signal === undefined || !isAction || old?.text !== 'NULL' || more.length > 0) {
      throw new Untranslatable('sigaction() of another form');
    }
    const code = `${this.file.use('sigaction')}(${numeric(this.value(signal)).code}, ${variable.code})`;
    return { code, type: INT, range: { lo: -1n, hi: 0n }, tight: ATOM };
  }

  /** siglongjmp(buffer, value): there is but one place to go to, the innermost. */
  private longJump([buffer, value, ...more]: readonly Node[]): Value {
    if (buffer?.type !== 'identifier' || value === undefined || more.length > 0) {
      throw new Untranslatable('siglongjmp() of another form');
    }
    const code = `${this.file.use('siglongjmp')}(${numeric(this.value(value)).code})`;
    return { code, type: VOID, range: exactly(0n), tight: ATOM };
  }

  private forceRead(args: readonly Node[]): Value {
    const [place] = args;
    if (place === undefined || args.length !== 1) throw new Untranslatable('FORCE_READ() of one place');
    if (place.type !== 'subscript_expression' && place.type !== 'pointer_expression')
      throw new Untranslatable(`FORCE_READ() of ${place.text}`);
    return {
      code: `${this.file.use('FORCE_READ')}(${this.byteAt(place).code})`,
      type: VOID,
      range: exactly(0n),
      tight: ATOM,
    };
  }

  private callHarness(name: string, { parameters, optional, returns, range }: Signature, args: readonly Node[]): Value {
    if (args.length > parameters.length || args.length < parameters.length - optional) {
      throw new Untranslatable(`${name}() takes ${parameters.length} arguments, not ${args.length}`);
    }
    const list = args.flatMap((one, i) => this.argument(one, parameters[i] ?? 'int', name) ?? []);
    const code = `${this.file.use(name)}(${list.join(', ')})`;
    const type = RETURNS_NOTHING.has(name) ? VOID : returns;
    if (type.kind === 'int' && type.bool) return this.truthValue(code, range, ATOM);
    return { code, type, range, tight: ATOM };
  }

  /** An argument as the harness takes it; null where it does not. */
  private argument(node: Node, parameter: Parameter, call: string): string | null {
    if (parameter === 'dropped') {
      const given = numeric(this.value(node));
      if (given.range.lo !== 0n || given.range.hi !== 0n) throw new Untranslatable(`${call}() with ${node.text}`);
      return null;
    }
    if (parameter === 'status') return this.statusArgument(node, call);
    const given = this.value(node);
    const wrong = (): never => {
      throw new Untranslatable(`${call}() with a ${describe(given.type)}: ${node.text}`);
    };
    const isZero = given.range.lo === 0n && given.range.hi === 0n;
    switch (parameter) {
      case 'address':
        return given.type.kind === 'address' || (given.type.kind === 'int' && isZero) ? given.code : wrong();
      case 'int':
        // A pointer where an unsigned long is taken: prctl(), and NULL for 0.
        if (given.type.kind === 'address' && given.code !== 'NULL') return wrong();
        return given.type.kind === 'address' ? '0' : numeric(given).code;
      case 'char':
        return given.char === undefined ? numeric(given).code : `'${given.char}'`;
      case 'text':
        return given.type.kind === 'text' ? given.code : wrong();
      default:
        return given.type.kind === 'struct' && given.type.name === 'procmap_fd' && given.type.pointer
          ? given.code
          : wrong();
    }
  }

  private statusArgument(node: Node, call: string): string | null {
    if (node.text === 'NULL') return call === 'wait' ? null : 'null';
    const inner = node.type === 'pointer_expression' ? part(node, 'argument') : null;
    const variable = inner?.type === 'identifier' ? this.lookup(inner.text) : null;
    if (!variable?.boxed) throw new Untranslatable(`${call}() with ${node.text}`);
    this.file.facts.give(variable.key, { lo: 0n, hi: 0xffffn }, INT);
    return variable.code;
  }

  private systemCall(args: readonly Node[]): Value {
    const [first, ...rest] = args;
    const name = first?.text.replace(/^(?:__NR_|SYS_)/, '') ?? '';
    if (!SYSCALLS.has(name)) throw new Untranslatable(`the system call ${first?.text ?? 'of no number'}`);
    const list = rest.map((one) => {
      const given = this.value(one);
      if (given.type.kind !== 'int' && given.type.kind !== 'address')
        throw new Untranslatable(`syscall() with a ${describe(given.type)}`);
      return given.type.kind === 'int' ? numeric(given).code : given.code;
    });
    const code = `${this.file.use('syscall')}(${[`'${name}'`, ...list].join(', ')})`;
    const isAddress = name === 'mmap' || name === 'mremap' || name === 'brk';
    return { code, type: LONG, range: { lo: -1n, hi: isAddress ? ADDRESSES.hi : 2n ** 31n - 1n }, tight: ATOM };
  }

  private callOwn(own: OwnFunction, args: readonly Node[]): Value {
    if (this.file.isBroken(own.name)) return this.unreached(own);
    if (args.length !== own.parameters.length)
      throw new Untranslatable(`${own.name}() takes ${own.parameters.length} arguments, not ${args.length}`);
    const list = args.flatMap((one, i) => {
      const parameter = own.parameters[i];
      if (parameter === undefined || isMetadata(parameter.type)) return [];
      return [this.assigned(this.value(one), parameter.type, `${own.name}(${parameter.name})`)];
    });
    const code = `${own.name}(${list.join(', ')})`;
    if (own.returns.kind === 'void') return { code, type: VOID, range: exactly(0n), tight: ATOM };
    return this.held(code, own.returns, `return ${own.name}`);
  }

  /** A call of a function that could not be translated: it makes a todo of the case, whatever it is given. */
  private unreached({ name, returns }: OwnFunction): Value {
    const code = `${name}()`;
    if (returns.kind === 'int' && returns.bool) return this.truthValue(code, { lo: 0n, hi: 1n }, ATOM);
    return { code, type: returns, range: returns.kind === 'int' ? exactly(0n) : ADDRESSES, tight: ATOM };
  }

  /** The code of a value for a place of that type; the facts are told. */
  protected assigned(given: Value, type: Type, key: string | null): string {
    if (type.kind === 'int' && given.type.kind === 'int') {
      const one = converted(given, type, key?.replace(/^\w+:/, '') ?? 'what is assigned');
      if (one.big && (key === null || !/^\w+\(\w+\)$/.test(key))) throw new Untranslatable(`${one.code} in a variable`);
      if (one.big && key !== null) this.file.facts.giveBig(key);
      if (key !== null) this.file.facts.give(key, one.range, type);
      return one.code;
    }
    if (type.kind === 'int' && type.bool && given.type.kind === 'address') {
      if (key !== null) this.file.facts.give(key, { lo: 0n, hi: 1n }, type);
      return condition(given).code;
    }
    const isZero = given.type.kind === 'int' && given.range.lo === 0n && given.range.hi === 0n;
    if (type.kind === 'address' && (given.type.kind === 'address' || isZero))
      return isZero ? this.file.use('NULL') : given.code;
    if (type.kind === 'text' && given.type.kind === 'text') return given.code;
    const isBox = type.kind === 'box' && given.type.kind === 'box' && describe(type) === describe(given.type);
    if (isBox) return given.code;
    const same = type.kind === 'struct' && given.type.kind === 'struct' && type.name === given.type.name;
    if (same && type.pointer && given.type.kind === 'struct' && given.type.pointer) return given.code;
    throw new Untranslatable(`a ${describe(given.type)} for a ${describe(type)}: ${given.code}`);
  }
}

/** The harness's own state, which selftests hand on to their helpers. */
export function isMetadata(type: Type): boolean {
  return type.kind === 'struct' && type.name === '__test_metadata';
}
