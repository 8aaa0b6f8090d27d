// SPDX-License-Identifier: GPL-2.0-only
/** One C file of upstream's tests as one TypeScript test file. */
import { type Comments, commentText } from './comments.js';
import { declaredBy, part, signatureOf } from './declarators.js';
import { Facts } from './facts.js';
import type { Headers } from './headers.js';
import { importLines } from './imports.js';
import type { FileScope, OwnFunction, Variable } from './model.js';
import type { Node } from './nodes.js';
import { portApi } from './port_api.js';
import {
  addressTaken,
  assignmentsTo,
  childrenOf,
  exits,
  findAll,
  type Mark,
  mentions,
  safeName,
  Untranslatable,
} from './scope.js';
import { type Found, type HelperSource, readSource, type SourceFile, type TopLevel } from './source.js';
import { Statements } from './statements.js';
import { classOf } from './types_of_file.js';

export interface Translation {
  /** TypeScript, not formatted yet. */
  code: string;
  marks: Mark[];
  /** Names that the port does not have, each with the places that use it. */
  missing: Map<string, Mark[]>;
  tests: string[];
}

export interface Options {
  comments: Comments;
  /** How the file is written that stays; null for one that is looked at and changed by hand. */
  house: House | null;
}

/** What is the project's own in a file that stays. */
export interface House {
  header(source: string, tests: readonly string[]): string;
  /** Where each of the package's modules is. */
  modules: Readonly<Record<string, string>>;
  /** Helpers that the project has already, and the module that exports each. */
  helpers: ReadonlyMap<string, string>;
  /** Code that it has a shorter name for. */
  shorthands: Readonly<Record<string, string>>;
  /** Tests that it has already. */
  has(test: string): boolean;
}

/** Passes after which the facts must be settled. */
const MOST_PASSES = 40;

/** @throws SourceError when the text is no C */
export async function translateC(
  fileName: string,
  text: string,
  headers: Headers,
  helpers: readonly HelperSource[],
  options: Options,
): Promise<Translation> {
  return new FileTranslator(await readSource(fileName, text, headers, helpers), options).translate();
}

class FileTranslator {
  private readonly source: SourceFile;
  private readonly options: Options;
  private readonly globals: Map<string, Variable>;
  private readonly facts: Facts;
  private readonly imports: Set<string>;
  private readonly lost: Set<string>;
  private marks: Mark[];
  private missing: Map<string, Mark[]>;
  private broken: Map<string, Mark>;
  /** Those of the pass before, for functions that come later in the file. */
  private brokenBefore: ReadonlyMap<string, Mark>;
  private hoisted: string[];

  constructor(source: SourceFile, options: Options) {
    this.source = source;
    this.options = options;
    this.globals = new Map();
    this.facts = new Facts();
    this.imports = new Set();
    this.lost = new Set();
    this.marks = [];
    this.missing = new Map();
    this.broken = new Map();
    this.brokenBefore = new Map();
    this.hoisted = [];
  }

  translate(): Translation {
    // Until nothing new is found about the values: what is written then holds for all of them.
    for (let pass = 0; ; pass++) {
      if (pass === MOST_PASSES) throw new Error(`${this.source.fileName}: the facts about it do not settle`);
      this.imports.clear();
      this.lost.clear();
      this.globals.clear();
      this.marks = [];
      this.missing = new Map();
      this.brokenBefore = this.broken;
      this.broken = new Map();
      const classes = this.classes();
      const parts = this.source.top.flatMap((one, i) => {
        this.hoisted = [];
        const lines = this.topLevel(one, this.source.top[i - 1] ?? null);
        return [...this.hoisted.map((line) => [line]), lines];
      });
      const unwritten = this.wanted()
        .filter(({ name }) => !this.source.functions.has(`test_${name}`))
        .flatMap((one) => this.unwritten(one));
      if (this.facts.turn() || pass === 0) continue;
      const { house } = this.options;
      let body = this.used([...classes, ...parts, ['', ...unwritten]]);
      for (const [long, short] of Object.entries(house?.shorthands ?? {})) body = body.replaceAll(long, short);
      const imports = importLines(this.imports, body, house?.modules ?? {}, house?.helpers ?? new Map());
      const code = [this.header(), imports, body].join('\n');
      return { code, marks: this.marks, missing: this.missing, tests: this.wanted().map((one) => one.name) };
    }
  }

  private scope(): FileScope {
    const api = portApi();
    return {
      api,
      env: this.source.env,
      facts: this.facts,
      functions: this.source.functions,
      structs: this.source.structs,
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
    const mark = { ...this.source.placeOf(node.startPosition.row + 1), source, reason: error.message };
    this.marks.push(mark);
    if (!this.broken.has(owner)) this.broken.set(owner, mark);
    if (error.missing !== null) this.missing.set(error.missing, [...(this.missing.get(error.missing) ?? []), mark]);
  }

  private statements(owner: string, test: boolean, own: OwnFunction | null): Statements {
    const context = {
      original: this.source.text,
      comments: this.options.comments,
      place: (line: number): { file: string; line: number } => this.source.placeOf(line),
      mark: (error: Untranslatable, node: Node, source: string): void => this.mark(owner, error, node, source),
      hoist: (line: string): void => void this.hoisted.push(line),
    };
    const made = new Statements(this.scope(), context, { test, own, name: owner });
    made.macroBodies = this.source.macroBodies;
    made.typeofs = this.source.typeofs;
    return made;
  }

  private header(): string {
    const spdx =
      /^\/\/ SPDX-License-Identifier: .*$/m.exec(this.source.text)?.[0] ?? '// SPDX-License-Identifier: GPL-2.0-only';
    const { house } = this.options;
    if (house !== null) {
      const tests = this.wanted().map((one) => one.name);
      return `${spdx}\n${house.header(this.source.fileName, tests)}\n`;
    }
    return `${spdx}\n/** Translated from ${this.source.fileName} by \`vma-userland port tests\`. */`;
  }

  /** Classes of the structs that the file declares. */
  private classes(): string[][] {
    return [...this.source.structs].map((name) => {
      try {
        return ['', ...classOf(this.scope(), name)];
      } catch (error) {
        if (!(error instanceof Untranslatable)) throw error;
        this.lost.add(`struct ${name}`);
        return [];
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
        const isOwn =
          lines.every((line, i) => i === 0 || !/^test\('/.test(line)) &&
          !/^(?:if \(|test\()/.test(lines.find((line) => line !== '') ?? '');
        if (name === undefined || !isOwn || this.source.tests.length === 0) return true;
        const others = all
          .filter((one) => one !== lines)
          .map((one) => one.join('\n'))
          .join('\n');
        return new RegExp(`\\b${name}\\b`).test(others);
      });
    }
    return kept.map((lines) => lines.join('\n')).join('\n');
  }

  private topLevel({ node, condition, negated }: TopLevel, before: TopLevel | null): string[] {
    switch (node.type) {
      case 'comment':
        return this.topComment(node);
      case 'function_definition':
        return this.functionOrTest(node, condition, negated, before);
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
      case 'expression_statement':
        return this.unknownDeclaration(node);
      default:
        return [];
    }
  }

  /** The tests that are written: those that the project does not have yet. */
  private wanted(): Found[] {
    return this.source.tests.filter(({ name }) => !this.options.house?.has(name));
  }

  /** Does a test that is written come to this function? */
  private isReached(name: string): boolean {
    return this.wanted().some((one) => {
      const own = this.source.functions.get(`test_${one.name}`);
      return own !== undefined && this.source.reaches(own, name, new Set());
    });
  }

  private topComment(node: Node): string[] {
    if (/SPDX-License-Identifier/.test(node.text)) return [];
    const text = commentText(node.text, this.options.comments);
    return text.length === 0 ? [] : ['', ...text];
  }

  /** A macro that the headers have and that declares something, as far as one can see. */
  private unknownDeclaration(node: Node): string[] {
    const names = findAll(node, (one) => one.type === 'identifier').map((one) => one.text);
    return names.flatMap((name) => this.lose(name, node, new Untranslatable('a macro that is not known declares it')));
  }

  private functionOrTest(node: Node, condition: Node | null, negated: boolean, before: TopLevel | null): string[] {
    let name: string;
    try {
      ({ name } = signatureOf(node, this.source.env));
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
      this.mark('(file)', error, node, node.text.slice(0, 80).replaceAll(/\s+/g, ' '));
      return [];
    }
    const own = this.source.functions.get(name);
    if (own === undefined) return [];
    const gap = before?.node.type === 'comment' && this.topComment(before.node).length > 0 ? [] : [''];
    const found = this.source.tests.find((one) => `test_${one.name}` === name);
    if (found !== undefined && this.options.house?.has(found.name)) return [];
    const { house } = this.options;
    if (found === undefined && house !== null && !this.isReached(name)) return [];
    if (found === undefined && house?.helpers.has(name)) {
      // The project's own is called; what this one returns is known from here.
      this.helper(own);
      return [];
    }
    if (found === undefined) return own.node.id === node.id ? [...gap, ...this.helper(own)] : this.twice(own, node);

    const translator = this.statements(name, true, null);
    const lines = translator.functionBlock(part(node, 'body'));
    const todo =
      own.taken || this.source.isCalled(name)
        ? `test_${found.name}() is called by others`
        : this.reasonFor({ ...own, node });
    const options = todo === null ? '' : `{ todo: ${JSON.stringify(todo)} }, `;
    const whole = [`test('${found.name}', ${options}(t) => {`, ...lines, '});'];
    const under = condition ?? found.condition;
    if (under === null) return [...gap, ...whole];
    const code = translator.truth(under, condition === null ? found.negated : negated).code;
    return [...gap, `if (${code}) {`, ...whole, '}'];
  }

  /** Of two functions by one name, under two conditions, no caller can be told which it calls. */
  private twice(own: OwnFunction, node: Node): string[] {
    this.mark(own.name, new Untranslatable(`${own.name}() is there twice, under two conditions`), node, own.name);
    return [];
  }

  /** A test that is counted and that the file does not have. */
  private unwritten({ name, row }: Found): string[] {
    const mark = { ...this.source.placeOf(row), source: `TEST(${name})`, reason: `there is no test_${name}()` };
    this.marks.push(mark);
    return [`test('${name}', { todo: ${JSON.stringify(`${mark.file}:${mark.line}: ${mark.reason}`)} }, () => {});`];
  }

  private helper(own: OwnFunction): string[] {
    const translator = this.statements(own.name, false, own);
    if (this.source.tests.length === 0 || own.taken) this.giveAll(own);
    const parameters = own.parameters.map(({ name, type }) => translator.declareParameter(own, name, type));
    const lines = translator.functionBlock(part(own.node, 'body'));
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
    const exported = this.source.tests.length === 0 ? 'export ' : '';
    const last = childrenOf(part(own.node, 'body')).at(-1);
    const open = own.returns.kind !== 'void' && (this.broken.has(own.name) || last === undefined || !exits(last));
    if (result === 'never' || (open && !/^(?:return|throw)\b/.test(lines.at(-1) ?? ''))) {
      lines.push(`throw new Error('${own.name}: its end is reached without a value');`);
    }
    const first = heads.flatMap((one) => one.first);
    return [`${exported}function ${own.code}(${list}): ${result} {`, ...first, ...lines, '}'];
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
      for (const one of findAll(
        node,
        (child) => child.type === 'identifier' && this.source.functions.has(child.text),
      )) {
        if (seen.has(one.text)) continue;
        seen.add(one.text);
        const inner = this.source.functions.get(one.text);
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
    if (
      /^\s*extern\b/.test(node.text) ||
      findAll(node, (one) => one.type === 'function_declarator' && one.parent?.type === 'declaration').length > 0
    )
      return [];
    const specifier = part(node, 'type');
    const enumerators = specifier.type === 'enum_specifier' ? this.enumerators(specifier) : [];
    let declared: ReturnType<typeof declaredBy>;
    try {
      declared = declaredBy(node, this.source.env);
    } catch (error) {
      const names = findAll(node, (one) => one.type === 'identifier').map((one) => one.text);
      return names.flatMap((name) => this.lose(name, node, error));
    }
    return [...enumerators, ...declared.flatMap((one) => this.globalVariable(one, node))];
  }

  private globalVariable({ name, type, value: first }: ReturnType<typeof declaredBy>[number], node: Node): string[] {
    const api = portApi();
    const globals = api.entries.get('Globals')?.entry;
    // What the harness has already is the harness's; what no function mentions is not needed.
    if (
      api.entries.has(name) ||
      (globals?.kind === 'class' && globals.fields.has(name)) ||
      !this.source.isMentioned(name)
    )
      return [];
    if (this.globals.has(name) || (first === null && this.isInitialisedElsewhere(name))) return [];
    const translator = this.statements('(file)', false, null);
    const nodes = this.source.top.map((one) => one.node);
    const boxed = type.kind !== 'struct' && type.kind !== 'array' && nodes.some((one) => addressTaken(one, name));
    const changes = nodes.some((one) => assignmentsTo(one, name) > 0);
    const key = `(file):${name}`;
    const constant = !changes || type.kind === 'struct' || type.kind === 'array' || boxed;
    const variable: Variable = {
      name,
      code: safeName(name),
      type,
      key,
      boxed,
      constant,
      sunk: false,
      unread: false,
      escapes: true,
    };
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

  /** Of several declarations of one variable the one with a value counts. */
  private isInitialisedElsewhere(name: string): boolean {
    return this.source.top.some(
      ({ node }) =>
        node.type === 'declaration' &&
        findAll(node, (one) => one.type === 'init_declarator').some((one) => {
          const found = findAll(part(one, 'declarator'), (child) => child.type === 'identifier')[0];
          return found?.text === name;
        }),
    );
  }

  /** Tests that share a variable must run in the order in which they stand. */
  private refuseOrder(name: string, changes: boolean): void {
    if (!changes) return;
    const users = this.source.tests.filter((one) => {
      const own = this.source.functions.get(`test_${one.name}`);
      return own !== undefined && this.source.reaches(own, name, new Set());
    });
    const rows = users.map((one) => this.source.functions.get(`test_${one.name}`)?.node.startPosition.row ?? 0);
    if (rows.some((row, i) => i > 0 && row < (rows[i - 1] ?? 0))) {
      throw new Untranslatable(`${name} is shared by tests that run in another order than they stand in`);
    }
  }

  /** A declaration of the whole file that cannot be translated: who uses it is marked, and the declaration too. */
  private lose(name: string, node: Node, error: unknown): string[] {
    if (!(error instanceof Untranslatable)) throw error;
    this.lost.add(name);
    if (!this.source.isMentioned(name)) return [];
    const source = node.text.replaceAll(/\s+/g, ' ').trim();
    this.mark('(file)', error, node, source);
    return [`// Not translated: ${source.slice(0, 100)}: ${error.message}`];
  }

  /** A macro that is a number: a constant of that name. */
  private globalConstant(node: Node): string[] {
    const name = part(node, 'name').text;
    const text = node.childForFieldName('value')?.text.trim() ?? '';
    return this.constant(name, `${text}`, node);
  }

  private constant(name: string, text: string, node: Node): string[] {
    if (!this.source.isMentioned(name) && !this.source.top.some(({ node: one }) => mentions(one, name))) return [];
    const translator = this.statements('(file)', false, null);
    try {
      const { line, number, type } = translator.fileConstant(name, text);
      this.source.env.numbers.set(name, number);
      this.globals.set(name, {
        name,
        code: safeName(name),
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
      const number = this.source.env.numbers.get(name);
      if (number === undefined)
        return this.lose(name, one, new Untranslatable(`${name} is no number that can be worked out`));
      return this.constant(name, String(number), one);
    });
  }
}
