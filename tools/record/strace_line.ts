// SPDX-License-Identifier: GPL-2.0-only
/** One line of what strace prints: who made which call, with which arguments, and what it returned. */

export interface StraceCall {
  /** 0 where the log has only one process. */
  pid: number;
  name: string;
  /** As they are printed, without the path that -y adds to a descriptor. */
  args: readonly string[];
  /** Paths of descriptors, by the place of the argument. */
  paths: ReadonlyMap<number, string>;
  /** Null for a call that has not returned. */
  result: number | null;
}

const OPENING = '([{';
const CLOSING = ')]}';

/** The places of commas that part arguments, and of the parenthesis at the end; null where there is no end. */
function partsOf(text: string): string[] | null {
  const parts: string[] = [];
  let [depth, from, quoted, inPath] = [0, 0, false, false];
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quoted) {
      if (c === '\\') i++;
      else if (c === '"') quoted = false;
    } else if (inPath) inPath = c !== '>';
    else if (c === '"') quoted = true;
    else if (c === '<' && /\d/.test(text.charAt(i - 1))) inPath = true;
    else if (OPENING.includes(c)) depth++;
    else if (CLOSING.includes(c) && depth > 0) depth--;
    else if (c === ',' && depth === 0) {
      parts.push(text.slice(from, i).trim());
      from = i + 1;
    } else if (c === ')') {
      parts.push(text.slice(from, i).trim());
      return [...parts.filter((part) => part !== ''), text.slice(i + 1)];
    }
  }
  return null;
}

/** What strace has escaped: \n, \", octal numbers. */
export function unescaped(text: string): string {
  return text.replace(/\\(x[0-9a-f]{2}|[0-7]{1,3}|.)/gi, (_, what: string) => {
    if (/^[0-7]/.test(what)) return String.fromCharCode(Number.parseInt(what, 8));
    if (/^x/i.test(what)) return String.fromCharCode(Number.parseInt(what.slice(1), 16));
    return { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v' }[what] ?? what;
  });
}

/** A number as strace prints it; NaN for what is none. */
export function straceNumber(text: string): number {
  const [word = ''] = text.split(' ');
  if (word === 'NULL') return 0;
  return /^-?(?:0x[0-9a-f]+|\d+)$/i.test(word) ? Number(word) : Number.NaN;
}

/** Null for a line that tells of no call: a signal, an exit, a call that goes on later. */
export function parseStraceLine(line: string): StraceCall | null {
  // With -f a line begins with who; with -t, -r and the like a time is next, which nobody needs.
  const [, pid = '0', name = '', rest = ''] =
    /^(?:\[pid +)?(\d+)?\]? *(?:\d[\d:.]* +)?([a-z]\w*)\((.*)$/.exec(line) ?? [];
  if (name === '') return null;
  const parts = partsOf(rest);
  if (parts === null) return { pid: Number(pid), name, args: [rest], paths: new Map(), result: null };
  const result = /^ *= (\S+)/.exec(parts.pop() ?? '')?.[1] ?? '';
  const paths = new Map<number, string>();
  const args = parts.map((part, i) => {
    const [, fd, path] = /^(-?\d+)<(.*)>$/.exec(part) ?? [];
    if (path !== undefined) paths.set(i, unescaped(path));
    return fd ?? part;
  });
  const value = straceNumber(result);
  return { pid: Number(pid), name, args, paths, result: Number.isNaN(value) ? null : value };
}

/** Joins calls whose end comes in a later line. */
export class LineJoiner {
  private readonly begun: Map<string, string>;

  constructor() {
    this.begun = new Map();
  }

  /** The whole line; null where it goes on later. */
  join(line: string): string | null {
    const [, who = ''] = /^(?:\[pid +)?(\d+)?/.exec(line) ?? [];
    const [, begin] = /^(.*) <unfinished \.\.\.>$/.exec(line) ?? [];
    if (begin !== undefined) {
      this.begun.set(who, begin);
      return null;
    }
    const [, rest] = /<\.\.\. \w+ resumed>,? ?(.*)$/.exec(line) ?? [];
    if (rest === undefined) return line;
    const start = this.begun.get(who);
    this.begun.delete(who);
    return start === undefined ? null : `${start}${rest}`;
  }
}
