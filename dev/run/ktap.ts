// SPDX-License-Identifier: GPL-2.0-only
/**
 * TAP as the kernel's own test format (Documentation/dev-tools/ktap.rst): a version line for each level, the plan first,
 * two blanks for each level, no dash before a name.
 */

/** A line of TAP at some level, or the plan of that level. */
interface Level {
  plan: number | null;
  lines: string[];
  /** The level below, until its own result line has come. */
  inner: Level | null;
}

const RESULT = /^(ok|not ok) (\d+)(?: - (.*))?$/;

function newLevel(): Level {
  return { plan: null, lines: [], inner: null };
}

/** A level with its version and plan, indented by two. */
function written(level: Level, indent: string): string[] {
  const plan = level.plan === null ? [] : [`1..${level.plan}`];
  return ['KTAP version 1', ...plan, ...level.lines].map((line) => `${indent}${line}`);
}

/** `ok 1 name # SKIP why`: times go, directives stay. */
function resultLine(text: string): string | null {
  const [, state, number, rest = ''] = RESULT.exec(text) ?? [];
  if (state === undefined) return null;
  const name = rest.replace(/ # time=\S+$/, '').replaceAll('\\#', '#');
  return `${state} ${number}${name === '' ? '' : ` ${name}`}`;
}

/** The same run, as KTAP. Diagnostics become comments of the level that they belong to. */
export function ktapOf(tap: string): string {
  const root = newLevel();
  const stack = [root];
  let yaml = false;
  for (const line of tap.split('\n')) {
    const indent = /^ */.exec(line)?.[0].length ?? 0;
    const text = line.trim();
    const level = stack.at(-1) ?? root;
    if (text === '' || text.startsWith('TAP version')) continue;
    if (text === '---') yaml = true;
    if (yaml) {
      // A diagnostic stands two blanks further in than its result.
      if (text !== '---' && text !== '...') level.lines.push(`# ${line.slice(Math.min(indent, 4 * stack.length - 2))}`);
      if (text === '...') yaml = false;
      continue;
    }
    const depth = Math.floor(indent / 4);
    while (stack.length <= depth) {
      const inner = newLevel();
      (stack.at(-1) ?? root).inner = inner;
      stack.push(inner);
    }
    stack.length = depth + 1;
    takeLine(stack[depth] ?? root, text);
  }
  return `${written(root, '').join('\n')}\n`;
}

function takeLine(level: Level, text: string): void {
  const plan = /^1\.\.(\d+)/.exec(text)?.[1];
  const result = resultLine(text);
  if (plan !== undefined) level.plan = Number(plan);
  else if (result !== null) {
    if (level.inner !== null) level.lines.push(...written(level.inner, '  '));
    level.inner = null;
    level.lines.push(result);
  } else if (/^#(?! Subtest| time=)/.test(text)) level.lines.push(text);
  else if (text.startsWith('Bail out!')) level.lines.push(text);
}
