// SPDX-License-Identifier: GPL-2.0-only
/** One file of the kernel's selftests as one TypeScript file for `vma-userland/test/selftest`. */
import { basename } from 'node:path';
import { parseC } from '../../table/c_source.js';
import { commentText } from '../translate/comments.js';
import type { Translation } from '../translate/file.js';
import { type Node, plain } from '../translate/nodes.js';
import { childrenOf, findAll, type Mark, statementsOf, Untranslatable } from '../translate/scope.js';
import { isNeeded } from './calls.js';
import { Declarations, numbersOf } from './declarations.js';
import { type Dialect, FIXTURE_STRUCT, type Role, readDialect, VARIANT_STRUCT } from './dialect.js';
import { isMetadata, part } from './expressions.js';
import { Facts } from './facts.js';
import type { FileScope, OwnFunction, Variable } from './scope.js';
import { fallsThrough, Statements } from './statements.js';
import { declaredBy } from './types.js';
import { exactly, type Type, VOID } from './values.js';

/** Turns after which the facts must be settled. */
const MOST_TURNS = 60;

/** @throws SourceError when the text is no C */
export async function translateSelftest(fileName: string, text: string): Promise<Translation> {
  const dialect = readDialect(text);
  const root = plain((await parseC(dialect.text)).rootNode, dialect.text);
  return new SelftestFile(fileName, text, dialect, root, await numbersOf(dialect)).translate();
}

/** What a thing of the top level became, and by what name others use it. */
interface Part {
  name: string | null;
  lines: string[];
}

class SelftestFile {
  private readonly fileName: string;
  private readonly source: string;
  private readonly dialect: Dialect;
  private readonly root: Node;
  private readonly facts: Facts;
  private readonly declared: Declarations;
  private readonly globals: Map<string, Variable>;
  private readonly imports: Set<string>;
  /** The cases of a program without fixtures. */
  private readonly program_: string[];
  private marks: Mark[];
  private missing: Map<string, Mark[]>;
  /** Why a function, or what a macro begins, is not whole: its first mark. */
  private broken: Map<string, Mark>;
  /** Those of the turn before, for functions that come later in the file. */
  private brokenBefore: ReadonlyMap<string, Mark>;

  constructor(fileName: string, source: string, dialect: Dialect, root: Node, constants: Map<string, bigint>) {
    this.fileName = fileName;
    this.source = source;
    this.dialect = dialect;
    this.root = root;
    this.facts = new Facts();
    this.declared = new Declarations(dialect, constants);
    this.declared.read(root);
    this.globals = new Map();
    this.imports = new Set();
    this.program_ = [];
    this.marks = [];
    this.missing = new Map();
    this.broken = new Map();
    this.brokenBefore = new Map();
  }

  translate(): Translation {
    for (let turn = 0; ; turn++) {
      if (turn === MOST_TURNS) throw new Error(`${this.fileName}: the facts about it do not settle`);
      this.imports.clear();
      this.marks = this.dialect.refused.map(({ line, source }) => ({
        file: this.fileName,
        line,
        source,
        reason: 'no rule for it',
      }));
      this.missing = new Map();
      this.brokenBefore = this.broken;
      this.broken = new Map();
      const parts = statementsOf(this.root).flatMap((node) => this.top(node));
      const isSettled = [...this.broken.keys()].join() === [...this.brokenBefore.keys()].join();
      if (this.facts.turn() || turn === 0 || !isSettled) continue;
      const named = [...this.dialect.roles.values()].flatMap((role) => (role.kind === 'test' ? [role.name] : []));
      const tests = [...named, ...this.program_];
      const body = this.kept(parts)
        .flatMap(({ lines }) => lines)
        .join('\n')
        // A comment belongs to what follows it.
        .replaceAll(/(\*\/|^\/\/[^\n]*)\n\n/gm, '$1\n');
      const head = [this.header(), this.importLine(body), `SELFTEST('${basename(this.fileName)}');`, ''];
      return { code: [...head, body, ''].join('\n'), marks: this.marks, missing: this.missing, tests };
    }
  }

  private header(): string {
    const spdx = /SPDX-License-Identifier: [\w .()-]+?(?=\s*(?:\*\/|$))/m.exec(this.source)?.[0];
    return `// ${spdx ?? 'SPDX-License-Identifier: GPL-2.0-only'}\n/** Translated from ${this.fileName} by \`vma-userland port tests\`. */`;
  }

  private importLine(body: string): string {
    const used = [...new Set(['SELFTEST', ...this.imports])].filter(
      (name) => name === 'SELFTEST' || new RegExp(`\\b${name}\\b`).test(body),
    );
    return `import { ${used.sort().join(', ')} } from 'vma-userland/test/selftest';`;
  }

  // --- What there is ---

  private scope(): FileScope {
    return {
      facts: this.facts,
      functions: this.declared.functions,
      isBroken: (name) => this.declared.functions.has(name) && this.brokenAt(name) !== undefined,
      fixtures: this.declared.fixtures,
      constants: this.declared.constants,
      globals: this.globals,
      macros: this.dialect.macros,
      use: (name) => {
        this.imports.add(name);
        return name;
      },
    };
  }

  private mark(owner: string, error: Untranslatable, node: Node): void {
    const source = node.text.replaceAll(/\s+/g, ' ').trim().slice(0, 100);
    const mark = { file: this.fileName, line: node.startPosition.row + 1, source, reason: error.message };
    this.marks.push(mark);
    if (!this.broken.has(owner)) this.broken.set(owner, mark);
    if (error.missing !== null) this.missing.set(error.missing, [...(this.missing.get(error.missing) ?? []), mark]);
  }

  // --- What becomes of it ---

  private top(node: Node): Part[] {
    switch (node.type) {
      case 'comment':
        return /SPDX-License-Identifier/.test(node.text)
          ? []
          : [{ name: null, lines: ['', ...commentText(node.text, 'all')] }];
      case 'struct_specifier':
        return this.fixture(node);
      case 'enum_specifier':
        return this.enumerators(node);
      case 'declaration':
        return this.declaration(node);
      case 'function_definition':
        return this.functionOrRole(node);
      default:
        return [];
    }
  }

  private blank(type: Type): string {
    if (type.kind === 'int') return type.bool ? 'false' : '0';
    if (type.kind === 'address') return '0';
    if (type.kind === 'text') return "''";
    if (type.kind === 'struct' && type.name === 'procmap_fd' && !type.pointer) {
      this.imports.add('procmap_fd');
      return 'new procmap_fd()';
    }
    throw new Untranslatable(`a field of another kind`);
  }

  private typeText(type: Type): string {
    if (type.kind === 'int') return type.bool ? 'boolean' : 'number';
    if (type.kind === 'address') return 'number';
    if (type.kind === 'text') return 'string';
    if (type.kind === 'void') return 'void';
    if (type.kind === 'box') return `{ value: ${this.typeText(type.of)} }`;
    if (type.kind === 'struct' && type.name === 'procmap_fd') {
      this.imports.add('procmap_fd');
      return 'procmap_fd';
    }
    if (type.kind === 'struct' && type.name.startsWith(FIXTURE_STRUCT))
      return `${type.name.slice(FIXTURE_STRUCT.length)}_data`;
    if (type.kind === 'struct' && type.name.startsWith(VARIANT_STRUCT))
      return `${type.name.slice(VARIANT_STRUCT.length)}_variant`;
    throw new Untranslatable('a struct that has no type here');
  }

  private interfaceOf(name: string, fields: ReadonlyMap<string, Type>): string[] {
    return [`interface ${name} {`, ...[...fields].map(([field, type]) => `${field}: ${this.typeText(type)};`), '}'];
  }

  /** A fixture where its struct stands; variants are declared along. */
  private fixture(node: Node): Part[] {
    const name = node.childForFieldName('name')?.text ?? '';
    const info = name.startsWith(FIXTURE_STRUCT)
      ? this.declared.fixtures.get(name.slice(FIXTURE_STRUCT.length))
      : undefined;
    if (info === undefined) return [];
    for (const [field, type] of info.fields) {
      // As memory is before anybody has set it.
      if (type.kind === 'int' && !this.isSetUp(info.name, field))
        this.facts.give(`${name}.${field}`, exactly(0n), type);
    }
    const usable = new Map(
      [...info.fields].filter(([, type]) => type.kind !== 'struct' || (type.name === 'procmap_fd' && !type.pointer)),
    );
    const make = [...usable].map(([field, type]) => `${field}: ${this.blank(type)}`).join(', ');
    const variant = info.variant === null ? [] : this.interfaceOf(`${info.name}_variant`, info.variant);
    const last = info.variant === null ? '' : `, FIXTURE_VARIANT<${info.name}_variant>()`;
    for (const one of ['FIXTURE', ...(info.variant === null ? [] : ['FIXTURE_VARIANT'])]) this.imports.add(one);
    const data = this.interfaceOf(`${info.name}_data`, usable);
    return [
      {
        name: null,
        lines: [
          '',
          ...data,
          ...variant,
          `const ${info.name} = FIXTURE('${info.name}', (): ${info.name}_data => ({ ${make} })${last});`,
        ],
      },
    ];
  }

  /** Does the set-up give the field a value, whatever else it does? */
  private isSetUp(fixture: string, field: string): boolean {
    const isSetUp = (role: Role): boolean => role.kind === 'setup' && role.fixture === fixture;
    const [name = ''] = [...this.dialect.roles].find(([, role]) => isSetUp(role)) ?? [];
    const isIt = (one: Node): boolean => one.type === 'function_definition' && one.text.includes(`${name}(`);
    const node = name === '' ? undefined : statementsOf(this.root).find(isIt);
    const statements = node === undefined ? [] : childrenOf(part(node, 'body'));
    const leaves = (one: Node): boolean => findAll(one, ({ type }) => type === 'return_statement').length > 0;
    const end = statements.findIndex(leaves);
    const reached = end === -1 ? statements : statements.slice(0, end);
    return reached.some((one) => one.text.startsWith(`self->${field} = `));
  }

  private enumerators(node: Node): Part[] {
    return findAll(node, (one) => one.type === 'enumerator').flatMap((one) => {
      const name = part(one, 'name').text;
      const number = this.declared.constants.get(name);
      return number === undefined ? [] : [{ name, lines: [`const ${name} = ${number};`] }];
    });
  }

  /** A variant, or a variable of the whole file. */
  private declaration(node: Node): Part[] {
    const specifier = node.childForFieldName('type');
    if (specifier?.type === 'enum_specifier') this.declared.readEnum(specifier);
    const enums = specifier?.type === 'enum_specifier' ? this.enumerators(specifier) : [];
    if (findAll(node, (one) => one.type === 'function_declarator').length > 0) return enums;
    const [declarator] = node.childrenForFieldName('declarator');
    const named =
      declarator === undefined || declarator === null ? [] : findAll(declarator, (one) => one.type === 'identifier');
    const role = this.dialect.roles.get(named[0]?.text ?? '');
    if (role?.kind === 'variant' && declarator) return [...enums, ...this.variant(role, declarator)];
    return [...enums, ...this.global(node)];
  }

  private variant(role: Extract<Role, { kind: 'variant' }>, declarator: Node): Part[] {
    const owner = `variant ${role.fixture}`;
    try {
      const translator = this.statements(owner, VOID);
      const fields = this.declared.fixtures.get(role.fixture)?.variant ?? new Map<string, Type>();
      const given = new Map<string, Node>();
      for (const one of childrenOf(part(declarator, 'value'))) {
        if (one.type !== 'initializer_pair') throw new Untranslatable(`an initialiser without a name: ${one.text}`);
        given.set(part(one, 'designator').text.slice(1), part(one, 'value'));
      }
      const list = [...fields].map(([name, type]) => {
        const node = given.get(name);
        const code =
          node === undefined
            ? this.blank(type)
            : translator.field_(node, type, `${VARIANT_STRUCT}${role.fixture}.${name}`);
        if (node === undefined && type.kind === 'int')
          this.facts.give(`${VARIANT_STRUCT}${role.fixture}.${name}`, exactly(0n), type);
        given.delete(name);
        return `${name}: ${code}`;
      });
      const [unknown] = given.keys();
      if (unknown !== undefined)
        throw new Untranslatable(`${unknown} is no field of the variants of ${role.fixture} here`);
      this.imports.add('FIXTURE_VARIANT_ADD');
      return [{ name: null, lines: [`FIXTURE_VARIANT_ADD(${role.fixture}, '${role.name}', { ${list.join(', ')} });`] }];
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
      this.mark(owner, error, declarator);
      // Its tests are all to be done: there they are all the same.
      const fields = [...(this.declared.fixtures.get(role.fixture)?.variant ?? [])];
      const blank = fields.map(([name, type]) => `${name}: ${this.blank(type)}`);
      this.imports.add('FIXTURE_VARIANT_ADD');
      const code = `FIXTURE_VARIANT_ADD(${role.fixture}, '${role.name}', { ${blank.join(', ')} });`;
      return [{ name: null, lines: [code] }];
    }
  }

  private global(node: Node): Part[] {
    try {
      return declaredBy(node).flatMap(({ name, type, value }) => {
        if (type.kind !== 'int' && type.kind !== 'address') throw new Untranslatable('a variable of the whole file');
        const key = `(file):${name}`;
        this.globals.set(name, { name, code: name, type, key, boxed: false });
        if (value !== null) throw new Untranslatable(`${name} of the whole file has a value: no rule for it`);
        if (type.kind === 'int' && !this.isSetByMain(name)) this.facts.give(key, exactly(0n), type);
        return [{ name, lines: [`let ${name}: ${this.typeText(type)} = ${this.blank(type)};`] }];
      });
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
      // Who uses it is marked.
      for (const one of findAll(node, (child) => child.type === 'identifier')) this.globals.delete(one.text);
      return [];
    }
  }

  private statements(owner: string, returns: Type): FieldStatements {
    return new FieldStatements(this.scope(), owner, returns, (error, node) => this.mark(owner, error, node));
  }

  private functionOrRole(node: Node): Part[] {
    const name =
      findAll(node, (one) => one.type === 'function_declarator')[0]?.childForFieldName('declarator')?.text ?? '';
    const role = this.dialect.roles.get(name);
    if (role !== undefined && role.kind !== 'variant') return this.role(role, name, node);
    if (name === 'main') return this.hasTests() ? [] : this.program(node);
    if (isNeeded(name)) {
      this.mark(name, new Untranslatable(`${name} is a name of the harness`), node);
      this.declared.functions.delete(name);
      return [];
    }
    const own = this.declared.functions.get(name);
    if (own === undefined) {
      this.mark(name, new Untranslatable('a function of another form'), node);
      return [];
    }
    if (own.node.id !== node.id) {
      this.mark(name, new Untranslatable(`${name}() is there twice`), node);
      return [];
    }
    return this.helper(own);
  }

  private hasTests(): boolean {
    return [...this.dialect.roles.values()].some(({ kind }) => kind === 'test');
  }

  /** The parts of a program without fixtures: what its main() calls, each a case. */
  private program(node: Node): Part[] {
    const translator = this.statements('main', VOID);
    const before: string[] = [];
    const titles = new Map<string, number>();
    const cases: string[] = [];
    this.program_.length = 0;
    for (const statement of statementsOf(part(node, 'body'))) {
      const call = this.caseOf(statement);
      if (call !== null) {
        const times = (titles.get(call) ?? 0) + 1;
        titles.set(call, times);
        const title = `${call.replace(/\(\)$/, '')}${times === 1 ? '' : ` (${times})`}`;
        this.program_.push(title);
        this.imports.add('KSFT_CALL');
        cases.push('', `KSFT_CALL('${title}', () => {`, ...(before.length > 0 ? ['before();'] : []), `${call};`, '});');
      } else if (this.isForAll(statement)) before.push(...translator.alone(statement));
      else if (!isOfNoUse(statement))
        this.mark('main', new Untranslatable('main() does more than call tests'), statement);
    }
    const first = before.length > 0 ? ['', 'function before(): void {', ...before, '}'] : [];
    return [{ name: null, lines: [...first, ...cases] }];
  }

  /** A call of a function of the file with nothing but constants; null for any other statement. */
  private caseOf(statement: Node): string | null {
    const [call] = statement.type === 'expression_statement' ? childrenOf(statement) : [];
    if (call?.type !== 'call_expression') return null;
    const own = this.declared.functions.get(part(call, 'function').text);
    if (own?.returns.kind !== 'void') return null;
    const args = childrenOf(part(call, 'arguments'));
    if (!args.every(({ type }) => /^(?:true|false|number_literal)$/.test(type))) return null;
    return this.statements('main', VOID).value(call).code;
  }

  /** Does main() of a program give the variable its value, whatever else it does? */
  private isSetByMain(name: string): boolean {
    const isMain = (one: Node): boolean => one.type === 'function_definition' && /^int main\(/m.test(one.text);
    const main = this.hasTests() ? undefined : statementsOf(this.root).find(isMain);
    return main !== undefined && childrenOf(part(main, 'body')).some((one) => one.text.startsWith(`${name} = `));
  }

  /** Does it give a variable of the whole file its value? */
  private isForAll(statement: Node): boolean {
    const [one] = statement.type === 'expression_statement' ? childrenOf(statement) : [];
    return one?.type === 'assignment_expression' && this.globals.has(part(one, 'left').text);
  }

  private parseError(owner: string, node: Node): boolean {
    if (!node.hasError) return false;
    const [first] = findAll(node, (one) => one.isError || one.isMissing);
    this.mark(owner, new Untranslatable('the parser does not understand it'), first ?? node);
    return true;
  }

  /** A function of which a part could not be translated: a case that comes to it is a todo. */
  private untranslated(name: string): Part[] {
    const mark = this.brokenAt(name);
    if (mark === undefined) return [];
    this.imports.add('untranslated');
    const reason = JSON.stringify(`${mark.file}:${mark.line}: ${mark.reason}`);
    return [{ name, lines: ['', `function ${name}(): never {`, `return untranslated(${reason});`, '}'] }];
  }

  private helper(own: OwnFunction): Part[] {
    const made = this.wholeHelper(own);
    return this.brokenAt(own.name) === undefined ? made : this.untranslated(own.name);
  }

  private wholeHelper(own: OwnFunction): Part[] {
    const { name, parameters, returns, node } = own;
    if (this.parseError(name, node)) return [];
    const translator = this.statements(name, returns);
    try {
      const list = parameters.flatMap((one) => {
        if (isMetadata(one.type)) return [];
        const made = translator.declare(one.name, one.type, `${name}(${one.name})`);
        const wide = this.facts.isBig(made.key) ? ' | bigint' : '';
        return [`${made.code}: ${this.typeText(one.type)}${wide}`];
      });
      const body = part(node, 'body');
      const lines = translator.function(body);
      if (returns.kind !== 'void' && fallsThrough(body))
        lines.push(`throw new Error('${name}: its end is reached without a value');`);
      return [
        { name, lines: ['', `function ${name}(${list.join(', ')}): ${this.typeText(returns)} {`, ...lines, '}'] },
      ];
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
      this.mark(name, error, node);
      return [];
    }
  }

  private role(role: Exclude<Role, { kind: 'variant' }>, name: string, node: Node): Part[] {
    const { fixture } = role;
    const owner = role.kind === 'test' ? name : `${role.kind} ${fixture ?? ''}`;
    let lines: string[] = [];
    if (!this.parseError(owner, node)) {
      const translator = this.statements(owner, VOID);
      if (fixture !== null) {
        translator.declare('self', { kind: 'struct', name: `${FIXTURE_STRUCT}${fixture}`, pointer: true }, 'self');
        const info = this.declared.fixtures.get(fixture);
        if (info?.variant)
          translator.declare(
            'variant',
            { kind: 'struct', name: `${VARIANT_STRUCT}${fixture}`, pointer: true },
            'variant',
          );
      }
      lines = translator.function(part(node, 'body'));
    }
    return [{ name: null, lines: this.roleLines(role, owner, node, lines) }];
  }

  private roleLines(
    role: Exclude<Role, { kind: 'variant' }>,
    owner: string,
    node: Node,
    lines: readonly string[],
  ): string[] {
    const { fixture } = role;
    const head = fixture === null ? '() => {' : '(self, variant) => {';
    if (role.kind !== 'test') {
      const call = role.kind === 'setup' ? 'FIXTURE_SETUP' : 'FIXTURE_TEARDOWN';
      if (this.brokenBy(owner, node) !== null) return [];
      this.imports.add(call);
      return ['', `${call}(${fixture}, ${head}`, ...lines, '});'];
    }
    const reason = [
      this.brokenBy(owner, node),
      ...(fixture === null ? [] : ['setup', 'teardown', 'variant'].map((kind) => this.brokenFixture(kind, fixture))),
    ].find((one) => one !== null);
    const first = fixture === null ? '' : `${fixture}, `;
    if (reason) {
      const call = fixture === null ? 'TEST_TODO' : 'TEST_F_TODO';
      this.imports.add(call);
      return [
        '',
        `${call}(${first}'${role.name}', ${JSON.stringify(`${reason.file}:${reason.line}: ${reason.reason}`)});`,
      ];
    }
    const call = `${fixture === null ? 'TEST' : 'TEST_F'}${role.signal === null ? '' : '_SIGNAL'}`;
    this.imports.add(call);
    const signal = role.signal === null ? '' : `${role.signal}, `;
    if (role.signal !== null) this.imports.add(role.signal);
    return ['', `${call}(${first}'${role.name}', ${signal}${head}`, ...lines, '});'];
  }

  private brokenAt(owner: string): Mark | undefined {
    return this.broken.get(owner) ?? this.brokenBefore.get(owner);
  }

  /** The first mark of what a fixture stands on. */
  private brokenFixture(kind: string, fixture: string): Mark | null {
    const owner = `${kind} ${fixture}`;
    const own = this.brokenAt(owner);
    if (own !== undefined) return own;
    const entry = [...this.dialect.roles].find(
      ([, role]) => role.kind === kind && role.fixture === fixture && role.kind !== 'variant',
    );
    const node =
      entry === undefined
        ? undefined
        : statementsOf(this.root).find(
            (one) => one.type === 'function_definition' && one.text.includes(`${entry[0]}(`),
          );
    return node === undefined ? null : this.brokenBy(owner, node);
  }

  /** The first mark of a function, or of one that it comes to. */
  private brokenBy(owner: string, node: Node): Mark | null {
    const own = this.brokenAt(owner);
    if (own !== undefined) return own;
    for (const one of findAll(node, (child) => child.type === 'identifier')) {
      // A function of the file that is not whole makes a todo of what comes to it, and of nothing else.
      const mark = this.declared.functions.has(one.text) ? undefined : this.brokenAt(one.text);
      if (mark !== undefined) return mark;
    }
    return null;
  }

  /** What something uses: helpers of marked tests alone, and constants that nobody mentions, are left out. */
  private kept(parts: readonly Part[]): Part[] {
    let kept = [...this.numbers(), ...parts];
    for (let before = -1; before !== kept.length; ) {
      before = kept.length;
      const all = kept;
      kept = all.filter((one) => {
        const { name } = one;
        if (name === null) return true;
        return all.some((other) => other !== one && new RegExp(`\\b${name}\\b`).test(other.lines.join('\n')));
      });
    }
    return kept;
  }

  private numbers(): Part[] {
    return [...this.dialect.numbers.keys()].flatMap((name) => {
      const number = this.declared.constants.get(name);
      return number === undefined ? [] : [{ name, lines: [`const ${name} = ${number};`] }];
    });
  }
}

/** What main() says before and after its tests, for whoever runs it. */
function isOfNoUse(statement: Node): boolean {
  return (
    statement.type === 'comment' ||
    /^(?:ksft_print_header|ksft_set_plan|ksft_finished|ksft_exit_pass|return)\b/.test(statement.text) ||
    // A variable without a value.
    (statement.type === 'declaration' && !statement.text.includes('='))
  );
}

/** For what is no statement: a field of a variant; and for one statement of a function. */
class FieldStatements extends Statements {
  alone(node: Node): string[] {
    return this.function_(node);
  }

  field_(node: Node, type: Type, key: string): string {
    return this.assigned(this.value(node), type, key);
  }
}
