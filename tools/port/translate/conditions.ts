// SPDX-License-Identifier: GPL-2.0-only
/** Conditions of #if: integers, defined(), and names that are macros; any other name is 0. */
import { SourceError, significant, type Token } from './lexer.js';
import { literalOf } from './scope.js';

const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

function apply(operator: string, a: bigint, b: bigint, line: number): bigint {
  switch (operator) {
    case '||':
      return a !== 0n || b !== 0n ? 1n : 0n;
    case '&&':
      return a !== 0n && b !== 0n ? 1n : 0n;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '&':
      return a & b;
    case '==':
      return a === b ? 1n : 0n;
    case '!=':
      return a !== b ? 1n : 0n;
    case '<':
      return a < b ? 1n : 0n;
    case '>':
      return a > b ? 1n : 0n;
    case '<=':
      return a <= b ? 1n : 0n;
    case '>=':
      return a >= b ? 1n : 0n;
    case '<<':
      return BigInt.asIntN(64, a << BigInt.asUintN(6, b));
    case '>>':
      return a >> BigInt.asUintN(6, b);
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    default:
      if (b === 0n) throw new SourceError(line, '#if: division by zero');
      return operator === '/' ? a / b : a % b;
  }
}

class Parser {
  private readonly tokens: readonly Token[];
  private readonly line: number;
  private at: number;

  constructor(tokens: readonly Token[], line: number) {
    this.tokens = tokens;
    this.line = line;
    this.at = 0;
  }

  whole(): bigint {
    const value = this.choice();
    if (this.at < this.tokens.length) this.refuse();
    return value;
  }

  private refuse(): never {
    const text = this.tokens.map((one) => one.text).join(' ');
    throw new SourceError(this.line, `#if ${text}: no condition that can be worked out`);
  }

  private take(text: string): boolean {
    if (this.tokens[this.at]?.text !== text) return false;
    this.at++;
    return true;
  }

  private choice(): bigint {
    const condition = this.level(0);
    if (!this.take('?')) return condition;
    const yes = this.choice();
    if (!this.take(':')) this.refuse();
    const no = this.choice();
    return condition !== 0n ? yes : no;
  }

  private level(depth: number): bigint {
    const operators = LEVELS[depth];
    if (operators === undefined) return this.unary();
    let value = this.level(depth + 1);
    for (;;) {
      const operator = this.tokens[this.at]?.text ?? '';
      if (!operators.includes(operator)) return value;
      this.at++;
      value = apply(operator, value, this.level(depth + 1), this.line);
    }
  }

  private unary(): bigint {
    if (this.take('!')) return this.unary() === 0n ? 1n : 0n;
    if (this.take('-')) return -this.unary();
    if (this.take('+')) return this.unary();
    if (this.take('~')) return ~this.unary();
    if (this.take('(')) {
      const value = this.choice();
      if (!this.take(')')) this.refuse();
      return value;
    }
    const token = this.tokens[this.at++];
    if (token?.kind === 'name') return 0n;
    const value = token?.kind === 'number' ? literalOf(token.text)?.value : undefined;
    if (value === undefined) this.refuse();
    return value;
  }
}

/** What a condition comes to, its macros expanded already. */
export function evaluate(tokens: readonly Token[], line: number): bigint {
  return new Parser(tokens.filter(significant), line).whole();
}

/** `defined X` and `defined(X)` as 1 or 0, before macros are expanded. */
export function withDefined(tokens: readonly Token[], line: number, defined: (name: string) => boolean): Token[] {
  const list = tokens.filter(significant);
  const result: Token[] = [];
  for (let i = 0; i < list.length; i++) {
    const token = list[i];
    if (token === undefined) break;
    if (token.text !== 'defined') {
      result.push(token);
      continue;
    }
    const open = list[i + 1]?.text === '(';
    const name = list[i + (open ? 2 : 1)];
    if (name?.kind !== 'name' || (open && list[i + 3]?.text !== ')'))
      throw new SourceError(line, 'defined without a name');
    result.push({ kind: 'number', text: defined(name.text) ? '1' : '0', line });
    i += open ? 3 : 1;
  }
  return result;
}
