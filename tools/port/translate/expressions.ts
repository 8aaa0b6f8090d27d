// SPDX-License-Identifier: GPL-2.0-only
/** C expressions as TypeScript. An expression that has no rule here is refused, never written as it stands. */

import { Assignments } from './assignments.js';
import {
  baseType,
  type CType,
  describe,
  hull,
  INT,
  type IntType,
  isInt,
  LONG,
  pointerTo,
  STRING,
  sizeOf,
  UINT,
  ULONG,
  VOID,
} from './ctypes.js';
import { part, typeNamed } from './declarators.js';
import { alike, arithmetic, comparison, inverted, negative, OPPOSITE, toInt } from './integers.js';
import type { Node } from './nodes.js';

import { bare, childrenOf, literalOf, nameOf, statementsOf, Untranslatable } from './scope.js';
import { isPointer, literal, NULL_VALUE, truthValue, type Value, value } from './values.js';

/** The variables that are not NULL when the condition is true, or when it is false. */
export function provenBy(condition: Node, outcome: boolean): string[] {
  const inner = bare(condition);
  if (inner.type === 'identifier') return outcome ? [inner.text] : [];
  if (inner.type === 'assignment_expression') return provenBy(part(inner, 'left'), outcome);
  const operator = inner.childForFieldName('operator')?.text;
  if (inner.type === 'unary_expression' && operator === '!') return provenBy(part(inner, 'argument'), !outcome);
  if (inner.type !== 'binary_expression') return [];
  const [left, right] = [part(inner, 'left'), part(inner, 'right')];
  if (operator === (outcome ? '&&' : '||')) return [...provenBy(left, outcome), ...provenBy(right, outcome)];
  const assigned = bare(left).type === 'assignment_expression' ? part(bare(left), 'left') : left;
  const name = nameOf(assigned);
  if (operator === (outcome ? '!=' : '==') && bare(right).type === 'null' && name !== null) return [name];
  return [];
}

const COMPARISONS = new Set(['==', '!=', '<', '>', '<=', '>=']);

export abstract class Expressions extends Assignments {
  protected abstract call(node: Node): Value;
  protected abstract structFrom(type: CType, list: Node | null): Value;
  protected abstract blockValue(node: Node): Value;

  translate(node: Node): Value {
    switch (node.type) {
      case 'parenthesized_expression': {
        const [inner] = childrenOf(node);
        if (inner === undefined) throw new Untranslatable('empty parentheses');
        if (inner.type === 'compound_statement') return this.blockValue(inner);
        const given = this.translate(inner);
        return /^[\w.$]+$/.test(given.code) || isWrapped(given.code) ? given : { ...given, code: `(${given.code})` };
      }
      case 'identifier':
        return this.identifier(node.text);
      case 'null':
        return NULL_VALUE;
      case 'true':
      case 'false':
        return { ...literal(node.text === 'true' ? 1n : 0n, INT), code: node.text, rep: 'boolean' };
      case 'number_literal':
        return this.number(node.text);
      case 'char_literal':
        return this.char(node.text);
      case 'string_literal':
      case 'concatenated_string':
        return this.text(node);
      case 'unary_expression':
        return this.unary(node);
      case 'binary_expression':
        return this.binary(node);
      case 'assignment_expression':
        return this.assignment(node);
      case 'update_expression':
        return this.update(node);
      case 'pointer_expression':
        if (node.children[0]?.text === '&') return this.addressOf(part(node, 'argument'));
        return this.functionOrPlace(node);
      case 'field_expression':
      case 'subscript_expression':
        return this.placeOf(node).value;
      case 'call_expression':
        return this.call(node);
      case 'cast_expression':
        return this.cast(node);
      case 'sizeof_expression':
        return this.sizeOf(node);
      case 'conditional_expression':
        return this.conditional(node);
      case 'compound_literal_expression':
        return this.structFrom(this.namedType(part(node, 'type')), part(node, 'value'));
      case 'comma_expression':
        return this.comma(node);
      default:
        throw new Untranslatable(`${node.type.replaceAll('_', ' ')}: no rule for it`);
    }
  }

  private identifier(name: string): Value {
    this.refuseLost(name);
    const variable = this.lookup(name);
    if (variable?.number !== undefined && isInt(variable.type)) {
      return { ...literal(variable.number, variable.type), code: variable.code };
    }
    if (variable !== null) return this.named(name).value;
    if (name === 'NUM_VMA_FLAG_BITS') return value(this.use(name), INT, 'number', { range: { lo: 64n, hi: 128n } });
    const constant = this.constantValue(name);
    if (constant !== null) return constant;
    const own = this.file.functions.get(name);
    if (own !== undefined) return this.functionValue(name);
    const entry = this.file.api.entries.get(name)?.entry;
    if (entry?.kind === 'function') {
      const signature = this.file.env.functions.get(name);
      if (signature === undefined) throw new Untranslatable(`the type of ${name}() is not known`);
      const { returns, variadic } = signature;
      const type: CType = {
        kind: 'function',
        returns,
        parameters: signature.parameters.map((one) => one.type),
        variadic,
      };
      return value(this.use(name), pointerTo(type), 'function');
    }
    return this.named(name).value;
  }

  /** A function of the file as a pointer: one that asserts brings the test along, and its assertions end it alone. */
  protected functionValue(name: string): Value {
    const own = this.file.functions.get(name);
    if (own === undefined) throw new Untranslatable(`the port has no ${name}()`, name);
    const { returns, variadic, parameters } = own;
    const type: CType = { kind: 'function', returns, parameters: parameters.map((one) => one.type), variadic };
    if (!own.needsTest) return value(own.code, pointerTo(type), 'function');
    const names = parameters.map((_, i) => `a${i}`).join(', ');
    const call = `${own.code}(${['t', ...(names === '' ? [] : [names])].join(', ')})`;
    const failed = this.failedValue(returns);
    const code = `(${names}) => ${this.use('attempt')}(() => ${call}, ${failed})`;
    return value(`(${code})`, pointerTo(type), 'function', { effects: true });
  }

  /** What a function of C returns when one of its assertions does not hold: false, as whatever it returns. */
  protected failedValue(returns: CType): string {
    if (returns.kind === 'void') return 'undefined';
    if (!isInt(returns)) return 'null';
    return returns.bool ? 'false' : returns.word ? '0n' : '0';
  }

  private number(text: string): Value {
    // The grammar takes a sign before a number for a part of it.
    if (/^[-+]/.test(text)) {
      const given = this.number(text.slice(1).trim());
      return text.startsWith('-') ? negative(given, this.helper) : given;
    }
    const found = literalOf(text);
    if (found === null) throw new Untranslatable(`${text}: no integer`);
    const { value: number, unsigned, long, decimal } = found;
    const fits = (type: IntType): boolean =>
      number <= (1n << BigInt(type.signed ? type.bits - 1 : type.bits)) - 1n &&
      (type.bits === 64 || !long) &&
      !(unsigned && type.signed);
    const type = [INT, ...(decimal && !unsigned ? [] : [UINT]), LONG, ULONG].find(fits);
    if (type === undefined) throw new Untranslatable(`${text}: wider than 64 bits`);
    const digits = text.replace(/[uUlL]+$/, '');
    return literal(number, type, /^0\d+$/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase());
  }

  private char(text: string): Value {
    const inner = text.slice(1, -1);
    const escapes: Record<string, number> = {
      n: 10,
      t: 9,
      r: 13,
      '0': 0,
      '\\': 92,
      "'": 39,
      '"': 34,
      a: 7,
      b: 8,
      f: 12,
      v: 11,
    };
    const code =
      inner.length === 1
        ? inner.charCodeAt(0)
        : inner.length === 2 && inner[0] === '\\'
          ? escapes[inner[1] ?? '']
          : undefined;
    if (code === undefined || code > 126)
      throw new Untranslatable(`${text}: a character of which the value is not known`);
    return literal(BigInt(code), INT, String(code));
  }

  private text(node: Node): Value {
    const parts = node.type === 'string_literal' ? [node] : childrenOf(node);
    const texts = parts.map((one) => {
      if (one.type !== 'string_literal' || !/^"(?:[ -!#-[\]-~]|\\[nt\\"])*"$/.test(one.text)) {
        throw new Untranslatable(`${one.text}: a text with what JavaScript writes otherwise`);
      }
      return one.text.slice(1, -1);
    });
    return value(`"${texts.join('')}"`, STRING, 'string');
  }

  // --- Operators ---

  private unary(node: Node): Value {
    const operator = part(node, 'operator').text;
    const argument = part(node, 'argument');
    if (operator === '!') {
      const given = this.truth(argument, true);
      return given;
    }
    const given = this.translate(argument);
    if (!isInt(given.type)) throw new Untranslatable(`${operator} of a ${describe(given.type)}`);
    switch (operator) {
      case '-':
        return negative(given, this.helper);
      case '+':
        return arithmetic('+', given, literal(0n, INT), this.helper);
      case '~':
        return inverted(given, this.helper);
      default:
        throw new Untranslatable(`the operator ${operator}`);
    }
  }

  private binary(node: Node): Value {
    const operator = part(node, 'operator').text;
    const [left, right] = [part(node, 'left'), part(node, 'right')];
    if (operator === '&&' || operator === '||') {
      const first = this.truth(left);
      const second = this.knowing(provenBy(left, operator === '&&'), () => this.truth(right));
      return truthValue(`(${first.code} ${operator} ${second.code})`, first.effects || second.effects);
    }
    if (COMPARISONS.has(operator)) return this.compare(left, right, operator);
    const [a, b] = [this.translate(left), this.translate(right)];
    if (isPointer(a.type) || isPointer(b.type)) throw new Untranslatable('arithmetic on a pointer');
    return arithmetic(operator, a, b, this.helper);
  }

  protected compare(left: Node, right: Node, operator: string): Value {
    const [a, b] = this.comparable(this.translate(left), this.translate(right), operator);
    if (isInt(a.type) && isInt(b.type)) {
      const widened = (one: Value, node: Node): Value =>
        one.fixed || one.rep !== 'number' || !this.isChoice(node) ? one : { ...one, code: `Number(${one.code})` };
      return comparison(operator, widened(a, left), widened(b, right), this.helper);
    }
    return truthValue(`${a.code} ${operator === '==' ? '===' : '!=='} ${b.code}`, a.effects || b.effects);
  }

  private isChoice(node: Node): boolean {
    return bare(node).type === 'field_expression' && this.placeOf(node).choice;
  }

  /** Two values that can be compared: integers, or pointers held alike. */
  private comparable(a: Value, b: Value, operator: string): [Value, Value] {
    if (isInt(a.type) && isInt(b.type)) return [a, b];
    if (operator !== '==' && operator !== '!=') throw new Untranslatable(`${operator} of pointers`);
    if (a.type.kind === 'struct' || b.type.kind === 'struct') throw new Untranslatable('a comparison of structs');
    const zero = (one: Value): boolean => isInt(one.type) && one.fixed && one.range.lo === 0n && one.range.hi === 0n;
    const [x, y] = [zero(a) ? { ...NULL_VALUE } : a, zero(b) ? { ...NULL_VALUE } : b];
    if (x.code === 'null' || y.code === 'null') return [x, y];
    // A function that asserts is another closure each time; texts are no places.
    const bad = [x, y].find(
      (one) => one.rep === 'string' || (one.rep === 'function' && one.effects) || isInt(one.type),
    );
    if (bad !== undefined) throw new Untranslatable(`a comparison of ${bad.code} as a pointer`);
    const opaque = (one: Value): boolean =>
      one.rep === 'unknown' || (one.errable && one.type.kind === 'pointer' && one.type.to.kind === 'void');
    if (x.rep !== y.rep && !opaque(x) && !opaque(y))
      throw new Untranslatable('a comparison of pointers that are held in two ways');
    return [x, y];
  }

  /** A condition, as a boolean; `negate` turns it round without a `!` where it can. */
  truth(node: Node, negate = false): Value {
    const inner = bare(node);
    if (inner.type === 'unary_expression' && part(inner, 'operator').text === '!') {
      return this.truth(part(inner, 'argument'), !negate);
    }
    if (inner.type === 'binary_expression') {
      const operator = part(inner, 'operator').text;
      const turned = negate ? OPPOSITE[operator] : operator;
      if (COMPARISONS.has(operator) && turned !== undefined) {
        return this.compare(part(inner, 'left'), part(inner, 'right'), turned);
      }
    }
    const given = this.translate(node);
    const constant = given.fixed && !given.effects && isInt(given.type);
    const made = truthValue(this.truthOfValue(given, negate), given.effects);
    if (!constant) return made;
    const holds = (given.range.lo !== 0n) !== negate;
    return { ...made, fixed: true, range: { lo: holds ? 1n : 0n, hi: holds ? 1n : 0n } };
  }

  /** Translates what is only reached when these variables are not NULL. */
  protected knowing<T>(names: readonly string[], translate: () => T): T {
    const before = new Set(this.narrowed);
    const travels = this.mayTravel;
    this.mayTravel = false;
    for (const name of names) this.prove(name);
    try {
      return translate();
    } finally {
      this.narrowed = before;
      this.mayTravel = travels;
    }
  }

  private conditional(node: Node): Value {
    const test = part(node, 'condition');
    const condition = this.truth(test).code;
    const consequence = node.childForFieldName('consequence');
    if (consequence === null) throw new Untranslatable('?: without a value in the middle');
    let yes = this.knowing(provenBy(test, true), () => this.translate(consequence));
    let no = this.knowing(provenBy(test, false), () => this.translate(part(node, 'alternative')));
    const effects = true;
    if (isInt(yes.type) && isInt(no.type)) {
      [yes, no] = alike(yes, no, true, this.helper);
      if (yes.rep !== no.rep)
        [yes, no] = [yes, no].map((one) => (one.rep === 'boolean' ? toInt(one, INT, this.helper) : one)) as [
          Value,
          Value,
        ];
      const rep = yes.rep === no.rep ? yes.rep : 'ulong';
      const more = { range: hull(yes.range, no.range), errno: yes.errno || no.errno, effects };
      return value(`(${condition} ? ${yes.code} : ${no.code})`, yes.type, rep, more);
    }
    if (yes.type.kind === 'struct' || no.type.kind === 'struct') {
      const same = yes.type.kind === 'struct' && no.type.kind === 'struct' && yes.type.name === no.type.name;
      if (!same) throw new Untranslatable('?: of two types');
      return value(`(${condition} ? ${yes.code} : ${no.code})`, yes.type, 'object', { place: true, effects });
    }
    const opaque = (one: Value): boolean => one.errable && one.type.kind === 'pointer' && one.type.to.kind === 'void';
    const type = yes.code === 'null' || isInt(yes.type) || opaque(yes) ? no.type : yes.type;
    if (type.kind !== 'pointer') throw new Untranslatable(`?: of a ${describe(type)}`);
    [yes, no] = [this.convert(yes, type), this.convert(no, type)];
    const rep = yes.code === 'null' ? no.rep : yes.rep;
    const more = { nullable: yes.nullable || no.nullable, errable: yes.errable || no.errable, effects };
    return value(`(${condition} ? ${yes.code} : ${no.code})`, type, rep, more);
  }

  private comma(node: Node): Value {
    const all = childrenOf(node);
    const values = all.map((one) => this.translate(one));
    const last = values.at(-1);
    if (last === undefined) throw new Untranslatable('a comma without values');
    const kept = values.filter((one) => one.effects || one === last);
    const code = kept.length === 1 ? last.code : `(${kept.map((one) => one.code).join(', ')})`;
    return { ...last, code, effects: kept.length > 1 || last.effects, fixed: false, place: false };
  }

  private functionOrPlace(node: Node): Value {
    const argument = part(node, 'argument');
    const name = nameOf(argument);
    if (name !== null && this.lookup(name) === null && this.file.functions.has(name)) return this.functionValue(name);
    const pointer = this.translate(argument);
    // * of a pointer to a function is the function.
    if (pointer.rep === 'function') return pointer;
    return this.placeOf(node).value;
  }

  // --- Casts and sizes ---

  /** The operands of typeof, by the names that stand for them. */
  typeofs: ReadonlyMap<string, Node> = new Map();

  /** The type that a lifted typeof is; null for any other name. */
  protected liftedType(name: string): CType | null {
    const operand = this.typeofs.get(name);
    if (operand === undefined) return null;
    const inner = bare(operand);
    if (inner.type === 'type_descriptor') return typeNamed(inner, this.file.env);
    return this.typeOf(inner);
  }

  /** The type of an expression that is not evaluated. */
  private typeOf(node: Node): CType {
    const inner = bare(node);
    if (inner.type === 'pointer_expression' && inner.children[0]?.text === '&') {
      return pointerTo(this.typeOf(part(inner, 'argument')));
    }
    return this.translate(inner).type;
  }

  /** The type that a cast or sizeof names. */
  protected namedType(node: Node): CType {
    const name = /\b__typeof_\d+\b/.exec(node.text)?.[0];
    return typeNamed(node, this.file.env, name === undefined ? null : this.liftedType(name));
  }

  private cast(node: Node): Value {
    const type = this.namedType(part(node, 'type'));
    const given = this.translate(part(node, 'value'));
    if (type.kind === 'void') return { ...given, type: VOID, rep: 'void' };
    const made = this.convert(given, type.kind === 'int' && type.word ? ULONG : type);
    return { ...made, place: false };
  }

  private sizeOf(node: Node): Value {
    const named = node.childForFieldName('type');
    const inner = node.childForFieldName('value');
    if (named !== null && this.lookup(named.text) === null) return this.sizeOfType(this.namedType(named));
    const target = inner ?? named;
    const name = target === null ? null : nameOf(target);
    // The grammar takes the name of a type for a variable.
    if (name !== null && this.lookup(name) === null && !this.file.functions.has(name)) {
      const type = baseType(name, this.file.env.typedefs);
      if (type.kind !== 'unknown') return this.sizeOfType(type);
    }
    if (target === null) throw new Untranslatable('sizeof nothing');
    const given = target.type === 'type_descriptor' ? this.named(target.text).value : this.translate(target);
    if (given.type.kind === 'struct' && given.type.name === 'vma_flags_t') {
      const code = `${this.use('sizeof')}(${given.code.replace(/^\((.*)\)$/, '$1')})`;
      return value(code, ULONG, 'number', { range: { lo: 8n, hi: 16n } });
    }
    if (given.rep === 'string') throw new Untranslatable('sizeof a text');
    return this.sizeOfType(given.type);
  }

  private sizeOfType(type: CType): Value {
    if (type.kind === 'struct' && type.name === 'vma_flags_t') throw new Untranslatable('sizeof vma_flags_t');
    const size = type.kind === 'struct' ? this.structSize(type.name) : sizeOf(type);
    if (size === null) throw new Untranslatable(`sizeof a ${describe(type)}: it has no size here`);
    return literal(BigInt(size), ULONG, String(size));
  }

  /** Bytes of a struct of the file, laid out as the ABI has it. */
  private structSize(name: string): number | null {
    const struct = this.file.structs.has(name) ? this.file.env.structs.get(name) : undefined;
    if (struct === undefined || struct.union) return null;
    let offset = 0;
    let alignment = 1;
    for (const { type, overlaps } of struct.fields) {
      const size = sizeOf(type);
      const element = type.kind === 'array' ? sizeOf(type.of) : size;
      if (size === null || element === null || overlaps || !Number.isInteger(size)) return null;
      offset = Math.ceil(offset / element) * element + size;
      alignment = Math.max(alignment, element);
    }
    return Math.ceil(offset / alignment) * alignment;
  }

  /** The last expression of a block with values: what statements before it do, and its value. */
  protected lastOf(node: Node): { before: Node[]; last: Node } {
    const all = statementsOf(node).filter((one) => one.type !== 'comment');
    const last = all.at(-1);
    const [expression] = last?.type === 'expression_statement' ? childrenOf(last) : [];
    if (expression === undefined) throw new Untranslatable('a statement expression without a value');
    return { before: all.slice(0, -1), last: expression };
  }
}

/** Is all of the code between one pair of parentheses? */
export function isWrapped(code: string): boolean {
  if (!code.startsWith('(') || !code.endsWith(')')) return false;
  let depth = 0;
  for (let i = 0; i < code.length - 1; i++) {
    if (code[i] === '(') depth++;
    if (code[i] === ')' && --depth === 0) return false;
  }
  return true;
}
