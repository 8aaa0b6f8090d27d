// SPDX-License-Identifier: GPL-2.0-only
/** The preprocessor of a translation: what is decided, what is left to the run, what stays, and what is no C. */
import t from 'tap';
import { lex, SourceError } from '../../tools/port/translate/lexer.js';
import { type Macro, macroOf } from '../../tools/port/translate/macros.js';
import { extensionsAsC, liftTypeofs, Preprocessor } from '../../tools/port/translate/preprocess.js';

/** A text as it comes out, without empty lines and blanks at line ends. */
function told(text: string, preprocessor = new Preprocessor()): string[] {
  const result = preprocessor.run(text).text;
  t.equal(result.split('\n').length, text.split('\n').length, 'as many lines as before');
  return result.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trimEnd()]));
}

function macro(text: string): Macro {
  return macroOf(lex(text), 1);
}

t.test('conditions on the configuration of the harness are decided', async (t) => {
  t.same(told('#ifdef CONFIG_MMU\na\n#else\nb\n#endif\n#ifndef CONFIG_MMU\nc\n#else\nd\n#endif\n'), ['a', 'd']);
  t.same(told('#if 0\na\n#elif PAGE_SHIFT == 12\nb\n#elif 1\nc\n#else\nd\n#endif\n'), ['b']);
  t.same(told('#if 0\na\n#elifdef CONFIG_NUMA\nb\n#elifndef CONFIG_NUMA\nc\n#endif\n'), ['c']);
  t.same(told('#if defined(CONFIG_64BIT) && BITS_PER_LONG == 64\na\n#endif\n'), ['a']);
  t.same(told('#if UNKNOWN\na\n#else\nb\n#endif\n'), ['b'], 'what nobody defines is 0');
});

t.test('within a branch that is left out nothing is decided', async (t) => {
  t.same(told('#if 0\n#if 1\na\n#else\nb\n#endif\n#define c d\n#error no\n#nonsense\n#else\nc\n#endif\n'), ['c']);
  t.same(told('#if 1\na\n#elif 1 /\nb\n#endif\n'), ['a'], 'nor a branch after one that was taken');
});

t.test('conditions on the width of the flags are left to the run', async (t) => {
  const bits = 'NUM_VMA_FLAG_BITS';
  t.same(told(`#if ${bits} > 64\na\n#else\nb\n#endif\n`), [`#if ${bits} > 64`, 'a', '#else', 'b', '#endif']);
  t.same(told(`#if ${bits} == 64\na\n#endif\n`), [`#if ${bits} <= 64`, 'a', '#endif']);
  t.same(told(`#if ${bits} > 32\na\n#endif\n`), ['a'], 'that do not differ');
  t.same(told(`#ifdef ${bits}\na\n#endif\n`), ['a']);
  t.same(told(`#if 0\na\n#elif ${bits} > 64\nb\n#else\nc\n#endif\n`), [
    `#if ${bits} > 64`,
    'b',
    '#else',
    'c',
    '#endif',
  ]);
  t.same(told(`#if ${bits} > 64\na\n#elif ${bits} < 100\nb\n#endif\n`), [
    `#if ${bits} > 64`,
    'a',
    `#elif ${bits} <= 64`,
    'b',
    '#endif',
  ]);
  t.same(told(`#if ${bits} > 64\n#if 0\na\n#endif\nb\n#endif\n`), [`#if ${bits} > 64`, 'b', '#endif']);
  t.same(told(`call(a\n#if ${bits} > 64\n, b\n#endif\n);\n`), ['call(a', `, __if_arguments(${bits} > 64, b)`, ');']);
});

t.test('macros: of the file, of the headers, taken back, and what the translator knows itself', async (t) => {
  t.same(told('#define F(x, y) ((x) * y)\na = F(1 +\n 2, 3);\n'), ['a = ((1 + 2) * 3)', ';']);
  t.same(told('#define F(x) x\n#undef F\nF(1)\n#undef G\n'), ['F(1)']);
  t.same(told('a = __LINE__;\nb = __LINE__;\n'), ['a = 1;', 'b = 2;']);
  t.same(told('#define HERE __LINE__\n\na = HERE;\n'), ['a = 3;']);
  t.same(told('// goes on \\\n here\na\n#include <x.h>\n#pragma once\n#\n#warning careful\n'), ['a']);
  const headers = new Map([
    ['OF_HEADER', macro('OF_HEADER 5')],
    ['KNOWN', macro('KNOWN 6')],
  ]);
  const preprocessor = new Preprocessor(headers, (name) => name === 'KNOWN');
  t.same(told('#ifdef OF_HEADER\nOF_HEADER KNOWN OTHER\n#endif\n#if OF_HEADER == 5\na\n#endif\n', preprocessor), [
    '5 KNOWN OTHER',
    'a',
  ]);
  t.same(
    told('#define OF_HEADER 7 + 1\nOF_HEADER\n', new Preprocessor(headers)),
    ['7 + 1'],
    'the file’s own goes before',
  );
});

t.test('without names that are known, all macros of headers are expanded', async (t) => {
  t.same(told('KNOWN\n', new Preprocessor(new Map([['KNOWN', macro('KNOWN 6')]]))), ['6']);
});

t.test('what is no C names its line', async (t) => {
  const bits = 'NUM_VMA_FLAG_BITS';
  const cases: [text: string, line: number, message: RegExp][] = [
    ['a\n#error  not  so\n', 2, /#error not so$/],
    ['a\n#nonsense b\n', 2, /#nonsense: no directive of C$/],
    ['#if\n#endif\n', 1, /#if without a condition$/],
    ['#ifdef\n#endif\n', 1, /#ifdef without a name$/],
    ['#if 0\n#elifndef 5\n#endif\n', 2, /#ifndef without a name$/],
    ['#else\n', 1, /#else without #if$/],
    ['#elif 1\n', 1, /#elif without #if$/],
    ['#endif\n', 1, /#endif without #if$/],
    ['#if 1\n#else\n#elif 1\n#endif\n', 3, /#elif after #else$/],
    ['a\n#if 1\nb\n', 2, /#if without #endif$/],
    [`#if ${bits} > 64\na\n#elif 1\nb\n#endif\n`, 3, /#elif that is decided after an #if that is not$/],
    [`call(a\n#if ${bits} > 64\n, b\n#else\n, c\n#endif\n);\n`, 2, /#if with another branch within an argument list$/],
  ];
  for (const [text, line, message] of cases) {
    let caught: unknown = null;
    try {
      new Preprocessor().run(text);
    } catch (error) {
      caught = error;
    }
    if (!(caught instanceof SourceError)) {
      t.fail(`no SourceError: ${text}`, { caught });
      continue;
    }
    t.equal(caught.line, line, text);
    t.match(caught.message, message);
  }
});

t.test('typeof gets a name that the grammar takes for a type', async (t) => {
  const { text, operands } = liftTypeofs('typeof(a.b) c;\n__typeof__ ( *d\n) e; typeof f; typeof(g');
  t.equal(text, '__typeof_0 c;\n__typeof_1\n e; typeof f; typeof(g');
  t.same(
    [...operands],
    [
      ['__typeof_0', 'a.b'],
      ['__typeof_1', ' *d '],
    ],
  );
});

t.test('what gcc has beyond C is written as the grammar can read it, but for texts and comments', async (t) => {
  t.equal(extensionsAsC('case 1 ... 5:'), 'case __case_range(1, 5):');
  t.equal(extensionsAsC('"case 1 ... 5:" /* goto *a; */'), '"case 1 ... 5:" /* goto *a; */');
  t.equal(extensionsAsC('goto *where;'), 'goto computed;');
  t.equal(extensionsAsC('p = &&out;'), 'p = address_of_label_out;');
  t.match(extensionsAsC('int static a;'), /^static int +a;$/);
  t.equal(extensionsAsC('container_of(at, struct pair, a)'), 'container_of(at, type_named_pair, a)');
});
