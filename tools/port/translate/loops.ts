// SPDX-License-Identifier: GPL-2.0-only
/** Loops and switches of C: by macro, with a counter, and cases that run into one another. */
import { isInt, type Range } from './ctypes.js';
import { part } from './declarators.js';
import { provenBy } from './expressions.js';
import type { Variable } from './model.js';
import type { Node } from './nodes.js';
import { CASE_RANGE } from './preprocess.js';
import { flattened, loopArguments, loopMacro, readAfter } from './questions.js';
import {
  assignmentOf,
  assignmentsTo,
  bare,
  childrenOf,
  exits,
  findAll,
  literalOf,
  mentions,
  nameOf,
  safeName,
  statementsOf,
  Untranslatable,
} from './scope.js';
import { literal, type Value, value } from './values.js';
import { stripped, Variables } from './variables.js';

export abstract class Loops extends Variables {
  private readonly stepLimits = new Map<string, Range>();

  protected stepLimit(key: string): Range | null {
    return this.stepLimits.get(key) ?? null;
  }

  abstract block(nodes: readonly Node[]): string[];
  protected abstract body(node: Node): string[];
  protected abstract asStatement(given: Value): string[];

  // --- Loops ---

  /** What a loop assigns to is not known to be anything when a turn begins, and after it. */
  protected looping<T>(nodes: readonly (Node | null)[], translate: () => T): T {
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

  protected forStatement(node: Node): string[] {
    const initializer = node.childForFieldName('initializer');
    const condition = node.childForFieldName('condition');
    const update = node.childForFieldName('update');
    const body = part(node, 'body');
    this.scopes.push(new Map());
    let first = '';
    if (initializer?.type === 'declaration') {
      const lines = this.declaration(initializer, [initializer, node], 0);
      const all = lines.map((line) => line.replace(/;$/, '').replace(/^(?:const|let) /, ''));
      if (lines.some((line) => /new Ref|= \[/.test(line)))
        throw new Untranslatable('a loop variable whose address is taken');
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

  protected commas(node: Node): string {
    return flattened(node)
      .flatMap((one) => this.asStatement(this.translate(one)).map((line) => line.replace(/;$/, '')))
      .join(', ');
  }

  /** A loop that counts a variable towards a limit, and changes it nowhere else: what the variable is within, and then. */
  private counter(
    condition: Node | null,
    update: Node | null,
    body: Node,
  ): { key: string; inside: Range; stepped: Range } | null {
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

  protected whileStatement(node: Node): string[] {
    const macro = loopMacro(node, this.context.original);
    if (macro !== null) return this.macroLoop(macro, node);
    const condition = part(node, 'condition');
    return this.looping([condition, part(node, 'body')], () => {
      const code = this.truth(condition).code;
      for (const name of provenBy(condition, true)) this.prove(name);
      return [`while (${stripped(code)}) {`, ...this.body(part(node, 'body')), '}'];
    });
  }

  protected doStatement(node: Node): string[] {
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
    const values = [walked, ...bounds].map((one, i) =>
      this.loopArgument(one, entry.parameters[i]?.type.cls === 'number'),
    );
    this.scopes.push(new Map());
    const own: Variable = {
      ...element,
      key: `${element.key}@${node.startIndex}`,
      code: mentions(body, name) ? safeName(name) : `_${name}`,
      boxed: false,
      sunk: false,
      constant: true,
    };
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
    if (number)
      return this.held(
        this.convert(given, { kind: 'int', bits: 64, signed: false, bool: false, word: false }),
        'ulong',
      );
    if (given.rep !== 'object') throw new Untranslatable(`a loop over ${given.code}`);
    return given.type.kind === 'pointer' ? this.followed(given) : given.code;
  }

  private stepLoop(macro: string, node: Node, element: Variable, args: readonly Node[]): string[] {
    const next: Record<string, string> = { for_each_vma: 'vma_next', for_each_vma_range: 'vma_find' };
    const step = next[macro];
    const [walked, limit] = args;
    if (step === undefined || walked === undefined)
      throw new Untranslatable(`${macro}(), whose variable is read after it`);
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
  protected switchStatement(node: Node): string[] {
    const given = this.translate(part(node, 'condition'));
    if (!isInt(given.type) || given.rep === 'ulong') throw new Untranslatable('a switch over such a value');
    const cases = childrenOf(part(node, 'body'));
    if (cases.some((one) => one.type !== 'case_statement'))
      throw new Untranslatable('a switch with statements before its cases');
    const bodies = cases.map((one) => {
      const label = one.childForFieldName('value');
      return statementsOf(one).filter((child) => child.id !== label?.id);
    });
    const lines = this.looping([], () =>
      cases.flatMap((one, i) => {
        const label = one.childForFieldName('value');
        const empty = (bodies[i] ?? []).every((child) => child.type === 'comment');
        const heads = label === null ? ['default:'] : this.labels(label, given).map((text) => `case ${text}:`);
        if (empty && i < cases.length - 1) return heads;
        const head = heads.pop() ?? '';
        return [...heads, `${head} {`, ...this.caseBody(bodies.slice(i)), '}'];
      }),
    );
    const code = given.rep === 'boolean' ? `Number(${given.code})` : stripped(given.code);
    return [`switch (${code}) {`, ...lines, '}'];
  }

  private labels(node: Node, given: Value): string[] {
    if (node.type !== 'call_expression' || part(node, 'function').text !== CASE_RANGE) return [this.label(node, given)];
    const [low, high] = childrenOf(part(node, 'arguments')).map((one) => this.translate(one));
    if (low === undefined || high === undefined || !low.fixed || !high.fixed || !isInt(low.type))
      throw new Untranslatable('a range of no constants');
    if (high.range.lo - low.range.lo > 64n) throw new Untranslatable('a range of more than 64 cases');
    const all: string[] = [];
    for (let number = low.range.lo; number <= high.range.lo; number++)
      all.push(this.labelOf(literal(number, low.type), given));
    return all;
  }

  private label(node: Node, given: Value): string {
    return this.labelOf(this.translate(node), given);
  }

  private labelOf(label: Value, given: Value): string {
    if (!label.fixed || !isInt(label.type) || label.range.lo < 0n !== label.range.hi < 0n)
      throw new Untranslatable('a case that is no constant');
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
