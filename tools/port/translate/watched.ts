// SPDX-License-Identifier: GPL-2.0-only
/**
 * Hooks and stubs that a test of upstream's has, or looks at: a fake or spy of the test's sandbox in their place, and what is
 * to be asserted of it beside what upstream asserts.
 */
import type { Node } from './nodes.js';
import { bare, childrenOf, findAll, mentions, statementsOf } from './scope.js';

/** Calls that may close a VMA: where one is made, who can say how often? */
const CLOSING = /unmap|remove_vma|vma_close|exit_mmap|brk|mmap_region|relocate|create_init_stack/;

/** Fields that the stubs of upstream set, and the stub that does. */
const STUBS: Record<string, string> = { was_cloned: 'anon_vma_clone', was_unlinked: 'unlink_anon_vmas' };

/** Stubs that the function looks at afterwards. */
export function stubsLookedAt(body: Node): string[] {
  const fields = findAll(body, (one) => one.type === 'field_identifier').map((one) => one.text);
  const found = Object.entries(STUBS).filter(([field, stub]) => fields.includes(field) && !mentions(body, stub));
  return found.map(([, stub]) => stub);
}

/** The stub that an assertion asks about; null when it asks about something else. */
export function stubAsked(statement: Node): { stub: string; place: Node } | null {
  const [call] = statement.type === 'expression_statement' ? childrenOf(statement) : [];
  if (call?.childForFieldName('function')?.text !== 'ASSERT_TRUE') return null;
  const [asked] = childrenOf(call.childForFieldName('arguments') ?? call);
  const inner = asked === undefined ? null : bare(asked);
  if (inner?.type !== 'field_expression') return null;
  const stub = STUBS[inner.childForFieldName('field')?.text ?? ''];
  const place = inner.childForFieldName('argument');
  return stub === undefined || place === null ? null : { stub, place };
}

/** Operations that may call such a stub. */
const OPERATION = /merge|expand|copy_vma|split|modify|shrink|insert|dup_anon_vma|anon_vma_clone|unlink_anon_vmas/;

/** Is there but one operation, since the stub was last asked about, that may have called it? */
export function mayCallOnce(before: readonly Node[], stub: string): boolean {
  const last = before.findLastIndex((one) => stubAsked(one)?.stub === stub);
  const since = before.slice(last + 1);
  if (since.some((one) => /^(?:for|while|do)_statement$/.test(one.type))) return false;
  const calls = since.flatMap((one) => findAll(one, (child) => child.type === 'call_expression'));
  return calls.filter((one) => OPERATION.test(one.childForFieldName('function')?.text ?? '')).length === 1;
}

/** The VMA that `vma->anon_vma` is of; null when the expression is something else. */
function ownerOf(node: Node): string | null {
  const inner = bare(node);
  if (inner.type !== 'field_expression' || inner.childForFieldName('field')?.text !== 'anon_vma') return null;
  const argument = inner.childForFieldName('argument');
  return argument !== null && bare(argument).type === 'identifier' ? bare(argument).text : null;
}

/** The VMA that has got the anon_vma: whose it is, or that was last asserted to have it. */
export function receiverOf(place: Node, before: readonly Node[]): string | null {
  const own = ownerOf(place);
  if (own !== null) return own;
  for (const one of before.toReversed()) {
    const [call] = one.type === 'expression_statement' ? childrenOf(one) : [];
    if (call?.childForFieldName('function')?.text !== 'ASSERT_EQ') continue;
    const found = childrenOf(call.childForFieldName('arguments') ?? call)
      .map(ownerOf)
      .find((name) => name !== null);
    if (found !== undefined) return found;
  }
  return null;
}

/** The VMA that was last given an anon_vma before. */
export function giverOf(before: readonly Node[]): string | null {
  for (const one of before.toReversed()) {
    const [expression] = one.type === 'expression_statement' ? childrenOf(one) : [];
    if (expression?.type === 'assignment_expression') {
      const left = expression.childForFieldName('left');
      const owner = left === null ? null : ownerOf(left);
      // A merge's own anon_vma is that of its range.
      if (owner !== null && !/^vmg/.test(owner)) return owner;
    }
    const called = expression?.type === 'call_expression' ? expression.childForFieldName('function')?.text : undefined;
    if (/^_*vma_set_dummy_anon_vma$/.test(called ?? '')) {
      const [vma] = childrenOf(expression?.childForFieldName('arguments') ?? one);
      if (vma?.type === 'identifier') return vma.text;
    }
  }
  return null;
}

/** The hooks of a declared vm_ops that do nothing; null when it has others, or the function may close VMAs. */
export function idleHooks(declarator: Node, bodies: readonly Node[]): string[] | null {
  const list = findAll(declarator, (one) => one.type === 'initializer_pair');
  const idle = list.filter((one) => one.childForFieldName('value')?.text === 'dummy_close');
  if (idle.length === 0) return null;
  const calls = bodies
    .flatMap((body) => findAll(body, (one) => one.type === 'call_expression'))
    .map((one) => one.childForFieldName('function')?.text ?? '');
  if (calls.some((name) => CLOSING.test(name))) return null;
  return idle.map((one) => childrenOf(one)[0]?.text.replace(/^\./, '') ?? '');
}

/** The function that a node stands in. */
export function bodyAround(node: Node): Node | null {
  let around: Node | null = node;
  while (around !== null && around.type !== 'function_definition') around = around.parent;
  return around?.childForFieldName('body') ?? null;
}

/** Statements before this one, in its own block. */
export function statementsBefore(node: Node): Node[] {
  const block = node.parent;
  return block === null
    ? []
    : statementsOf(block).filter((one) => one.type !== 'comment' && one.startIndex < node.startIndex);
}
