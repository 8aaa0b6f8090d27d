// SPDX-License-Identifier: GPL-2.0-only
/** One C file of upstream's tests as one TypeScript test file. */
import type { Node } from 'web-tree-sitter';
import { parseC } from '../../table/c_source.js';
import { constantNamed } from './constants.js';
import { declaredBy, part, signatureOf } from './declarators.js';
import { Environment } from './environment.js';
import { Facts } from './facts.js';
import type { Headers } from './headers.js';
import { checkBrackets, lex, SourceError } from './lexer.js';
import type { FileScope, OwnFunction, Variable } from './model.js';
import { portApi } from './port_api.js';
import { BITS, Preprocessor } from './preprocess.js';
import {
  addressTaken,
  assignmentsTo,
  branchesOf,
  childrenOf,
  commentLines,
  exits,
  findAll,
  type Mark,
  mentions,
  safeName,
  statementsOf,
  Untranslatable,
} from './scope.js';
import { Statements } from './statements.js';
import { classOf } from './types_of_file.js';
import { importLines } from './imports.js';

export interface Translation {
  /** TypeScript, not formatted yet. */
  code: string;
  marks: Mark[];
  /** Names that the port does not have, each with the places that use it. */
  missing: Map<string, Mark[]>;
  tests: string[];
}

/** A function from another file, shared.c for one. */
export interface HelperSource {
  file: string;
  /** Where it begins there. */
  line: number;
  text: string;
}

export interface Options {
  /** Are the comments of the C file kept? */
  comments: boolean;
}

/** Functions that a test file has for its own running. */
const RUNNING = /^(?:main|run_\w+_tests|get_current)$/;
/** Names that no header may replace by a macro: the translator has rules for them. */
const RULED =
  /^(?:TEST|__?ASSERT_\w+|ASSERT_\w+|__TO_SCALAR|current|for_each_\w+|m[at]s?_for_each\w*|list_for_each_\w+|ARRAY_SIZE|min|max|min_t|max_t|likely|unlikely|READ_ONCE|data_race|static_assert|BUILD_BUG_ON|NULL|ERR_PTR|IS_ERR\w*|PTR_ERR\w*|true|false)$/;
/** Passes after which the facts must be settled. */
const MOST_PASSES = 40;

/** The condition of the #if that a node stands in, at the top level of its file. */
interface TopLevel {
  node: Node;
  condition: Node | null;
  negated: boolean;
}

function topLevelOf(root: Node, condition: Node | null = null, negated = false): TopLevel[] {
  return statementsOf(root).flatMap((node) => {
    if (node.type !== 'preproc_if') return [{ node, condition, negated }];
    const { then, otherwise } = branchesOf(node);
    const inner = part(node, 'condition');
    return [
      ...then.map((one) => ({ node: one, condition: inner, negated: false })),
      ...otherwise.map((one) => ({ node: one, condition: inner, negated: true })),
    ];
  });
}

interface Found {
  name: string;
  /** Under which condition it runs; null when under any. */
  condition: Node | null;
  negated: boolean;
  row: number;
}

/** @throws SourceError when the text is no C */
export async function translateC(
  fileName: string,
  text: string,
  headers: Headers,
  helpers: readonly HelperSource[],
  options: Options,
): Promise<Translation> {
  const api = portApi();
  const known = (name: string): boolean =>
    RULED.test(name) || api.entries.has(name) || api.stubs.has(name) || constantNamed(name) !== null || name === BITS;
  if (text.includes('\0') || text.includes('\ufffd')) {
    const at = text.search(/[\0\ufffd]/);
    throw new SourceError(text.slice(0, at).split('\n').length, 'bytes that are no text');
  }
  if (lex(text).every((token) => /^(?:space|newline|comment)$/.test(token.kind))) throw new SourceError(1, 'the file is empty');
  const joined = [text, ...helpers.map((one) => one.text)].join('\n');
  const { text: original } = new Preprocessor(headers.macros, known).run(joined);
  checkBrackets(lex(original));
  const { rootNode } = await parseC(original);
  refuseErrors(rootNode);
  const lines = text.split('\n').length;
  const translator = new FileTranslator(fileName, original, rootNode, lines, headers, helpers, options);
  await translator.readMacros();
  return translator.translate();
}

/** @throws SourceError at the first place that the grammar does not know */
function refuseErrors(root: Node): void {
  if (!root.hasError) return;
  const [first] = findAll(root, (one) => one.isError || one.isMissing);
  const line = (first?.startPosition.row ?? 0) + 1;
  if (first?.isMissing) throw new SourceError(line, `a syntax error: ${first.type} is missing`);
  const near = (first?.text ?? '').replaceAll(/\s+/g, ' ').trim().slice(0, 60);
  throw new SourceError(line, `a syntax error${near === '' ? '' : ` near ${near}`}`);
}

class FileTranslator {
  private readonly fileName: string;
  private readonly original: string;
  private readonly helpers: readonly HelperSource[];
  private readonly lines: number;
  private readonly options: Options;
  private readonly top: TopLevel[];
  private readonly env: Environment;
  private readonly structs: Set<string>;
  private readonly functions: Map<string, OwnFunction>;
  private readonly globals: Map<string, Variable>;
  private readonly tests: Found[];
  private readonly facts: Facts;
  private readonly imports: Set<string>;
  private readonly lost: Set<string>;
  private readonly macroBodies: Map<number, Node>;
  private marks: Mark[];
  private missing: Map<string, Mark[]>;
  private broken: Map<string, Mark>;
  /** Those of the pass before, for functions that come later in the file. */
  private brokenBefore: ReadonlyMap<string, Mark>;
  private hoisted: string[];

  constructor(
    fileName: string,
    original: string,
    root: Node,
    lines: number,
    headers: Headers,
    helpers: readonly HelperSource[],
    options: Options,
  ) {
    this.fileName = fileName;
    this.original = original;
    this.helpers = helpers;
    this.lines = lines;
    this.options = options;
    this.top = topLevelOf(root);
    this.env = new Environment();
    for (const { node } of this.top) this.env.visit(node);
    const builtIn = new Environment();
    this.structs = new Set([...this.env.structs.keys()].filter((name) => !builtIn.structs.has(name)));
    this.env.add(headers.environment);
    this.functions = new Map();
    this.globals = new Map();
    this.tests = [];
    this.facts = new Facts();
    this.imports = new Set();
    this.lost = new Set();
    this.macroBodies = new Map();
    this.marks = [];
    this.missing = new Map();
    this.broken = new Map();
    this.brokenBefore = new Map();
    this.hoisted = [];
    this.collectTests();
    this.collectFunctions();
  }

  /** Reads the bodies of macros that the preprocessor has left. */
  async readMacros(): Promise<void> {
    for (const { node } of this.top) {
      for (const one of findAll(node, (child) => child.type === 'preproc_function_def')) {
        const text = one.childForFieldName('value')?.text.replaceAll('\\\n', '\n').trim() ?? '';
        const parsed = await parseC(`${'\n'.repeat(one.startPosition.row)}void macro(void) { ${text}${text.endsWith(';') ? '' : ';'} }`);
        const [body] = findAll(parsed.rootNode, (child) => child.type === 'compound_statement');
        if (body !== undefined && !parsed.rootNode.hasError) this.macroBodies.set(one.startIndex, body);
      }
    }
  }

  translate(): Translation {
    // Until nothing new is found about the values: what is written then holds for all of them.
    for (let pass = 0; ; pass++) {
      if (pass === MOST_PASSES) throw new Error(`${this.fileName}: the facts about it do not settle`);
      this.imports.clear();
      this.lost.clear();
      this.globals.clear();
      this.marks = [];
      this.missing = new Map();
      this.brokenBefore = this.broken;
      this.broken = new Map();
      const parts = this.top.map((one, i) => this.topLevel(one, this.top[i - 1] ?? null));
      const unwritten = this.tests.filter(({ name }) => !this.functions.has(`test_${name}`)).flatMap((one) => this.unwritten(one));
      if (this.facts.turn() || pass === 0) continue;
      const body = this.used([...this.classes(), ...parts, ['', ...unwritten]]);
      const code = [this.header(), importLines(this.imports, body), body].join('\n');
      return { code, marks: this.marks, missing: this.missing, tests: this.tests.map((one) => one.name) };
    }
  }

  /** Where a line of the joined text comes from. */
  private placeOf(line: number): { file: string; line: number } {
    let first = this.lines;
    if (line <= first) return { file: this.fileName, line };
    for (const { file, line: at, text } of this.helpers) {
      const count = text.split('\n').length;
      if (line <= first + count) return { file, line: at + line - first - 1 };
      first += count;
    }
    return { file: this.fileName, line };
  }

  // --- What there is ---

  /** Names of the tests: those that TEST() lists, in the order in which they run. */
  private collectTests(): void {
    for (const { node } of this.top) {
      if (node.type !== 'function_definition') continue;
      for (const call of findAll(node, (one) => isCallOf(one, 'TEST'))) {
        const name = childrenOf(part(call, 'arguments'))[0]?.text ?? '';
        let around: Node | null = call;
        while (around !== null && !around.type.startsWith('preproc_')) around = around.parent;
        const under = around?.type === 'preproc_else' ? around.parent : around;
        const condition = under?.type === 'preproc_if' ? part(under, 'condition') : null;
        this.tests.push({ name, condition, negated: around?.type === 'preproc_else', row: call.startPosition.row + 1 });
      }
    }
  }

  private collectFunctions(): void {
    for (const { node } of this.top) {
      if (node.type !== 'function_definition') continue;
      try {
        const signature = signatureOf(node, this.env);
        if (RUNNING.test(signature.name)) continue;
        this.functions.set(signature.name, { ...signature, node, needsTest: false, taken: this.isTaken(signature.name) });
      } catch (error) {
        if (!(error instanceof Untranslatable)) throw error;
      }
    }
    this.markNeeds();
  }

  /** Is the function used other than by calling it? */
  private isTaken(name: string): boolean {
    return this.top.some(
      ({ node }) =>
        findAll(node, (one) => {
          if (one.type !== 'identifier' || one.text !== name) return false;
          const call = one.parent?.type === 'call_expression' && one.parent.childForFieldName('function')?.id === one.id;
          const counted = one.parent?.type === 'argument_list' && one.parent.parent !== null && isCallOf(one.parent.parent, 'TEST');
          return !call && !counted && one.parent?.type !== 'function_declarator';
        }).length > 0,
    );
  }

  /** A function that asserts, or makes an address space, needs the test; so does one that calls it. */
  private markNeeds(): void {
    const needs = (node: Node): boolean =>
      findAll(node, (one) => {
        if (one.type === 'declaration') return /^(?:static\s+)?struct mm_struct \w/.test(one.text);
        if (one.type === 'identifier') return this.functions.get(one.text)?.needsTest === true;
        const name = one.type === 'call_expression' ? one.childForFieldName('function')?.text : undefined;
        return name?.startsWith('ASSERT_') === true;
      }).length > 0;
    for (let changed = true; changed; ) {
      changed = false;
      for (const own of this.functions.values()) {
        if (own.needsTest || !needs(part(own.node, 'body'))) continue;
        own.needsTest = true;
        changed = true;
      }
    }
  }

  // --- What is written ---

  private scope(): FileScope {
    const api = portApi();
    return {
      api,
      env: this.env,
      facts: this.facts,
      functions: this.functions,
      structs: this.structs,
      globals: this.globals,
      lost: this.lost,
      use: (name) => {
        if (!api.entries.has(name) && name !== 'ErrPtr') throw new Untranslatable(`the port has no ${name}`, name);
        this.imports.add(name);
        return name;
      },
    };
  }

  private mark(owner: string, error: Untranslatable, node: Node, source: string): void {
    const mark = { ...this.placeOf(node.startPosition.row + 1), source, reason: error.message };
    this.marks.push(mark);
    if (!this.broken.has(owner)) this.broken.set(owner, mark);
    if (error.missing !== null) this.missing.set(error.missing, [...(this.missing.get(error.missing) ?? []), mark]);
  }

  private statements(owner: string, test: boolean, own: OwnFunction | null): Statements {
    const context = {
      original: this.original,
      comments: this.options.comments,
      place: (line: number): { file: string; line: number } => this.placeOf(line),
      mark: (error: Untranslatable, node: Node, source: string): void => this.mark(owner, error, node, source),
      hoist: (line: string): void => void this.hoisted.push(line),
    };
    const made = new Statements(this.scope(), context, { test, own, name: owner });
    made.macroBodies = this.macroBodies;
    return made;
  }

  private header(): string {
    const spdx = /^\/\/ SPDX-License-Identifier: .*$/m.exec(this.original)?.[0] ?? '// SPDX-License-Identifier: GPL-2.0-only';
    return `${spdx}\n/** Translated from ${this.fileName} by \`vma-userland port tests\`. */`;
  }

  /** Classes of the structs that the file declares. */
  private classes(): string[][] {
    return [...this.structs].map((name) => {
      try {
        return ['', ...classOf(this.scope(), name)];
      } catch (error) {
        if (!(error instanceof Untranslatable)) throw error;
        this.lost.add(name);
        return [`class struct_${name} {}`];
      }
    });
  }

  /** The parts that something uses: a class or helper that only a mark mentions is left out. */
  private used(parts: readonly string[][]): string {
    const named = /^(?:export )?(?:function|class|const|let) (\w+)\b/;
    let kept = parts.filter((lines) => lines.length > 0);
    for (let before = -1; before !== kept.length; ) {
      before = kept.length;
      const all = kept;
      kept = all.filter((lines) => {
        const name = named.exec(lines.find((line) => named.test(line)) ?? '')?.[1];
        const isOwn = lines.every((line, i) => i === 0 || !/^test\('/.test(line)) && !/^(?:if \(|test\()/.test(lines.find((line) => line !== '') ?? '');
        if (name === undefined || !isOwn || this.tests.length === 0) return true;
        const others = all.filter((one) => one !== lines).map((one) => one.join('\n')).join('\n');
        return new RegExp(`\\b${name}\\b`).test(others);
      });
    }
    return kept.map((lines) => lines.join('\n')).join('\n');
  }

  private topLevel({ node, condition, negated }: TopLevel, before: TopLevel | null): string[] {
    this.hoisted = [];
    switch (node.type) {
      case 'comment':
        if (!this.options.comments || /SPDX-License-Identifier/.test(node.text)) return [];
        return ['', ...commentLines(node.text)];
      case 'function_definition': {
        const lines = this.functionOrTest(node, condition, negated, before);
        return [...this.hoisted, ...lines];
      }
      case 'declaration':
        return this.globalVariables(node);
      case 'preproc_def':
        return this.globalConstant(node);
      case 'enum_specifier':
        return this.enumerators(node);
      case 'type_definition': {
        const type = part(node, 'type');
        return type.type === 'enum_specifier' ? this.enumerators(type) : [];
      }
      default:
        return [];
    }
  }

  private functionOrTest(node: Node, condition: Node | null, negated: boolean, before: TopLevel | null): string[] {
    let name: string;
    try {
      ({ name } = signatureOf(node, this.env));
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
      this.mark('(file)', error, node, node.text.slice(0, 80).replaceAll(/\s+/g, ' '));
      return [];
    }
    const own = this.functions.get(name);
    if (own === undefined) return [];
    const gap = before?.node.type === 'comment' && this.options.comments ? [] : [''];
    const found = this.tests.find((one) => `test_${one.name}` === name);
    if (found === undefined) return own.node.id === node.id ? [...gap, ...this.helper(own)] : this.twice(own, node);

    const translator = this.statements(name, true, null);
    const lines = translator.block(statementsOf(part(node, 'body')));
    const todo = own.taken || this.isCalled(name) ? `test_${found.name}() is called by others` : this.reasonFor({ ...own, node });
    if (todo !== null && !this.broken.has(name)) this.broken.set(name, { ...this.placeOf(node.startPosition.row + 1), source: '', reason: todo });
    const options = todo === null ? '' : `{ todo: ${JSON.stringify(todo)} }, `;
    const whole = [`test('${found.name}', ${options}(t) => {`, ...lines, '});'];
    const under = condition ?? found.condition;
    if (under === null) return [...gap, ...whole];
    const code = translator.truth(under, condition === null ? found.negated : negated).code;
    return [...gap, `if (${code}) {`, ...whole, '}'];
  }

  private isCalled(name: string): boolean {
    return this.top.some(({ node }) => findAll(node, (one) => isCallOf(one, name)).length > 0);
  }

  /** Of two functions by one name, under two conditions, no caller can be told which it calls. */
  private twice(own: OwnFunction, node: Node): string[] {
    this.mark(own.name, new Untranslatable(`${own.name}() is there twice, under two conditions`), node, own.name);
    return [];
  }

  /** A test that is counted and that the file does not have. */
  private unwritten({ name, row }: Found): string[] {
    const mark = { ...this.placeOf(row), source: `TEST(${name})`, reason: `there is no test_${name}()` };
    this.marks.push(mark);
    return [`test('${name}', { todo: ${JSON.stringify(`${mark.file}:${mark.line}: ${mark.reason}`)} }, () => {});`];
  }

  private helper(own: OwnFunction): string[] {
    const translator = this.statements(own.name, false, own);
    if (this.tests.length === 0 || own.taken) this.giveAll(own);
    const parameters = own.parameters.map(({ name, type }) => translator.declareParameter(own, name, type));
    const lines = translator.block(statementsOf(part(own.node, 'body')));
    let heads: { head: string; first: string[] }[] = [];
    let result = 'void';
    try {
      heads = parameters.map((one) => translator.parameterText(own, one));
      result = translator.resultText(own);
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
      this.mark(own.name, error, own.node, own.name);
      heads = parameters.map(({ name }) => ({ head: `_${name}: unknown`, first: [] }));
      lines.length = 0;
      result = 'never';
    }
    const list = [...(own.needsTest ? ['t: VmaTest'] : []), ...heads.map((one) => one.head)].join(', ');
    if (own.needsTest) this.imports.add('VmaTest');
    // A file without tests is there for its helpers.
    const exported = this.tests.length === 0 ? 'export ' : '';
    const last = childrenOf(part(own.node, 'body')).at(-1);
    const open = own.returns.kind !== 'void' && (this.broken.has(own.name) || last === undefined || !exits(last));
    if (result === 'never' || (open && !/^(?:return|throw)\b/.test(lines.at(-1) ?? ''))) {
      lines.push(`throw new Error('${own.name}: its end is reached without a value');`);
    }
    const first = heads.flatMap((one) => one.first);
    return [`${exported}function ${own.name}(${list}): ${result} {`, ...first, ...lines, '}'];
  }

  private giveAll(own: OwnFunction): void {
    for (const { name, type } of own.parameters) this.facts.giveAll(`${own.name}(${name})`, type);
  }

  /** Why a test cannot pass: a place of its own, or one of a function that it uses. */
  private reasonFor(own: OwnFunction): string | null {
    const seen = new Set<string>();
    const find = (name: string, node: Node): Mark | null => {
      const mark = this.broken.get(name) ?? this.brokenBefore.get(name);
      if (mark !== undefined) return mark;
      for (const one of findAll(node, (child) => child.type === 'identifier' && this.functions.has(child.text))) {
        if (seen.has(one.text)) continue;
        seen.add(one.text);
        const inner = this.functions.get(one.text);
        const found = inner === undefined ? null : find(one.text, inner.node);
        if (found !== null) return found;
      }
      return null;
    };
    const found = find(own.name, own.node);
    return found === null ? null : `${found.file}:${found.line}: ${found.reason}`;
  }

  // --- Variables and constants of the file ---

  private globalVariables(node: Node): string[] {
    if (/^\s*extern\b/.test(node.text) || findAll(node, (one) => one.type === 'function_declarator' && one.parent?.type === 'declaration').length > 0) return [];
    const specifier = part(node, 'type');
    const enumerators = specifier.type === 'enum_specifier' ? this.enumerators(specifier) : [];
    let declared: ReturnType<typeof declaredBy>;
    try {
      declared = declaredBy(node, this.env);
    } catch (error) {
      const names = findAll(node, (one) => one.type === 'identifier').map((one) => one.text);
      return names.flatMap((name) => this.lose(name, node, error));
    }
    return [...enumerators, ...declared.flatMap((one) => this.globalVariable(one, node))];
  }

  private globalVariable({ name, type, value: first }: ReturnType<typeof declaredBy>[number], node: Node): string[] {
    const api = portApi();
    const globals = api.entries.get('Globals')?.entry;
    // What the harness has already is the harness's; what no function mentions is nobody's.
    if (api.entries.has(name) || (globals?.kind === 'class' && globals.fields.has(name)) || !this.isMentioned(name)) return [];
    const translator = this.statements('(file)', false, null);
    const nodes = this.top.map((one) => one.node);
    const boxed = type.kind !== 'struct' && type.kind !== 'array' && nodes.some((one) => addressTaken(one, name));
    const changes = nodes.some((one) => assignmentsTo(one, name) > 0);
    const key = `(file):${name}`;
    const constant = !changes || type.kind === 'struct' || type.kind === 'array' || boxed;
    const variable: Variable = { name, code: safeName(name), type, key, boxed, constant, sunk: false, unread: false, escapes: true };
    try {
      if (type.kind === 'struct' && /^(?:mm_struct|maple_tree|task_struct)$/.test(type.name)) {
        throw new Untranslatable(`a struct ${type.name} of the whole file`);
      }
      this.refuseOrder(name, changes || type.kind === 'struct' || type.kind === 'array');
      const lines = translator.fileVariable(variable, first);
      this.globals.set(name, variable);
      return lines;
    } catch (error) {
      return this.lose(name, node, error);
    }
  }

  /** Tests that share a variable must run in the order in which they stand. */
  private refuseOrder(name: string, changes: boolean): void {
    if (!changes) return;
    const users = this.tests.filter((one) => {
      const own = this.functions.get(`test_${one.name}`);
      return own !== undefined && this.reaches(own, name, new Set());
    });
    const rows = users.map((one) => this.functions.get(`test_${one.name}`)?.node.startPosition.row ?? 0);
    if (rows.some((row, i) => i > 0 && row < (rows[i - 1] ?? 0))) {
      throw new Untranslatable(`${name} is shared by tests that run in another order than they stand in`);
    }
  }

  private reaches(own: OwnFunction, name: string, seen: Set<string>): boolean {
    if (seen.has(own.name)) return false;
    seen.add(own.name);
    if (mentions(own.node, name)) return true;
    return findAll(own.node, (one) => one.type === 'identifier' && this.functions.has(one.text)).some((one) => {
      const inner = this.functions.get(one.text);
      return inner !== undefined && this.reaches(inner, name, seen);
    });
  }

  /** A declaration of the whole file that cannot be translated: who uses it is marked, and the declaration too. */
  private lose(name: string, node: Node, error: unknown): string[] {
    if (!(error instanceof Untranslatable)) throw error;
    this.lost.add(name);
    if (!this.isMentioned(name)) return [];
    const source = node.text.replaceAll(/\s+/g, ' ').trim();
    this.mark('(file)', error, node, source);
    return [`// Not translated: ${source.slice(0, 100)}: ${error.message}`];
  }

  private isMentioned(name: string): boolean {
    return [...this.functions.values()].some(({ node }) => mentions(node, name)) || [...this.macroBodies.values()].some((one) => mentions(one, name));
  }

  /** A macro that is a number: a constant of that name. */
  private globalConstant(node: Node): string[] {
    const name = part(node, 'name').text;
    const text = node.childForFieldName('value')?.text.trim() ?? '';
    return this.constant(name, `${text}`, node);
  }

  private constant(name: string, text: string, node: Node): string[] {
    if (!this.isMentioned(name) && !this.top.some(({ node: one }) => mentions(one, name))) return [];
    const translator = this.statements('(file)', false, null);
    try {
      const { line, number, type } = translator.fileConstant(name, text);
      this.env.numbers.set(name, number);
      this.globals.set(name, {
        name,
        code: name,
        type,
        number,
        key: `(file):${name}`,
        boxed: false,
        constant: true,
        sunk: false,
        unread: false,
        escapes: false,
      });
      return [line];
    } catch (error) {
      return this.lose(name, node, error);
    }
  }

  /** Enumerators of the file are constants. */
  private enumerators(node: Node): string[] {
    const body = node.childForFieldName('body');
    if (body === null) return [];
    return childrenOf(body).flatMap((one) => {
      if (one.type !== 'enumerator') return [];
      const name = part(one, 'name').text;
      const number = this.env.numbers.get(name);
      if (number === undefined) return this.lose(name, one, new Untranslatable(`${name} is no number that can be worked out`));
      return this.constant(name, String(number), one);
    });
  }
}

function isCallOf(node: Node, name: string): boolean {
  return node.type === 'call_expression' && node.childForFieldName('function')?.text === name;
}

