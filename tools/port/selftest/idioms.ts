// SPDX-License-Identifier: GPL-2.0-only
/** What selftests say in a form of their own: results, texts with their arguments, handlers of signals. */
import type { Node } from '../translate/nodes.js';
import { childrenOf, Untranslatable } from '../translate/scope.js';
import { Expressions, part } from './expressions.js';
import type { FileScope } from './scope.js';
import { beside, condition, describe, negated, type Type } from './values.js';

/** A macro that ends the program when a condition holds, and says why: BUG_ON() of selftests. */
const ENDS =
  /^\((\w+), \w+\) do \{ if \(\1\) (?:\{ (?:\w+\(\); )?)?ksft_exit_fail_msg\([^;]*\); (?:\} )?\} while \(0\)$/;

export abstract class Idioms extends Expressions {
  /** The function's. */
  protected readonly name: string;
  protected readonly returns: Type;

  constructor(file: FileScope, name: string, returns: Type) {
    super(file);
    this.name = name;
    this.returns = returns;
  }

  /** What a program without fixtures says of itself; null for any other call. */
  protected programResult(name: string, call: Node): string[] | null {
    const args = childrenOf(part(call, 'arguments'));
    const [first, ...rest] = args;
    const own = `'${this.name}'`;
    const leave = (use: string, more: string): string[] => {
      if (this.returns.kind !== 'void' || first === undefined)
        throw new Untranslatable(`${name}() in a function that returns something`);
      return [`if (${negated(this.value(first)).code}) {`, `${this.file.use(use)}(${more});`, 'return;', '}'];
    };
    const line = `'${this.name}: line ${call.startPosition.row + 1}'`;
    const macro = this.file.macros.get(name);
    if (macro !== undefined && ENDS.test(macro) && first !== undefined && rest.length === 1) {
      const use = `${this.file.use('ksft_exit_fail_msg')}(${this.format(rest)});`;
      return [`if (${condition(this.value(first)).code}) {`, use, '}'];
    }
    switch (macro === undefined ? name : '') {
      case 'FAIL_TEST_IF_FALSE':
        return leave('ksft_test_result_fail', line);
      case 'SKIP_TEST_IF_FALSE':
        return leave('ksft_test_result_skip', `${own}, ${line}`);
      case 'REPORT_TEST_PASS':
        return [`${this.file.use('ksft_test_result_pass')}(${own});`];
      case 'ksft_test_result':
        if (first === undefined) throw new Untranslatable(`${name}() without a result`);
        return [`${this.file.use(name)}(${condition(this.value(first)).code}, ${this.format(rest)});`];
      case 'ksft_test_result_pass':
      case 'ksft_test_result_fail':
      case 'ksft_test_result_xfail':
        return [`${this.file.use(name)}(${this.format(args)});`];
      case 'ksft_test_result_skip':
        return [`${this.file.use(name)}(${own}, ${this.format(args)});`];
      default:
        return null;
    }
  }

  /** A format and its arguments, as a text. */
  protected format(args: readonly Node[]): string {
    const [first, ...rest] = args;
    if (first?.type !== 'string_literal') throw new Untranslatable('a text that is not written out');
    const code = this.text(first).code.replace(/\\n"$/, '"');
    if (rest.length === 0 && !code.includes('%')) return code;
    const left = [...rest];
    const text = code
      .slice(1, -1)
      .replaceAll('`', '\\`')
      .replaceAll('${', '\\${')
      .replace(/%(?:%|[-\d]*l*[dusxp])/g, (one) => {
        if (one === '%%') return '%';
        const argument = left.shift();
        if (argument === undefined) throw new Untranslatable('a format with too few arguments');
        if (argument.text === '__func__') return this.name;
        if (argument.text === 'strerror(errno)') return `\${${this.file.use('errno')}}`;
        const given = this.value(argument);
        if (given.truth || given.type.kind === 'struct' || given.type.kind === 'void')
          throw new Untranslatable(`a ${describe(given.type)} in a text`);
        return /[xp]$/.test(one) ? `\${${beside(given, 17)}.toString(16)}` : `\${${given.code}}`;
      });
    if (left.length > 0 || text.replaceAll('%%', '').includes('%'))
      throw new Untranslatable('a format with no rule for it');
    return `\`${text.replaceAll('\\"', '"')}\``;
  }

  /** The handler that a struct sigaction has; null for none. */
  protected signalHandler(list: Node): string {
    const pairs = childrenOf(list).map((one) => {
      if (one.type !== 'initializer_pair') throw new Untranslatable('a struct sigaction of another form');
      return [part(one, 'designator').text, part(one, 'value')] as const;
    });
    const handler = pairs.find(([name]) => name === '.sa_handler')?.[1];
    const [unknown] = pairs.flatMap(([name]) => (name === '.sa_handler' || name === '.sa_flags' ? [] : [name]));
    if (handler === undefined || unknown !== undefined) throw new Untranslatable('a struct sigaction of another form');
    if (handler.text === 'SIG_DFL') return 'null';
    const name = handler.text.replace(/^&/, '');
    const [parameter, ...more] = this.file.functions.get(name)?.parameters ?? [];
    if (parameter?.type.kind !== 'int' || more.length > 0) throw new Untranslatable(`${name} as a handler of signals`);
    this.file.facts.give(`${name}(${parameter.name})`, { lo: 1n, hi: 64n }, parameter.type);
    return name;
  }
}
