// SPDX-License-Identifier: GPL-2.0-only
/** C statements as TypeScript: where variables are declared, what is not NULL after which statement, loops by macro. */
import type { Node } from 'web-tree-sitter';
import { type Declared, declaredBy } from './declarators.js';
import { ExpressionTranslator, type FileScope, type TravellingRef } from './expressions.js';
import {
  addressTaken,
  branchesOf,
  commentLines,
  defaultOf,
  exits,
  flattened,
  looksAtNull,
  nameNode,
  onlyInOwnLoops,
  part,
  stripped,
} from './questions.js';
import {
  assignmentOf,
  assignmentsTo,
  childrenOf,
  findAll,
  type Mark,
  mentions,
  provenBy,
  safeName,
  Untranslatable,
  type Variable,
} from './scope.js';
import { NUMBER, type Type, textOf } from './types.js';

/** Macros that declare their first argument. */
const DECLARING = new Set(['VMA_ITERATOR', 'VMG_STATE', 'VMG_VMA_STATE', 'MA_STATE']);
/** Options of the kernel's configuration that the userland one has. */
const CONFIGURED = new Set(['CONFIG_MMU', 'CONFIG_64BIT', 'CONFIG_PER_VMA_LOCK', 'CONFIG_DEBUG_VM']);

export interface StatementContext {
  /** Where a line of the text comes from. */
  place(line: number): { file: string; line: number };
  /** The text as it is, with the names of loop macros. */
  original: string;
  mark(mark: Mark, missing: string | null): void;
}

export interface FunctionKind {
  /** A test, whose `return true` is its end. */
  test: boolean;
  returns: Type;
}

export class StatementTranslator extends ExpressionTranslator {
  private readonly context: StatementContext;
  private readonly kind: FunctionKind;
  /** Pointer variables that are NULL at some time, found in a first pass. */
  private readonly mayBeNull: Set<string>;
  returnsNull: boolean;
  private last: Map<string, Variable>;

  constructor(file: FileScope, context: StatementContext, kind: FunctionKind, mayBeNull: Set<string>) {
    super(file);
    this.context = context;
    this.kind = kind;
    this.mayBeNull = mayBeNull;
    this.returnsNull = false;
    this.last = new Map();
  }

  declareParameter(name: string, type: Type): void {
    this.scopes.at(-1)?.set(name, { name, code: safeName(name), type, boxed: false, sunk: false, constant: false });
  }

  /** A variable of the whole file: as it begins, whoever may change it. */
  fileVariable(declared: Declared, changes: boolean): string {
    const { name, value } = declared;
    const type =
      declared.type.byValue || declared.type.cls !== 'object'
        ? declared.type
        : { ...declared.type, nullable: declared.type.name !== 'array' };
    const variable: Variable = { name, code: safeName(name), type, boxed: false, sunk: false, constant: !changes };
    this.scopes.at(-1)?.set(name, variable);
    this.last = new Map([[name, variable]]);
    if (value !== null) return this.initialised(variable, value, []).join('\n');
    if (type.byValue) return `${this.keyword(variable)} = ${this.structOf(type, null).code};`;
    return `${this.keyword(variable)} = ${defaultOf(type)};`;
  }

  /** Type of a variable that the last block declared, for those of a whole file. */
  declared(name: string): Type | null {
    return this.last.get(name)?.type ?? null;
  }

  /** The statements of a block, each as one or several lines. */
  block(nodes: readonly Node[]): string[] {
    this.scopes.push(new Map());
    const lines: string[] = [];
    let lastRow = nodes[0]?.startPosition.row ?? 0;
    for (const [i, node] of nodes.entries()) {
      if (lines.length > 0 && node.startPosition.row > lastRow + 1) lines.push('');
      lines.push(...this.guarded(node, nodes, i));
      lastRow = node.endPosition.row;
    }
    this.last = this.scopes.pop() ?? new Map();
    return lines;
  }

  /** A statement, or the mark of one that cannot be translated. */
  private guarded(node: Node, siblings: readonly Node[], i: number): string[] {
    const narrowed = new Set(this.narrowed);
    try {
      this.travelling = [];
      const lines = this.statement(node, siblings, i);
      const refs = this.travelling;
      this.travelling = [];
      return refs.length === 0 ? lines : this.withRefs(lines, refs);
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
      this.narrowed = narrowed;
      this.travelling = [];
      for (const name of this.namesDeclaredBy(node)) this.poisoned.add(name);
      // Where its first value was lost, the variable is not declared at all.
      const target = assignmentOf(node)?.left.text;
      if (target !== undefined && this.lookup(target)?.sunk) this.poisoned.add(target);
      return this.marked(node, error);
    }
  }

  private namesDeclaredBy(node: Node): string[] {
    const call = node.type === 'expression_statement' ? childrenOf(node)[0] : undefined;
    if (call?.type === 'call_expression' && DECLARING.has(call.childForFieldName('function')?.text ?? '')) {
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
    const { file, line } = this.context.place(node.startPosition.row + 1);
    const source = this.context.original.slice(node.startIndex, node.endIndex).replaceAll(/\s+/g, ' ').trim();
    const place = `${file}:${line}`;
    this.context.mark({ file, line, source, reason: error.message }, error.missing);
    const shown = source.length > 200 ? `${source.slice(0, 200)} …` : source;
    return [
      `${this.use('untranslated')}(${JSON.stringify(place)}, ${JSON.stringify(shown)}, ${JSON.stringify(error.message)});`,
    ];
  }

  /** A statement that hands the address of pointer variables to a call: they go in a Ref and come back. */
  private withRefs(lines: readonly string[], refs: readonly TravellingRef[]): string[] {
    const before = refs.map(({ name, initial }) => `const ${name} = new ${this.use('Ref')}(${initial});`);
    const after = refs.map(({ name, variable }) => `${variable.code} = ${name}.value;`);
    for (const { variable } of refs) this.narrowed.add(variable.name);
    return [...before, ...lines, ...after];
  }

  private statement(node: Node, siblings: readonly Node[], i: number): string[] {
    switch (node.type) {
      case 'comment':
        return commentLines(node.text);
      case 'declaration':
        return this.declaration(node, siblings, i);
      case 'expression_statement':
        return this.expressionStatement(node, siblings, i);
      case 'if_statement':
        return this.ifStatement(node);
      case 'for_statement':
        return this.forStatement(node);
      case 'while_statement':
        return this.whileStatement(node);
      case 'do_statement':
        return ['do {', ...this.loopBody(node), `} while (${this.truth(part(node, 'condition'))});`];
      case 'compound_statement':
        return ['{', ...this.block(childrenOf(node)), '}'];
      case 'return_statement':
        return this.returnStatement(node, i === siblings.length - 1);
      case 'break_statement':
      case 'continue_statement':
        return [node.text];
      case 'switch_statement':
        return this.switchStatement(node);
      case 'preproc_if':
      case 'preproc_ifdef':
        return this.conditional(node);
      case 'preproc_function_def':
        return this.localMacro(node.childForFieldName('name')?.text ?? '');
      case 'preproc_def':
        return this.localConstant(node);
      case 'preproc_call':
        return [];
      case 'empty_statement':
      case ';':
        return [];
      default:
        throw new Untranslatable(`a ${node.type.replaceAll('_', ' ')}`);
    }
  }

  // --- Variables ---

  private declaration(node: Node, siblings: readonly Node[], i: number): string[] {
    return declaredBy(node).flatMap((declared) => this.declareVariable(declared, siblings.slice(i + 1)));
  }

  private declareVariable(declared: Declared, rest: readonly Node[]): string[] {
    const { name, value } = declared;
    let { type } = declared;
    const taken = rest.some((one) => addressTaken(one, name));
    const boxed = taken && type.cls !== 'object';
    if (type.cls === 'object' && !type.byValue && type.name !== 'array')
      type = { ...type, nullable: this.mayBeNull.has(name) };
    const assigned = rest.reduce((sum, one) => sum + assignmentsTo(one, name, type.byValue), 0);
    const variable: Variable = { name, code: safeName(name), type, boxed, sunk: false, constant: assigned === 0 };
    this.scopes.at(-1)?.set(name, variable);

    if (type.name === 'mm_struct' && type.byValue) return this.declareMm(variable, value);
    if (value !== null) return this.initialised(variable, value, rest);
    if (boxed) return [`const ${variable.code} = new ${this.use('Ref')}(${defaultOf(type)});`];
    const first = rest.find((one) => mentions(one, name));
    const givenWhole = first !== undefined && assignmentOf(first)?.left.text === name;
    if (type.byValue && !givenWhole) return [`${this.keyword(variable)} = ${this.structOf(type, null).code};`];
    return this.undeclared(variable, rest);
  }

  /** The test's own address space; in a helper, which may run several times, one of its own. */
  private declareMm(variable: Variable, value: Node | null): string[] {
    if (value !== null && childrenOf(value).length > 0) throw new Untranslatable('an mm_struct with fields given');
    this.narrowed.add(variable.name);
    if (this.kind.test && variable.name === 'mm') return ['const { mm } = t;'];
    return [`const ${variable.code} = t.newMm();`];
  }

  private initialised(variable: Variable, value: Node, rest: readonly Node[]): string[] {
    const { type } = variable;
    let code: string;
    if (value.type === 'initializer_list') {
      const built =
        type.name === 'array' && type.of !== undefined ? this.arrayFrom(type.of, value) : this.structOf(type, value);
      code = built.code;
    } else {
      const given = this.convert(value, type);
      if (type.cls === 'number' && given.type.cls === 'bigint') variable.type = given.type;
      code = type.byValue ? this.copied(given) : this.pointerValue(variable, given, rest);
      // The counter is unsigned in C, and read into a signed int.
      if (type.signed && value.type === 'field_expression' && value.text.endsWith('vm_lock_seq')) code = `${code} | 0`;
    }
    if (variable.boxed) return [`const ${variable.code} = new ${this.use('Ref')}(${code});`];
    return [`${this.keyword(variable)} = ${code};`];
  }

  /** `const x`, or `let x` with its type where the first value does not tell it. */
  private keyword(variable: Variable): string {
    if (variable.constant) return `const ${variable.code}`;
    const plain = variable.type.cls !== 'object' || variable.type.byValue;
    return plain ? `let ${variable.code}` : `let ${variable.code}: ${this.typeText(variable.type)}`;
  }

  /** A type, with the import that it needs. */
  typeText(type: Type): string {
    for (const name of textOf(type).match(/\w+/g) ?? []) {
      if (this.file.api.entries.has(name)) this.use(name);
    }
    return textOf(type);
  }

  /**
   * A value for a pointer variable. One that may be NULL is followed at once, unless what comes next looks at it.
   */
  private pointerValue(variable: Variable, value: { code: string; type: Type }, rest: readonly Node[]): string {
    const { name, type } = variable;
    if (type.cls !== 'object' || type.byValue) return value.code;
    const open = value.type.nullable || value.type.errable || value.type.name === 'null';
    if (!open) {
      this.narrowed.add(name);
      return value.code;
    }
    const looks = value.code === 'null' || looksAtNull(rest, name);
    if (looks && !value.type.errable) {
      this.mayBeNull.add(name);
      this.narrowed.delete(name);
      return value.code;
    }
    this.narrowed.add(name);
    return `${this.use('deref')}(${value.code})`;
  }

  /** A variable without a first value: declared where it gets one, or in the loops that are its own. */
  private undeclared(variable: Variable, rest: readonly Node[]): string[] {
    const { name, type } = variable;
    const users = rest.filter((one) => mentions(one, name));
    const [first] = users;
    if (first === undefined) return [];
    if (users.every((one) => onlyInOwnLoops(one, name, this.context.original))) {
      variable.sunk = true;
      return [];
    }
    const assignment = assignmentOf(first);
    if (assignment?.left.text === name && assignment.operator === '=' && !mentions(assignment.right, name)) {
      variable.sunk = true;
      variable.constant = users.reduce((sum, one) => sum + assignmentsTo(one, name, type.byValue), 0) === 1;
      return [];
    }
    if (type.cls === 'object') {
      this.mayBeNull.add(name);
      return [`let ${variable.code}: ${this.typeText({ ...type, nullable: true })} = null;`];
    }
    return [`let ${variable.code}${type.cls === 'bigint' ? ': bigint' : ''} = ${defaultOf(type)};`];
  }

  // --- Expressions as statements ---

  private expressionStatement(node: Node, siblings: readonly Node[], i: number): string[] {
    const [expression] = childrenOf(node).filter((child) => child.type !== 'comment');
    if (expression === undefined) return [];
    if (expression.type === 'call_expression') {
      const name = expression.childForFieldName('function')?.text ?? '';
      if (name === 'static_assert' || name === 'BUILD_BUG_ON') return [];
      if (DECLARING.has(name)) return [this.declaringCall(name, expression)];
    }
    const assignment = assignmentOf(node);
    if (assignment?.operator === '=' && assignment.left.type === 'identifier') {
      return [this.assignVariable(assignment.left.text, assignment.right, siblings.slice(i + 1))];
    }
    return [`${stripped(this.translate(expression).code)};`];
  }

  /** VMA_ITERATOR(vmi, &mm, 0) declares vmi; the function of that name returns it. */
  private declaringCall(name: string, call: Node): string {
    const [declared, ...args] = childrenOf(part(call, 'arguments'));
    const entry = this.apiEntry(name);
    if (declared === undefined || entry?.kind !== 'function')
      throw new Untranslatable(`the port has no ${name}()`, name);
    const values = args.map((one, i) => this.argument(one, entry.parameters[i]?.type ?? null));
    const { name: variable } = { name: declared.text };
    const type: Type = { ...entry.returns, byValue: true };
    this.scopes
      .at(-1)
      ?.set(variable, { name: variable, code: safeName(variable), type, boxed: false, sunk: false, constant: true });
    return `const ${safeName(variable)} = ${this.use(name)}(${values.join(', ')});`;
  }

  private assignVariable(name: string, right: Node, rest: readonly Node[]): string {
    const variable = this.lookup(name);
    if (variable === null || variable.boxed || variable.type.byValue || variable.type.cls !== 'object') {
      return this.assignPlain(name, variable, right);
    }
    const value = this.pointerValue(variable, this.convert(right, variable.type), rest);
    if (!variable.sunk) return `${variable.code} = ${value};`;
    variable.sunk = false;
    return `${this.keyword(variable)} = ${value};`;
  }

  private assignPlain(name: string, variable: Variable | null, right: Node): string {
    if (variable === null) {
      if (this.file.globals.has(name))
        return `${name} = ${this.convert(right, this.file.globals.get(name) ?? NUMBER).code};`;
      const target = this.translate(nameNode(right, name) ?? right);
      const place = this.place(name);
      return `${place.code} = ${this.convert(right, place.type ?? target.type).code};`;
    }
    const given = this.convert(right, variable.type);
    const value = variable.type.byValue ? this.copied(given) : given.code;
    if (!variable.sunk) return `${variable.code}${variable.boxed ? '.value' : ''} = ${value};`;
    variable.sunk = false;
    return `${this.keyword(variable)} = ${value};`;
  }

  /** A global variable of the harness, as what is assigned to. */
  private place(name: string): { code: string; type: Type | null } {
    const globals = this.apiEntry('Globals');
    const type = globals?.kind === 'class' ? globals.fields.get(name) : undefined;
    if (type === undefined) throw new Untranslatable(`the port has no variable ${name}`, name);
    return { code: `${this.use('globals')}.${name}`, type };
  }

  // --- Control ---

  private ifStatement(node: Node): string[] {
    const condition = part(node, 'condition');
    const code = this.truth(condition);
    const before = new Set(this.narrowed);
    const consequence = part(node, 'consequence');
    const alternative = node.childForFieldName('alternative');

    for (const name of provenBy(condition, true)) this.narrowed.add(name);
    const lines = [`if (${code}) {`, ...this.body(consequence)];
    const afterThen = exits(consequence) ? null : new Set(this.narrowed);

    this.narrowed = new Set([...before, ...provenBy(condition, false)]);
    if (alternative !== null) {
      const [inner] = childrenOf(alternative).filter((child) => child.type !== 'comment');
      if (inner?.type === 'if_statement') {
        const [head = '', ...rest] = this.ifStatement(inner);
        lines.push(`} else ${head}`, ...rest.slice(0, -1));
      } else if (inner !== undefined) lines.push('} else {', ...this.body(inner));
    }
    const afterElse = this.narrowed;
    const both = [...afterElse].filter((name) => afterThen === null || afterThen.has(name));
    this.narrowed = new Set(alternative !== null && exits(alternative) && afterThen !== null ? afterThen : both);
    return [...lines, '}'];
  }

  /** The statements of a body, with or without braces. */
  private body(node: Node): string[] {
    return this.block(node.type === 'compound_statement' ? childrenOf(node) : [node]);
  }

  /** A body that may run several times: what it assigns to is not known to be anything at its beginning. */
  private loopBody(node: Node): string[] {
    const body = part(node, 'body');
    const forget = (): void => {
      for (const name of [...this.narrowed]) {
        const variable = this.lookup(name);
        if (variable?.type.nullable && assignmentsTo(body, name) > 0) this.narrowed.delete(name);
      }
    };
    forget();
    const lines = this.body(body);
    forget();
    return lines;
  }

  private forStatement(node: Node): string[] {
    const initializer = node.childForFieldName('initializer');
    const condition = node.childForFieldName('condition');
    const update = node.childForFieldName('update');
    this.scopes.push(new Map());
    let first = '';
    if (initializer?.type === 'declaration') {
      first = this.declaration(initializer, [initializer, node], 0).join(' ').replace(/;$/, '');
      first = first.replace(/^const /, 'let ');
    } else if (initializer !== null) first = this.loopStart(initializer);
    const test = condition === null ? '' : this.truth(condition);
    const step = update === null ? '' : this.commas(update);
    const lines = [`for (${first}; ${test}; ${step}) {`, ...this.loopBody(node), '}'];
    this.scopes.pop();
    return lines;
  }

  /** The first part of a loop, which declares its variable where nothing else needs it. */
  private loopStart(initializer: Node): string {
    const assignment = assignmentOf(initializer);
    const variable = assignment === null ? null : this.lookup(assignment.left.text);
    if (assignment === null || !variable?.sunk) return this.commas(initializer);
    const { name, code, type } = variable;
    this.scopes.at(-1)?.set(name, { ...variable, sunk: false, constant: false });
    return `let ${code} = ${this.convert(assignment.right, type).code}`;
  }

  private commas(node: Node): string {
    if (node.type !== 'comma_expression') return stripped(this.translate(node).code);
    return childrenOf(node)
      .map((one) => this.commas(one))
      .join(', ');
  }

  private whileStatement(node: Node): string[] {
    const macro = /^\w+/.exec(this.context.original.slice(node.startIndex, node.endIndex))?.[0] ?? 'while';
    if (macro !== 'while') return this.macroLoop(macro, node);
    const condition = part(node, 'condition');
    const code = this.truth(condition);
    return [`while (${code}) {`, ...this.loopBody(node), '}'];
  }

  /** A loop by a macro, such as for_each_vma(vmi, vma): a generator of that name. */
  private macroLoop(macro: string, node: Node): string[] {
    const [list] = childrenOf(part(node, 'condition'));
    const args = list?.type === 'comma_expression' ? flattened(list) : list === undefined ? [] : [list];
    const entry = this.apiEntry(macro);
    if (entry === null || entry.kind !== 'function') throw new Untranslatable(`the port has no ${macro}()`, macro);
    // The variable comes second, what to walk over first, limits after them.
    const [walked, variable, ...limits] = macro === 'list_for_each_entry' ? [args[1], args[0]] : args;
    if (walked === undefined || variable === undefined) throw new Untranslatable(`${macro}() without a variable`);
    const values = [walked, ...limits]
      .filter((one) => one !== undefined)
      .map((one, i) => this.argument(one, entry.parameters[i]?.type ?? null));
    const element = this.lookup(variable.text);
    this.scopes.push(new Map());
    const type: Type = { ...(element?.type ?? NUMBER), nullable: false };
    this.scopes.at(-1)?.set(variable.text, {
      name: variable.text,
      code: safeName(variable.text),
      type,
      boxed: false,
      sunk: false,
      constant: true,
    });
    const wasNarrowed = this.narrowed.has(variable.text);
    this.narrowed.add(variable.text);
    const lines = [
      `for (const ${safeName(variable.text)} of ${this.use(macro)}(${values.join(', ')})) {`,
      ...this.loopBody(node),
      '}',
    ];
    this.scopes.pop();
    if (!wasNarrowed) this.narrowed.delete(variable.text);
    return lines;
  }

  private switchStatement(node: Node): string[] {
    const value = this.translate(part(node, 'condition'));
    const cases = childrenOf(part(node, 'body')).flatMap((one) => {
      if (one.type !== 'case_statement') return this.guarded(one, [one], 0);
      const label = one.childForFieldName('value');
      const inner = childrenOf(one).filter((child) => child.id !== label?.id);
      const head = label === null ? 'default:' : `case ${this.translate(label).code}:`;
      return [head, ...this.block(inner)];
    });
    return [`switch (${stripped(value.code)}) {`, ...cases, '}'];
  }

  private returnStatement(node: Node, last: boolean): string[] {
    const [value] = childrenOf(node).filter((child) => child.type !== 'comment');
    if (this.kind.test) {
      if (value?.text === 'true') return last ? [] : ['return;'];
      if (value !== undefined)
        return [`t.ASSERT_TRUE(${this.truth(value)}, 'what the test returns');`, ...(last ? [] : ['return;'])];
    }
    if (value === undefined) return ['return;'];
    const given = this.convert(value, this.kind.returns);
    if (given.type.nullable || given.type.name === 'null') this.returnsNull = true;
    if (given.type.errable) return [`return ${this.use('deref')}(${stripped(given.code)});`];
    return [`return ${stripped(given.code)};`];
  }

  // --- Preprocessor ---

  /** A conditional among statements: an if, where the condition is one of values; else the branch that is configured. */
  private conditional(node: Node): string[] {
    const branches = branchesOf(node);
    if (node.type === 'preproc_ifdef') {
      const negated = node.children[0]?.text === '#ifndef';
      const holds = CONFIGURED.has(node.childForFieldName('name')?.text ?? '') !== negated;
      return this.block(holds ? branches.then : branches.otherwise);
    }
    const condition = this.truth(part(node, 'condition'));
    const before = new Set(this.narrowed);
    const lines = [`if (${condition}) {`, ...this.block(branches.then)];
    this.narrowed = before;
    if (branches.otherwise.length > 0) lines.push('} else {', ...this.block(branches.otherwise));
    return [...lines, '}'];
  }

  /** A macro with parameters within a function: a function within the function. */
  private localMacro(name: string): string[] {
    const macro = this.file.macros.get(name);
    if (macro === undefined) throw new Untranslatable(`the macro ${name} could not be read`);
    this.scopes.push(new Map());
    const outer = this.variadic;
    for (const parameter of macro.parameters) this.declareParameter(parameter, NUMBER);
    const rest = macro.variadic ? 'args' : null;
    this.variadic = rest;
    const parameters = [
      ...macro.parameters.map((one) => `${safeName(one)}: number`),
      ...(rest === null ? [] : ['...args: number[]']),
    ];
    const nodes = childrenOf(macro.body);
    const [only] = nodes;
    const lines =
      macro.expression && only !== undefined
        ? [`const ${name} = (${parameters.join(', ')}) => ${this.translate(childrenOf(only)[0] ?? only).code};`]
        : [`const ${name} = (${parameters.join(', ')}): void => {`, ...this.block(nodes), '};'];
    this.variadic = outer;
    this.scopes.pop();
    return lines;
  }

  private localConstant(node: Node): string[] {
    const name = part(node, 'name').text;
    const value = /^(?:0x[\da-f]+|\d+)$/i.exec(node.childForFieldName('value')?.text.trim() ?? '')?.[0];
    if (value === undefined) throw new Untranslatable(`the macro ${name} is no number`);
    this.scopes.at(-1)?.set(name, { name, code: name, type: NUMBER, boxed: false, sunk: false, constant: true });
    return [`const ${name} = ${value};`];
  }
}
