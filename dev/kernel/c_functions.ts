// SPDX-License-Identifier: GPL-2.0-only
/** The functions that a C file of a kernel tree defines, with what it takes to move one to another file. */
import type { Node } from 'web-tree-sitter';
import { parseC } from '../../tools/table/c_source.js';

export interface CParameter {
  /** As C has it, without the name: `const struct file *`. */
  type: string;
  /** Empty where C gives none. */
  name: string;
}

export interface CFunction {
  name: string;
  isStatic: boolean;
  /** What it returns, without storage class and attributes. */
  returns: string;
  parameters: CParameter[];
  /** Line of the definition, from 1. */
  line: number;
  /** Where in the file the definition is, and in it the name and the body. */
  start: number;
  end: number;
  nameAt: number;
  bodyAt: number;
  /** #if, #ifdef and #else lines around it, outermost first. */
  conditions: string[][];
}

function functionDeclarator(node: Node | null): Node | null {
  if (node === null || node.type === 'function_declarator') return node;
  return functionDeclarator(node.childForFieldName('declarator'));
}

function declaredNode(node: Node | null): Node | null {
  if (node === null || node.type === 'identifier') return node;
  const inner = node.childForFieldName('declarator');
  return inner !== null ? declaredNode(inner) : null;
}

/** Text between two offsets, on one line. */
function textOf(source: string, from: number, to: number): string {
  return source.slice(from, to).replaceAll(/\s+/g, ' ').trim();
}

function parametersOf(declarator: Node, source: string): CParameter[] {
  const list = declarator.childForFieldName('parameters');
  const found: CParameter[] = [];
  for (const one of list?.namedChildren ?? []) {
    if (one?.type !== 'parameter_declaration') continue;
    const named = declaredNode(one.childForFieldName('declarator'));
    if (named === null) {
      const type = textOf(source, one.startIndex, one.endIndex);
      if (type !== 'void') found.push({ type, name: '' });
    } else {
      const type = `${source.slice(one.startIndex, named.startIndex)} ${source.slice(named.endIndex, one.endIndex)}`;
      found.push({ type: textOf(type, 0, type.length), name: named.text });
    }
  }
  return found;
}

const NO_TYPE = /\b(?:static|inline|extern|__always_inline|__must_check|__init|noinline|__ref|__weak)\b/g;

/** The line of a preprocessor directive, continued lines included. */
function directive(source: string, at: number): string {
  const line = /^(?:[^\n\\]|\\[\s\S])*/.exec(source.slice(at))?.[0] ?? '';
  return line.replaceAll(/\/\*[\s\S]*?\*\//g, '').trim();
}

/** The conditions that hold at a node: for each #if around it its line, and the #elif and #else lines up to there. */
function conditionsOf(node: Node, source: string): string[][] {
  const chains: string[][] = [];
  let chain: string[] = [];
  for (let at: Node | null = node.parent; at !== null; at = at.parent) {
    if (/^preproc_(?:else|elif)/.test(at.type)) {
      chain.unshift(directive(source, at.startIndex));
    } else if (/^preproc_if/.test(at.type)) {
      chains.unshift([directive(source, at.startIndex), ...chain]);
      chain = [];
    }
  }
  return chains;
}

/** All function definitions of a C text, in its order. */
export async function functionsOf(source: string): Promise<CFunction[]> {
  const tree = await parseC(source);
  const found: CFunction[] = [];
  for (const node of tree.rootNode.descendantsOfType('function_definition')) {
    const declarator = functionDeclarator(node?.childForFieldName('declarator') ?? null);
    const named = declaredNode(declarator);
    const body = node?.childForFieldName('body');
    if (!node || declarator === null || named === null || !body) continue;
    const head = source.slice(node.startIndex, named.startIndex);
    found.push({
      name: named.text,
      isStatic: /\bstatic\b/.test(head),
      returns: head.replaceAll(NO_TYPE, ' ').replaceAll(/\s+/g, ' ').trim(),
      parameters: parametersOf(declarator, source),
      line: node.startPosition.row + 1,
      start: node.startIndex,
      end: node.endIndex,
      nameAt: named.startIndex - node.startIndex,
      bodyAt: body.startIndex - node.startIndex,
      conditions: conditionsOf(node, source),
    });
  }
  return found;
}

/** The names that a piece of C mentions; those in comments and strings too. */
export function mentionedIn(text: string): Set<string> {
  return new Set(text.match(/[A-Za-z_]\w*/g) ?? []);
}
