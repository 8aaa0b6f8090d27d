// SPDX-License-Identifier: GPL-2.0-only
/**
 * Makes C readable for the grammar where a conditional stands within an argument list: `#if COND` … `#endif` becomes a
 * call, on the same lines. The rest of the preprocessor is the grammar's to read.
 */

/** The call that stands for arguments under a condition. */
export const CONDITIONAL_ARGUMENTS = '__if_arguments';

/** Depth of parentheses at the end of each line, outside of comments and strings. */
function depths(lines: readonly string[]): number[] {
  let depth = 0;
  let comment = false;
  return lines.map((line) => {
    if (/^\s*#/.test(line)) return depth;
    for (let i = 0; i < line.length; i++) {
      if (comment) {
        if (line.startsWith('*/', i)) comment = false;
      } else if (line.startsWith('/*', i)) comment = true;
      else if (line.startsWith('//', i)) break;
      else if (line[i] === '"') i = endOfString(line, i);
      else if (line[i] === '(') depth++;
      else if (line[i] === ')') depth--;
    }
    return depth;
  });
}

function endOfString(line: string, from: number): number {
  let i = from + 1;
  while (i < line.length && line[i] !== '"') i += line[i] === '\\' ? 2 : 1;
  return i;
}

/** One conditional within an argument list, as a call over the same lines. */
function asCall(lines: readonly string[], condition: string): string[] {
  const inner = lines.slice(1, -1);
  const code = inner.join('\n').trim().replace(/^,/, '').trim();
  const padding = Array.from({ length: lines.length - 1 - (code.split('\n').length - 1) }, () => '');
  return [`, ${CONDITIONAL_ARGUMENTS}(${condition}, ${code})`, ...padding].join('\n').split('\n');
}

/** The text with as many lines as before. Conditionals with an #else in an argument list stay, for the parser to trip on. */
export function preprocess(text: string): string {
  const lines = text.split('\n');
  const depth = depths(lines);
  const result: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const condition = /^\s*#\s*if\s+(.*)$/.exec(lines[i] ?? '')?.[1];
    const end = lines.findIndex((line, at) => at > i && /^\s*#\s*(?:endif|else|elif|if)/.test(line));
    const closes = end > i && /^\s*#\s*endif/.test(lines[end] ?? '');
    if (condition !== undefined && (depth[i] ?? 0) > 0 && closes) {
      result.push(...asCall(lines.slice(i, end + 1), condition));
      i = end;
    } else result.push(lines[i] ?? '');
  }
  return result.join('\n');
}
