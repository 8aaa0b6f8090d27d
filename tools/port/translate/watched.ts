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
  const hooks = idle.map((one) => childrenOf(one)[0]?.text.replace(/^\./, '') ?? '');
  const quiet = hooks.filter((hook) => hook === 'close' || !calls.some((name) => OPERATION.test(name)));
  return quiet.length === 0 ? null : quiet;
}

/** Hooks that a split calls. */
const OF_SPLITS = ['open', 'may_split'];

/** A split that is all that a test does, of a VMA whose hooks it has declared. */
export interface WatchedSplit {
  /** Hook and function, of those that a split calls. */
  hooks: { hook: string; value: string }[];
  /** The assertion that the split is in, and whether it says that all went well. */
  statement: Node;
  succeeds: boolean;
  vma: string;
  /** The address, where it is a number. */
  at: string | null;
}

/** The assertion that a split is in: `ASSERT_EQ(__split_vma(…), 0)`. */
function splitIn(statement: Node): { call: Node; wanted: string } | null {
  const [outer] = statement.type === 'expression_statement' ? childrenOf(statement) : [];
  if (outer?.childForFieldName('function')?.text !== 'ASSERT_EQ') return null;
  const [call, wanted] = childrenOf(outer.childForFieldName('arguments') ?? outer);
  if (call?.type !== 'call_expression' || wanted === undefined) return null;
  return /^(?:__)?split_vma$/.test(call.childForFieldName('function')?.text ?? '')
    ? { call, wanted: wanted.text }
    : null;
}

/**
 * The split of a function that declares `declarator`, a vm_ops with hooks that a split calls; null where there is none,
 * where something else may call them as well, or where it is not plain that the VMA has them.
 */
export function watchedSplit(declarator: Node, body: Node): WatchedSplit | null {
  const hooks = findAll(declarator, (one) => one.type === 'initializer_pair').flatMap((pair) => {
    const hook = childrenOf(pair)[0]?.text.replace(/^\./, '') ?? '';
    const value = pair.childForFieldName('value');
    return OF_SPLITS.includes(hook) && value?.type === 'identifier' ? [{ hook, value: value.text }] : [];
  });
  const name = declarator.childForFieldName('declarator')?.text;
  const statements = statementsOf(body);
  const found = statements.flatMap((statement) => {
    const split = splitIn(statement);
    return split === null ? [] : [{ statement, ...split }];
  });
  const [only, ...more] = found;
  if (hooks.length === 0 || name === undefined || only === undefined || more.length > 0) return null;
  const calls = findAll(body, (one) => one.type === 'call_expression' && one.id !== only.call.id);
  const others = calls.map((one) => one.childForFieldName('function')?.text ?? '');
  if (others.some((other) => OPERATION.test(other) || CLOSING.test(other))) return null;
  const [, vma, at] = childrenOf(only.call.childForFieldName('arguments') ?? only.call);
  if (vma?.type !== 'identifier') return null;
  const before = statements.filter((one) => one.startIndex < only.statement.startIndex).map((one) => one.text);
  if (!before.some((text) => text.replace(/\s/g, '') === `${vma.text}->vm_ops=&${name};`)) return null;
  const succeeds = only.wanted === '0';
  // A split_vma() that fails may have been refused before the hooks.
  if (!succeeds && only.call.childForFieldName('function')?.text !== '__split_vma') return null;
  return {
    hooks,
    statement: only.statement,
    succeeds,
    vma: vma.text,
    at: at?.type === 'number_literal' ? at.text : null,
  };
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
