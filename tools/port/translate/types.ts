// SPDX-License-Identifier: GPL-2.0-only
/** The types of the port's own declarations: as much as it takes to hand a value over, and to take one. */

export type TypeClass = 'number' | 'bigint' | 'boolean' | 'object' | 'function' | 'string' | 'void' | 'unknown';

export interface Type {
  cls: TypeClass;
  /** The TypeScript type, without null. */
  name: string;
  /** May it be null? */
  nullable: boolean;
  /** May it be an error pointer? */
  errable: boolean;
  /** Of an array or a Ref: what it holds. */
  of?: Type;
  /** A number that is one of a few. */
  choice: boolean;
}

function make(cls: TypeClass, name: string, more: Partial<Type> = {}): Type {
  return { cls, name, nullable: false, errable: false, choice: false, ...more };
}

export const NUMBER = make('number', 'number');
export const UNKNOWN = make('unknown', 'unknown');
const CHOICE = make('number', 'number', { choice: true });

/** A type as a .d.ts file has it. */
export function typeFromText(text: string): Type {
  const parts = splitUnion(text.trim());
  const nullable = parts.includes('null') || parts.includes('undefined');
  const errable = parts.includes('ErrPtr');
  const [core = 'unknown'] = parts.filter((part) => !['null', 'undefined', 'ErrPtr'].includes(part));
  return { ...coreType(core), nullable, errable };
}

function splitUnion(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const char of text) {
    if ('<({['.includes(char)) depth++;
    if ('>)}]'.includes(char)) depth--;
    if (char === '|' && depth === 0) {
      parts.push(part.trim());
      part = '';
    } else part += char;
  }
  return [...parts, part.trim()].filter((one) => one !== '');
}

/** Names that the port gives to numbers, and to big ones. */
const ALIASES: Record<string, Type> = {
  number: NUMBER,
  bigint: make('bigint', 'bigint'),
  vm_flags_t: make('bigint', 'bigint'),
  boolean: make('boolean', 'boolean'),
  string: make('string', 'string'),
  void: make('void', 'void'),
  never: make('void', 'void'),
  pgoff_t: NUMBER,
  gfp_t: NUMBER,
  vma_flag_t: NUMBER,
  vma_merge_state: CHOICE,
  vma_operation: CHOICE,
  mmap_action_type: CHOICE,
  maple_status: CHOICE,
  store_type: CHOICE,
  ErrPtr: NUMBER,
  unknown: UNKNOWN,
};

function coreType(text: string): Type {
  const alias = ALIASES[text];
  if (alias !== undefined) return alias;
  if (/^-?\d+$/.test(text)) return NUMBER;
  if (/^(?:true|false)$/.test(text)) return make('boolean', 'boolean');
  const array = /^(?:readonly )?(.*)\[\]$/.exec(text);
  if (array !== null)
    return make('object', 'array', { of: typeFromText((array[1] ?? '').replace(/^\((.*)\)$/, '$1')) });
  const ref = /^(?:Ref<(.*)>|\{\s*value: (.*?);?\s*\})$/s.exec(text);
  if (ref !== null) return make('object', 'Ref', { of: typeFromText(ref[1] ?? ref[2] ?? '') });
  if (text.includes('=>')) return make('function', text);
  const name = /^(?:Readonly<(\w+)>(?: & \w+)?|(\w+)(?:<.*>)?)$/.exec(text);
  return make('object', name?.[1] ?? name?.[2] ?? text);
}
