// SPDX-License-Identifier: GPL-2.0-only
/** Questions about pieces of C: what they mention, whether they ask for NULL, whether control comes past them. */
import type { Node } from 'web-tree-sitter';
import { assignmentOf, childrenOf, findAll, mentions, Untranslatable } from './scope.js';
import { BOOLEAN, type Type } from './types.js';

export function part(node: Node, name: string): Node {
  const child = node.childForFieldName(name);
  if (child === null) throw new Untranslatable(`${node.type.replaceAll('_', ' ')} without ${name}`);
  return child;
}

/** An outermost pair of parentheses says nothing. */
export function stripped(code: string): string {
  if (!code.startsWith('(') || !code.endsWith(')')) return code;
  let depth = 0;
  for (let i = 0; i < code.length - 1; i++) {
    if (code[i] === '(') depth++;
    if (code[i] === ')' && --depth === 0) return code;
  }
  return code.slice(1, -1);
}

export function defaultOf(type: Type): string {
  if (type.cls === BOOLEAN.cls) return 'false';
  if (type.cls === 'bigint') return '0n';
  if (type.cls === 'number') return '0';
  return 'null';
}

export function addressTaken(node: Node, name: string): boolean {
  return (
    findAll(
      node,
      (one) =>
        one.type === 'pointer_expression' &&
        one.children[0]?.text === '&' &&
        one.childForFieldName('argument')?.text === name,
    ).length > 0
  );
}

export function flattened(node: Node): Node[] {
  return node.type === 'comma_expression' ? childrenOf(node).flatMap(flattened) : [node];
}

export function nameNode(node: Node, name: string): Node | null {
  return findAll(node, (one) => one.type === 'identifier' && one.text === name)[0] ?? null;
}

/** Is the name mentioned only in loops that give it its first value: for (i = 0; …), for_each_vma(vmi, vma)? */
export function onlyInOwnLoops(node: Node, name: string, original: string): boolean {
  if (!mentions(node, name)) return true;
  if (node.type === 'for_statement') {
    const initializer = node.childForFieldName('initializer');
    if (initializer !== null && assignmentOf(initializer)?.left.text === name) return true;
  }
  if (node.type === 'while_statement' && !original.slice(node.startIndex).startsWith('while')) {
    const [list] = childrenOf(node.childForFieldName('condition') ?? node);
    if (list !== undefined && flattened(list).some((one) => one.text === name)) return true;
  }
  if (node.type === 'identifier') return false;
  return childrenOf(node).every((child) => onlyInOwnLoops(child, name, original));
}

/** Does what follows look whether the variable is NULL, before anything follows it? */
export function looksAtNull(rest: readonly Node[], name: string): boolean {
  const next = rest.find((one) => mentions(one, name));
  if (next === undefined) return false;
  if (
    assignmentOf(next)?.left.text === name ||
    (next.type === 'return_statement' && childrenOf(next)[0]?.text === name)
  )
    return true;
  const asked =
    next.type === 'if_statement' || next.type === 'while_statement'
      ? (next.childForFieldName('condition') ?? next)
      : next;
  return findAll(asked, (one) => asksForNull(one, name)).length > 0;
}

/** Is this node a question whether the variable is NULL? */
function asksForNull(node: Node, name: string): boolean {
  const text = (part: string): string | undefined => node.childForFieldName(part)?.text;
  switch (node.type) {
    case 'binary_expression': {
      const sides = [text('left'), text('right')];
      const logical = ['&&', '||'].includes(text('operator') ?? '');
      return sides.includes(name) && (logical || sides.includes('NULL'));
    }
    case 'unary_expression':
      return node.text === `!${name}`;
    case 'parenthesized_expression':
      return node.text === `(${name})` && /^(?:if|while|do)_statement$/.test(node.parent?.type ?? '');
    case 'conditional_expression':
      return text('condition') === name;
    case 'call_expression': {
      const args = childrenOf(node.childForFieldName('arguments') ?? node).map((one) => one.text);
      if (text('function') === 'ASSERT_EQ') return args.includes(name) && args.includes('NULL');
      return text('function') === 'ASSERT_FALSE' && args[0] === name;
    }
    default:
      return false;
  }
}

/** Does control never come past this statement? */
export function exits(node: Node): boolean {
  if (/^(?:return|break|continue|goto)_statement$/.test(node.type)) return true;
  const last = childrenOf(node)
    .filter((child) => child.type !== 'comment')
    .at(-1);
  return (node.type === 'compound_statement' || node.type === 'else_clause') && last !== undefined && exits(last);
}

/** What stands in the branches of a preprocessor conditional. */
export function branchesOf(node: Node): { then: Node[]; otherwise: Node[] } {
  const skip = new Set([node.childForFieldName('condition')?.id, node.childForFieldName('name')?.id]);
  const alternative = node.childForFieldName('alternative');
  const then = childrenOf(node).filter((child) => !skip.has(child.id) && child.id !== alternative?.id);
  const otherwise =
    alternative === null ? [] : alternative.type === 'preproc_else' ? childrenOf(alternative) : [alternative];
  return { then, otherwise };
}

/** A comment, its lines brought to a common beginning. */
export function commentLines(text: string): string[] {
  return text.split('\n').map((line, i) => (i === 0 ? line.trim() : line.replace(/^\s*\*/, ' *').trimEnd()));
}
