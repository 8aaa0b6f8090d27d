// SPDX-License-Identifier: GPL-2.0-only
/** One C file of upstream's tests as one TypeScript test file. */
import type { Node } from 'web-tree-sitter';
import { parseC } from '../../table/c_source.js';
import { declaredBy, signatureOf } from './declarators.js';
import type { FileScope } from './expressions.js';
import { type PortApi, portApi } from './port_api.js';
import { preprocess } from './preprocess.js';
import { branchesOf, commentLines } from './questions.js';
import {
  assignmentsTo,
  childrenOf,
  findAll,
  type Mark,
  mentions,
  type OwnFunction,
  type OwnMacro,
  safeName,
  Untranslatable,
} from './scope.js';
import { StatementTranslator } from './statements.js';
import { NUMBER, type Type, VOID } from './types.js';

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

/** Functions and macros that a test file has for its own running, and the harness has already. */
const RUNNING = /^(?:main|run_\w+_tests|get_current)$/;
const HARNESS_MACRO = /^(?:TEST|ASSERT_\w+|vma_iter_prealloc|IS_SET|__\w+_H)$/;

/** The condition of the #if that a node stands in, at the top level of its file. */
interface TopLevel {
  node: Node;
  condition: Node | null;
}

function topLevelOf(root: Node, condition: Node | null = null): TopLevel[] {
  return childrenOf(root).flatMap((node) => {
    if (node.type !== 'preproc_if' && node.type !== 'preproc_ifdef') return [{ node, condition }];
    const { then } = branchesOf(node);
    const inner = node.type === 'preproc_if' ? node.childForFieldName('condition') : condition;
    return then.flatMap((one) =>
      one.type.startsWith('preproc_if') ? topLevelOf(one, inner) : [{ node: one, condition: inner }],
    );
  });
}

export class FileTranslator {
  private readonly fileName: string;
  private readonly original: string;
  private readonly helpers: readonly HelperSource[];
  private readonly lines: number;
  private readonly api: PortApi;
  private readonly functions: Map<string, OwnFunction>;
  private readonly macros: Map<string, OwnMacro>;
  private readonly globals: Map<string, Type>;
  private readonly imports: Map<string, Set<string>>;
  private readonly marks: Mark[];
  private readonly missing: Map<string, Mark[]>;
  private readonly mayBeNull: Map<string, Set<string>>;
  private readonly broken: Set<string>;
  private readonly lost: Set<string>;

  /** `helpers`: definitions from beside the file, of functions that it needs and the harness does not have. */
  constructor(fileName: string, text: string, helpers: readonly HelperSource[] = []) {
    this.fileName = fileName;
    this.helpers = helpers;
    this.lines = text.split('\n').length;
    this.original = preprocess([text, ...helpers.map((one) => one.text)].join('\n'));
    this.api = portApi();
    this.functions = new Map();
    this.macros = new Map();
    this.globals = new Map();
    this.imports = new Map();
    this.marks = [];
    this.missing = new Map();
    this.mayBeNull = new Map();
    this.broken = new Set();
    this.lost = new Set();
  }

  async translate(): Promise<Translation> {
    const root = (await parseC(this.original)).rootNode;
    const top = topLevelOf(root);
    await this.collectMacros(root);
    const tests = this.collectFunctions(top);
    // Twice: the first pass finds which pointers are NULL at some time, and which functions return it.
    for (const pass of [1, 2]) {
      this.imports.clear();
      this.marks.length = 0;
      this.missing.clear();
      const parts = top.flatMap((one, i) => this.topLevel(one, top[i - 1] ?? null, tests));
      if (pass === 1) continue;
      const code = [this.header(), this.importLines(tests.size > 0, parts.join('\n')), ...parts].join('\n');
      return { code, marks: this.marks, missing: this.missing, tests: [...tests] };
    }
    throw new Error('unreachable: the second pass returns');
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

  /** Names of the tests: those that TEST() lists. */
  private collectFunctions(top: readonly TopLevel[]): Set<string> {
    const tests = new Set<string>();
    for (const { node } of top) {
      if (node.type !== 'function_definition') continue;
      for (const call of findAll(node, (one) => isCallOf(one, 'TEST'))) {
        tests.add(childrenOf(call.childForFieldName('arguments') ?? call)[0]?.text ?? '');
      }
      const { name, returns, parameters } = signatureOf(node);
      if (RUNNING.test(name)) continue;
      this.functions.set(name, { name, node, returns, parameters, needsTest: false, broken: false });
    }
    this.markNeeds();
    this.markNullable();
    return tests;
  }

  /** A function that asserts, or makes an address space, needs the test; so does one that calls it. */
  private markNeeds(): void {
    const needs = (node: Node): boolean =>
      findAll(node, (one) => {
        if (one.type === 'declaration') return /^struct mm_struct \w/.test(one.text);
        const name = one.type === 'call_expression' ? one.childForFieldName('function')?.text : undefined;
        return (
          name !== undefined &&
          (name.startsWith('ASSERT_') || this.functions.get(name)?.needsTest === true || this.macroNeedsTest(name))
        );
      }).length > 0;
    for (let changed = true; changed; ) {
      changed = false;
      for (const own of this.functions.values()) {
        if (own.needsTest || !needs(own.node)) continue;
        own.needsTest = true;
        changed = true;
      }
    }
  }

  private macroNeedsTest(name: string): boolean {
    const macro = this.macros.get(name);
    return (
      macro !== undefined &&
      findAll(macro.body, (one) => one.type === 'identifier' && one.text.startsWith('ASSERT_')).length > 0
    );
  }

  /** A pointer parameter that some call gives NULL, or that the function compares with it, may be NULL. */
  private markNullable(): void {
    const calls = [...this.functions.values()].flatMap(({ node }) =>
      findAll(node, (one) => one.type === 'call_expression'),
    );
    for (const own of this.functions.values()) {
      own.parameters = own.parameters.map((parameter, i) => {
        const given = calls
          .filter((call) => call.childForFieldName('function')?.text === own.name)
          .some((call) => childrenOf(call.childForFieldName('arguments') ?? call)[i]?.text === 'NULL');
        return {
          ...parameter,
          type: { ...parameter.type, nullable: given || comparesWithNull(own.node, parameter.name) },
        };
      });
      own.returns = { ...own.returns, nullable: false };
    }
  }

  private async collectMacros(root: Node): Promise<void> {
    for (const node of findAll(root, (one) => one.type === 'preproc_function_def')) {
      const name = node.childForFieldName('name')?.text ?? '';
      const text = node.childForFieldName('value')?.text.replaceAll('\\\n', '\n').trim() ?? '';
      if (HARNESS_MACRO.test(name)) continue;
      const list = childrenOf(node.childForFieldName('parameters') ?? node).map((one) => one.text);
      const expression = !/[;{]/.test(text);
      const padded = '\n'.repeat(node.startPosition.row);
      const parsed = (
        await parseC(`${padded}void macro(void) { ${text}${text.endsWith(';') || text.endsWith('}') ? '' : ';'} }`)
      ).rootNode;
      const [body] = findAll(parsed, (one) => one.type === 'compound_statement');
      if (body === undefined) continue;
      const variadic = (node.childForFieldName('parameters')?.text ?? '').includes('...');
      const parameters = list.filter((one) => one !== '...');
      this.macros.set(name, { name, parameters, variadic, body, expression, line: node.startPosition.row + 1 });
    }
  }

  // --- What is written ---

  private scope(): FileScope {
    return {
      api: this.api,
      functions: this.functions,
      macros: this.macros,
      globals: this.globals,
      lost: this.lost,
      use: (name, module) => {
        const names = this.imports.get(module) ?? new Set();
        names.add(name);
        this.imports.set(module, names);
      },
    };
  }

  private statements(owner: string, test: boolean, returns: Type): StatementTranslator {
    const nulls = this.mayBeNull.get(owner) ?? new Set<string>();
    this.mayBeNull.set(owner, nulls);
    const context = {
      original: this.original,
      place: (line: number): { file: string; line: number } => this.placeOf(line),
      mark: (mark: Mark, missing: string | null): void => {
        this.marks.push(mark);
        this.broken.add(owner);
        if (missing !== null) this.missing.set(missing, [...(this.missing.get(missing) ?? []), mark]);
      },
    };
    return new StatementTranslator(this.scope(), context, { test, returns }, nulls);
  }

  private header(): string {
    const spdx =
      /^\/\/ SPDX-License-Identifier: .*$/m.exec(this.original)?.[0] ?? '// SPDX-License-Identifier: GPL-2.0-only';
    return `${spdx}\n/** Translated from ${this.fileName} by \`vma-userland port tests\`. */`;
  }

  private importLines(hasTests: boolean, body: string): string {
    const harness = this.imports.get('vma-userland/test') ?? new Set();
    if (hasTests) harness.add('test');
    if ([...this.functions.values()].some((one) => one.needsTest && !this.isTest(one.name))) harness.add('VmaTest');
    this.imports.set('vma-userland/test', harness);
    const lines = ['vma-userland', 'vma-userland/test'].flatMap((module) => {
      // A statement that was given up had asked for names as well.
      const used = (name: string): boolean => !this.functions.has(name) && new RegExp(`\\b${name}\\b`).test(body);
      const names = [...(this.imports.get(module) ?? [])].filter(used).sort(byImportOrder);
      if (names.length === 0) return [];
      const list = names.map((name) => (this.onlyType(name) ? `type ${name}` : name));
      return [`import { ${list.join(', ')} } from '${module}';`];
    });
    return `${lines.join('\n')}\n`;
  }

  private tests = new Set<string>();

  private isTest(name: string): boolean {
    return this.tests.has(name.replace(/^test_/, ''));
  }

  /** Is the name used as a type alone? */
  private onlyType(name: string): boolean {
    const kind = this.api.entries.get(name)?.entry.kind;
    if (kind === 'interface' || name === 'VmaTest') return true;
    return kind === 'class' && !this.constructed.has(name);
  }

  private readonly constructed = new Set<string>();

  private topLevel({ node, condition }: TopLevel, before: TopLevel | null, tests: Set<string>): string[] {
    this.tests = tests;
    switch (node.type) {
      case 'comment':
        if (/SPDX-License-Identifier/.test(node.text) || /define|\\$/.test(node.text)) return [];
        return ['', ...commentLines(node.text)];
      case 'function_definition':
        return this.functionOrTest(node, condition, before, tests);
      case 'declaration':
        return this.globalVariable(node);
      case 'preproc_function_def':
        return this.globalMacro(node);
      case 'preproc_def':
        return this.globalConstant(node);
      default:
        return [];
    }
  }

  private functionOrTest(node: Node, condition: Node | null, before: TopLevel | null, tests: Set<string>): string[] {
    const { name } = signatureOf(node);
    const own = this.functions.get(name);
    if (own === undefined) return [];
    const gap = before?.node.type === 'comment' ? [] : [''];
    const test = name.startsWith('test_') ? name.slice('test_'.length) : null;
    if (test === null || !tests.has(test)) return [...gap, ...this.helper(own)];

    const translator = this.statements(name, true, VOID);
    const lines = this.noting(translator.block(childrenOf(bodyOf(node))));
    const todo = this.reasonFor(own);
    const options = todo === null ? '' : `{ todo: ${JSON.stringify(todo)} }, `;
    const whole = [`test('${test}', ${options}(t) => {`, ...lines, '});'];
    if (condition === null) return [...gap, ...whole];
    return [...gap, `if (${this.noting([translator.truth(condition)])[0]}) {`, ...whole, '}'];
  }

  private helper(own: OwnFunction): string[] {
    const translator = this.statements(own.name, false, own.returns);
    for (const { name, type } of own.parameters) translator.declareParameter(name, type);
    const parameters = own.parameters.map(({ name, type }) => {
      const unused = name.startsWith('_unused') || mentions(bodyOf(own.node), name) ? '' : '_';
      return `${unused}${safeName(name)}: ${translator.typeText({ ...type, byValue: false })}`;
    });
    const lines = this.noting(translator.block(childrenOf(bodyOf(own.node))));
    if (translator.returnsNull) own.returns = { ...own.returns, nullable: true };
    const list = [...(own.needsTest ? ['t: VmaTest'] : []), ...parameters].join(', ');
    // A file without tests is there for its helpers.
    const exported = this.tests.size === 0 ? 'export ' : '';
    // What came after a place that was given up may have been the return.
    if (this.broken.has(own.name) && own.returns.cls !== 'void' && !/^(?:return|throw)\b/.test(lines.at(-1) ?? '')) {
      lines.push("throw new Error('not translated as a whole');");
    }
    return [`${exported}function ${own.name}(${list}): ${translator.typeText(own.returns)} {`, ...lines, '}'];
  }

  /** Remembers which classes the lines construct, for the imports. */
  private noting(lines: string[]): string[] {
    for (const line of lines) {
      for (const [, name = ''] of line.matchAll(/\bnew (\w+)/g)) this.constructed.add(name);
      for (const [name = ''] of line.matchAll(/\b\w+(?=\()/g)) this.constructed.add(name);
    }
    return lines;
  }

  /** Why a test cannot pass: a place of its own, or one of a function that it calls. */
  private reasonFor(own: OwnFunction): string | null {
    const seen = new Set<string>();
    const find = (name: string): string | null => {
      if (seen.has(name)) return null;
      seen.add(name);
      if (this.broken.has(name)) return name;
      const node = this.functions.get(name)?.node;
      if (node === undefined) return null;
      for (const call of findAll(node, (one) => one.type === 'call_expression')) {
        const found = find(call.childForFieldName('function')?.text ?? '');
        if (found !== null) return found;
      }
      return null;
    };
    const found = find(own.name);
    if (found === null) return null;
    return found === own.name ? 'not translated as a whole' : `${found}() was not translated as a whole`;
  }

  private globalVariable(node: Node): string[] {
    if (/\bextern\b/.test(node.text) || findAll(node, (one) => one.type === 'function_declarator').length > 0)
      return [];
    const names = declaredBy(node).map(({ name }) => name);
    // What the harness has already is the harness's; what no function mentions is nobody's.
    const used = names.filter((name) => !this.api.entries.has(name) && !this.isGlobal(name) && this.isMentioned(name));
    if (used.length === 0) return [];
    const lines = declaredBy(node).flatMap((declared) => {
      if (!used.includes(declared.name)) return [];
      const translator = this.statements('(file)', false, VOID);
      try {
        const changes = [...this.functions.values()].some(
          (own) => assignmentsTo(own.node, declared.name, declared.type.byValue) > 0,
        );
        const line = translator.fileVariable(declared, changes);
        this.globals.set(declared.name, translator.declared(declared.name) ?? declared.type);
        return [line];
      } catch (error) {
        return this.lose(declared.name, node, error);
      }
    });
    return this.noting(lines);
  }

  /** A declaration of the whole file that cannot be translated: who uses it is marked, and the declaration too. */
  private lose(name: string, node: Node, error: unknown): string[] {
    if (!(error instanceof Untranslatable)) throw error;
    this.lost.add(name);
    const source = node.text.replaceAll(/\s+/g, ' ').trim();
    this.marks.push({ ...this.placeOf(node.startPosition.row + 1), source, reason: error.message });
    return [`// Not translated: ${source.slice(0, 100)}: ${error.message}`];
  }

  /** Is it one of the variables that the port keeps in `globals`? */
  private isGlobal(name: string): boolean {
    const entry = this.api.entries.get('Globals')?.entry;
    return entry?.kind === 'class' && entry.fields.has(name);
  }

  private isMentioned(name: string): boolean {
    return [...this.functions.values()].some(({ node }) => mentions(node, name));
  }

  private globalMacro(node: Node): string[] {
    const name = node.childForFieldName('name')?.text ?? '';
    if (HARNESS_MACRO.test(name) || !this.macros.has(name) || this.api.entries.has(name)) return [];
    const before = this.marks.length;
    const lines = this.noting(this.statements('(file)', false, VOID).block([node]));
    if (this.marks.length === before) return ['', ...lines];
    const reason = this.marks.splice(before)[0]?.reason ?? '';
    return this.lose(name, node, new Untranslatable(reason));
  }

  private globalConstant(node: Node): string[] {
    const name = node.childForFieldName('name')?.text ?? '';
    if (HARNESS_MACRO.test(name) || this.api.entries.has(name)) return [];
    if (!this.isMentioned(name) && ![...this.macros.values()].some(({ body }) => mentions(body, name))) return [];
    const before = this.marks.length;
    const lines = this.statements('(file)', false, VOID).block([node]);
    if (this.marks.length === before) {
      this.globals.set(name, NUMBER);
      return lines;
    }
    const reason = this.marks.splice(before)[0]?.reason ?? '';
    return this.lose(name, node, new Untranslatable(reason));
  }
}

function bodyOf(node: Node): Node {
  const body = node.childForFieldName('body');
  if (body === null) throw new Untranslatable('a function without a body');
  return body;
}

function isCallOf(node: Node, name: string): boolean {
  return node.type === 'call_expression' && node.childForFieldName('function')?.text === name;
}

function comparesWithNull(node: Node, name: string): boolean {
  return (
    findAll(node, (one) => {
      if (one.type === 'binary_expression') {
        const sides = [one.childForFieldName('left')?.text, one.childForFieldName('right')?.text];
        return sides.includes(name) && sides.includes('NULL');
      }
      return one.type === 'unary_expression' && one.text === `!${name}`;
    }).length > 0
  );
}

/** As biome sorts the names of an import: letter by letter, a capital before its small one. */
function byImportOrder(a: string, b: string): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x = '', y = ''] = [a[i], b[i]];
    if (x === y) continue;
    const [low, high] = [x.toLowerCase(), y.toLowerCase()];
    if (low !== high) return low < high ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}
