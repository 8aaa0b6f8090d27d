// SPDX-License-Identifier: GPL-2.0-only
/** Statements of one function of a selftest. A place that cannot be translated is marked, and the rest goes on. */
import { commentText } from '../translate/comments.js';
import type { Node } from '../translate/nodes.js';
import {
  assignmentsTo,
  bare,
  childrenOf,
  exits,
  findAll,
  isAddressOf,
  nameOf,
  statementsOf,
  Untranslatable,
} from '../translate/scope.js';
import { ASSERTIONS, isHarnessName } from './calls.js';
import { HANDLER } from './dialect.js';
import { part } from './expressions.js';
import { Idioms } from './idioms.js';
import { codeName, type FileScope, type Variable } from './scope.js';
import { type Declared, declaredBy } from './types.js';
import {
  arithmetic,
  BOOL,
  compared,
  condition,
  describe,
  exactly,
  literal,
  moved,
  type Type,
  type Value,
} from './values.js';

/** What a place that could not be translated is told with. */
export type Refuse = (error: Untranslatable, node: Node) => void;

export class Statements extends Idioms {
  private readonly refuse: Refuse;
  private readonly scopes: Map<string, Variable>[];
  /** The whole function: how often something is assigned to is counted in it. */
  private body: Node | null;

  constructor(file: FileScope, name: string, returns: Type, refuse: Refuse) {
    super(file, name, returns);
    this.refuse = refuse;
    this.scopes = [new Map()];
    this.body = null;
  }

  /** A parameter, or what every test is given. */
  declare(name: string, type: Type, key: string): Variable {
    const isTaken = (code: string): boolean =>
      isHarnessName(code) ||
      this.file.functions.has(code) ||
      this.scopes.some((scope) => [...scope.values()].some((one) => one.code === code));
    const made = { name, code: codeName(name, isTaken), type, key, boxed: false };
    this.scopes.at(-1)?.set(name, made);
    return made;
  }

  protected lookup(name: string): Variable | null {
    for (const scope of this.scopes.toReversed()) {
      const found = scope.get(name);
      if (found !== undefined) return found;
    }
    return this.file.globals.get(name) ?? null;
  }

  /** The statements of a function. */
  function(body: Node): string[] {
    this.body = body;
    return this.block(body);
  }

  /** One statement on its own. */
  protected function_(node: Node): string[] {
    return this.list([node]);
  }

  private block(node: Node): string[] {
    this.scopes.push(new Map());
    try {
      return this.list(statementsOf(node));
    } finally {
      this.scopes.pop();
    }
  }

  private list(nodes: readonly Node[]): string[] {
    const lines: string[] = [];
    for (const [i, node] of nodes.entries()) {
      const before = nodes[i - 1];
      if (before !== undefined && isGuarded(before, node)) continue;
      if (node.type === 'labeled_statement' && part(node, 'label').text === HANDLER) continue;
      const next = nodes[i + 1];
      const handler = next?.type === 'labeled_statement' && part(next, 'label').text === HANDLER ? next : null;
      lines.push(...this.attempt(node, () => this.jumpBack(node, next) ?? this.statement(node, handler)));
    }
    return lines;
  }

  /** One statement, or nothing and a mark. */
  private attempt(node: Node, translate: () => string[]): string[] {
    try {
      return translate();
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
      this.refuse(error, node);
      return [];
    }
  }

  private statement(node: Node, handler: Node | null): string[] {
    switch (node.type) {
      case 'comment':
        return commentText(node.text, 'all');
      case 'declaration':
        return this.declaration(node);
      case 'expression_statement':
        return this.expressionStatement(node, handler);
      case 'compound_statement':
        return ['{', ...this.block(node), '}'];
      case 'if_statement':
        return this.ifStatement(node);
      case 'for_statement':
        return this.forStatement(node);
      case 'while_statement':
        return [`while (${this.test(part(node, 'condition'))}) {`, ...this.nested(part(node, 'body')), '}'];
      case 'do_statement':
        return ['do {', ...this.nested(part(node, 'body')), `} while (${this.test(part(node, 'condition'))});`];
      case 'switch_statement':
        return this.switchStatement(node);
      case 'return_statement':
        return [this.returnStatement(node)];
      case 'break_statement':
        return ['break;'];
      case 'continue_statement':
        return ['continue;'];
      default:
        throw new Untranslatable(`${node.type.replaceAll('_', ' ')}: no rule for it`);
    }
  }

  private test(node: Node): string {
    return condition(this.value(bare(node))).code;
  }

  /** A statement within another, in braces or not. */
  private nested(node: Node): string[] {
    return node.type === 'compound_statement' ? this.block(node) : this.list([node]);
  }

  // --- Declarations ---

  private declaration(node: Node): string[] {
    return declaredBy(node).flatMap((one) => this.declareLocal(one, node));
  }

  private declareLocal({ name, type, value: first, node: at }: Declared, statement: Node): string[] {
    const body = this.body ?? statement;
    const key = `${this.name}:${name}@${at.startPosition.row}`;
    const made = this.declare(name, type, key);
    if (type.kind === 'struct') return this.structVariable(made, first, body);
    if (type.kind === 'void') throw new Untranslatable(`${name} of type void`);

    made.boxed = findAll(body, (one) => isAddressOf(one, name)).length > 0;
    if (type.kind === 'box') throw new Untranslatable(`a variable that points to others: ${name}`);
    if (made.boxed && type.kind !== 'int' && type.kind !== 'address')
      throw new Untranslatable(`the address of ${name}`);
    const assignments = assignmentsTo(body, name, false);
    if (first !== null) {
      const given = this.value(first);
      if (given.big && assignments === 0 && !made.boxed && type.kind === 'int' && type.bits === 64) {
        this.file.facts.giveBig(key);
        return [`const ${made.code} = ${given.code};`];
      }
      const code = this.assigned(this.value(first), type, key);
      if (made.boxed) return [`const ${made.code} = { value: ${code} };`];
      const word = assignments === 0 ? 'const' : 'let';
      // A constant's type would be its value.
      const annotation = word === 'let' ? this.annotation(type) : '';
      return [`${word} ${made.code}${annotation} = ${code};`];
    }
    if (made.boxed) return [`const ${made.code} = { value: ${type.kind === 'int' && type.bool ? 'false' : '0'} };`];
    if (assignments === 0) return [];
    if (this.isSunk(name, statement)) return [];
    return [
      `let ${made.code}${this.annotation(type)} = ${type.kind === 'int' && type.bool ? 'false' : type.kind === 'text' ? "''" : '0'};`,
    ];
  }

  private annotation(type: Type): string {
    if (type.kind === 'int') return type.bool ? ': boolean' : ': number';
    return type.kind === 'address' ? ': number' : '';
  }

  private structVariable(made: Variable, first: Node | null, body: Node): string[] {
    const { type, code } = made;
    if (type.kind !== 'struct') return [];
    if (type.name === 'sigaction' && first !== null) return [`const ${code} = ${this.signalHandler(first)};`];
    const changes = assignmentsTo(body, made.name, false) > 0;
    if (type.pointer) {
      if (first === null || changes)
        throw new Untranslatable(`a pointer to struct ${type.name} that changes: ${made.name}`);
      return [`const ${code} = ${this.assigned(this.value(first), type, null)};`];
    }
    if (type.name !== 'procmap_fd' || first !== null || changes)
      throw new Untranslatable(`a struct ${type.name}: no rule for it`);
    return [`const ${code} = new ${this.file.use('procmap_fd')}();`];
  }

  /** `failed = sigsetjmp(…) != 0; if (!failed) …`: the second is what a signal ends; null for anything else. */
  private jumpBack(node: Node, next: Node | undefined): string[] | null {
    const [assignment] = node.type === 'expression_statement' ? childrenOf(node) : [];
    if (next === undefined || assignment === undefined || !isGuarded(node, next)) return null;
    const body = part(next, 'consequence');
    const leaves = findAll(body, (one) => /^(?:return|goto|break|continue)_statement$/.test(one.type));
    if (leaves.length > 0) throw new Untranslatable('sigsetjmp() around what leaves the function');
    const code = `${this.file.use('sigsetjmp')}(() => {\n${this.nested(body).join('\n')}\n}) !== 0`;
    const given: Value = { code, type: BOOL, range: { lo: 0n, hi: 1n }, tight: 9, truth: true };
    return [`${this.assignVariable(part(assignment, 'left').text, '=', given, assignment)};`];
  }

  /** Is the variable assigned to once only, by a statement of the block that declares it? Then that declares it here. */
  private isSunk(name: string, declaration: Node): boolean {
    const { body } = this;
    if (body === null || assignmentsTo(body, name, false) !== 1) return false;
    return childrenOf(declaration.parent ?? body).some((one) => {
      const [inner] = one.type === 'expression_statement' ? childrenOf(one) : [];
      return (
        inner?.type === 'assignment_expression' &&
        part(inner, 'operator').text === '=' &&
        nameOf(part(inner, 'left')) === name
      );
    });
  }

  // --- Expressions as statements ---

  private expressionStatement(node: Node, handler: Node | null): string[] {
    const [expression] = childrenOf(node);
    if (expression === undefined) return [];
    const inner = bare(expression);
    if (inner.type === 'assignment_expression') return [`${this.assignment(inner)};`];
    if (inner.type === 'update_expression') return [`${this.update(inner)};`];
    if (inner.type !== 'call_expression') {
      const given = this.value(inner);
      // `(void)x`: nobody needs it.
      if (inner.type === 'cast_expression' && given.type.kind === 'void') return [];
      throw new Untranslatable(`a value that nobody uses: ${node.text}`);
    }
    const name = part(inner, 'function').text;
    if (/^(?:ASSERT|EXPECT)_/.test(name)) return [this.assertion(name, inner, handler)];
    if (name === '__SKIP_RETURN') return [this.skip(inner)];
    const told = this.programResult(name, inner);
    if (told !== null) return told;
    if (name === '__SKIP_GOTO') throw new Untranslatable('SKIP() with a goto: no rule for it');
    if (name === 'sigemptyset' && /^\(\s*&\w+\.sa_mask\s*\)$/.test(part(inner, 'arguments').text)) return [];
    if (name === 'ksft_exit_fail_perror') {
      return [`${this.file.use('ksft_exit_fail_msg')}(${this.format(childrenOf(part(inner, 'arguments')))});`];
    }
    if (name === 'ksft_exit_fail') return [`${this.file.use('ksft_exit_fail_msg')}('it fails');`];
    if (name === 'TH_LOG') return [`${this.file.use('TH_LOG')}(${this.format(childrenOf(part(inner, 'arguments')))});`];
    if (name === 'ksft_print_msg' || name === 'ksft_exit_fail_msg')
      return [`${this.file.use(name)}(${this.format(childrenOf(part(inner, 'arguments')))});`];
    return [`${this.value(inner).code};`];
  }

  private skip(call: Node): string {
    const code = `${this.file.use('SKIP')}(${this.format(childrenOf(part(call, 'arguments')))})`;
    if (this.returns.kind !== 'void') throw new Untranslatable('SKIP() in a function that returns something');
    return `return ${code};`;
  }

  private assertion(name: string, call: Node, handler: Node | null): string {
    const args = childrenOf(part(call, 'arguments'));
    const kind = name.replace(/^(?:ASSERT|EXPECT)_/, '');
    const then = handler === null ? [] : [this.handler(handler)];
    const write = (values: readonly Value[]): string =>
      `${this.file.use(name)}(${[...values.map(({ code }) => code), ...then].join(', ')});`;
    const [a, b] = args.map((one) => this.value(one));
    if ((kind === 'TRUE' || kind === 'FALSE') && a !== undefined && args.length === 1) {
      if (a.type.kind !== 'int' && a.type.kind !== 'address')
        throw new Untranslatable(`${name}() of a ${describe(a.type)}`);
      return write([a]);
    }
    if ((kind === 'STREQ' || kind === 'STRNE') && a?.type.kind === 'text' && b?.type.kind === 'text')
      return write([a, b]);
    const operator = ASSERTIONS[kind];
    if (operator === undefined || a === undefined || b === undefined || args.length !== 2)
      throw new Untranslatable(`${name}(): no rule for it`);
    // Integers that no number holds are compared as they are: the assertion can.
    if (!a.big && !b.big) compared(operator, a, b);
    return write([a, b]);
  }

  /** What is carried out when an assertion fails. */
  private handler(node: Node): string {
    const inner = childrenOf(node).at(-1);
    if (inner === undefined) throw new Untranslatable('an assertion with an empty handler');
    const leaves = findAll(
      inner,
      (one) => /^(?:return|goto|break|continue)_statement$/.test(one.type) || one.text.startsWith('__SKIP_RETURN('),
    );
    if (leaves.length > 0) throw new Untranslatable('a handler of an assertion that leaves the function');
    return `() => {\n${this.nested(inner).join('\n')}\n}`;
  }

  // --- Assignments ---

  private assignment(node: Node): string {
    const [left, right] = [part(node, 'left'), part(node, 'right')];
    const operator = part(node, 'operator').text;
    const given = this.value(right);
    const target = bare(left);
    if (target.type === 'identifier') return this.assignVariable(target.text, operator, given, node);
    const boxed = this.boxedBy(target);
    if (boxed !== null) {
      const result = operator === '=' ? given : this.changedBy(boxed, operator.slice(0, -1), given);
      return `${boxed.code} = ${this.assigned(result, boxed.type, null)}`;
    }
    if (target.type === 'subscript_expression' || target.type === 'pointer_expression') {
      if (operator !== '=') throw new Untranslatable(`${operator} to memory: ${node.text}`);
      const address = this.byteAt(target);
      const byte = given.char === undefined ? this.byteOf(given) : `'${given.char}'`;
      return `${this.file.use('store8')}(${address.code}, ${byte})`;
    }
    if (target.type !== 'field_expression') throw new Untranslatable(`an assignment to ${left.text}`);
    const { code, type, key } = this.fieldOf(this.value(part(target, 'argument')), part(target, 'field').text);
    if (operator === '=') return `${code} = ${this.assigned(given, type, key)}`;
    const result = this.changedBy(this.value(target), operator.slice(0, -1), given);
    return `${code} = ${this.assigned(result, type, key)}`;
  }

  /** The low byte of an integer: store8() cuts it. */
  private byteOf(given: Value): string {
    if (given.type.kind !== 'int' || given.big) throw new Untranslatable(`a ${describe(given.type)} as a byte`);
    return given.truth ? `Number(${given.code})` : given.code;
  }

  private assignVariable(name: string, operator: string, given: Value, node: Node): string {
    if (name === 'errno' && operator === '=' && this.lookup(name) === null) {
      return `${this.file.use('set_errno')}(${given.code})`;
    }
    const variable = this.lookup(name);
    if (variable === null) throw new Untranslatable(`${name} is not known`, name);
    const place = variable.boxed ? `${variable.code}.value` : variable.code;
    if (operator !== '=') {
      const result = this.changed(variable, operator.slice(0, -1), given);
      return this.compound(place, variable, operator, given, result);
    }
    const code = this.assigned(given, variable.type, variable.key);
    const statement = node.parent?.type === 'expression_statement' ? node.parent : null;
    const declares = statement !== null && !variable.boxed && this.declaresHere(variable, statement);
    return declares ? `const ${place} = ${code}` : `${place} = ${code}`;
  }

  /** Was the declaration left to this assignment? */
  private declaresHere({ name, key }: Variable, statement: Node): boolean {
    const { body } = this;
    if (body === null || !this.scopes.at(-1)?.has(name)) return false;
    const declaration = findAll(body, (one) => one.type === 'declaration').find((one) =>
      one
        .childrenForFieldName('declarator')
        .some(
          (at) =>
            at !== null &&
            key.endsWith(`:${name}@${at.startPosition.row}`) &&
            at.type !== 'init_declarator' &&
            at.text.replace(/^[*\s]+/, '') === name,
        ),
    );
    return (
      declaration !== undefined && declaration.parent?.id === statement.parent?.id && this.isSunk(name, declaration)
    );
  }

  private changed(variable: Variable, operator: string, by: Value): Value {
    return this.changedBy(this.variable(variable), operator, by);
  }

  private changedBy(held: Value, operator: string, by: Value): Value {
    if (held.type.kind === 'address' && (operator === '+' || operator === '-')) return moved(operator, held, by);
    return arithmetic(operator, held, by);
  }

  private compound(place: string, { type, key }: Variable, operator: string, given: Value, result: Value): string {
    this.assigned(result, type, key);
    const short = /^[-+*|&^]=$/.test(operator);
    return short
      ? `${place} ${operator} ${given.truth ? `Number(${given.code})` : given.code}`
      : `${place} = ${result.code}`;
  }

  private update(node: Node): string {
    const target = bare(part(node, 'argument'));
    const operator = part(node, 'operator').text;
    const one = literal(1n, { kind: 'int', bits: 32, signed: true });
    const change = operator === '++' ? '+' : '-';
    if (target.type === 'field_expression') {
      const { code, type, key } = this.fieldOf(this.value(part(target, 'argument')), part(target, 'field').text);
      this.assigned(this.changedBy(this.value(target), change, one), type, key);
      return `${code}${operator}`;
    }
    const variable = target.type === 'identifier' ? this.lookup(target.text) : null;
    if (variable === null) throw new Untranslatable(`${operator} of ${target.text}`);
    this.assigned(this.changed(variable, change, one), variable.type, variable.key);
    return `${variable.boxed ? `${variable.code}.value` : variable.code}${operator}`;
  }

  // --- Control ---

  private ifStatement(node: Node): string[] {
    const test = this.test(part(node, 'condition'));
    const lines = [`if (${test}) {`, ...this.nested(part(node, 'consequence'))];
    const otherwise = node.childForFieldName('alternative');
    const [inner] = otherwise === null ? [] : otherwise.type === 'else_clause' ? childrenOf(otherwise) : [otherwise];
    if (inner === undefined) return [...lines, '}'];
    if (inner.type !== 'if_statement') return [...lines, '} else {', ...this.nested(inner), '}'];
    const [first = '', ...rest] = this.ifStatement(inner);
    return [...lines, `} else ${first}`, ...rest];
  }

  private forStatement(node: Node): string[] {
    this.scopes.push(new Map());
    try {
      const first = node.childForFieldName('initializer');
      const test = node.childForFieldName('condition');
      const step = node.childForFieldName('update');
      const head = first === null ? '' : this.first(first);
      const condition_ = test === null ? '' : this.test(test);
      const bound = test === null ? null : this.boundOf(test);
      const step_ = step === null ? '' : this.step(step, bound);
      const body = this.within(bound, part(node, 'body'));
      return [`for (${head}; ${condition_}; ${step_}) {`, ...body, '}'];
    } finally {
      this.scopes.pop();
    }
  }

  private first(node: Node): string {
    if (node.type !== 'declaration') return this.assignment(bare(node));
    const [declared, ...more] = declaredBy(node);
    if (declared === undefined || more.length > 0 || declared.value === null)
      throw new Untranslatable('a loop with several variables');
    const made = this.declare(
      declared.name,
      declared.type,
      `${this.name}:${declared.name}@${declared.node.startPosition.row}`,
    );
    return `let ${made.code} = ${this.assigned(this.value(declared.value), declared.type, made.key)}`;
  }

  /** The variable that stays below something, by the condition of a loop: the largest that it is within it. */
  private boundOf(test: Node): { variable: Variable; most: bigint } | null {
    const inner = bare(test);
    if (inner.type !== 'binary_expression') return null;
    const operator = part(inner, 'operator').text;
    const name = nameOf(part(inner, 'left'));
    const variable = name === null ? null : this.lookup(name);
    if (variable?.type.kind !== 'int' || (operator !== '<' && operator !== '<=')) return null;
    const limit = this.value(part(inner, 'right'));
    return limit.type.kind === 'int'
      ? { variable, most: operator === '<' ? limit.range.hi - 1n : limit.range.hi }
      : null;
  }

  /** The variable within the loop. */
  private known<T>(bound: { variable: Variable; most: bigint } | null, translate: () => T): T {
    if (bound === null) return translate();
    const { key } = bound.variable;
    const { lo } = this.file.facts.read(key);
    const before = this.narrowed.get(key);
    this.narrowed.set(key, bound.most < lo ? exactly(lo) : { lo, hi: bound.most });
    try {
      return translate();
    } finally {
      if (before === undefined) this.narrowed.delete(key);
      else this.narrowed.set(key, before);
    }
  }

  private step(node: Node, bound: { variable: Variable; most: bigint } | null): string {
    const inner = bare(node);
    return this.known(bound, () => {
      if (inner.type === 'update_expression') return this.update(inner);
      if (inner.type === 'assignment_expression') return this.assignment(inner);
      throw new Untranslatable(`a loop that goes on by ${node.text}`);
    });
  }

  private within(bound: { variable: Variable; most: bigint } | null, body: Node): string[] {
    const changes = bound !== null && assignmentsTo(body, bound.variable.name) > 0;
    return this.known(changes ? null : bound, () => this.nested(body));
  }

  private switchStatement(node: Node): string[] {
    const given = this.value(bare(part(node, 'condition')));
    if (given.type.kind !== 'int' || given.truth || given.big)
      throw new Untranslatable(`switch of a ${describe(given.type)}`);
    const lines = [`switch (${given.code}) {`];
    const cases = childrenOf(part(node, 'body'));
    for (const one of cases) {
      if (one.type !== 'case_statement') throw new Untranslatable('switch with a statement before its cases');
      const label = one.childForFieldName('value');
      const inner = statementsOf(one).filter((child) => child.id !== label?.id);
      const code = label === null ? 'default' : `case ${this.value(label).code}`;
      if (inner.some((child) => child.type === 'declaration'))
        throw new Untranslatable('a case that declares something');
      lines.push(`${code}:`, ...this.list(inner));
    }
    return [...lines, '}'];
  }

  private returnStatement(node: Node): string {
    const [given] = childrenOf(node);
    if (given === undefined) {
      if (this.returns.kind !== 'void') throw new Untranslatable('return without a value');
      return 'return;';
    }
    if (this.returns.kind === 'void') throw new Untranslatable('return with a value');
    return `return ${this.assigned(this.value(given), this.returns, `return ${this.name}`)};`;
  }
}

/** Is the first `x = sigsetjmp(…) != 0;`, and the second `if (!x) …` without an else? */
function isGuarded(first: Node, second: Node): boolean {
  const [, name] = /^(\w+) = sigsetjmp\(\w+, \d+\) != 0;$/.exec(first.text) ?? [];
  if (name === undefined || second.type !== 'if_statement') return false;
  const isOpen = second.childForFieldName('alternative') === null;
  return isOpen && part(second, 'condition').text.replaceAll(/[\s()]/g, '') === `!${name}`;
}

/** Does control come to the end of the function? */
export function fallsThrough(body: Node): boolean {
  const last = childrenOf(body).at(-1);
  return last === undefined || !exits(last);
}
