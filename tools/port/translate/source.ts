// SPDX-License-Identifier: GPL-2.0-only
/** A C file as the translator reads it: preprocessed and parsed, with what it declares and which tests it counts. */
import { blankMacros, parseC } from '../../table/c_source.js';
import { constantNamed } from './constants.js';
import { part, signatureOf } from './declarators.js';
import { Environment } from './environment.js';
import type { Headers } from './headers.js';
import { checkBrackets, lex, SourceError } from './lexer.js';
import type { OwnFunction } from './model.js';
import { type Node, plain } from './nodes.js';
import { portApi } from './port_api.js';
import { BITS, extensionsAsC, liftTypeofs, Preprocessor } from './preprocess.js';
import { branchesOf, childrenOf, findAll, mentions, safeName, statementsOf, Untranslatable } from './scope.js';

/** A function from another file, shared.c for one. */
export interface HelperSource {
  file: string;
  /** Where it begins there. */
  line: number;
  text: string;
}

/** Functions that a test file has for its own running. */
const RUNNING = /^(?:main|run_\w+_tests|get_current)$/;
/** Names that no header may replace by a macro: the translator has rules for them. */
const RULED =
  /^(?:TEST|__?ASSERT_\w+|ASSERT_\w+|__TO_SCALAR|current|for_each_\w+|m[at]s?_for_each\w*|list_for_each_\w+|ARRAY_SIZE|min|max|min_t|max_t|likely|unlikely|READ_ONCE|data_race|static_assert|BUILD_BUG_ON|NULL|ERR_PTR|IS_ERR\w*|PTR_ERR\w*|true|false)$/;
/** The condition of the #if that a node stands in, at the top level of its file. */
export interface TopLevel {
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

export interface Found {
  name: string;
  /** Under which condition it runs; null when under any. */
  condition: Node | null;
  negated: boolean;
  row: number;
}

/** @throws SourceError when the text is no C */
export async function readSource(
  fileName: string,
  text: string,
  headers: Headers,
  helpers: readonly HelperSource[],
): Promise<SourceFile> {
  const api = portApi();
  const known = (name: string): boolean =>
    RULED.test(name) || api.entries.has(name) || api.stubs.has(name) || constantNamed(name) !== null || name === BITS;
  if (text.includes('\0') || text.includes('\ufffd')) {
    const at = text.search(/[\0\ufffd]/);
    throw new SourceError(text.slice(0, at).split('\n').length, 'bytes that are no text');
  }
  if (lex(text).every((token) => /^(?:space|newline|comment)$/.test(token.kind)))
    throw new SourceError(1, 'the file is empty');
  const joined = [text, ...helpers.map((one) => one.text)].join('\n');
  const { text: expanded } = new Preprocessor(headers.macros, known).run(joined);
  checkBrackets(lex(expanded));
  const { text: original, operands } = liftTypeofs(extensionsAsC(expanded));
  const rootNode = await parsed(original);
  refuseErrors(rootNode);
  refuseStatements(rootNode);
  const source = new SourceFile(fileName, original, rootNode, text.split('\n').length, headers, helpers);
  await source.readMacros();
  await source.readTypeofs(operands);
  return source;
}

async function parsed(text: string): Promise<Node> {
  return plain((await parseC(text)).rootNode, blankMacros(text));
}

/** @throws SourceError at a statement that stands in no function */
function refuseStatements(root: Node): void {
  for (const { node } of topLevelOf(root)) {
    if (!/_statement$/.test(node.type) || node.type === 'expression_statement') continue;
    throw new SourceError(node.startPosition.row + 1, `a statement outside of functions: ${node.text.slice(0, 60)}`);
  }
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

export class SourceFile {
  readonly fileName: string;
  /** The text that was parsed, with as many lines as the file and its helpers. */
  readonly text: string;
  readonly top: readonly TopLevel[];
  readonly env: Environment;
  /** Structs that the file declares. */
  readonly structs: ReadonlySet<string>;
  readonly functions: Map<string, OwnFunction>;
  readonly tests: Found[];
  readonly macroBodies: Map<number, Node>;
  readonly typeofs: Map<string, Node>;
  private readonly helpers: readonly HelperSource[];
  private readonly lines: number;

  constructor(
    fileName: string,
    text: string,
    root: Node,
    lines: number,
    headers: Headers,
    helpers: readonly HelperSource[],
  ) {
    this.fileName = fileName;
    this.text = text;
    this.helpers = helpers;
    this.lines = lines;
    this.top = topLevelOf(root);
    this.env = new Environment();
    for (const { node } of this.top) this.env.visit(node);
    const builtIn = new Environment();
    this.structs = new Set([...this.env.structs.keys()].filter((name) => !builtIn.structs.has(name)));
    this.env.add(headers.environment);
    this.functions = new Map();
    this.tests = [];
    this.macroBodies = new Map();
    this.typeofs = new Map();
    this.collectTests();
    this.collectFunctions();
  }

  /** Reads the bodies of macros that the preprocessor has left. */
  async readMacros(): Promise<void> {
    for (const { node } of this.top) {
      for (const one of findAll(node, (child) => child.type === 'preproc_function_def')) {
        const text = one.childForFieldName('value')?.text.replaceAll('\\\n', '\n').trim() ?? '';
        const root = await parsed(
          `${'\n'.repeat(one.startPosition.row)}void macro(void) { ${text}${text.endsWith(';') ? '' : ';'} }`,
        );
        const [body] = findAll(root, (child) => child.type === 'compound_statement');
        if (body !== undefined && !root.hasError) this.macroBodies.set(one.startIndex, body);
      }
    }
  }

  /** Reads the operands of typeof: a type, or an expression. */
  async readTypeofs(operands: ReadonlyMap<string, string>): Promise<void> {
    for (const [name, text] of operands) {
      const asType = await parsed(`unsigned long x = sizeof(${text});`);
      const [size] = findAll(asType, (one) => one.type === 'sizeof_expression');
      const isType =
        /^(?:(?:const|unsigned|signed|long|short|int|char|bool|void|struct|enum|union)\b|u\d|s\d|\w+_t\b)/.test(
          text.trim(),
        );
      const found = size?.childForFieldName(isType ? 'type' : 'value') ?? size?.childForFieldName('value') ?? null;
      if (found !== null && !asType.hasError) {
        this.typeofs.set(name, found);
        continue;
      }
      const asValue = await parsed(`void f(void) { (${text}); }`);
      const [value] = findAll(asValue, (one) => one.type === 'parenthesized_expression');
      if (value !== undefined && !asValue.hasError) this.typeofs.set(name, value);
    }
  }

  /** Where a line of the joined text comes from. */
  placeOf(line: number): { file: string; line: number } {
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
        this.functions.set(signature.name, {
          code: safeName(signature.name),
          ...signature,
          node,
          needsTest: false,
          taken: this.isTaken(signature.name),
        });
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
          const call =
            one.parent?.type === 'call_expression' && one.parent.childForFieldName('function')?.id === one.id;
          const counted =
            one.parent?.type === 'argument_list' && one.parent.parent !== null && isCallOf(one.parent.parent, 'TEST');
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

  isCalled(name: string): boolean {
    return this.top.some(({ node }) => findAll(node, (one) => isCallOf(one, name)).length > 0);
  }

  reaches(own: OwnFunction, name: string, seen: Set<string>): boolean {
    if (seen.has(own.name)) return false;
    seen.add(own.name);
    if (mentions(own.node, name)) return true;
    return findAll(own.node, (one) => one.type === 'identifier' && this.functions.has(one.text)).some((one) => {
      const inner = this.functions.get(one.text);
      return inner !== undefined && this.reaches(inner, name, seen);
    });
  }

  isMentioned(name: string): boolean {
    return (
      [...this.functions.values()].some(({ node }) => mentions(node, name)) ||
      [...this.macroBodies.values()].some((one) => mentions(one, name))
    );
  }
}

export function isCallOf(node: Node, name: string): boolean {
  return node.type === 'call_expression' && node.childForFieldName('function')?.text === name;
}
