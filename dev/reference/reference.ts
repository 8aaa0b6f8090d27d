// SPDX-License-Identifier: GPL-2.0-only
/**
 * The reference of the harness, from its doc comments: what editors show when they hover. It reads the declarations that
 * ship, with the compiler API of TypeScript 5: that of TypeScript 7 is not there yet, which typedoc waits for as well.
 */
import { relative, sep } from 'node:path';
import ts from 'typescript-5';

/** Members that are internal. */
const HIDDEN = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;

function isDeclared(symbol: ts.Symbol): symbol is ts.Symbol & { declarations: [ts.Declaration, ...ts.Declaration[]] } {
  return symbol.declarations !== undefined && symbol.declarations.length > 0;
}

/** Paragraphs of a doc comment, each on a line of its own. */
function wordsOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const tags = symbol.getJsDocTags(checker).flatMap(({ name, text: parts }) => {
    const said = ts.displayPartsToString(parts).trim();
    return said === '' || name === 'internal'
      ? []
      : [name === 'throws' ? `Throws ${said}` : `\`${said.replace(' ', '`: ')}`];
  });
  const paragraphs = [...text.split(/\n\s*\n/), ...tags].map((one) => one.replace(/\s*\n\s*/g, ' ').trim());
  return paragraphs
    .filter((one) => one !== '')
    .map((one) => one.replaceAll('<', '&lt;'))
    .join('\n\n');
}

/** A declaration as it is written, on one line and without its body. */
function headOf(declaration: ts.Declaration): string {
  const text = declaration.getText().replace(/\/\*\*.*?\*\//gs, '');
  const head = ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration) ? text.split('{')[0] : text;
  return (head ?? '')
    .replace(/^export (?:declare )?/, '')
    .replace(/\s+/g, ' ')
    .replace(/;$/, '')
    .trim();
}

/** All overloads of a symbol. */
function headsOf(symbol: ts.Symbol): string[] {
  return (symbol.declarations ?? []).map((one) =>
    ts.isVariableDeclaration(one) ? `const ${headOf(one)}` : headOf(one),
  );
}

function membersOf(symbol: ts.Symbol, checker: ts.TypeChecker): string[] {
  const members = [...(symbol.members?.values() ?? [])].filter(isDeclared);
  return members
    .filter(
      ({ name, declarations: [first] }) =>
        !name.startsWith('__') && (ts.getCombinedModifierFlags(first) & HIDDEN) === 0,
    )
    .filter(({ declarations: [first] }) => !ts.isTypeParameterDeclaration(first))
    .map((member) => {
      const words = wordsOf(member, checker);
      const heads = headsOf(member).map((head) => `\`${head}\``);
      return `- ${heads.join(', ')}${words === '' ? '' : `: ${words.replaceAll('\n\n', ' ')}`}`;
    });
}

function entryOf(name: string, symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const words = wordsOf(symbol, checker);
  const isOpen = (symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface)) !== 0;
  const members = isOpen ? membersOf(symbol, checker) : [];
  const parts = [`### ${name}`, `\`\`\`ts\n${headsOf(symbol).join('\n')}\n\`\`\``, words, members.join('\n')];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** Which chapter something stands in: the folder that declares it. Functions and their types have entries of their own. */
function isConstant(symbol: ts.Symbol, root: string): boolean {
  if ((symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.TypeAlias)) !== 0) return false;
  const file = symbol.declarations?.[0]?.getSourceFile().fileName ?? '';
  return relative(root, file).startsWith(`dist${sep}include`);
}

const HEAD = `<!-- SPDX-License-Identifier: GPL-2.0-only -->
# Reference of \`vma-userland/test\`

Made from the doc comments by \`npm run docs\`; a test holds it to them. Editors show the same when they hover.
[driver-test.md](driver-test.md) is where to begin. \`vma-userland/trace\` exports nothing: \`VMA_TRACE=1 node --import
vma-userland/trace FILE\` shows the address space after each operation of a test, and writes a trace of each test to the
folder that \`VMA_TRACE_DIR\` names, \`traces\` unless it is set.
`;

/** The text of docs/reference.md, from the compiled declarations in \`root\`. */
export function referenceOf(root: string): string {
  const entry = `${root}dist/harness/index.d.ts`;
  const program = ts.createProgram([entry], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: [],
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(entry);
  const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`referenceOf: ${entry}: no module`);
  const exported = checker
    .getExportsOfModule(module)
    .map((symbol): [string, ts.Symbol] => [
      symbol.name,
      (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol),
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const isFirst = (name: string): boolean => ['test', 'VmaTest', 'TestWorld'].includes(name);
  const own = exported.filter(([, symbol]) => !isConstant(symbol, root));
  const constants = exported.flatMap(([name, symbol]) => (isConstant(symbol, root) ? [name] : []));
  const isErrno = (name: string): boolean => /^E[A-Z0-9]+$/.test(name);
  const listed = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
  const entries = [...own.filter(([name]) => isFirst(name)), ...own.filter(([name]) => !isFirst(name))];
  const text = entries.map(([name, symbol]) => entryOf(name, symbol, checker));
  return `${HEAD}\n${text.join('\n\n')}\n\n## Constants\n\nAs the kernel's headers have them: ${listed(
    constants.filter((name) => !isErrno(name)),
  )}.\n\nError numbers, positive; hooks return them negative: ${listed(constants.filter(isErrno))}.\n`;
}
