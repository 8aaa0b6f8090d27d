// SPDX-License-Identifier: GPL-2.0-only
/** Declarations of C: where a variable is declared in TypeScript, with which type, in a Ref or not, and its first value. */

import { Calls } from './calls.js';
import type { Comments } from './comments.js';
import {
  type CType,
  describe,
  exactly,
  INT,
  type IntType,
  isInt,
  LONG,
  pointerTo,
  rangeOf,
  UINT,
  ULONG,
  VOID,
  within,
} from './ctypes.js';
import { type Declared, declaredBy, part, refuseAttributes } from './declarators.js';
import { isWrapped } from './expressions.js';
import { type OwnFunction, textOf, type Variable } from './model.js';
import type { Node } from './nodes.js';
import {
  assertedNext,
  type Callees,
  changesParameter,
  failsOnFalse,
  followedNext,
  isUnread,
  loopMacro,
  loopVariable,
  onlyInOwnLoops,
  readAfter,
} from './questions.js';
import {
  addressTaken,
  assignmentOf,
  assignmentsTo,
  childrenOf,
  findAll,
  isAddressOf,
  literalOf,
  mentions,
  safeName,
  Untranslatable,
} from './scope.js';
import { heldAs, isPointer, literal, type Rep, type Value, value } from './values.js';

/** An outermost pair of parentheses says nothing. */
export function stripped(code: string): string {
  return isWrapped(code) && !hasComma(code.slice(1, -1)) ? code.slice(1, -1) : code;
}

/** Does a comma stand outside of all brackets? */
function hasComma(code: string): boolean {
  let depth = 0;
  for (const sign of code) {
    if ('([{'.includes(sign)) depth++;
    if (')]}'.includes(sign)) depth--;
    if (sign === ',' && depth === 0) return true;
  }
  return false;
}

/** Macros that declare their first argument. */
export const DECLARING: Record<string, { returns: string; parameters: CType[] }> = {
  VMA_ITERATOR: {
    returns: 'vma_iterator',
    parameters: [
      pointerTo({ kind: 'struct', name: 'mm_struct' }),
      { kind: 'int', bits: 64, signed: false, bool: false, word: false },
    ],
  },
  VMG_STATE: {
    returns: 'vma_merge_struct',
    parameters: [
      pointerTo({ kind: 'struct', name: 'mm_struct' }),
      pointerTo({ kind: 'struct', name: 'vma_iterator' }),
      ...Array.from({ length: 2 }, (): CType => ({ kind: 'int', bits: 64, signed: false, bool: false, word: false })),
      { kind: 'struct', name: 'vma_flags_t' },
      ...Array.from({ length: 2 }, (): CType => ({ kind: 'int', bits: 64, signed: false, bool: false, word: false })),
    ],
  },
  VMG_VMA_STATE: {
    returns: 'vma_merge_struct',
    parameters: [
      pointerTo({ kind: 'struct', name: 'vma_iterator' }),
      pointerTo({ kind: 'struct', name: 'vm_area_struct' }),
      pointerTo({ kind: 'struct', name: 'vm_area_struct' }),
      ...Array.from({ length: 2 }, (): CType => ({ kind: 'int', bits: 64, signed: false, bool: false, word: false })),
    ],
  },
};

/** Structs of which the world of a test has one. */
const OF_THE_WORLD = new Set(['maple_tree', 'task_struct']);

export interface FunctionKind {
  /** A test, whose `return true` is its end. */
  test: boolean;
  own: OwnFunction | null;
  /** What its facts begin with. */
  name: string;
}

export interface StatementContext {
  /** Where a line of the text comes from. */
  place(line: number): { file: string; line: number };
  /** The text as it is, with the names of loop macros. */
  original: string;
  mark(reason: Untranslatable, node: Node, source: string): void;
  /** A line before the function: a variable that outlives the call. */
  hoist(line: string): void;
  comments: Comments;
}

export abstract class Variables extends Calls {
  protected readonly context: StatementContext;
  protected readonly kind: FunctionKind;
  protected readonly looksAtWrites: boolean;

  constructor(file: ConstructorParameters<typeof Calls>[0], context: StatementContext, kind: FunctionKind) {
    super(file);
    this.context = context;
    this.kind = kind;
    this.looksAtWrites = /\b(?:vma_write_started|vm_lock_seq)\b/.test(context.original);
  }

  protected mayChange(own: OwnFunction, parameter: string): boolean {
    return changesParameter(own, parameter);
  }

  protected propagates(call: Node): boolean {
    const returns = this.kind.test ? INT : (this.kind.own?.returns ?? VOID);
    return failsOnFalse(call, isInt(returns) || returns.kind === 'pointer');
  }

  private readonly callees: Callees = {
    asserts: (name) => this.file.functions.get(name)?.needsTest === true,
    strict: (call, argument) => {
      const name = call.childForFieldName('function')?.text ?? '';
      const entry = this.lookup(name) === null ? this.file.api.entries.get(name)?.entry : undefined;
      const wanted = entry?.kind === 'function' ? entry.parameters[argument]?.type : undefined;
      return wanted?.cls === 'object' && !wanted.nullable && !wanted.errable;
    },
  };

  /** Statements that are part of another one here. */
  protected readonly absorbed = new Set<number>();

  declareParameter(own: OwnFunction, name: string, type: CType): Variable {
    const body = part(own.node, 'body');
    const boxed = !isStruct(type) && addressTaken(body, name);
    const key = `${own.name}(${name})`;
    const variable = {
      name,
      code: safeName(name),
      type,
      key,
      boxed,
      constant: false,
      sunk: false,
      unread: false,
      escapes: true,
    };
    if (own.taken) this.file.facts.giveAll(key, type);
    this.scopes.at(-1)?.set(name, variable);
    return variable;
  }

  /** A parameter as the function's head has it; one whose address is taken is put in a Ref at once. */
  parameterText(own: OwnFunction, variable: Variable): { head: string; first: string[] } {
    const { type, key, boxed, code } = variable;
    const fact = this.file.facts.read(key);
    if (fact.arrays && fact.refs)
      throw new Untranslatable(`${variable.name} points to an array here and to a variable there`);
    const more = { nullable: fact.nullable || own.taken, errable: fact.errable, array: fact.arrays };
    const rep = isInt(type) ? (own.taken || boxed ? heldAs(type) : this.repOf(type, key)) : 'object';
    const text = isInt(type) ? (rep === 'ulong' ? 'number' : rep) : textOf(this.file, type, more);
    const used = mentions(part(own.node, 'body'), variable.name);
    if (!boxed) return { head: `${used ? '' : '_'}${code}: ${text}`, first: [] };
    const held = isInt(type) ? heldAs(type) : 'object';
    const given = value(`${code}_given`, type, rep);
    const first = `const ${code} = new ${this.use('Ref')}<${isInt(type) ? text : textOf(this.file, type, { nullable: true })}>(${this.held(given, held)});`;
    return {
      head: `${code}_given: ${text}`,
      first: [isInt(type) ? first : first.replace(this.held(given, held), `${code}_given`)],
    };
  }

  /** How a function's result reads. */
  resultText(own: OwnFunction): string {
    const { returns } = own;
    if (returns.kind === 'void') return 'void';
    const fact = this.file.facts.read(`return ${own.name}`);
    if (!isInt(returns))
      return textOf(this.file, returns, { nullable: fact.nullable, errable: fact.errable, array: fact.arrays });
    const rep = own.taken ? heldAs(returns) : this.repOf(returns, `return ${own.name}`);
    return rep === 'ulong' ? 'number' : rep;
  }

  // --- Of the whole file ---

  /** A variable of the whole file: as it begins, whoever may change it. */
  fileVariable(variable: Variable, first: Node | null): string[] {
    this.scopes.at(-1)?.set(variable.name, variable);
    return first === null ? [this.empty(variable)] : this.initialised(variable, first, []);
  }

  /** A macro or an enumerator that is a number. */
  fileConstant(name: string, text: string): { line: string; number: bigint; type: CType } {
    const found = literalOf(text.replace(/^\((.*)\)$/, '$1').replace(/^-/, ''));
    if (found === null) throw new Untranslatable(`${name} is no number`);
    const negative = text.replace(/^\(/, '').startsWith('-');
    const number = negative ? -found.value : found.value;
    const { unsigned, long, decimal } = found;
    const fits = (type: IntType): boolean =>
      within(exactly(number), rangeOf(type)) && (type.bits === 64 || !long) && !(unsigned && type.signed);
    const type = [INT, ...(decimal && !unsigned ? [] : [UINT]), LONG, ULONG].find(fits);
    if (type === undefined) throw new Untranslatable(`${name} is wider than 64 bits`);
    const digits = text.replace(/^\((.*)\)$/, '$1').replace(/[uUlL]+$/, '');
    return { line: `const ${safeName(name)} = ${literal(number, type, digits).code};`, number, type };
  }

  // --- Declarations ---

  protected declaration(node: Node, siblings: readonly Node[], i: number): string[] {
    const storage = childrenOf(node)
      .filter((one) => one.type === 'storage_class_specifier')
      .map((one) => one.text);
    if (storage.includes('extern')) return [];
    refuseAttributes(node);
    const specifier = part(node, 'type');
    if (specifier.childForFieldName('body') !== null)
      throw new Untranslatable('a type that is declared within a function');
    const typed = this.typeofType(specifier, node);
    const declared = declaredBy(node, this.file.env, typed ?? undefined);
    const lines: string[] = [];
    for (const [at, one] of declared.entries()) {
      if (one.type.kind === 'function') continue;
      const rest = [...declared.slice(at + 1).map((later) => later.node), ...siblings.slice(i + 1)];
      lines.push(...this.declareVariable(one, rest, storage.includes('static'), node));
    }
    return lines;
  }

  /** The type of typeof(x) and __auto_type; null for any other. */
  private typeofType(specifier: Node, node: Node): CType | null {
    if (specifier.text === '__auto_type') {
      const [first] = node.childrenForFieldName('declarator');
      const given = first?.childForFieldName('value') ?? null;
      if (given === null) throw new Untranslatable('__auto_type without a value');
      const { type } = this.translate(given);
      return type.kind === 'array' ? pointerTo(type.of) : type;
    }
    return this.liftedType(specifier.text);
  }

  private declareVariable(declared: Declared, rest: readonly Node[], outlives: boolean, node: Node): string[] {
    const { name, value: first } = declared;
    const { type } = declared;
    if (type.kind === 'unknown' || type.kind === 'void')
      throw new Untranslatable(`a ${describe(type)}, which is not known`);
    const key = `${this.kind.name}:${node.startIndex}:${name}`;
    const boxed = !isStruct(type) && type.kind !== 'array' && this.needsBox(rest, name, type);
    const assigned = rest.reduce((sum, one) => sum + this.timesAssigned(one, name), 0);
    const escapes = type.kind === 'array' && rest.some((one) => escapesIn(one, name));
    const plain = !boxed && !isStruct(type) && type.kind !== 'array' && !outlives;
    const unread = plain && isUnread(rest, name);
    const constant = assigned === 0 || isStruct(type) || type.kind === 'array' || boxed;
    const code = outlives ? this.staticName(name) : this.localName(name);
    const variable: Variable = { name, code, type, key, boxed, constant, sunk: false, unread, escapes };
    if (outlives) return this.declareStatic(variable, first, rest);
    this.scopes.at(-1)?.set(name, variable);
    if (type.kind === 'struct' && type.name === 'mm_struct') return this.declareMm(variable, first);
    if (type.kind === 'struct' && OF_THE_WORLD.has(type.name))
      throw new Untranslatable(`a struct ${type.name} of its own`);
    if (first !== null) return this.initialised(variable, first, rest);
    return this.undeclared(variable, rest);
  }

  /** A name that hides none that can be meant by it further up. */
  private localName(name: string): string {
    const hidden =
      this.file.globals.has(name) || this.file.functions.has(name) || this.scopes.some((one) => one.has(name));
    if (!hidden) return safeName(name);
    const count = (this.hiding.get(name) ?? 1) + 1;
    this.hiding.set(name, count);
    return `${name}_${count}`;
  }

  private readonly hiding = new Map<string, number>();
  private readonly statics: string[] = [];

  /** A name beside the function; two blocks of it may each have a variable of one name. */
  private staticName(name: string): string {
    const count = this.statics.filter((one) => one === name).length;
    this.statics.push(name);
    return `${safeName(this.kind.name)}_${name}${count === 0 ? '' : count + 1}`;
  }

  /** How often the variable is assigned to, by loops that are macros too. */
  private timesAssigned(node: Node, name: string): number {
    const loops = findAll(node, (one) => {
      const macro = loopMacro(one, this.context.original);
      return (
        macro !== null &&
        loopVariable(one, macro) === name &&
        (!onlyInOwnLoops(one, name, this.context.original) || readAfter(one, name))
      );
    });
    return assignmentsTo(node, name) + 2 * loops.length;
  }

  /** A variable that keeps its value from call to call lives beside the function. */
  private declareStatic(variable: Variable, first: Node | null, rest: readonly Node[]): string[] {
    const { type } = variable;
    if (type.kind === 'struct' && (type.name === 'mm_struct' || OF_THE_WORLD.has(type.name))) {
      throw new Untranslatable(`a static struct ${type.name}`);
    }
    const [line = ''] = first === null ? [this.empty(variable)] : this.initialised(variable, first, rest);
    if (line.includes('\n') || /\bt\./.test(line)) throw new Untranslatable('a static variable with such a value');
    this.scopes.at(-1)?.set(variable.name, variable);
    this.context.hoist(line);
    return [];
  }

  /** The test's own address space; in a helper, which may run several times, one of its own. */
  private declareMm(variable: Variable, first: Node | null): string[] {
    if (first !== null && childrenOf(first).length > 0 && childrenOf(first)[0]?.text !== '0') {
      throw new Untranslatable('an mm_struct with fields given');
    }
    if (this.kind.test && variable.name === 'mm') return ['const { mm } = t;'];
    return [`const ${variable.code} = t.newMm();`];
  }

  /**
   * Must the variable live in a Ref? Not a pointer whose address goes to functions of the port alone, by statements that
   * say nothing else of it: there it travels in a Ref of its own.
   */
  private needsBox(rest: readonly Node[], name: string, type: CType): boolean {
    const taken = rest.flatMap((one) => findAll(one, (child) => isAddressOf(child, name)));
    if (taken.length === 0) return false;
    if (type.kind !== 'pointer' || type.to.kind !== 'struct') return true;
    return !taken.every((one) => {
      const call = one.parent?.type === 'argument_list' ? one.parent.parent : null;
      if (call === null || !this.takesRef(call, one)) return false;
      let around = call.parent;
      if (
        around?.type === 'argument_list' &&
        /^ASSERT_/.test(around.parent?.childForFieldName('function')?.text ?? '')
      ) {
        around = around.parent?.parent ?? null;
      }
      if (around?.type === 'assignment_expression' || around?.type === 'init_declarator') around = around.parent;
      if (around === null || !/^(?:expression_statement|declaration)$/.test(around.type)) return false;
      if (!/^(?:compound_statement|case_statement)$/.test(around.parent?.type ?? '')) return false;
      const assignment = assignmentOf(around);
      const others = findAll(around, (child) => child.type === 'identifier' && child.text === name).length;
      return others === (assignment?.left.text === name ? 2 : 1);
    });
  }

  private takesRef(call: Node, argument: Node): boolean {
    const name = call.childForFieldName('function')?.text ?? '';
    const entry = this.file.functions.has(name) ? undefined : this.file.api.entries.get(name)?.entry;
    const index = childrenOf(part(call, 'arguments')).findIndex((one) => one.id === argument.id);
    const wanted = entry?.kind === 'function' ? entry.parameters[index]?.type : undefined;
    return wanted?.name === 'Ref' && wanted.of !== undefined && !wanted.of.nullable;
  }

  // --- First values ---

  protected initialised(variable: Variable, first: Node, rest: readonly Node[]): string[] {
    const { type, key } = variable;
    if (type.kind === 'array') return [this.declareArray(variable, first)];
    if (type.kind === 'struct') {
      const code =
        first.type === 'initializer_list'
          ? this.structFrom(type, first).code
          : this.copied(this.convert(this.translate(first), type));
      return [`${this.keyword(variable)} = ${code};`];
    }
    const [inner] = first.type === 'initializer_list' ? childrenOf(first) : [first];
    if (inner === undefined || (first.type === 'initializer_list' && childrenOf(first).length > 1)) {
      throw new Untranslatable(`a list for a ${describe(type)}`);
    }
    const given = this.translate(inner);
    if (variable.unread) return given.effects ? [`${this.convert(given, type).code};`] : [];
    if (variable.boxed) {
      const code = this.codeFor(given, type, isInt(type) ? heldAs(type) : 'object', key);
      return [this.boxLine(variable, code)];
    }
    return [`${this.keyword(variable, given)} = ${this.valueFor(variable, given, rest)};`];
  }

  private boxLine(variable: Variable, code: string): string {
    const { type } = variable;
    const text = isInt(type) ? '' : `<${textOf(this.file, type, { nullable: true })}>`;
    return `const ${variable.code} = new ${this.use('Ref')}${text}(${code});`;
  }

  /** A value for a variable; a pointer that may be NULL is followed at once, where what comes next fails on it anyway. */
  protected valueFor(variable: Variable, given: Value, rest: readonly Node[]): string {
    const { name, type, key } = variable;
    const rep: Rep = isInt(type) ? this.repOf(type, key) : 'object';
    if (type.kind !== 'pointer' || type.to.kind !== 'struct') {
      const code = this.codeFor(given, type, rep, key);
      if (type.kind === 'pointer') this.settled(variable, this.convert(given, type));
      return code;
    }
    const one = this.convert(given, type);
    const open = (one.nullable || one.errable) && one.code !== 'null';
    const assertion = open && !one.errable ? assertedNext(rest, name) : null;
    if (assertion !== null) this.absorbed.add(assertion.id);
    if (assertion !== null || (open && followedNext(rest, name, this.callees))) {
      const code = assertion === null ? this.followed(one) : `${this.use('asserted')}(t, ${one.code})`;
      const sure = { ...one, code, nullable: false, errable: false };
      this.settled(variable, sure);
      return this.codeFor(sure, type, rep, key);
    }
    this.settled(variable, one);
    return this.codeFor(one, type, rep, key);
  }

  /** What is known of a pointer variable once it has this value. */
  private settled(variable: Variable, given: Value): void {
    this.narrowed.delete(variable.key);
    this.emptied.delete(variable.key);
    if (given.code === 'null') this.emptied.add(variable.key);
    else if (!given.nullable && !given.errable) this.narrowed.add(variable.key);
  }

  private declareArray(variable: Variable, first: Node | null): string {
    const { type } = variable;
    if (type.kind !== 'array') throw new Untranslatable('an array');
    if (type.of.kind === 'int' && type.of.bits === 8 && first?.type === 'string_literal')
      throw new Untranslatable('a text in an array');
    if (first !== null && first.type !== 'initializer_list') throw new Untranslatable('an array with such a value');
    const key = variable.escapes ? null : `${variable.key}[]`;
    const made = this.arrayFrom(type, first, key);
    if (made.type.kind === 'array') variable.type = made.type;
    return `const ${variable.code}: ${/[ |]/.test(this.elementText(type.of, key)) ? `(${this.elementText(type.of, key)})` : this.elementText(type.of, key)}[] = ${made.code};`;
  }

  /** The declaration of a variable without a value: what C leaves open is zero here. */
  protected empty(variable: Variable): string {
    const { type, key } = variable;
    if (type.kind === 'array') return this.declareArray(variable, null);
    if (type.kind === 'struct') return `${this.keyword(variable)} = ${this.structFrom(type, null).code};`;
    if (isInt(type)) {
      const zero = literal(0n, type);
      if (variable.boxed) return this.boxLine(variable, this.held(zero, heldAs(type)));
      this.file.facts.give(key, zero, type);
      return `${this.keyword(variable)} = ${this.held(zero, this.repOf(type, key))};`;
    }
    if (variable.boxed) return this.boxLine(variable, 'null');
    this.file.facts.give(key, value('null', type, 'object', { nullable: true }), type);
    this.emptied.add(key);
    return `${this.keyword(variable)} = null;`;
  }

  /** A variable without a first value: declared where it gets one, or in the loops that are its own. */
  private undeclared(variable: Variable, rest: readonly Node[]): string[] {
    const { name, type } = variable;
    const users = rest.filter((one) => mentions(one, name));
    const [first] = users;
    if (first === undefined || variable.unread) return [];
    if (variable.boxed || isStruct(type) || type.kind === 'array') return [this.empty(variable)];
    if (users.every((one) => onlyInOwnLoops(one, name, this.context.original))) {
      variable.sunk = true;
      return [];
    }
    const assignment = assignmentOf(first);
    if (assignment?.left.text === name && assignment.operator === '=' && !mentions(assignment.right, name)) {
      variable.sunk = true;
      variable.constant = users.reduce((sum, one) => sum + this.timesAssigned(one, name), 0) === 1;
      return [];
    }
    return [this.empty(variable)];
  }

  /** `const x`, or `let x` with its type where the first value does not tell it. */
  protected keyword(variable: Variable, given: Value | null = null): string {
    const { type, code, key } = variable;
    if (variable.constant) {
      // A constant of one value would have that value for its type.
      const single = given !== null && isInt(type) && !type.bool && given.fixed;
      return single ? `const ${code}: ${this.repOf(type, key) === 'bigint' ? 'bigint' : 'number'}` : `const ${code}`;
    }
    if (isInt(type)) return `let ${code}`;
    const fact = this.file.facts.read(key);
    if (isPointer(type) && !fact.nullable && !fact.errable && type.kind === 'pointer' && type.to.kind === 'struct') {
      return given === null || given.code === 'null' ? `let ${code}: ${textOf(this.file, type, fact)}` : `let ${code}`;
    }
    return `let ${code}: ${textOf(this.file, type, { nullable: fact.nullable, errable: fact.errable, array: fact.arrays })}`;
  }
}

function isStruct(type: CType): boolean {
  return type.kind === 'struct';
}

/** Is the array handed over here, and not just looked into? */
function escapesIn(node: Node, name: string): boolean {
  return (
    findAll(node, (one) => {
      if (one.type !== 'identifier' || one.text !== name) return false;
      const { parent } = one;
      if (parent?.type === 'subscript_expression')
        return parent.childForFieldName('argument')?.id !== one.id || isAddressed(parent);
      if (parent?.type === 'sizeof_expression' || parent?.parent?.type === 'sizeof_expression') return false;
      return parent?.parent?.childForFieldName('function')?.text !== 'ARRAY_SIZE';
    }).length > 0
  );
}

function isAddressed(node: Node): boolean {
  return node.parent?.type === 'pointer_expression' && node.parent.children[0]?.text === '&';
}
