// SPDX-License-Identifier: GPL-2.0-only
/** C statements as TypeScript: loops by macro, what is not NULL after which statement, marks where there is no rule. */

import { commentText } from './comments.js';
import { isInt, VOID } from './ctypes.js';
import { part } from './declarators.js';
import { isWrapped, provenBy } from './expressions.js';
import { Hooked } from './hooked.js';
import type { Node } from './nodes.js';
import { asToday, twinOf } from './older.js';
import type { TravellingRef } from './places.js';
import { flattened } from './questions.js';
import {
  assignmentOf,
  bare,
  branchesOf,
  childrenOf,
  exits,
  findAll,
  nameOf,
  safeName,
  statementsOf,
  Untranslatable,
} from './scope.js';
import { heldAs, type Value, value } from './values.js';
import { DECLARING, stripped } from './variables.js';
import { stubsLookedAt } from './watched.js';

/** Names that a mark shows beside what it could not translate. */
const MOST_NAMES = 8;

export class Statements extends Hooked {
  /** Constants and functions that macros of this function are. */
  private readonly macros = new Map<string, { parameters: number; rest: boolean }>();

  /** The body of a function, with what it watches beside what upstream asserts. */
  functionBlock(body: Node): string[] {
    this.spies = this.hasTest ? stubsLookedAt(body) : [];
    const first = this.spies.map((stub) => `const ${stub} = t.sandbox.spy(${this.use('stubs')}, '${stub}');`);
    const lines = this.block(statementsOf(body));
    const asserted = this.fakes.map(
      (fake) => `${this.use('assert_called')}(${fake}, 0, '${fake} is not called for a VMA that stays');`,
    );
    const returns = /^return\b/.test(lines.at(-1) ?? '') ? lines.splice(-1) : [];
    return [...first, ...lines, ...asserted, ...returns];
  }

  /** A field that came later is given what the one before it is given. */
  private twinLines(node: Node): string[] {
    const left = assignmentOf(node)?.left;
    if (left?.type !== 'field_expression') return [];
    const base = this.translate(part(left, 'argument')).type;
    const struct = base.kind === 'pointer' ? base.to : base;
    if (struct.kind !== 'struct') return [];
    const fields = this.file.env.structs.get(struct.name)?.fields ?? [];
    const twin = twinOf(struct.name, part(left, 'field').text, (name) => fields.some((one) => one.name === name));
    if (twin === null) return [];
    const place = this.placeOf(left).value.code;
    return [`${place.replace(/\w+$/, twin)} = ${place};`];
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
        const made = this.absorbed.has(node.id) ? [] : this.guarded(node, nodes, i);
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
    const text = commentText(node.text, this.context.comments);
    if (text.length === 0) return;
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
      return childrenOf(part(call, 'arguments'))
        .slice(0, 1)
        .map((one) => one.text);
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
      const variable = this.scopes
        .toReversed()
        .find((scope) => scope.has(name))
        ?.get(name);
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
        return this.withFakes(
          node,
          this.travels(() => this.declaration(node, siblings, i)),
        );
      case 'expression_statement':
        return [
          ...this.travels(() => this.expressionStatement(node, siblings, i)),
          ...this.twinLines(node),
          ...this.stubLines(node),
          ...this.splitLines(node),
        ];
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
    if (inner.type === 'comma_expression')
      return flattened(inner).flatMap((one) => this.asStatement(this.translate(one)));
    return this.asStatement(this.translate(expression));
  }

  /** A value that is not used: what it does is kept. */
  protected asStatement(given: Value): string[] {
    const code = isWrapped(given.code) ? given.code.slice(1, -1) : given.code;
    // The step back of `x--` is of no use.
    const step = /^((\w[\w.]*) = .*), [su]\d+\.(?:add|sub)\(\2, 1\)$/.exec(code)?.[1];
    return given.effects ? [`${step ?? stripped(given.code)};`] : [];
  }

  /** VMA_ITERATOR(vmi, &mm, 0) declares vmi; the function of that name returns it. */
  private declaringCall(name: string, call: Node): string {
    const [declared, ...args] = childrenOf(part(call, 'arguments'));
    const entry = this.file.api.entries.get(name)?.entry;
    const known = DECLARING[name];
    if (declared?.type !== 'identifier' || entry?.kind !== 'function' || known === undefined) {
      throw new Untranslatable(`the port has no ${name}()`, name);
    }
    const today = asToday(name, args, entry.parameters.length).args;
    const typed = today.map((node, i) => ({ node, type: known.parameters[i] ?? VOID }));
    const values = this.portArguments(name, entry.parameters, typed);
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
    if (variable === null || variable.boxed || variable.type.kind === 'struct' || variable.type.kind === 'array')
      return null;
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
  protected body(node: Node): string[] {
    return this.block(node.type === 'compound_statement' ? statementsOf(node) : [node]);
  }

  // --- return ---

  private returnStatement(node: Node, last: boolean): string[] {
    const [given] = childrenOf(node);
    if (this.kind.test) {
      const end = last ? [] : ['return;'];
      if (given === undefined || bare(given).text === 'true' || bare(given).text === '1') return end;
      return [`${this.use('returned')}(${stripped(this.truth(given).code)});`, ...end];
    }
    const own = this.kind.own;
    if (given === undefined || own === null) return ['return;'];
    const { returns } = own;
    if (returns.kind === 'void') throw new Untranslatable('a value from a function without one');
    const made = this.translate(given);
    const key = `return ${own.name}`;
    if (returns.kind === 'struct') {
      const name = nameOf(given);
      const local =
        name === null
          ? undefined
          : this.scopes
              .slice(1)
              .find((scope) => scope.has(name))
              ?.get(name);
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
    const after =
      node.parent === null ? [] : statementsOf(node.parent).filter((one) => one.startIndex > node.startIndex);
    const used = declared.find((name) =>
      after.some((one) => findAll(one, (child) => child.type === 'identifier' && child.text === name).length > 0),
    );
    if (used !== undefined) throw new Untranslatable(`${used} is declared under a condition and used outside of it`);
    const condition = this.truth(part(node, 'condition')).code;
    const lines = [`if (${condition}) {`, ...this.block(branches.then)];
    if (branches.otherwise.length > 0) lines.push('} else {', ...this.block(branches.otherwise));
    return [...lines, '}'];
  }

  /** A macro that is a list of calls: a function within the function. */
  protected localMacro(node: Node): string[] {
    const name = part(node, 'name').text;
    const list = node.childForFieldName('parameters');
    const names = (list === null ? [] : childrenOf(list))
      .filter((one) => one.type === 'identifier')
      .map((one) => one.text);
    const rest = /\.\.\.\s*\)$/.test(list?.text ?? '');
    const body = this.macroBodies.get(node.startIndex);
    if (body === undefined) throw new Untranslatable(`the macro ${name} could not be read`);
    this.scopes.push(new Map());
    for (const one of names) {
      const key = `${this.kind.name}:${node.startIndex}:${one}`;
      const type = { kind: 'int', bits: 32, signed: true, bool: false, word: false } as const;
      this.file.facts.give(key, value('', type, 'number', { range: { lo: 0n, hi: 2n ** 31n - 1n } }), type);
      this.scopes.at(-1)?.set(one, {
        name: one,
        code: safeName(one),
        type,
        key,
        boxed: false,
        constant: true,
        sunk: false,
        unread: false,
        escapes: false,
      });
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

  protected macroCall(name: string, macro: { parameters: number; rest: boolean }, call: Node): string {
    const args = childrenOf(part(call, 'arguments'));
    if (args.length < macro.parameters || (args.length > macro.parameters && !macro.rest)) {
      throw new Untranslatable(`${name}() with ${args.length} arguments`);
    }
    const values = args.map((one) => {
      const given = this.translate(one);
      const fits =
        given.fixed &&
        isInt(given.type) &&
        given.rep === 'number' &&
        given.range.lo >= 0n &&
        given.range.hi < 2n ** 31n;
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
      if (result.type.kind === 'void')
        return value(`(() => { ${lines.join('\n')}\n${result.code}; })()`, VOID, 'void', { effects: true });
      return {
        ...result,
        code: `(() => { ${lines.join('\n')}\nreturn ${result.code}; })()`,
        effects: true,
        place: false,
        fixed: false,
      };
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
    const [first, ...more] = childrenOf(part(node, 'arguments'));
    const type = callee.type === 'identifier' ? this.liftedType(callee.text) : null;
    if (type === null || first === undefined || more.length > 0) return super.call(node);
    return { ...this.convert(this.translate(first), type), place: false };
  }
}

/** May it stand behind a condition as it is? */
function isSimple(line: string): boolean {
  return /;$/.test(line) && !/^(?:const|let|if|for|while|do|switch|\{|\/)/.test(line) && !line.includes('\n');
}
