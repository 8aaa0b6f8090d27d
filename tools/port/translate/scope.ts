// SPDX-License-Identifier: GPL-2.0-only
/** What a translation keeps in mind: names, what is not NULL at this point, what it had to leave. */
import type { Node } from 'web-tree-sitter';
import type { Type } from './types.js';

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

export interface Variable {
  name: string;
  /** Its name in TypeScript. */
  code: string;
  type: Type;
  /** A scalar whose address is taken: it lives in a Ref. */
  boxed: boolean;
  /** Declared where it is first assigned to. */
  sunk: boolean;
  /** Assigned to once only. */
  constant: boolean;
}

/** A function of the file that is translated. */
export interface OwnFunction {
  name: string;
  node: Node;
  parameters: { name: string; type: Type }[];
  returns: Type;
  /** Does it assert, or make an address space? Then it is given the test. */
  needsTest: boolean;
  /** Does it, or one that it calls, have places that were not translated? */
  broken: boolean;
}

/** A macro with parameters. */
export interface OwnMacro {
  name: string;
  parameters: string[];
  variadic: boolean;
  /** Its body, as the statements of a function. */
  body: Node;
  /** Its body is an expression. */
  expression: boolean;
  line: number;
}

const RESERVED = new Set(
  'arguments await case catch class const debugger default delete do enum eval export extends finally function import in instanceof interface let new package private protected public static super switch this throw try typeof var void with yield t test'.split(
    ' ',
  ),
);

/** A name of C that TypeScript, or the harness, has another use for gets an underscore. */
export function safeName(name: string): string {
  return RESERVED.has(name) ? `${name}_` : name;
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

export function childrenOf(node: Node): Node[] {
  return node.namedChildren.filter((child) => child !== null);
}

/** Is the name mentioned below this node? */
export function mentions(node: Node, name: string): boolean {
  return findAll(node, (one) => one.type === 'identifier' && one.text === name).length > 0;
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

/**
 * How often the variable is assigned to below, other than by its declaration. Taking its address counts, as the callee
 * may; of a struct it does not, since the object stays the same.
 */
export function assignmentsTo(node: Node, name: string, struct = false): number {
  return findAll(node, (one) => {
    if (one.type === 'assignment_expression') return one.childForFieldName('left')?.text === name;
    if (one.type === 'update_expression') return one.childForFieldName('argument')?.text === name;
    if (struct || one.type !== 'pointer_expression' || one.children[0]?.text !== '&') return false;
    return one.childForFieldName('argument')?.text === name;
  }).length;
}

/** The variables that are not NULL when the condition is true, or when it is false. */
export function provenBy(condition: Node, outcome: boolean): string[] {
  if (condition.type === 'parenthesized_expression')
    return childrenOf(condition).flatMap((one) => provenBy(one, outcome));
  if (condition.type === 'identifier') return outcome ? [condition.text] : [];
  const [left, right] = [condition.childForFieldName('left'), condition.childForFieldName('right')];
  const operator = condition.childForFieldName('operator')?.text;
  if (condition.type === 'unary_expression' && operator === '!') {
    const argument = condition.childForFieldName('argument');
    return argument === null ? [] : provenBy(argument, !outcome);
  }
  if (condition.type !== 'binary_expression' || left === null || right === null) return [];
  if (operator === (outcome ? '&&' : '||')) return [...provenBy(left, outcome), ...provenBy(right, outcome)];
  if (operator === (outcome ? '!=' : '==') && right.text === 'NULL' && left.type === 'identifier') return [left.text];
  return [];
}
