// SPDX-License-Identifier: GPL-2.0-only
/**
 * The dialect of kselftest_harness.h as C that a parser can read: fixtures become structs and functions, the statements
 * that some macros take become statements of their own. Lines stay where they are.
 */

/** What a function stands for that a macro begins. */
export type Role =
  | { kind: 'setup' | 'teardown'; fixture: string }
  | { kind: 'variant'; fixture: string; name: string }
  | { kind: 'test'; fixture: string | null; name: string; signal: string | null };

export interface Dialect {
  /** C. */
  text: string;
  /** By the names of the functions, and variables, that the text has for them. */
  roles: ReadonlyMap<string, Role>;
  /** Fixtures in the order of their declaration. */
  fixtures: readonly string[];
  /** Macros of the file that are numbers, by their texts. */
  numbers: ReadonlyMap<string, string>;
  /** Other macros of the file, by what they stand for. */
  macros: ReadonlyMap<string, string>;
  /** Macros whose place is taken by nothing, with their lines: there is no rule for them. */
  refused: readonly { line: number; source: string }[];
}

export const FIXTURE_STRUCT = '__fixture_';
export const VARIANT_STRUCT = '__variant_';
/** The label of a block that is carried out when the assertion before it fails. */
export const HANDLER = '__handler';

/** Is the file written in this dialect, or as a program that tells results by kselftest.h? */
export function isSelftest(text: string): boolean {
  return /^#\s*include\s*["<](?:[\w./]*\/)?kselftest(?:_harness)?\.h[">]/m.test(text);
}

/** As many line breaks as the text has. */
function breaks(text: string): string {
  return '\n'.repeat(text.split('\n').length - 1);
}

/** The text with what is in comments and strings blanked: to look for something in it. */
function blanked(text: string): string {
  return text.replace(/\/\*.*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/gs, (one) =>
    one.replace(/[^\n]/g, ' '),
  );
}

/** Names that are defined on x86-64, as far as an #ifdef of a selftest asks. */
function isDefined(name: string): boolean {
  return /^(?:__NR_\w+|__x86_64__|_GNU_SOURCE)$/.test(name);
}

/** Is a condition of #if true? Null where it cannot be said. */
function holds(condition: string): boolean | null {
  const bareCondition = condition.replace(/\/\*.*?\*\/|\/\/.*/g, '');
  const text = bareCondition.replace(/\bdefined\s*\(?\s*(\w+)\s*\)?/g, (_, name: string) =>
    isDefined(name) ? '1' : '0',
  );
  if (!/^[01\s!&|()]+$/.test(text)) return null;
  const parts = text
    .split('||')
    .map((part) => part.split('&&').every((one) => /^[\s()!]*1[\s()]*$/.test(one) !== /!/.test(one)));
  return parts.some((part) => part);
}

/** The text with the branches of conditionals that are not compiled taken out, and the directives themselves. */
function preprocessed(text: string): { text: string; defined: string; unknown: { line: number; source: string }[] } {
  const stack: { live: boolean; done: boolean }[] = [];
  const unknown: { line: number; source: string }[] = [];
  const defined: string[] = [];
  let joining = false;
  const lines = text.split('\n').map((line, i) => {
    const [, word = '', rest = ''] = /^\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b\s*(.*)$/.exec(line) ?? [];
    const live = stack.every((one) => one.live);
    if (word === '') {
      const directive = joining || /^\s*#/.test(line);
      if (live && directive) defined.push(line);
      joining = directive && line.endsWith('\\');
      return live && !directive ? line : '';
    }
    const [name = ''] = rest.trim().split(/\s/);
    const top = stack.at(-1);
    if (word === 'ifdef') stack.push({ live: isDefined(name), done: isDefined(name) });
    // What a file defines in case that headers do not, they do.
    else if (word === 'ifndef')
      stack.push({ live: isDefined(name) ? false : live && /^__\w+__$/.test(name), done: true });
    else if (word === 'if') {
      const value = holds(rest);
      if (value === null) unknown.push({ line: i + 1, source: line.trim() });
      stack.push({ live: value ?? false, done: value ?? true });
    } else if (word === 'else' && top !== undefined) top.live = !top.done;
    else if (word === 'elif' && top !== undefined) {
      const value = !top.done && (holds(rest) ?? false);
      top.live = value;
      top.done ||= value;
    } else stack.pop();
    return '';
  });
  return { text: lines.join('\n'), defined: defined.join('\n'), unknown };
}

/** Macros of the file, where they are defined: those that are numbers, and the others. */
function macrosOf(text: string): { numbers: Map<string, string>; macros: Map<string, string> } {
  const numbers = new Map<string, string>();
  const macros = new Map<string, string>();
  for (const [, name = '', params, body = ''] of text.matchAll(
    /^\s*#\s*define\s+(\w+)(\([^)]*\))?[ \t]*((?:[^\\\n]|\\\n|\\.)*)$/gm,
  )) {
    if (params === undefined && /^\(?[\w\s()*+<|-]+\)?$/.test(body.trim()) && body.trim() !== '')
      numbers.set(name, body.trim());
    else if (body.trim() !== '') {
      const whole = `${params ?? ''} ${body.replace(/\\\n/g, ' ')}`;
      macros.set(name, whole.replace(/\s+/g, ' ').trim());
    }
  }
  return { numbers, macros };
}

/** Where the parenthesis that opens at `from` is closed. */
function closing(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === '(') depth++;
    if (text[i] === ')' && --depth === 0) return i;
  }
  return -1;
}

/** Gives the blocks that may follow an assertion a label, so that they are statements of their own. */
function withHandlers(text: string): string {
  let made = text;
  for (let from = 0; ; ) {
    const search = blanked(made);
    const pattern = /\b(?:ASSERT|EXPECT)_\w+\s*\(/g;
    pattern.lastIndex = from;
    const match = pattern.exec(search);
    if (match === null) return made;
    const end = closing(search, match.index + match[0].length - 1);
    if (end < 0) return made;
    from = end + 1;
    const [gap = ''] = /^\s*/.exec(search.slice(end + 1)) ?? [];
    const next = search[end + 1 + gap.length] ?? '';
    if (next === '{' || /[A-Z_]/.test(next)) {
      made = `${made.slice(0, end + 1)}; ${HANDLER}:${made.slice(end + 1)}`;
    }
  }
}

/** The file as C. */
export function readDialect(source: string): Dialect {
  const { text: compiled, defined, unknown } = preprocessed(source);
  const { numbers, macros } = macrosOf(blanked(defined));
  const roles = new Map<string, Role>();
  const fixtures: string[] = [];
  const refused = [...unknown];
  const role = (made: Role): string => {
    const name = `__role_${roles.size}`;
    roles.set(name, made);
    return name;
  };
  const lineOf = (at: number): number => compiled.slice(0, at).split('\n').length;

  let text = compiled
    .replace(/^FIXTURE\((\w+)\)(\s*)\{/gm, (_, fixture: string, gap: string) => {
      fixtures.push(fixture);
      return `struct ${FIXTURE_STRUCT}${fixture}${breaks(gap)} {`;
    })
    .replace(
      /^FIXTURE_VARIANT\((\w+)\)(\s*)\{/gm,
      (_, fixture: string, gap: string) => `struct ${VARIANT_STRUCT}${fixture}${breaks(gap)} {`,
    )
    .replace(
      /^FIXTURE_VARIANT_ADD\(\s*(\w+),\s*(\w+)\s*\)(\s*)\{/gm,
      (_, fixture: string, name: string, gap: string) => {
        const made = role({ kind: 'variant', fixture, name });
        return `struct ${VARIANT_STRUCT}${fixture} ${made} = ${breaks(gap)}{`;
      },
    )
    .replace(/^FIXTURE_(SETUP|TEARDOWN|TEARDOWN_PARENT)\((\w+)\)/gm, (_, word: string, fixture: string) => {
      return `void ${role({ kind: word === 'SETUP' ? 'setup' : 'teardown', fixture })}(void)`;
    })
    .replace(
      /^TEST_F(?:_TIMEOUT)?\(\s*(\w+),\s*(\w+)(?:,\s*\w+)?\s*\)/gm,
      (_, fixture: string, name: string) => `void ${role({ kind: 'test', fixture, name, signal: null })}(void)`,
    )
    .replace(
      /^TEST_F_SIGNAL\(\s*(\w+),\s*(\w+),\s*(\w+)\s*\)/gm,
      (_, fixture: string, name: string, signal: string) =>
        `void ${role({ kind: 'test', fixture, name, signal })}(void)`,
    )
    .replace(
      /^TEST\((\w+)\)/gm,
      (_, name: string) => `void ${role({ kind: 'test', fixture: null, name, signal: null })}(void)`,
    )
    .replace(
      /^TEST_SIGNAL\(\s*(\w+),\s*(\w+)\s*\)/gm,
      (_, name: string, signal: string) => `void ${role({ kind: 'test', fixture: null, name, signal })}(void)`,
    )
    .replace(/^TEST_HARNESS_MAIN\b/gm, '')
    .replace(/^XFAIL_ADD\([^)]*\);?/gm, (one: string, at: number) => {
      refused.push({ line: lineOf(at), source: one });
      return breaks(one);
    })
    .replace(/\bFIXTURE_DATA\((\w+)\)/g, `struct ${FIXTURE_STRUCT}$1`)
    .replace(/\bFIXTURE_VARIANT\((\w+)\)/g, `struct ${VARIANT_STRUCT}$1`)
    .replace(/\bSKIP\(\s*return\s*,/g, '__SKIP_RETURN(')
    .replace(/\bSKIP\(\s*goto\s+(\w+)\s*,/g, '__SKIP_GOTO($1,');
  text = withHandlers(text);
  return { text, roles, fixtures, numbers, macros, refused };
}
