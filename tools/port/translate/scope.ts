// SPDX-License-Identifier: GPL-2.0-only
/** What a translation keeps in mind: places that it had to leave, names, and questions about pieces of C. */
import type { Node } from './nodes.js';

/** A place that could not be translated. */
export class Untranslatable extends Error {
  /** A name that the port does not have, if that is the reason. */
  readonly missing: string | null;

  constructor(reason: string, missing: string | null = null) {
    super(reason);
    this.name = 'Untranslatable';
    this.missing = missing;
  }
}

export interface Mark {
  file: string;
  /** Line of the C source, from 1. */
  line: number;
  source: string;
  reason: string;
}

const RESERVED = new Set(
  'Array BigInt Boolean Date Error Function Infinity JSON Map NaN Promise Proxy Reflect RegExp Set String Symbol console globalThis process Math NUM_VMA_FLAG_BITS Number Object Ref ULONG_MAX VmaTest as_a assert_called assert_called_with asserted at attempt char_at deref element_ref field_ref given globals is_err_value mm_ narrow ptr_err put returned s16 s32 s64 s8 sinon struct_assign struct_copy stubs u16 u32 u64 u8 ulong undefined untranslated arguments await case catch class const debugger default delete do enum eval export extends finally function import in instanceof interface let new package private protected public static super switch this throw try typeof var void with yield null true false async of t test'.split(
    ' ',
  ),
);

/** A name of C that TypeScript, or the harness, has another use for gets an underscore. */
export function safeName(name: string): string {
  return RESERVED.has(name) ? `${name}_` : name;
}

/** A field's name: a class has one that means something else. */
export function safeField(name: string): string {
  return /^(?:constructor|prototype|__proto__)$/.test(name) ? `${name}_` : name;
}

/** All nodes below and including this one that satisfy the condition. */
export function findAll(node: Node, wanted: (node: Node) => boolean): Node[] {
  const found: Node[] = [];
  const visit = (one: Node): void => {
    if (wanted(one)) found.push(one);
    for (const child of one.children) if (child !== null) visit(child);
  };
  visit(node);
  return found;
}

/** The parts of a node that mean something: comments do not. */
export function childrenOf(node: Node): Node[] {
  return node.namedChildren.filter((child) => child !== null).filter((child) => child.type !== 'comment');
}

/** The same with the comments, for lists of statements. */
export function statementsOf(node: Node): Node[] {
  return node.namedChildren.filter((child) => child !== null);
}

/** Is the name mentioned below this node? */
export function mentions(node: Node, name: string): boolean {
  return findAll(node, (one) => one.type === 'identifier' && one.text === name).length > 0;
}

/** Without the parentheses around it. */
export function bare(node: Node): Node {
  const [inner] = childrenOf(node);
  return node.type === 'parenthesized_expression' && inner !== undefined ? bare(inner) : node;
}

/** The assignment that an expression statement is; null if it is none. */
export function assignmentOf(node: Node): { left: Node; right: Node; operator: string } | null {
  const expression = node.type === 'expression_statement' ? childrenOf(node)[0] : node;
  if (expression?.type !== 'assignment_expression') return null;
  const left = expression.childForFieldName('left');
  const right = expression.childForFieldName('right');
  if (left === null || right === null) return null;
  return { left, right, operator: expression.childForFieldName('operator')?.text ?? '=' };
}

/** The name that an expression is, through parentheses; null if it is something else. */
export function nameOf(node: Node): string | null {
  const inner = bare(node);
  return inner.type === 'identifier' ? inner.text : null;
}

/** Is this node `&name`? */
export function isAddressOf(node: Node, name: string): boolean {
  if (node.type !== 'pointer_expression' || node.children[0]?.text !== '&') return false;
  const argument = node.childForFieldName('argument');
  return argument !== null && nameOf(argument) === name;
}

/** How often the variable itself is assigned to below; `address` counts taking its address, as the callee may. */
export function assignmentsTo(node: Node, name: string, address = true): number {
  return findAll(node, (one) => {
    if (one.type === 'assignment_expression' || one.type === 'update_expression') {
      const target = one.childForFieldName(one.type === 'update_expression' ? 'argument' : 'left');
      return target !== null && nameOf(target) === name;
    }
    return address && isAddressOf(one, name);
  }).length;
}

export function addressTaken(node: Node, name: string): boolean {
  return findAll(node, (one) => isAddressOf(one, name)).length > 0;
}

/** The value of a number literal of C, and how it was spelled; null for a floating point number. */
export function literalOf(text: string): { value: bigint; unsigned: boolean; long: boolean; decimal: boolean } | null {
  const found = /^(0[xX][\da-fA-F]+|0[bB][01]+|\d+)([uUlL]*)$/.exec(text);
  if (found === null) return null;
  const [, digits = '', suffix = ''] = found;
  const octal = /^0\d+$/.test(digits);
  if (octal && /[89]/.test(digits)) return null;
  const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  return { value, unsigned: /u/i.test(suffix), long: /l/i.test(suffix), decimal: /^[1-9]/.test(digits) };
}

/** What a constant expression without types comes to: lengths of arrays, enumerators. */
export function constantOf(node: Node, names: ReadonlyMap<string, bigint>): bigint | null {
  const inner = bare(node);
  const sub = (name: string): bigint | null => {
    const child = inner.childForFieldName(name);
    return child === null ? null : constantOf(child, names);
  };
  switch (inner.type) {
    case 'number_literal': {
      const value = literalOf(inner.text.replace(/^[-+]\s*/, ''))?.value ?? null;
      return value !== null && inner.text.startsWith('-') ? -value : value;
    }
    case 'identifier':
      return names.get(inner.text) ?? null;
    case 'cast_expression':
      return sub('value');
    case 'unary_expression': {
      const value = sub('argument');
      const operator = inner.childForFieldName('operator')?.text;
      if (value === null) return null;
      return operator === '-' ? -value : operator === '+' ? value : operator === '~' ? ~value : null;
    }
    case 'binary_expression': {
      const [a, b] = [sub('left'), sub('right')];
      return a === null || b === null ? null : calculate(a, b, inner.childForFieldName('operator')?.text ?? '');
    }
    default:
      return null;
  }
}

function calculate(a: bigint, b: bigint, operator: string): bigint | null {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0n ? null : a / b;
    case '%':
      return b === 0n ? null : a % b;
    case '|':
      return a | b;
    case '&':
      return a & b;
    case '<<':
      return b > 127n || b < 0n ? null : a << b;
    case '>>':
      return b < 0n ? null : a >> b;
    default:
      return null;
  }
}

/** Does control never come past this statement? */
export function exits(node: Node): boolean {
  if (/^(?:return|break|continue|goto)_statement$/.test(node.type)) return true;
  if (node.type === 'if_statement') {
    const [then, otherwise] = [node.childForFieldName('consequence'), node.childForFieldName('alternative')];
    return then !== null && otherwise !== null && exits(then) && exits(otherwise);
  }
  const last = childrenOf(node).at(-1);
  return (node.type === 'compound_statement' || node.type === 'else_clause') && last !== undefined && exits(last);
}

/** What stands in the branches of a preprocessor conditional. */
export function branchesOf(node: Node): { then: Node[]; otherwise: Node[] } {
  const skip = new Set([node.childForFieldName('condition')?.id, node.childForFieldName('name')?.id]);
  const alternative = node.childForFieldName('alternative');
  const then = statementsOf(node).filter((child) => !skip.has(child.id) && child.id !== alternative?.id);
  const otherwise =
    alternative === null ? [] : alternative.type === 'preproc_else' ? statementsOf(alternative) : [alternative];
  return { then, otherwise };
}
