// SPDX-License-Identifier: GPL-2.0-only
/** Questions about pieces of C: where a variable is read, whether a pointer is followed for certain, who fails when. */

import type { OwnFunction } from './model.js';
import type { Node } from './nodes.js';
import {
  assignmentOf,
  assignmentsTo,
  bare,
  childrenOf,
  findAll,
  isAddressOf,
  mentions,
  nameOf,
  statementsOf,
} from './scope.js';

/** The name of the loop macro that a `while` stands for; null for a loop of its own. */
export function loopMacro(node: Node, original: string): string | null {
  if (node.type !== 'while_statement') return null;
  const name = /^\w+/.exec(original.slice(node.startIndex))?.[0] ?? 'while';
  return name === 'while' ? null : name;
}

/** The arguments of a loop macro. */
export function loopArguments(node: Node): Node[] {
  const [list] = childrenOf(node.childForFieldName('condition') ?? node);
  return list === undefined ? [] : flattened(list);
}

export function flattened(node: Node): Node[] {
  return node.type === 'comma_expression' ? childrenOf(node).flatMap(flattened) : [node];
}

/** Where the loop macro has its variable. */
export function loopVariable(node: Node, macro: string): string | null {
  const args = loopArguments(node);
  return (macro === 'list_for_each_entry' ? args[0] : args[1])?.text ?? null;
}

/** Is the name mentioned only in loops that give it its first value: for (i = 0; …), for_each_vma(vmi, vma)? */
export function onlyInOwnLoops(node: Node, name: string, original: string): boolean {
  if (!mentions(node, name)) return true;
  if (node.type === 'for_statement') {
    const initializer = node.childForFieldName('initializer');
    const assignment = initializer === null ? null : assignmentOf(initializer);
    if (assignment?.left.text === name && assignment.operator === '=' && !mentions(assignment.right, name)) return true;
  }
  const macro = loopMacro(node, original);
  if (
    macro !== null &&
    loopVariable(node, macro) === name &&
    !loopArguments(node).some((one) => one.text !== name && mentions(one, name))
  ) {
    const body = node.childForFieldName('body');
    return (
      body === null || !findAll(body, (one) => assignmentOf(one)?.left.text === name || isAddressOf(one, name)).length
    );
  }
  if (node.type === 'identifier') return false;
  return childrenOf(node).every((child) => onlyInOwnLoops(child, name, original));
}

/** May the value that the loop leaves in its variable be read after it, or in its next turn around an outer loop? */
export function readAfter(loop: Node, name: string): boolean {
  for (let node: Node | null = loop; node !== null && node.type !== 'function_definition'; node = node.parent) {
    const siblings = node.parent === null ? [] : statementsOf(node.parent);
    const later = siblings.filter((one) => one.startIndex > (node?.startIndex ?? 0) && mentions(one, name));
    const [first] = later;
    if (first !== undefined) {
      const assignment = assignmentOf(first);
      return !(assignment?.left.text === name && assignment.operator === '=' && !mentions(assignment.right, name));
    }
    const parent: Node | null = node.parent;
    const around = parent !== null && /^(?:for|while|do)_statement$/.test(parent.type);
    // An outer loop begins again with what the variable has then.
    if (
      around &&
      findAll(parent, (one) => one.type === 'identifier' && one.text === name && !isWithin(one, loop)).length > 0
    )
      return true;
  }
  return false;
}

function isWithin(node: Node, outer: Node): boolean {
  return node.startIndex >= outer.startIndex && node.endIndex <= outer.endIndex;
}

/** Is the pointer followed here whatever else happens? */
function follows(node: Node, name: string, strict: (call: Node, argument: number) => boolean): boolean {
  const inner = bare(node);
  switch (inner.type) {
    case 'field_expression': {
      const argument = inner.childForFieldName('argument');
      const arrow = inner.children.some((one) => one?.type === '->');
      if (argument === null) return false;
      return (arrow && nameOf(argument) === name) || follows(argument, name, strict);
    }
    case 'binary_expression': {
      const operator = inner.childForFieldName('operator')?.text;
      const left = inner.childForFieldName('left');
      if (operator === '&&' || operator === '||') return left !== null && follows(left, name, strict);
      return childrenOf(inner).some((child) => follows(child, name, strict));
    }
    case 'conditional_expression': {
      const condition = inner.childForFieldName('condition');
      return condition !== null && follows(condition, name, strict);
    }
    case 'sizeof_expression':
    case 'compound_statement':
    case 'initializer_list':
      return false;
    case 'call_expression': {
      const list = childrenOf(inner.childForFieldName('arguments') ?? inner);
      return list.some((one, i) => (nameOf(one) === name && strict(inner, i)) || follows(one, name, strict));
    }
    case 'identifier':
      return false;
    default:
      return childrenOf(inner).some((child) => follows(child, name, strict));
  }
}

/** Does the statement fail its test when the variable is NULL: an assertion that it is not, a check that returns false? */
function failsOnNull(node: Node, name: string): boolean {
  const [expression] = node.type === 'expression_statement' ? childrenOf(node) : [];
  if (expression?.type === 'call_expression') {
    const called = expression.childForFieldName('function')?.text;
    const args = childrenOf(expression.childForFieldName('arguments') ?? expression);
    if (called === 'ASSERT_TRUE') return args[0] !== undefined && holdsOnly(args[0], name);
    if (called === 'ASSERT_NE')
      return args.some((one) => nameOf(one) === name) && args.some((one) => bare(one).type === 'null');
    return false;
  }
  if (node.type !== 'if_statement') return false;
  const condition = node.childForFieldName('condition');
  const consequence = node.childForFieldName('consequence');
  const inner = condition === null ? null : bare(condition);
  const asks = inner?.type === 'unary_expression' && inner.text.replaceAll(/\s/g, '') === `!${name}`;
  return asks && consequence !== null && returnsFalse(consequence);
}

function returnsFalse(node: Node): boolean {
  const [only] = node.type === 'compound_statement' ? childrenOf(node) : [node];
  const value = only?.type === 'return_statement' ? childrenOf(only)[0] : undefined;
  return value !== undefined && /^(?:false|0|NULL)$/.test(bare(value).text);
}

/** Is the expression true only when the variable is? */
function holdsOnly(node: Node, name: string): boolean {
  const inner = bare(node);
  if (inner.type === 'identifier') return inner.text === name;
  const operator = inner.childForFieldName('operator')?.text;
  const [left, right] = [inner.childForFieldName('left'), inner.childForFieldName('right')];
  if (inner.type !== 'binary_expression' || left === null || right === null) return false;
  if (operator === '&&') return holdsOnly(left, name) || holdsOnly(right, name);
  return operator === '!=' && nameOf(left) === name && bare(right).type === 'null';
}

/** The same for a statement that is no condition and no loop. */
function followsIn(node: Node, name: string, strict: (call: Node, argument: number) => boolean): boolean {
  const assignment = assignmentOf(node);
  if (assignment !== null) {
    const { left, right } = assignment;
    return follows(right, name, strict) || (nameOf(left) !== name && follows(left, name, strict));
  }
  const values = (node.type === 'init_declarator' ? [node] : childrenOf(node)).map((child) =>
    child.type === 'init_declarator' ? (child.childForFieldName('value') ?? child) : child,
  );
  return values.some((child) => follows(child, name, strict));
}

/** Can control leave the statement other than at its end, or by an assertion? */
function leaves(node: Node): boolean {
  return findAll(node, (one) => /^(?:return|goto|break|continue|labeled)_statement$/.test(one.type)).length > 0;
}

/** What a function that asks about calls must know of them. */
export interface Callees {
  /** Would the call fail with NULL in this argument, here if not in C? */
  strict(call: Node, argument: number): boolean;
  /** Does the function by this name assert? */
  asserts(name: string): boolean;
}

/** Can control leave the function here? */
function ends(node: Node, callees: Callees): boolean {
  if (leaves(node)) return true;
  return findAll(node, (one) => one.type === 'call_expression').some((one) => {
    const name = one.childForFieldName('function')?.text ?? '';
    return name.startsWith('ASSERT_') || callees.asserts(name);
  });
}

/**
 * Is the pointer followed next, before anything else can fail or control can leave? Then NULL may as well be refused where
 * it comes from.
 */
export function followedNext(rest: readonly Node[], name: string, callees: Callees): boolean {
  const { strict } = callees;
  for (const one of rest) {
    if (mentions(one, name)) {
      const straight = /^(?:expression_statement|declaration|init_declarator|return_statement)$/.test(one.type);
      const asked = /^(?:if|while)_statement$/.test(one.type) ? one.childForFieldName('condition') : null;
      if (asked !== null && follows(asked, name, strict)) return true;
      if (straight && followsIn(one, name, strict)) return true;
      if (assignmentsTo(one, name) > 0) return false;
    }
    if (ends(one, callees)) return false;
  }
  return false;
}

/** The statement right after that asserts that the variable is not NULL, and nothing else; null if another one follows. */
export function assertedNext(rest: readonly Node[], name: string): Node | null {
  const [next, ...later] = rest;
  // What is asserted and never looked at again needs no variable.
  if (!later.some((one) => mentions(one, name))) return null;
  const [call] = next?.type === 'expression_statement' ? childrenOf(next) : [];
  if (next === undefined || call?.type !== 'call_expression') return null;
  const [a, b] = childrenOf(call.childForFieldName('arguments') ?? call);
  const called = call.childForFieldName('function')?.text;
  if (a === undefined || nameOf(a) !== name) return null;
  if (called === 'ASSERT_TRUE' && b === undefined) return next;
  return called === 'ASSERT_NE' && b !== undefined && bare(b).type === 'null' ? next : null;
}

/** Does the test fail for certain when the variable is NULL, by what comes next? */
function failsNext(rest: readonly Node[], name: string): boolean {
  for (const one of rest) {
    if (mentions(one, name)) {
      if (failsOnNull(one, name)) return true;
      if (/^(?:expression_statement|declaration)$/.test(one.type) && followsIn(one, name, () => false)) return true;
      if (assignmentsTo(one, name) > 0) return false;
    }
    if (leaves(one)) return false;
  }
  return false;
}

/** Is the result of a call such that the caller fails when it is false? */
export function failsOnFalse(call: Node, returnsScalar: boolean): boolean {
  let node = call;
  let parent = node.parent;
  while (parent?.type === 'parenthesized_expression') [node, parent] = [parent, parent.parent];
  if (parent === null) return false;
  if (parent.type === 'argument_list') {
    const outer = parent.parent;
    const name = outer?.childForFieldName('function')?.text;
    const args = childrenOf(parent);
    const statement = outer?.parent?.type === 'expression_statement';
    if (!statement) return false;
    if (name === 'ASSERT_TRUE') return args[0]?.id === node.id;
    return name === 'ASSERT_NE' && args[0]?.id === node.id && /^(?:NULL|false|0)$/.test(args[1]?.text ?? '');
  }
  if (parent.type === 'return_statement') return returnsScalar;
  if (parent.type === 'unary_expression' && parent.children[0]?.text === '!') {
    const condition = parent.parent;
    const statement = condition?.parent;
    const consequence = statement?.type === 'if_statement' ? statement.childForFieldName('consequence') : null;
    return (
      condition?.type === 'parenthesized_expression' &&
      consequence !== null &&
      consequence !== undefined &&
      returnsFalse(consequence)
    );
  }
  const target =
    parent.type === 'init_declarator'
      ? parent.childForFieldName('declarator')
      : parent.type === 'assignment_expression'
        ? parent.childForFieldName('left')
        : null;
  const statement = parent.parent;
  if (target === null || statement === null || !/^(?:declaration|expression_statement)$/.test(statement.type))
    return false;
  const name = /\w+$/.exec(target.text)?.[0] ?? '';
  if (!/^[\s*]*\w+$/.test(target.text)) return false;
  const rest =
    statement.parent === null
      ? []
      : statementsOf(statement.parent).filter((one) => one.startIndex > statement.startIndex && one.type !== 'comment');
  return failsNext(rest, name) || comparesNext(rest, name);
}

/** Is the next thing that is done with the variable an assertion that it is a certain VMA? */
function comparesNext(rest: readonly Node[], name: string): boolean {
  const next = rest.find((one) => mentions(one, name));
  const before = next === undefined ? rest : rest.slice(0, rest.indexOf(next));
  if (next === undefined || before.some(leaves)) return false;
  const [expression] = next.type === 'expression_statement' ? childrenOf(next) : [];
  if (expression?.childForFieldName('function')?.text !== 'ASSERT_EQ') return false;
  const [a, b] = childrenOf(expression.childForFieldName('arguments') ?? expression);
  if (a === undefined || b === undefined) return false;
  const other = nameOf(a) === name ? b : nameOf(b) === name ? a : null;
  // The address of something is not NULL; a variable may be, so it counts only when it was followed before.
  if (other === null) return false;
  if (bare(other).type === 'pointer_expression') return true;
  const otherName = nameOf(other);
  if (otherName === null) return false;
  const block = next.parent;
  const earlier =
    block === null
      ? []
      : statementsOf(block).filter((one) => one.startIndex < next.startIndex && one.type !== 'comment');
  const since = earlier.findLastIndex(
    (one) =>
      findAll(one, (child) => {
        const assignment = assignmentOf(child);
        return assignment !== null && assignment.left.text === otherName;
      }).length > 0 ||
      (one.type === 'declaration' && mentions(one, otherName)),
  );
  return since >= 0 && failsNext(earlier.slice(since + 1), otherName);
}

const READERS = /^(?:ASSERT_FLAGS_\w+|vma_flags_(?:test|same|empty|count|diff|and|to)\w*|memcmp|vma_flags_to_legacy)$/;

/** Does the function leave its parameter, a struct by value, as it is? */
export function changesParameter(own: Pick<OwnFunction, 'node'>, name: string): boolean {
  const body = own.node.childForFieldName('body');
  if (body === null) return true;
  return (
    findAll(body, (one) => {
      if (one.type === 'assignment_expression' || one.type === 'update_expression') {
        const target = one.childForFieldName(one.type === 'update_expression' ? 'argument' : 'left');
        return target !== null && rootOf(target) === name;
      }
      if (one.type !== 'pointer_expression' || one.children[0]?.text !== '&') return false;
      const argument = one.childForFieldName('argument');
      if (argument === null || rootOf(argument) !== name) return false;
      const call = one.parent?.type === 'argument_list' ? one.parent.parent : null;
      return !READERS.test(call?.childForFieldName('function')?.text ?? '');
    }).length > 0
  );
}

/** The variable that a place is a part of; null when it is behind a pointer. */
export function rootOf(node: Node): string | null {
  const inner = bare(node);
  if (inner.type === 'identifier') return inner.text;
  const argument = inner.childForFieldName('argument');
  if (argument === null) return null;
  if (inner.type === 'field_expression' && inner.children.some((one) => one?.type === '->')) return null;
  return inner.type === 'field_expression' || inner.type === 'subscript_expression' ? rootOf(argument) : null;
}

/** Is the variable only ever given values, and never read? */
export function isUnread(nodes: readonly Node[], name: string): boolean {
  return nodes.every((node) =>
    findAll(node, (one) => one.type === 'identifier' && one.text === name).every((one) => {
      const assignment = one.parent?.type === 'assignment_expression' ? assignmentOf(one.parent) : null;
      const target = assignment !== null && assignment.left.id === one.id && assignment.operator === '=';
      return target && one.parent?.parent?.type === 'expression_statement';
    }),
  );
}
