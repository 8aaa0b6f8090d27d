// SPDX-License-Identifier: GPL-2.0-only
/** The symbols that a C file declares at its top level, whatever #if they stand in. */
import type { Node } from 'web-tree-sitter';
import { parseC } from './c_source.js';

export type SymbolKind = 'function' | 'struct' | 'enum' | 'enumerator' | 'macro' | 'typedef' | 'variable';

export interface CSymbol {
  name: string;
  kind: SymbolKind;
  /** Line of the declaration, from 1. */
  line: number;
  /** Its text, as the file has it. */
  text: string;
}

/** The name that a declarator declares, through pointers, arrays and parameter lists. */
function declaredName(declarator: Node): string | null {
  if (declarator.type === 'identifier' || declarator.type === 'type_identifier') return declarator.text;
  const inner = declarator.childForFieldName('declarator');
  if (inner !== null) return declaredName(inner);
  const named = declarator.namedChildren.find((child) => child !== null && /identifier|declarator/.test(child.type));
  return named ? declaredName(named) : null;
}

function isFunctionDeclarator(declarator: Node): boolean {
  if (declarator.type === 'function_declarator') return true;
  const inner = declarator.childForFieldName('declarator');
  return inner !== null && declarator.type !== 'init_declarator' && isFunctionDeclarator(inner);
}

class Collector {
  readonly symbols: CSymbol[];
  private readonly original: string;

  constructor(original: string) {
    this.symbols = [];
    this.original = original;
  }

  private add(name: string | null, kind: SymbolKind, node: Node): void {
    if (name === null) return;
    const text = this.original.slice(node.startIndex, node.endIndex);
    this.symbols.push({ name, kind, line: node.startPosition.row + 1, text });
  }

  /** A struct, union or enum with a body, wherever it is declared; enumerators too. */
  private addType(node: Node | null): void {
    if (node === null || node.childForFieldName('body') === null) return;
    if (node.type === 'struct_specifier' || node.type === 'union_specifier') {
      this.add(node.childForFieldName('name')?.text ?? null, 'struct', node);
      for (const type of ['preproc_def', 'preproc_function_def']) {
        for (const child of node.descendantsOfType(type)) if (child !== null) this.visit(child);
      }
    } else if (node.type === 'enum_specifier') {
      this.add(node.childForFieldName('name')?.text ?? null, 'enum', node);
      for (const child of node.descendantsOfType('enumerator')) {
        if (child !== null) this.add(child.childForFieldName('name')?.text ?? null, 'enumerator', child);
      }
    }
  }

  private addDeclaration(node: Node): void {
    this.addType(node.childForFieldName('type'));
    const external = node.children.some(
      (child) => child?.type === 'storage_class_specifier' && child.text === 'extern',
    );
    for (const declarator of node.childrenForFieldName('declarator')) {
      // A prototype, or what another file defines, is no symbol of this one.
      if (declarator === null || external || isFunctionDeclarator(declarator)) continue;
      this.add(declaredName(declarator), 'variable', node);
    }
  }

  visit(node: Node): void {
    switch (node.type) {
      case 'function_definition': {
        const declarator = node.childForFieldName('declarator');
        this.add(declarator === null ? null : declaredName(declarator), 'function', node);
        return;
      }
      case 'preproc_def':
      case 'preproc_function_def':
        this.add(node.childForFieldName('name')?.text ?? null, 'macro', node);
        return;
      case 'type_definition':
        this.addType(node.childForFieldName('type'));
        for (const declarator of node.childrenForFieldName('declarator')) {
          if (declarator !== null) this.add(declaredName(declarator), 'typedef', node);
        }
        return;
      case 'declaration':
        this.addDeclaration(node);
        return;
      case 'struct_specifier':
      case 'union_specifier':
      case 'enum_specifier':
        this.addType(node);
        return;
      default:
        // #if and #ifdef hold declarations like the file itself; so does what the grammar could not make out.
        if (/^(translation_unit|preproc_|ERROR|linkage_specification|declaration_list)/.test(node.type)) {
          for (const child of node.namedChildren) if (child !== null) this.visit(child);
        }
    }
  }
}

/** All declarations of a C text, in its order. */
export async function declarationsOf(text: string): Promise<CSymbol[]> {
  const collector = new Collector(text);
  collector.visit((await parseC(text)).rootNode);
  return collector.symbols;
}

/** All symbols of a C text, in its order; a name that is declared under several #if branches comes once. */
export async function symbolsOf(text: string): Promise<CSymbol[]> {
  const seen = new Set<string>();
  return (await declarationsOf(text)).filter(({ name }) => !seen.has(name) && seen.add(name));
}
