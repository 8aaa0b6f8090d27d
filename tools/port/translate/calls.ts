// SPDX-License-Identifier: GPL-2.0-only
/** Calls: of assertions, of the port's functions with what they take, of functions of the file, of C's own helpers. */

import { isPure } from './assignments.js';
import { type CType, describe, INT, type IntType, isInt, LONG, least, most, pointerTo, ULONG, VOID } from './ctypes.js';
import { part, type Signature } from './declarators.js';
import { alike, comparison, intType, toInt } from './integers.js';
import type { OwnFunction } from './model.js';
import { textOf } from './model.js';
import type { Node } from './nodes.js';
import { asToday } from './older.js';
import type { ApiEntry, Parameter } from './port_api.js';
import { CONDITIONAL_ARGUMENTS } from './preprocess.js';
import { bare, childrenOf, nameOf, Untranslatable } from './scope.js';
import { Structs } from './structs.js';
import type { Type } from './types.js';
import { literal, truthValue, type Value, value } from './values.js';

/** Hints to the compiler that mean their argument. */
const TRANSPARENT = new Set(['likely', 'unlikely', 'READ_ONCE', 'data_race']);
const PRINTING = /^(?:v?f?printf|puts|pr_\w+|printk|perror)$/;
/** Functions of unsigned long that never return an error in it. */
const NO_ERRORS = /^(?:vma_|linear_|vm_start_gap|vm_end_gap|stack_guard|offset_in_page|PHYS_PFN|PAGE_ALIGN|rlimit)/;
/** Of functions by these names the arguments are flags or pointers, whatever their number. */
const FLAG_CALLS =
  /^(?:mk_vma_flags|append_vma_flags|vma_(?:desc_)?(?:flags_)?(?:set|clear|test|same|and)(?:_any|_all)?(?:_flags)?)$/;

/** What macros of the kernel take and return, as if they were functions. */
const MACROS: Record<string, { parameters: CType[]; returns: CType }> = {
  offset_in_page: { parameters: [ULONG], returns: ULONG },
  PHYS_PFN: { parameters: [ULONG], returns: ULONG },
  PAGE_ALIGN: { parameters: [ULONG], returns: ULONG },
  PAGE_ALIGN_DOWN: { parameters: [ULONG], returns: ULONG },
  pgprot_val: { parameters: [{ kind: 'struct', name: 'pgprot_t' }], returns: ULONG },
  __pgprot: { parameters: [ULONG], returns: { kind: 'struct', name: 'pgprot_t' } },
  vma_iter_prealloc: {
    parameters: [
      pointerTo({ kind: 'struct', name: 'vma_iterator' }),
      pointerTo({ kind: 'struct', name: 'vm_area_struct' }),
    ],
    returns: INT,
  },
};

export abstract class Calls extends Structs {
  /** What `__VA_ARGS__` stands for, in a macro that is a function here. */
  protected variadic: string | null = null;

  /** Does a failed assertion of the callee fail the caller as well? Else it must end the callee alone. */
  protected abstract propagates(call: Node): boolean;

  protected call(node: Node): Value {
    const callee = part(node, 'function');
    const args = childrenOf(part(node, 'arguments'));
    const name = nameOf(callee);
    if (name === null || this.lookup(name) !== null) return this.callPointer(this.translate(callee), args);
    this.refuseLost(name);
    const [first] = args;
    if (TRANSPARENT.has(name) && first !== undefined && args.length === 1)
      return { ...this.translate(first), place: false };
    const own = this.file.functions.get(name);
    if (own !== undefined) return this.callOwn(own, args, node);
    if (name.startsWith('ASSERT_')) return this.assertion(name, args);
    return this.builtIn(name, args) ?? this.callPort(name, args);
  }

  private only(name: string, args: readonly Node[], count: number): Value[] {
    if (args.length !== count) throw new Untranslatable(`${name}() takes ${count} arguments, not ${args.length}`);
    return args.map((one) => this.translate(one));
  }

  /** Helpers of C that are no function of the port. */
  private builtIn(name: string, args: readonly Node[]): Value | null {
    if (PRINTING.test(name)) throw new Untranslatable(`${name}() prints, which a test does not`);
    switch (name) {
      case 'ARRAY_SIZE':
        return this.arraySize(args);
      case 'min':
      case 'max':
        return this.smaller(name, this.only(name, args, 2));
      case 'min_t':
      case 'max_t': {
        const [type, ...values] = args;
        if (type === undefined) throw new Untranslatable(`${name}() without a type`);
        const wanted = this.namedType(type);
        if (!isInt(wanted)) throw new Untranslatable(`${name}() of a ${describe(wanted)}`);
        const given = this.only(name, values, 2).map((one) => toInt(one, wanted, this.helper));
        return this.smaller(name.slice(0, 3), given);
      }
      case 'ERR_PTR': {
        const [given] = this.only(name, args, 1);
        if (given === undefined) return null;
        const number = this.held(toInt(given, LONG, this.helper), 'number');
        return value(`${this.use(name)}(${number})`, pointerTo(VOID), 'object', { errable: true });
      }
      case 'IS_ERR':
      case 'IS_ERR_OR_NULL': {
        const given = this.pointerArgument(name, args);
        const code = `${this.use('IS_ERR')}(${given.code})`;
        return truthValue(name === 'IS_ERR' ? code : `(${code} || ${given.code} === null)`, given.effects);
      }
      case 'PTR_ERR':
      case 'PTR_ERR_OR_ZERO': {
        const given = this.pointerArgument(name, args);
        const error = `${this.use('ptr_err')}(${given.code})`;
        const [code, hi] =
          name === 'PTR_ERR' ? [error, -1n] : [`(${this.use('IS_ERR')}(${given.code}) ? ${error} : 0)`, 0n];
        return value(code, name === 'PTR_ERR' ? LONG : INT, 'number', { range: { lo: -4095n, hi }, effects: true });
      }
      case 'IS_ERR_VALUE': {
        const [given] = this.only(name, args, 1);
        if (given === undefined) return null;
        return truthValue(`${this.use('is_err_value')}(${toInt(given, ULONG, this.helper).code})`, given.effects);
      }
      case 'strcmp':
      case 'strlen': {
        const texts = this.only(name, args, name === 'strcmp' ? 2 : 1);
        if (texts.some((one) => one.rep !== 'string')) throw new Untranslatable(`${name}() of what is no text here`);
        const code = `${this.use(name)}(${texts.map((one) => this.followed(one)).join(', ')})`;
        return value(code, name === 'strcmp' ? INT : ULONG, 'number', {
          range: { lo: name === 'strcmp' ? -1n : 0n, hi: 2n ** 30n },
        });
      }
      case 'memset':
      case 'memcmp':
      case 'memcpy':
      case 'memmove':
        return this.memory(name, args);
      default:
        return null;
    }
  }

  private pointerArgument(name: string, args: readonly Node[]): Value {
    const [given] = this.only(name, args, 1);
    if (given === undefined || given.type.kind !== 'pointer' || given.effects) {
      throw new Untranslatable(`${name}() of what is no pointer variable`);
    }
    return given;
  }

  private arraySize(args: readonly Node[]): Value {
    const [array] = this.only('ARRAY_SIZE', args, 1);
    if (array?.type.kind !== 'array' || array.rep !== 'array')
      throw new Untranslatable('ARRAY_SIZE() of what is no array');
    const { length } = array.type;
    if (length === null) throw new Untranslatable('ARRAY_SIZE() of an array without a length');
    const range = { lo: BigInt(length), hi: BigInt(length) };
    return value(`${array.code}.length`, ULONG, 'number', { range });
  }

  private smaller(name: string, [left, right]: readonly Value[]): Value {
    if (left === undefined || right === undefined) throw new Untranslatable(`${name}() of nothing`);
    const [a, b] = alike(left, right, true, this.helper);
    if (a.effects || b.effects) throw new Untranslatable(`${name}() of what does something`);
    const test = comparison(name === 'min' ? '<' : '>', a, b, this.helper);
    const rep = a.rep === b.rep ? a.rep : 'ulong';
    const range = {
      lo: least(a.range.lo, b.range.lo),
      hi: most(a.range.hi, b.range.hi),
    };
    if (rep === 'number') return value(`Math.${name}(${a.code}, ${b.code})`, intType(a), rep, { range });
    return value(`(${test.code} ? ${a.code} : ${b.code})`, intType(a), rep, { range });
  }

  /** memset() and memcmp() of whole bitmaps; memset() to zero and memcpy() of whole structs. */
  private memory(name: string, args: readonly Node[]): Value {
    const [to, from, size] = args;
    if (to === undefined || from === undefined || size === undefined)
      throw new Untranslatable(`${name}() of too little`);
    const target = this.translate(to);
    const struct = target.type.kind === 'pointer' && target.type.to.kind === 'struct' ? target.type.to.name : null;
    if (struct === null || target.rep !== 'object') throw new Untranslatable(`${name}() of bytes`);
    if (!this.isSizeOf(size, struct)) throw new Untranslatable(`${name}() of a part of a struct`);
    const object = this.followed(target);
    if (name === 'memset') {
      const byte = this.translate(from);
      if (struct === 'vma_flags_t') {
        const given = this.held(toInt(byte, INT, this.helper), 'number');
        return value(`${this.use(name)}(${object}, ${given}, ${this.translate(size).code})`, VOID, 'void', {
          effects: true,
        });
      }
      if (!byte.fixed || byte.range.lo !== 0n || byte.range.hi !== 0n) throw new Untranslatable('memset() of bytes');
      const empty = this.structFrom({ kind: 'struct', name: struct }, null).code;
      const list = [object, empty, ...this.embedded(struct)].join(', ');
      return value(`${this.use('struct_assign')}(${list})`, VOID, 'void', { effects: true });
    }
    const source = this.translate(from);
    const same = source.type.kind === 'pointer' && source.type.to.kind === 'struct' && source.type.to.name === struct;
    if (!same) throw new Untranslatable(`${name}() of two types`);
    if (name === 'memcmp') {
      if (struct !== 'vma_flags_t') throw new Untranslatable('memcmp() of bytes');
      const list = `${object}, ${this.followed(source)}, ${this.translate(size).code}`;
      return value(`${this.use(name)}(${list})`, INT, 'number', { range: { lo: -1n, hi: 1n } });
    }
    const list = [object, this.followed(source), ...this.embedded(struct)].join(', ');
    return value(`${this.use('struct_assign')}(${list})`, VOID, 'void', { effects: true });
  }

  /** Is it sizeof that struct, or of something of that type? */
  private isSizeOf(node: Node, struct: string): boolean {
    const inner = bare(node);
    if (inner.type !== 'sizeof_expression') return false;
    const named = inner.childForFieldName('type');
    if (named !== null && this.lookup(named.text) === null) {
      const type = this.namedType(named);
      return type.kind === 'struct' && type.name === struct && struct !== 'vma_flags_t';
    }
    const of = inner.childForFieldName('value') ?? named;
    const type =
      of === null ? null : of.type === 'type_descriptor' ? this.named(of.text).value.type : this.translate(of).type;
    return type !== null && type.kind === 'struct' && type.name === struct;
  }

  // --- Assertions ---

  private assertion(name: string, args: readonly Node[]): Value {
    const entry = this.file.api.entries.get('VmaTest')?.entry;
    if (entry?.kind !== 'class' || !entry.fields.has(name))
      throw new Untranslatable(`the harness has no ${name}`, name);
    const made = (list: readonly string[]): Value =>
      value(`t.${name}(${list.join(', ')})`, VOID, 'void', { effects: true });
    const [a, b] = args;
    if ((name === 'ASSERT_EQ' || name === 'ASSERT_NE') && a !== undefined && b !== undefined && args.length === 2) {
      return made(this.compared(a, b));
    }
    if ((name === 'ASSERT_TRUE' || name === 'ASSERT_FALSE') && a !== undefined && args.length === 1)
      return made([this.asked(a)]);
    if (!name.startsWith('ASSERT_FLAGS_')) throw new Untranslatable(`${name}: no rule for it`);
    return made(args.map((one) => this.flagArgument(one)));
  }

  private asked(node: Node): string {
    const inner = bare(node);
    const asks = inner.type === 'unary_expression' || inner.type === 'binary_expression';
    if (asks && /^(?:!|==|!=|<|>|<=|>=|&&|\|\|)$/.test(part(inner, 'operator').text)) return this.truth(inner).code;
    const given = this.translate(node);
    // A pointer, a number and a bigint are what an assertion takes for false exactly when C does.
    const plain = isInt(given.type)
      ? given.rep !== 'ulong' || !given.errno
      : given.rep === 'object' && given.type.kind === 'pointer';
    return plain ? given.code : this.truthOfValue(given, false);
  }

  private compared(left: Node, right: Node): string[] {
    const question = this.comparePair(left, right);
    return question.map((one) => one.code);
  }

  /** Two values that an assertion compares, held alike. */
  private comparePair(left: Node, right: Node): [Value, Value] {
    const [a, b] = [this.translate(left), this.translate(right)];
    if (isInt(a.type) && isInt(b.type)) return alike(a, b, false, this.helper);
    const test = this.compare(left, right, '==');
    const null_ = (one: Value): Value => (isInt(one.type) ? { ...one, code: 'null' } : one);
    return [null_(a), { ...null_(b), effects: test.effects }];
  }

  /** A flag, or flags by value or by pointer; more of them under a condition. */
  private flagArgument(node: Node): string {
    const inner = bare(node);
    if (inner.type === 'call_expression' && part(inner, 'function').text === CONDITIONAL_ARGUMENTS) {
      const [condition, ...rest] = childrenOf(part(inner, 'arguments'));
      if (condition === undefined) throw new Untranslatable('a condition without arguments');
      return `...(${this.truth(condition).code} ? [${rest.map((one) => this.flagArgument(one)).join(', ')}] : [])`;
    }
    if (inner.text === '__VA_ARGS__' && this.variadic !== null) return `...${this.variadic}`;
    const given = this.translate(node);
    if (isInt(given.type)) return this.held(toInt(given, INT, this.helper), 'number');
    if (given.rep !== 'object') throw new Untranslatable(`${given.code} for a flag`);
    return given.type.kind === 'pointer' ? this.followed(given) : given.code;
  }

  // --- Functions ---

  private callPointer(called: Value, args: readonly Node[]): Value {
    const type = called.type.kind === 'pointer' ? called.type.to : called.type;
    if (type.kind !== 'function' || called.rep !== 'function')
      throw new Untranslatable('a call of what is no function here');
    if (type.variadic || args.length !== type.parameters.length)
      throw new Untranslatable('a call with another number of arguments');
    const values = args.map((one, i) => {
      const parameter = type.parameters[i] ?? VOID;
      return this.passed(this.translate(one), parameter);
    });
    const code = `${this.use('deref')}(${called.code})(${values.join(', ')})`;
    if (type.returns.kind === 'void') return value(code, VOID, 'void', { effects: true });
    return { ...this.anyValue(code, type.returns), place: false, effects: true };
  }

  /** An argument as somebody takes it of whom nothing is known. */
  private passed(given: Value, type: CType): string {
    return this.codeFor(given, type, this.anyValue('', type).rep, null);
  }

  private callOwn(own: OwnFunction, args: readonly Node[], node: Node): Value {
    if (own.variadic) throw new Untranslatable(`${own.name}() takes a list of arguments`);
    if (args.length !== own.parameters.length) {
      throw new Untranslatable(`${own.name}() takes ${own.parameters.length} arguments, not ${args.length}`);
    }
    const all = args.map((one) => this.translate(one));
    const values = all.map((given, i) => {
      const { name = '', type = VOID } = own.parameters[i] ?? {};
      const key = `${own.name}(${name})`;
      const rep = isInt(type) ? (own.taken ? this.anyValue('', type).rep : this.repOf(type, key)) : 'object';
      if (this.sharesStruct(own, name, given, all)) return this.convert(given, type).code;
      return this.codeFor(given, type, rep, key);
    });
    let code = `${own.code}(${[...(own.needsTest ? ['t'] : []), ...values].join(', ')})`;
    if (own.needsTest && !this.propagates(node)) {
      const failed = own.returns.kind === 'void' ? 'undefined' : this.failedOf(own);
      code = `${this.use('attempt')}(() => ${code}, ${failed})`;
    }
    if (own.returns.kind === 'void') return value(code, VOID, 'void', { effects: true });
    const held = own.taken
      ? this.anyValue(code, own.returns)
      : this.factValue(code, own.returns, `return ${own.name}`, false);
    const failing = own.needsTest && !this.propagates(node) && own.returns.kind === 'pointer';
    return { ...held, place: false, effects: true, nullable: held.nullable || failing };
  }

  private failedOf(own: OwnFunction): string {
    const { returns } = own;
    if (!isInt(returns))
      return `null${returns.kind === 'pointer' ? ` as ${textOf(this.file, returns, { nullable: true })}` : ''}`;
    const rep = own.taken ? this.anyValue('', returns).rep : this.repOf(returns, `return ${own.name}`);
    // C converts false to what the function returns.
    this.file.facts.give(`return ${own.name}`, literal(0n, returns), returns);
    return rep === 'boolean' ? 'false' : rep === 'bigint' ? '0n' : '0';
  }

  /** A struct that is passed by value needs no copy where it is not changed while the callee runs. */
  private sharesStruct(own: OwnFunction, name: string, given: Value, all: readonly Value[]): boolean {
    if (given.type.kind !== 'struct' || !given.place || this.mayChange(own, name)) return false;
    const local = /^\w+$/.test(given.code) && !this.file.globals.has(given.code);
    const others = all.filter((one) => one !== given);
    if (local) return !others.some((one) => one.code === given.code);
    return !others.some((one) => one.type.kind === 'pointer');
  }

  /** May the function change its parameter, or may somebody else while it runs? */
  protected abstract mayChange(own: OwnFunction, parameter: string): boolean;

  /** The signature of C, the port's entry, and how the port is called. */
  private portFunction(name: string): { entry: Extract<ApiEntry, { kind: 'function' }>; code: () => string } {
    const found = this.file.api.entries.get(name)?.entry;
    if (found?.kind === 'function') return { entry: found, code: () => this.use(name) };
    const stub = this.file.api.stubs.get(name);
    if (stub !== undefined) return { entry: stub, code: () => `${this.use('stubs')}.${name}` };
    throw new Untranslatable(`the port has no ${name}()`, name);
  }

  private callPort(name: string, args: readonly Node[]): Value {
    const { entry, code } = this.portFunction(name);
    if (FLAG_CALLS.test(name)) return this.callWithFlags(name, entry, code(), args);
    const signature = this.signatureOf(name);
    if (args.length !== signature.parameters.length) {
      throw new Untranslatable(`${name}() takes ${signature.parameters.length} arguments in C, not ${args.length}`);
    }
    const typed = args.map((node, i) => ({ node, type: signature.parameters[i]?.type ?? VOID }));
    const today = asToday(name, typed, entry.parameters.length);
    if (today.name !== name) return this.callAs(today.name, today.args, signature.returns);
    const values = this.portArguments(name, entry.parameters, today.args);
    return this.returned(`${code()}(${values.join(', ')})`, signature.returns, entry.returns, name);
  }

  /** A call by another name. */
  private callAs(name: string, args: readonly { node: Node; type: CType }[], returns: CType): Value {
    const { entry, code } = this.portFunction(name);
    const values = this.portArguments(name, entry.parameters, args);
    return this.returned(`${code()}(${values.join(', ')})`, returns, entry.returns, name);
  }

  protected portArguments(
    name: string,
    parameters: readonly Parameter[],
    args: readonly { node: Node; type: CType }[],
  ): string[] {
    const required = parameters.filter((one) => !one.optional).length;
    if (args.length > parameters.length || args.length < required) {
      throw new Untranslatable(`${name}() takes ${parameters.length} arguments here, not ${args.length}`, name);
    }
    const twice = args.find(({ node }, i) => !isPure(node) && args.some((one, at) => at !== i && one.node === node));
    if (twice !== undefined) throw new Untranslatable(`${name}() with an argument that is worked out twice`);
    return args.map(({ node, type }, i) => {
      const parameter = parameters[i];
      if (parameter === undefined) throw new Untranslatable(`${name}() takes fewer arguments here`);
      return this.portArgument(this.translate(node), type, parameter);
    });
  }

  private signatureOf(name: string): Pick<Signature, 'parameters' | 'returns'> {
    const macro = MACROS[name];
    if (macro !== undefined)
      return { returns: macro.returns, parameters: macro.parameters.map((type) => ({ name: '', type })) };
    const signature = this.file.env.functions.get(name);
    if (signature === undefined || signature.variadic) throw new Untranslatable(`the type of ${name}() is not known`);
    return signature;
  }

  private returned(code: string, type: CType, held: Type, name: string): Value {
    if (type.kind === 'void') return value(code, VOID, 'void', { effects: true });
    const given = this.portValue(code, type, held, !NO_ERRORS.test(name));
    return { ...given, place: false, effects: true };
  }

  private callWithFlags(
    name: string,
    entry: Extract<ApiEntry, { kind: 'function' }>,
    code: string,
    args: readonly Node[],
  ): Value {
    const required = entry.parameters.filter((one) => !one.optional).length;
    const rest = entry.parameters.at(-1)?.rest === true;
    if (args.length < required || (args.length > entry.parameters.length && !rest)) {
      throw new Untranslatable(`${name}() with ${args.length} arguments`);
    }
    const values = args.map((one) => this.flagArgument(one));
    const { returns } = entry;
    const type: CType =
      returns.cls === 'void'
        ? VOID
        : returns.cls === 'boolean'
          ? { ...(INT as IntType), bits: 1, signed: false, bool: true }
          : { kind: 'struct', name: returns.name };
    return this.returned(`${code}(${values.join(', ')})`, type, returns, name);
  }

  /** An argument as a parameter of the port wants it. */
  protected portArgument(given: Value, type: CType, parameter: Parameter): string {
    const wanted = parameter.type;
    const one = this.convert(given, type);
    if (wanted.choice && !(given.fixed && /^[A-Z]\w+$/.test(given.code))) {
      throw new Untranslatable(`${given.code} for what is one of a few numbers here`);
    }
    if (isInt(type)) return this.held(one, this.portValue('_', type, wanted).rep);
    if (one.rep === 'ref' || wanted.name === 'Ref') return this.portRef(one, wanted);
    if (wanted.cls === 'unknown') return one.code;
    if (one.code === 'null' && wanted.nullable) return 'null';
    const refuses = (one.nullable && !wanted.nullable) || (one.errable && !wanted.errable);
    return refuses ? this.followed(one) : one.code;
  }

  private portRef(one: Value, wanted: Type): string {
    if (one.code === 'null' && wanted.nullable) return 'null';
    if (one.rep !== 'ref' || wanted.name !== 'Ref' || one.type.kind !== 'pointer')
      throw new Untranslatable(`${one.code} for a reference`);
    const { to } = one.type;
    const travels = this.travelling.some((other) => other.name === one.code);
    const { of } = wanted;
    if (to.kind === 'pointer' && !travels && of !== undefined && !of.nullable && of.cls === 'object')
      return `${this.use('given')}(${one.code})`;
    if (isInt(to)) {
      const held = this.anyValue('', to).rep;
      const other = of?.cls === 'number' ? held === 'number' || held === 'ulong' : of?.cls === held;
      if (!other) throw new Untranslatable(`a reference to a ${describe(to)} is held in another way here`);
    }
    return one.nullable && !wanted.nullable ? this.followed(one) : one.code;
  }
}
