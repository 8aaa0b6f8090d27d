// SPDX-License-Identifier: GPL-2.0-only
/** C statements as TypeScript: loops by macro, what is not NULL after which statement, marks where there is no rule. */
import type { Node } from 'web-tree-sitter';
import { isInt, type Range, VOID } from './ctypes.js';
import { part, typeNamed } from './declarators.js';
import { isWrapped, provenBy } from './expressions.js';
import type { Variable } from './model.js';
import type { TravellingRef } from './places.js';
import { flattened, loopArguments, loopMacro, readAfter } from './questions.js';
import {
  assignmentOf,
  assignmentsTo,
  bare,
  branchesOf,
  childrenOf,
  commentLines,
  exits,
  findAll,
  literalOf,
  nameOf,
  safeName,
  statementsOf,
  Untranslatable,
} from './scope.js';
import { heldAs, type Value, value } from './values.js';
import { DECLARING, Variables } from './variables.js';

/** An outermost pair of parentheses says nothing. */
export function stripped(code: string): string {
  return isWrapped(code) ? code.slice(1, -1) : code;
}

/** Names that a mark shows beside what it could not translate. */
const MOST_NAMES = 8;

export class Statements extends Variables {
  private readonly stepLimits = new Map<string, Range>();
  /** Constants and functions that macros of this function are. */
  private readonly macros = new Map<string, { parameters: number; rest: boolean }>();

  protected stepLimit(key: string): Range | null {
    return this.stepLimits.get(key) ?? null;
  }

  /** The statements of a block, each as one or several lines. */
  block(nodes: readonly Node[]): string[] {
    this.scopes.push(new Map());
    const lines: string[] = [];
    let lastRow = nodes[0]?.startPosition.row ?? 0;
    for (const [i, node] of nodes.entries()) {
      const row = node.startPosition.row;
      if (node.type === 'comment') {
        this.comment(node, lines, i > 0 && row === lastRow, row > lastRow + 1);
      } else {
        const made = this.guarded(node, nodes, i);
        if (made.length > 0 && lines.length > 0 && row > lastRow + 1 && lines.at(-1) !== '') lines.push('');
        lines.push(...made);
      }
      lastRow = node.endPosition.row;
    }
    this.scopes.pop();
    return lines;
  }

  /** A comment beside a statement stays beside it. */
  private comment(node: Node, lines: string[], beside: boolean, apart: boolean): void {
    if (!this.context.comments) return;
    const text = commentLines(node.text);
    const last = lines.at(-1);
    if (beside && last !== undefined && last !== '' && text.length === 1) {
      lines[lines.length - 1] = `${last} ${text[0]}`;
      return;
    }
    if (apart && lines.length > 0) lines.push('');
    lines.push(...text);
  }

  /** A statement, or the mark of one that cannot be translated. */
  private guarded(node: Node, siblings: readonly Node[], i: number): string[] {
    const [narrowed, emptied] = [new Set(this.narrowed), new Set(this.emptied)];
    const depth = this.scopes.length;
    try {
      this.travelling = [];
      const lines = this.statement(node, siblings, i);
      const refs = this.travelling;
      this.travelling = [];
      return refs.length === 0 ? lines : this.withRefs(lines, refs, node);
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
      this.scopes.length = depth;
      this.narrowed = narrowed;
      this.emptied = emptied;
      this.travelling = [];
      this.mayTravel = false;
      for (const name of this.namesDeclaredBy(node)) this.poisoned.add(name);
      // Where its first value was lost, the variable is not declared at all.
      for (const target of findAll(node, (one) => one.type === 'assignment_expression')) {
        const name = nameOf(part(target, 'left'));
        if (name !== null && this.lookup(name)?.sunk) this.poisoned.add(name);
      }
      return this.marked(node, error);
    }
  }

  private namesDeclaredBy(node: Node): string[] {
    const call = node.type === 'expression_statement' ? childrenOf(node)[0] : undefined;
    if (call?.type === 'call_expression' && (call.childForFieldName('function')?.text ?? '') in DECLARING) {
      return childrenOf(part(call, 'arguments')).slice(0, 1).map((one) => one.text);
    }
    if (node.type !== 'declaration') return [];
    return findAll(
      node,
      (one) => one.type === 'identifier' && /declarator|^declaration$/.test(one.parent?.type ?? ''),
    ).map((one) => one.text);
  }

  private marked(node: Node, error: Untranslatable): string[] {
    const source = this.context.original.slice(node.startIndex, node.endIndex).replaceAll(/\s+/g, ' ').trim();
    this.context.mark(error, node, source);
    const { file, line } = this.context.place(node.startPosition.row + 1);
    const shown = source.length > 200 ? `${source.slice(0, 200)} …` : source;
    const names = new Set(findAll(node, (one) => one.type === 'identifier').map((one) => one.text));
    const inScope = [...names].flatMap((name) => {
      const variable = this.scopes.toReversed().find((scope) => scope.has(name))?.get(name);
      const there = variable !== undefined && !variable.sunk && !variable.unread && !this.poisoned.has(name);
      return there ? [variable.code] : [];
    });
    const texts = [`${file}:${line}`, shown, error.message].map((one) => JSON.stringify(one));
    return [`${this.use('untranslated')}(${[...texts, ...inScope.slice(0, MOST_NAMES)].join(', ')});`];
  }

  /** A statement that hands the address of pointer variables to a call: they go in a Ref and come back. */
  private withRefs(lines: readonly string[], refs: readonly TravellingRef[], node: Node): string[] {
    const target = assignmentOf(node)?.left.text ?? null;
    const before = refs.map(({ name, initial }) => `const ${name} = new ${this.use('Ref')}(${initial});`);
    const back = refs.filter(({ variable }) => variable.name !== target);
    for (const { variable } of back) this.narrowed.add(variable.key);
    return [...before, ...lines, ...back.map(({ name, variable }) => `${variable.code} = ${name}.value;`)];
  }

  private statement(node: Node, siblings: readonly Node[], i: number): string[] {
    switch (node.type) {
      case 'declaration':
        return this.travels(() => this.declaration(node, siblings, i));
      case 'expression_statement':
        return this.travels(() => this.expressionStatement(node, siblings, i));
      case 'if_statement':
        return this.ifStatement(node);
      case 'for_statement':
        return this.forStatement(node);
      case 'while_statement':
        return this.whileStatement(node);
      case 'do_statement':
        return this.doStatement(node);
      case 'compound_statement':
        return ['{', ...this.block(statementsOf(node)), '}'];
      case 'return_statement':
        return this.returnStatement(node, this.isLast(siblings, i));
      case 'break_statement':
      case 'continue_statement':
        return [node.text.replaceAll(/\s/g, '')];
      case 'switch_statement':
        return this.switchStatement(node);
      case 'preproc_if':
        return this.conditionalLines(node);
      case 'preproc_function_def':
        return this.localMacro(node);
      case 'empty_statement':
      case ';':
        return [];
      default:
        throw new Untranslatable(`${node.type.replaceAll('_', ' ')}: no rule for it`);
    }
  }

  private isLast(siblings: readonly Node[], i: number): boolean {
    const top = siblings[i]?.parent?.parent?.type === 'function_definition';
    return top && siblings.slice(i + 1).every((one) => one.type === 'comment');
  }

  private travels<T>(translate: () => T): T {
    this.mayTravel = true;
    try {
      return translate();
    } finally {
      this.mayTravel = false;
    }
  }

  // --- Expressions as statements ---

  private expressionStatement(node: Node, siblings: readonly Node[], i: number): string[] {
    const [expression] = childrenOf(node);
    if (expression === undefined) return [];
    if (expression.type === 'call_expression') {
      const name = expression.childForFieldName('function')?.text ?? '';
      if (/^(?:static_assert|_Static_assert|BUILD_BUG_ON)$/.test(name)) return [];
      if (name in DECLARING && this.lookup(name) === null) return [this.declaringCall(name, expression)];
      const macro = this.macros.get(name);
      if (macro !== undefined) return [this.macroCall(name, macro, expression)];
    }
    const assignment = assignmentOf(node);
    const target = assignment === null ? null : nameOf(assignment.left);
    if (assignment !== null && assignment.operator === '=' && target !== null) {
      const made = this.assignVariable(target, assignment.right, siblings.slice(i + 1));
      if (made !== null) return made;
    }
    const inner = bare(expression);
    if (inner.type === 'comma_expression') return flattened(inner).flatMap((one) => this.asStatement(this.translate(one)));
    return this.asStatement(this.translate(expression));
  }

  /** A value that nobody wants: what it does is kept. */
  private asStatement(given: Value): string[] {
    const code = stripped(given.code);
    // The step back of `x--` is of no use to anybody.
    const step = /^((\w[\w.]*) = .*), [su]\d+\.(?:add|sub)\(\2, 1\)$/.exec(code)?.[1];
    return given.effects ? [`${step ?? code};`] : [];
  }

  /** VMA_ITERATOR(vmi, &mm, 0) declares vmi; the function of that name returns it. */
  private declaringCall(name: string, call: Node): string {
    const [declared, ...args] = childrenOf(part(call, 'arguments'));
    const entry = this.file.api.entries.get(name)?.entry;
    const known = DECLARING[name];
    if (declared?.type !== 'identifier' || entry?.kind !== 'function' || known === undefined) {
      throw new Untranslatable(`the port has no ${name}()`, name);
    }
    const { parameters } = entry;
    if (args.length !== parameters.length) {
      throw new Untranslatable(`${name}() takes ${parameters.length} arguments here, not ${args.length}`, name);
    }
    const values = args.map((one, i) => {
      const parameter = parameters[i];
      if (parameter === undefined) throw new Untranslatable(`${name}() with too many arguments`);
      return this.portArgument(this.translate(one), known.parameters[i] ?? VOID, parameter);
    });
    const code = safeName(declared.text);
    this.scopes.at(-1)?.set(declared.text, {
      name: declared.text,
      code,
      type: { kind: 'struct', name: known.returns },
      key: `${this.kind.name}:${call.startIndex}:${code}`,
      boxed: false,
      constant: true,
      sunk: false,
      unread: false,
      escapes: false,
    });
    return `const ${code} = ${this.use(name)}(${values.join(', ')});`;
  }

  /** An assignment to a variable that it may declare; null where it is an expression like any other. */
  private assignVariable(name: string, right: Node, rest: readonly Node[]): string[] | null {
    const variable = this.lookup(name);
    if (variable === null || variable.boxed || variable.type.kind === 'struct' || variable.type.kind === 'array') return null;
    this.refuseLost(name);
    const given = this.translate(right);
    if (variable.unread) return given.effects ? [`${this.convert(given, variable.type).code};`] : [];
    const code = this.valueFor(variable, given, rest);
    if (!variable.sunk) return [`${variable.code} = ${stripped(code)};`];
    variable.sunk = false;
    return [`${this.keyword(variable, given)} = ${stripped(code)};`];
  }

  // --- Conditions ---

  private ifStatement(node: Node): string[] {
    const condition = part(node, 'condition');
    const code = this.truth(condition).code;
    const [before, emptiedBefore] = [new Set(this.narrowed), new Set(this.emptied)];
    const consequence = part(node, 'consequence');
    const alternative = node.childForFieldName('alternative');

    for (const name of provenBy(condition, true)) this.prove(name);
    const body = this.body(consequence);
    const lines = [`if (${stripped(code)}) {`, ...body];
    const afterThen = exits(consequence) ? null : new Set(this.narrowed);
    const emptiedThen = this.emptied;

    this.narrowed = new Set(before);
    this.emptied = new Set(emptiedBefore);
    for (const name of provenBy(condition, false)) this.prove(name);
    if (alternative !== null) {
      const [inner] = childrenOf(alternative);
      if (inner?.type === 'if_statement') {
        const [head = '', ...rest] = this.ifStatement(inner);
        lines.push(`} else ${head}`, ...rest.slice(0, -1));
      } else if (inner !== undefined) lines.push('} else {', ...this.body(inner));
    }
    const afterElse = this.narrowed;
    const both = [...afterElse].filter((name) => afterThen === null || afterThen.has(name));
    this.narrowed = new Set(alternative !== null && exits(alternative) && afterThen !== null ? afterThen : both);
    this.emptied = new Set([...this.emptied, ...emptiedThen]);
    const [only = ''] = body;
    if (alternative === null && body.length === 1 && isSimple(only)) return [`if (${stripped(code)}) ${only}`];
    return [...lines, '}'];
  }

  /** The statements of a body, with or without braces. */
  private body(node: Node): string[] {
    return this.block(node.type === 'compound_statement' ? statementsOf(node) : [node]);
  }

  // --- Loops ---

  /** What a loop assigns to is not known to be anything when a turn begins, and after it. */
  private looping<T>(nodes: readonly (Node | null)[], translate: () => T): T {
    const forget = (): void => {
      for (const scope of this.scopes) {
        for (const { key, name, type } of scope.values()) {
          if (type.kind !== 'pointer') continue;
          if (nodes.some((one) => one !== null && assignmentsTo(one, name) > 0)) this.narrowed.delete(key);
        }
      }
    };
    const before = new Set(this.narrowed);
    forget();
    const made = translate();
    this.narrowed = new Set([...this.narrowed].filter((key) => before.has(key)));
    forget();
    return made;
  }

  private forStatement(node: Node): string[] {
    const initializer = node.childForFieldName('initializer');
    const condition = node.childForFieldName('condition');
    const update = node.childForFieldName('update');
    const body = part(node, 'body');
    this.scopes.push(new Map());
    let first = '';
    if (initializer?.type === 'declaration') {
      const lines = this.declaration(initializer, [initializer, node], 0);
      const all = lines.map((line) => line.replace(/;$/, '').replace(/^(?:const|let) /, ''));
      if (lines.some((line) => /new Ref|= \[/.test(line))) throw new Untranslatable('a loop variable whose address is taken');
      first = all.length === 0 ? '' : `let ${all.join(', ')}`;
    } else if (initializer !== null) first = this.loopStart(initializer);
    const lines = this.looping([condition, update, body], () => {
      const counter = this.counter(condition, update, body);
      const test = condition === null ? '' : stripped(this.truth(condition).code);
      if (counter !== null) this.limits.set(counter.key, counter.inside);
      if (condition !== null) for (const name of provenBy(condition, true)) this.prove(name);
      const inner = this.body(body);
      if (counter !== null) {
        this.limits.delete(counter.key);
        this.stepLimits.set(counter.key, counter.stepped);
      }
      const step = update === null ? '' : this.commas(update);
      if (counter !== null) this.stepLimits.delete(counter.key);
      return [`for (${first}; ${test}; ${step}) {`, ...inner, '}'];
    });
    this.scopes.pop();
    return lines;
  }

  /** The first part of a loop, which declares its variable where nothing else needs it. */
  private loopStart(initializer: Node): string {
    const assignment = assignmentOf(initializer);
    const variable = assignment === null ? null : this.lookup(assignment.left.text);
    if (assignment === null || !variable?.sunk) return this.commas(initializer);
    const { name } = variable;
    const own = { ...variable, sunk: false, constant: false };
    const given = this.translate(assignment.right);
    const code = this.valueFor(own, given, []);
    this.scopes.at(-1)?.set(name, own);
    return `${this.keyword(own, given)} = ${stripped(code)}`;
  }

  private commas(node: Node): string {
    return flattened(node)
      .flatMap((one) => this.asStatement(this.translate(one)).map((line) => line.replace(/;$/, '')))
      .join(', ');
  }

  /** A loop that counts a variable towards a limit, and changes it nowhere else: what the variable is within, and then. */
  private counter(condition: Node | null, update: Node | null, body: Node): { key: string; inside: Range; stepped: Range } | null {
    const test = condition === null ? null : bare(condition);
    if (test?.type !== 'binary_expression' || update === null) return null;
    const name = nameOf(part(test, 'left'));
    const variable = name === null ? null : this.lookup(name);
    const by = name === null ? null : stepOf(bare(update), name);
    if (name === null || variable === null || by === null || variable.boxed || !isInt(variable.type)) return null;
    if (assignmentsTo(body, name) > 0 || assignmentsTo(part(test, 'right'), name) > 0) return null;
    const limit = this.translate(part(test, 'right'));
    const known = this.file.facts.read(variable.key).range ?? { lo: 0n, hi: 0n };
    if (!isInt(limit.type) || limit.rep === 'ulong' || (!limit.type.signed && known.lo < 0n)) return null;
    if (!variable.type.signed && limit.range.lo < 0n) return null;
    const operator = part(test, 'operator').text;
    if (by > 0n && (operator === '<' || operator === '<=')) {
      const hi = operator === '<' ? limit.range.hi - 1n : limit.range.hi;
      if (hi < known.lo) return null;
      return { key: variable.key, inside: { lo: known.lo, hi }, stepped: { lo: known.lo, hi: hi + by } };
    }
    if (by < 0n && (operator === '>' || operator === '>=')) {
      const lo = operator === '>' ? limit.range.lo + 1n : limit.range.lo;
      if (lo > known.hi) return null;
      return { key: variable.key, inside: { lo, hi: known.hi }, stepped: { lo: lo + by, hi: known.hi } };
    }
    return null;
  }

  private whileStatement(node: Node): string[] {
    const macro = loopMacro(node, this.context.original);
    if (macro !== null) return this.macroLoop(macro, node);
    const condition = part(node, 'condition');
    return this.looping([condition, part(node, 'body')], () => {
      const code = this.truth(condition).code;
      for (const name of provenBy(condition, true)) this.prove(name);
      return [`while (${stripped(code)}) {`, ...this.body(part(node, 'body')), '}'];
    });
  }

  private doStatement(node: Node): string[] {
    const condition = part(node, 'condition');
    return this.looping([condition, part(node, 'body')], () => {
      const body = this.body(part(node, 'body'));
      const given = this.truth(condition);
      // do { } while (0) is a block, unless something leaves it early.
      const once = given.fixed && given.range.hi === 0n && !leavesLoop(part(node, 'body'));
      if (once) return ['{', ...body, '}'];
      return ['do {', ...body, `} while (${stripped(given.code)});`];
    });
  }

  /** A loop by a macro, such as for_each_vma(vmi, vma): a generator of that name, or the steps that the macro is. */
  private macroLoop(macro: string, node: Node): string[] {
    const args = loopArguments(node);
    const entry = this.file.api.entries.get(macro)?.entry;
    if (entry?.kind !== 'function') throw new Untranslatable(`the port has no ${macro}()`, macro);
    const [walked, target, ...limits] = macro === 'list_for_each_entry' ? [args[1], args[0]] : args;
    const name = target === undefined ? null : nameOf(target);
    const element = name === null ? null : this.lookup(name);
    const bounds = limits.filter((one) => one !== undefined);
    if (walked === undefined || name === null || element === null || element.type.kind !== 'pointer') {
      throw new Untranslatable(`${macro}() without a variable`);
    }
    const body = part(node, 'body');
    const plain = !element.boxed && assignmentsTo(body, name) === 0 && !readAfter(node, name);
    if (!plain || element.unread) return this.stepLoop(macro, node, element, [walked, ...bounds]);
    const values = [walked, ...bounds].map((one, i) => this.loopArgument(one, entry.parameters[i]?.type.cls === 'number'));
    this.scopes.push(new Map());
    const own: Variable = { ...element, key: `${element.key}@${node.startIndex}`, code: safeName(name), boxed: false, sunk: false, constant: true };
    this.scopes.at(-1)?.set(name, own);
    const lines = this.looping([body], () => [
      `for (const ${own.code} of ${this.use(macro)}(${values.join(', ')})) {`,
      ...this.body(body),
      '}',
    ]);
    this.scopes.pop();
    return lines;
  }

  private loopArgument(node: Node, number: boolean): string {
    const given = this.translate(node);
    if (number) return this.held(this.convert(given, { kind: 'int', bits: 64, signed: false, bool: false, word: false }), 'ulong');
    if (given.rep !== 'object') throw new Untranslatable(`a loop over ${given.code}`);
    return given.type.kind === 'pointer' ? this.followed(given) : given.code;
  }

  private stepLoop(macro: string, node: Node, element: Variable, args: readonly Node[]): string[] {
    const next: Record<string, string> = { for_each_vma: 'vma_next', for_each_vma_range: 'vma_find' };
    const step = next[macro];
    const [walked, limit] = args;
    if (step === undefined || walked === undefined) throw new Untranslatable(`${macro}(), whose variable is read after it`);
    if (element.sunk) throw new Untranslatable(`${macro}(), whose variable is declared by it and read after it`);
    const list = [this.loopArgument(walked, false), ...(limit === undefined ? [] : [this.loopArgument(limit, true)])];
    const call = `${this.use(step)}(${list.join(', ')})`;
    this.file.facts.give(element.key, value(call, element.type, 'object', { nullable: true }), element.type);
    const code = element.boxed ? `${element.code}.value` : element.code;
    const body = part(node, 'body');
    const lines = this.looping([body, node], () => {
      this.narrowed.delete(element.key);
      this.emptied.delete(element.key);
      this.prove(element.name);
      return [`for (${code} = ${call}; ${code} !== null; ${code} = ${call}) {`, ...this.body(body), '}'];
    });
    this.narrowed.delete(element.key);
    this.emptied.add(element.key);
    return lines;
  }

  // --- switch ---

  /** Each case with all that it runs into, so that none runs into the next. */
  private switchStatement(node: Node): string[] {
    const given = this.translate(part(node, 'condition'));
    if (!isInt(given.type) || given.rep === 'ulong') throw new Untranslatable('a switch over such a value');
    const cases = childrenOf(part(node, 'body'));
    if (cases.some((one) => one.type !== 'case_statement')) throw new Untranslatable('a switch with statements before its cases');
    const bodies = cases.map((one) => {
      const label = one.childForFieldName('value');
      return statementsOf(one).filter((child) => child.id !== label?.id);
    });
    const lines = this.looping([], () =>
      cases.flatMap((one, i) => {
        const label = one.childForFieldName('value');
        const empty = (bodies[i] ?? []).every((child) => child.type === 'comment');
        const head = label === null ? 'default:' : `case ${this.label(label, given)}:`;
        if (empty && i < cases.length - 1) return [head];
        return [`${head} {`, ...this.caseBody(bodies.slice(i)), '}'];
      }),
    );
    const code = given.rep === 'boolean' ? `Number(${given.code})` : stripped(given.code);
    return [`switch (${code}) {`, ...lines, '}'];
  }

  private label(node: Node, given: Value): string {
    const label = this.translate(node);
    if (!label.fixed || !isInt(label.type) || label.range.lo < 0n !== label.range.hi < 0n) throw new Untranslatable('a case that is no constant');
    const one = this.convert(label, isInt(given.type) && given.type.bits >= 32 ? given.type : label.type);
    return this.held(one, given.rep === 'boolean' ? 'number' : given.rep);
  }

  private caseBody(bodies: readonly Node[][]): string[] {
    const [before, emptied] = [new Set(this.narrowed), new Set(this.emptied)];
    const nodes: Node[] = [];
    for (const body of bodies) {
      nodes.push(...body);
      const last = body.filter((one) => one.type !== 'comment').at(-1);
      if (last !== undefined && exits(last)) break;
    }
    const lines = this.block(nodes);
    const last = nodes.filter((one) => one.type !== 'comment').at(-1);
    this.narrowed = before;
    this.emptied = emptied;
    return last !== undefined && exits(last) ? lines : [...lines, 'break;'];
  }

  // --- return ---

  private returnStatement(node: Node, last: boolean): string[] {
    const [given] = childrenOf(node);
    if (this.kind.test) {
      const end = last ? [] : ['return;'];
      if (given === undefined || bare(given).text === 'true' || bare(given).text === '1') return end;
      return [`t.ASSERT_TRUE(${stripped(this.truth(given).code)}, 'what the test returns');`, ...end];
    }
    const own = this.kind.own;
    if (given === undefined || own === null) return ['return;'];
    const { returns } = own;
    if (returns.kind === 'void') throw new Untranslatable('a value from a function without one');
    const made = this.translate(given);
    const key = `return ${own.name}`;
    if (returns.kind === 'struct') {
      const name = nameOf(given);
      const local = name === null ? undefined : this.scopes.slice(1).find((scope) => scope.has(name))?.get(name);
      const mine = local !== undefined && local.code === name;
      const one = this.convert(made, returns);
      return [`return ${mine ? one.code : this.copied(one)};`];
    }
    const rep = isInt(returns) ? (own.taken ? heldAs(returns) : this.repOf(returns, key)) : 'object';
    return [`return ${stripped(this.codeFor(made, returns, rep, key))};`];
  }

  // --- Preprocessor ---

  /** Lines under a condition that a run decides: an if. */
  private conditionalLines(node: Node): string[] {
    const branches = branchesOf(node);
    if ([...branches.then, ...branches.otherwise].some((one) => one.type === 'declaration')) {
      return this.conditionalDeclarations(node, branches);
    }
    const condition = this.truth(part(node, 'condition')).code;
    const [before, emptied] = [new Set(this.narrowed), new Set(this.emptied)];
    const lines = [`if (${condition}) {`, ...this.block(branches.then)];
    this.narrowed = new Set(before);
    const [only] = branches.otherwise;
    if (branches.otherwise.length === 1 && only?.type.startsWith('preproc_elif')) {
      const [head = '', ...rest] = this.conditionalLines(only);
      lines.push(`} else ${head}`, ...rest.slice(0, -1));
    } else if (branches.otherwise.length > 0) lines.push('} else {', ...this.block(branches.otherwise));
    this.narrowed = new Set([...this.narrowed].filter((key) => before.has(key)));
    this.emptied = new Set([...this.emptied, ...emptied]);
    return [...lines, '}'];
  }

  /** Declarations under a condition, which all that follows may use: only where nothing else does. */
  private conditionalDeclarations(node: Node, branches: { then: Node[]; otherwise: Node[] }): string[] {
    const declared = [...branches.then, ...branches.otherwise].flatMap((one) => this.namesDeclaredBy(one));
    const after = node.parent === null ? [] : statementsOf(node.parent).filter((one) => one.startIndex > node.startIndex);
    const used = declared.find((name) => after.some((one) => findAll(one, (child) => child.type === 'identifier' && child.text === name).length > 0));
    if (used !== undefined) throw new Untranslatable(`${used} is declared under a condition and used outside of it`);
    const condition = this.truth(part(node, 'condition')).code;
    const lines = [`if (${condition}) {`, ...this.block(branches.then)];
    if (branches.otherwise.length > 0) lines.push('} else {', ...this.block(branches.otherwise));
    return [...lines, '}'];
  }

  /** A macro that is a list of calls: a function within the function. */
  private localMacro(node: Node): string[] {
    const name = part(node, 'name').text;
    const list = node.childForFieldName('parameters');
    const names = (list === null ? [] : childrenOf(list)).filter((one) => one.type === 'identifier').map((one) => one.text);
    const rest = /\.\.\.\s*\)$/.test(list?.text ?? '');
    const body = this.macroBodies.get(node.startIndex);
    if (body === undefined) throw new Untranslatable(`the macro ${name} could not be read`);
    this.scopes.push(new Map());
    for (const one of names) {
      const key = `${this.kind.name}:${node.startIndex}:${one}`;
      const type = { kind: 'int', bits: 32, signed: true, bool: false, word: false } as const;
      this.file.facts.give(key, value('', type, 'number', { range: { lo: 0n, hi: 2n ** 31n - 1n } }), type);
      this.scopes.at(-1)?.set(one, { name: one, code: safeName(one), type, key, boxed: false, constant: true, sunk: false, unread: false, escapes: false });
    }
    const outer = this.variadic;
    this.variadic = rest ? 'args' : null;
    const parameters = [...names.map((one) => `${safeName(one)}: number`), ...(rest ? ['...args: number[]'] : [])];
    const lines = [`const ${name} = (${parameters.join(', ')}): void => {`, ...this.block(statementsOf(body)), '};'];
    this.variadic = outer;
    this.scopes.pop();
    this.macros.set(name, { parameters: names.length, rest });
    return lines;
  }

  /** The bodies of macros that stay, by where they are defined. */
  macroBodies: ReadonlyMap<number, Node> = new Map();

  private macroCall(name: string, macro: { parameters: number; rest: boolean }, call: Node): string {
    const args = childrenOf(part(call, 'arguments'));
    if (args.length < macro.parameters || (args.length > macro.parameters && !macro.rest)) {
      throw new Untranslatable(`${name}() with ${args.length} arguments`);
    }
    const values = args.map((one) => {
      const given = this.translate(one);
      const fits = given.fixed && isInt(given.type) && given.rep === 'number' && given.range.lo >= 0n && given.range.hi < 2n ** 31n;
      if (!fits) throw new Untranslatable(`${name}() of ${given.code}`);
      return given.code;
    });
    return `${name}(${values.join(', ')});`;
  }

  /** A statement expression: what its statements do, and the value of the last. */
  protected blockValue(node: Node): Value {
    const { before, last } = this.lastOf(node);
    if (findAll(node, (one) => /^(?:return|break|continue|goto|labeled)_statement$/.test(one.type)).length > 0) {
      throw new Untranslatable('a statement expression that is left early');
    }
    const [narrowed, emptied] = [this.narrowed, this.emptied];
    const travels = this.mayTravel;
    this.mayTravel = false;
    // TypeScript knows nothing within a function of what was asked outside.
    this.narrowed = new Set();
    this.emptied = new Set();
    const marks = this.scopes.length;
    this.scopes.push(new Map());
    try {
      const all = [...before, ...(last.parent === null ? [] : [last.parent])];
      const lines = before.flatMap((one, i) => this.statement(one, all, i));
      const result = this.translate(last);
      if (result.type.kind === 'void') return value(`(() => { ${lines.join('\n')}\n${result.code}; })()`, VOID, 'void', { effects: true });
      return { ...result, code: `(() => { ${lines.join('\n')}\nreturn ${result.code}; })()`, effects: true, place: false, fixed: false };
    } finally {
      this.scopes.length = marks;
      this.narrowed = narrowed;
      this.emptied = emptied;
      this.mayTravel = travels;
    }
  }

  /** `(typeof(x))(y)`, which the grammar takes for a call. */
  protected override call(node: Node): Value {
    const callee = bare(part(node, 'function'));
    const args = childrenOf(part(node, 'arguments'));
    const [first] = args;
    const name = callee.type === 'call_expression' ? callee.childForFieldName('function')?.text : undefined;
    if (name !== undefined && /^(?:__)?typeof(?:__)?$/.test(name) && first !== undefined && args.length === 1) {
      const [of] = childrenOf(part(callee, 'arguments'));
      if (of === undefined || of === null) throw new Untranslatable('typeof nothing');
      const type =
        of.type === 'identifier' && this.lookup(of.text) === null && this.file.env.typedefs.has(of.text) ? typeNamed(of, this.file.env) : this.translate(of).type;
      return { ...this.convert(this.translate(first), type), place: false };
    }
    return super.call(node);
  }
}

/** May it stand behind a condition as it is? */
function isSimple(line: string): boolean {
  return /;$/.test(line) && !/^(?:const|let|if|for|while|do|switch|\{|\/)/.test(line) && !line.includes('\n');
}

/** By how much the update of a loop counts the variable; null where it does something else. */
function stepOf(update: Node, name: string): bigint | null {
  if (update.type === 'update_expression') {
    if (nameOf(part(update, 'argument')) !== name) return null;
    return update.text.includes('++') ? 1n : -1n;
  }
  const assignment = assignmentOf(update);
  if (assignment === null || nameOf(assignment.left) !== name) return null;
  const by = literalOf(bare(assignment.right).text)?.value;
  if (by === undefined || by > 2n ** 30n) return null;
  return assignment.operator === '+=' ? by : assignment.operator === '-=' ? -by : null;
}

/** Does something in the body leave the loop, or begin its next turn? */
function leavesLoop(body: Node): boolean {
  const visit = (node: Node): boolean => {
    if (/^(?:break|continue)_statement$/.test(node.type)) return true;
    if (/^(?:for|while|do)_statement$/.test(node.type)) return false;
    if (node.type === 'switch_statement') return findAll(node, (one) => one.type === 'continue_statement').length > 0;
    return childrenOf(node).some(visit);
  };
  return visit(body);
}
