// SPDX-License-Identifier: GPL-2.0-only
/** What a TypeScript file of this project declares, and where. It is read by its indentation, which the formatter holds. */

export type DeclarationKind =
  | 'function'
  | 'class'
  | 'interface'
  | 'type'
  | 'enum'
  /** A constant or variable whose value is written out: a number, a text, an object, a list. */
  | 'value'
  /** A constant that may as well be a function, such as what a call returns. */
  | 'computed'
  /** A function or anything else in an object that is written out, as the stub worlds are. */
  | 'property'
  | 'method'
  /** Data of a class or of an interface. */
  | 'field'
  | 'test';

export interface Declaration {
  name: string;
  kind: DeclarationKind;
  /** From 1. */
  line: number;
}

const TOP =
  /^(?:export )?(?:default )?(?:declare )?(?:abstract )?(?:async )?(function\*?|class|interface|type|(?:const )?enum) (\w+)/;
const VARIABLE = /^(?:export )?(?:const|let|var) (?:(\w+)|\{([^}]*)\})([^=]*)(?:=\s*(.*))?$/;
const FUNCTION_VALUE = /^(?:async )?(?:<[^>]*>)?(?:\(.*\)(?::.*)? =>|\w+ =>|\($|function\b)/;
const WRITTEN_OUT = /^(?:[-+~!]?[\d.]|['"`[{]|new |true\b|false\b|null\b|Object\.|\/)/;
const TEST = /\btest\('((?:\\.|[^'\\])*)'/;
const MEMBER =
  /^ +(?:(?:export|public|private|protected|readonly|static|override|async|get|set) )*\*?(#?\w+)(\??)(<[^()]*>)?(.?)(.*)$/;

/** Where the members of an object, class, interface or enum are, of which the line is the first. */
type Room = 'class' | 'interface' | 'enum' | 'object' | null;

function roomOf(header: string): Room {
  const text = header.trim();
  if (!text.endsWith('{')) return null;
  if (/^(?:export )?(?:default )?(?:abstract )?class\b|[=(] class\b/.test(text)) return 'class';
  if (/^(?:export )?(?:interface|type)\b/.test(text)) return 'interface';
  if (/^(?:export )?(?:const )?enum\b/.test(text)) return 'enum';
  return /(?:[=(,:?[]|=>|\breturn|\.\.\.\(?) ?\(?\{$/.test(text) && !/=> \{$/.test(text) ? 'object' : null;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

function variableKind(type: string, value: string | undefined): DeclarationKind {
  if (value === undefined || value === '') return type.includes('=>') ? 'function' : 'computed';
  if (FUNCTION_VALUE.test(value)) return 'function';
  return WRITTEN_OUT.test(value) ? 'value' : 'computed';
}

function memberKind(room: Exclude<Room, null>, sign: string, rest: string): DeclarationKind | null {
  if (sign === '(' || sign === '<') return 'method';
  if (room === 'object') return sign === ':' || sign === ',' || sign === '' ? 'property' : null;
  if (room === 'enum') return 'value';
  if (sign === ':') return /=>|\btypeof\b/.test(rest) ? 'method' : 'field';
  return sign === ';' || sign === ' ' || sign === '!' ? 'field' : null;
}

/** All declarations of a text, in its order: at its top level, members, and tests. */
export function declarationsIn(text: string): Declaration[] {
  const found: Declaration[] = [];
  // Rooms that are open, outermost first; indentation says when one is left.
  const open: { indent: number; room: Room }[] = [];
  let comment = false;
  for (const [i, line] of text.split('\n').entries()) {
    const add = (name: string, kind: DeclarationKind): number => found.push({ name, kind, line: i + 1 });
    const trimmed = line.trim();
    if (comment || trimmed.startsWith('/*')) comment = !trimmed.endsWith('*/');
    if (comment || trimmed === '' || /^(?:\/[/*]|\*)/.test(trimmed)) continue;
    const indent = indentOf(line);
    while (open.length > 0 && (open.at(-1)?.indent ?? 0) >= indent) open.pop();
    const test = TEST.exec(line);
    if (test !== null) add(test[1] ?? '', 'test');
    const room = open.at(-1)?.room ?? null;
    if (indent === 0) {
      for (const { name, kind } of topLevel(line)) add(name, kind);
    } else if (room !== null) {
      const [, name = '', , generic = '', sign = '', rest = ''] = MEMBER.exec(line) ?? [];
      const kind = name === '' ? null : memberKind(room, generic === '' ? sign : '<', rest);
      if (kind !== null && name !== 'constructor') add(name, kind);
    }
    if (/[{([]$/.test(trimmed)) open.push({ indent, room: roomOf(line) });
  }
  return found;
}

function topLevel(line: string): Omit<Declaration, 'line'>[] {
  const [, keyword = '', name = ''] = TOP.exec(line) ?? [];
  if (name !== '') {
    const word = keyword.replace(/\*$|^const /, '');
    const kinds = { function: 'function', class: 'class', interface: 'interface', type: 'type' } as const;
    return [{ name, kind: word in kinds ? kinds[word as keyof typeof kinds] : 'enum' }];
  }
  const variable = VARIABLE.exec(line);
  if (variable === null) return [];
  const [, single, several = '', type = '', value] = variable;
  if (single !== undefined) return [{ name: single, kind: variableKind(type, value) }];
  const names = several.split(',').map((part) => part.split(':').at(-1)?.trim() ?? '');
  return names.filter((one) => one !== '').map((one) => ({ name: one, kind: 'computed' }));
}
