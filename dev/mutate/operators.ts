// SPDX-License-Identifier: GPL-2.0-only
/** What is changed in a piece of code: the replacements of one node of its syntax tree. */
import ts from 'typescript-5';
import type { Form } from './mutant.js';

/** The text that a node, or a part of it, is replaced by. */
export interface Replacement {
  node: ts.Node;
  to: string;
  form: Form;
}

const K = ts.SyntaxKind;

/** For each operator what stands for it: first the neighbour, then the opposite. */
const COMPARISONS: ReadonlyMap<ts.SyntaxKind, readonly string[]> = new Map([
  [K.LessThanToken, ['<=', '>=']],
  [K.LessThanEqualsToken, ['<', '>']],
  [K.GreaterThanToken, ['>=', '<=']],
  [K.GreaterThanEqualsToken, ['>', '<']],
]);

const EQUALITIES: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [K.EqualsEqualsEqualsToken, '!=='],
  [K.ExclamationEqualsEqualsToken, '==='],
  [K.EqualsEqualsToken, '!='],
  [K.ExclamationEqualsToken, '=='],
]);

const OTHERS: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [K.AmpersandAmpersandToken, '||'],
  [K.BarBarToken, '&&'],
  [K.PlusToken, '-'],
  [K.MinusToken, '+'],
  [K.AsteriskToken, '/'],
  [K.SlashToken, '*'],
  [K.PercentToken, '*'],
  [K.AmpersandToken, '|'],
  [K.BarToken, '&'],
  [K.CaretToken, '|'],
  [K.LessThanLessThanToken, '>>'],
  [K.GreaterThanGreaterThanToken, '<<'],
  [K.GreaterThanGreaterThanGreaterThanToken, '<<'],
  [K.PlusEqualsToken, '-='],
  [K.MinusEqualsToken, '+='],
  [K.AsteriskEqualsToken, '/='],
  [K.AmpersandEqualsToken, '|='],
  [K.BarEqualsToken, '&='],
  [K.AmpersandAmpersandEqualsToken, '||='],
  [K.BarBarEqualsToken, '&&='],
]);

/** The condition that a statement or an expression hangs on. */
function conditionOf(parent: ts.Node): ts.Expression | undefined {
  if (ts.isIfStatement(parent) || ts.isWhileStatement(parent) || ts.isDoStatement(parent)) return parent.expression;
  if (ts.isForStatement(parent) || ts.isConditionalExpression(parent)) return parent.condition;
  return undefined;
}

/** Is it forced both ways already, so that its negation tells nothing new? */
function isForced(node: ts.Node): boolean {
  const { parent } = node;
  return (ts.isIfStatement(parent) || ts.isConditionalExpression(parent)) && conditionOf(parent) === node;
}

function isText(node: ts.Node): boolean {
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
}

/** Does a sum join texts? */
function joinsText(node: ts.BinaryExpression): boolean {
  const ends = (part: ts.Node): boolean =>
    isText(part) || (ts.isBinaryExpression(part) && (ends(part.left) || ends(part.right)));
  return ends(node);
}

function binary(node: ts.BinaryExpression, text: (node: ts.Node) => string): Replacement[] {
  const { operatorToken, left, right } = node;
  const { kind } = operatorToken;
  const comparison = COMPARISONS.get(kind);
  const operators = comparison ?? [EQUALITIES.get(kind) ?? OTHERS.get(kind) ?? []].flat();
  const negation = comparison === undefined ? (EQUALITIES.has(kind) ? 0 : -1) : 1;
  const chosen = operators.filter((_operator, i) => i !== negation || !isForced(node));
  if (joinsText(node)) return [];
  if (kind === K.QuestionQuestionToken) return [{ node, to: text(right), form: 'expression' }];
  // What bound tighter than the old operator need not bind tighter than the new one.
  const operand = (part: ts.Node): string =>
    ts.isBinaryExpression(part) && part.operatorToken.kind !== kind ? `(${text(part)})` : text(part);
  return chosen.map((operator) => ({ node, to: `${operand(left)} ${operator} ${operand(right)}`, form: 'expression' }));
}

function literal(node: ts.NumericLiteral | ts.BigIntLiteral): Replacement[] {
  const value = ts.isNumericLiteral(node) ? Number(node.text) : BigInt(node.text.slice(0, -1));
  const suffix = typeof value === 'bigint' ? 'n' : '';
  const up = typeof value === 'bigint' ? value + 1n : value + 1;
  const down = typeof value === 'bigint' ? value - 1n : value - 1;
  const neighbours = value > 0 ? [up, down] : [up];
  return neighbours.map((other) => ({ node, to: `${other}${suffix}`, form: 'expression' }));
}

function unary(
  node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression,
  text: (node: ts.Node) => string,
): Replacement[] {
  const operand = text(node.operand);
  switch (node.operator) {
    case K.ExclamationToken:
      return isForced(node) ? [] : [{ node, to: operand, form: 'expression' }];
    case K.MinusToken:
    case K.TildeToken:
      return [{ node, to: operand, form: 'expression' }];
    case K.PlusPlusToken:
    case K.MinusMinusToken: {
      const other = node.operator === K.PlusPlusToken ? '--' : '++';
      return [{ node, to: ts.isPrefixUnaryExpression(node) ? other + operand : operand + other, form: 'expression' }];
    }
    default:
      return [];
  }
}

/** What a function may answer in place of what it does. */
function returned(expression: ts.Expression | undefined): Replacement[] {
  if (expression === undefined) return [];
  if (ts.isPrefixUnaryExpression(expression) && expression.operator === K.MinusToken) {
    return [{ node: expression, to: '0', form: 'expression' }];
  }
  const worthless =
    ts.isLiteralExpression(expression) ||
    expression.kind === K.NullKeyword ||
    expression.kind === K.TrueKeyword ||
    expression.kind === K.FalseKeyword ||
    expression.getText() === 'undefined' ||
    // Their own replacements do as much.
    ts.isBinaryExpression(expression) ||
    ts.isConditionalExpression(expression) ||
    ts.isPrefixUnaryExpression(expression);
  return worthless ? [] : [{ node: expression, to: 'null', form: 'expression' }];
}

function forced(node: ts.Node): Replacement[] {
  const condition = conditionOf(node);
  if (condition === undefined || condition.kind === K.TrueKeyword || condition.kind === K.FalseKeyword) return [];
  // A loop whose condition always holds only shows that the watch works.
  const values = ts.isIfStatement(node) || ts.isConditionalExpression(node) ? ['true', 'false'] : ['false'];
  return values.map((to) => ({ node: condition, to, form: 'expression' }));
}

/** Statements that can go: calls, assignments; not what makes an object's prototype, nor a step of a loop. */
function deleted(node: ts.ExpressionStatement): Replacement[] {
  const { expression } = node;
  const isSuper = ts.isCallExpression(expression) && expression.expression.kind === K.SuperKeyword;
  const isStep = ts.isPostfixUnaryExpression(expression) || ts.isPrefixUnaryExpression(expression);
  if (isSuper || isStep || isText(expression)) return [];
  return [{ node, to: '', form: 'statement' }];
}

/** Blocks that need not be: what an else has, what a loop over elements does, what comes at last. */
function emptied(node: ts.Node): Replacement[] {
  const block =
    ts.isIfStatement(node) && node.elseStatement !== undefined && !ts.isIfStatement(node.elseStatement)
      ? node.elseStatement
      : ts.isForOfStatement(node) || ts.isForInStatement(node)
        ? node.statement
        : ts.isTryStatement(node)
          ? node.finallyBlock
          : undefined;
  if (block === undefined || (ts.isBlock(block) && block.statements.length === 0)) return [];
  // A statement alone is deleted as such.
  if (ts.isExpressionStatement(block)) return [];
  return [{ node: block, to: '', form: 'statement' }];
}

/** A replacement within a message tells nothing of what the code does. */
export function isOfNoInterest(node: ts.Node): boolean {
  return ts.isThrowStatement(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
}

/**
 * Is it where no other expression can stand, as a name, or where none is ever looked at: what stands in for an element
 * that is there, which the compiler wants for each index?
 */
function isFixed(node: ts.Node): boolean {
  if (ts.isSourceFile(node)) return true;
  const { parent } = node;
  const isStandIn =
    ts.isBinaryExpression(parent) &&
    parent.operatorToken.kind === K.QuestionQuestionToken &&
    parent.right === node &&
    ts.isElementAccessExpression(parent.left) &&
    ts.isNumericLiteral(node);
  return (
    isStandIn ||
    ((ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent)) &&
      parent.name === node)
  );
}

/** All replacements of this node itself. */
export function replacementsOf(node: ts.Node, text: (node: ts.Node) => string): Replacement[] {
  if (isFixed(node)) return [];
  if (ts.isBinaryExpression(node)) return binary(node, text);
  if (ts.isNumericLiteral(node) || ts.isBigIntLiteral(node)) return literal(node);
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) return unary(node, text);
  if (node.kind === K.TrueKeyword) return [{ node, to: 'false', form: 'expression' }];
  if (node.kind === K.FalseKeyword) return [{ node, to: 'true', form: 'expression' }];
  if (ts.isReturnStatement(node)) return returned(node.expression);
  if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) return returned(node.body);
  if (ts.isExpressionStatement(node)) return deleted(node);
  return [...forced(node), ...emptied(node)];
}
