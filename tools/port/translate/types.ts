// SPDX-License-Identifier: GPL-2.0-only
/** What the translator knows of a value: as much as it takes to choose between ===, truth, copies and NULL checks. */

export type TypeClass = 'number' | 'bigint' | 'boolean' | 'object' | 'function' | 'string' | 'void' | 'unknown';

export interface Type {
  cls: TypeClass;
  /** The TypeScript type, without null. */
  name: string;
  /** May it be null? */
  nullable: boolean;
  /** May it be an error pointer? */
  errable: boolean;
  /** A struct of C that is held by value: assigning copies it. */
  byValue: boolean;
  /** Of an array or a Ref: what it holds. */
  of?: Type;
  /** An integer type of C that has a sign. */
  signed?: boolean;
}

function make(cls: TypeClass, name: string, more: Partial<Type> = {}): Type {
  return { cls, name, nullable: false, errable: false, byValue: false, ...more };
}

export const NUMBER = make('number', 'number');
export const SIGNED = make('number', 'number', { signed: true });
const CHAR = make('number', 'char', { signed: true });
export const BIGINT = make('bigint', 'bigint');
export const BOOLEAN = make('boolean', 'boolean');
export const STRING = make('string', 'string');
export const VOID = make('void', 'void');
export const UNKNOWN = make('unknown', 'unknown');
export const NULL = make('object', 'null', { nullable: true });

export function objectType(name: string, more: Partial<Type> = {}): Type {
  return make('object', name, more);
}

export function arrayOf(of: Type): Type {
  return make('object', 'array', { of });
}

export function refTo(of: Type): Type {
  return make('object', 'Ref', { of });
}

/** Written out as TypeScript. */
export function textOf(type: Type): string {
  let text = type.name;
  if (type.name === 'array') text = `${type.of === undefined ? 'unknown' : textOf(type.of)}[]`;
  if (type.name === 'Ref') text = `Ref<${type.of === undefined ? 'unknown' : textOf(type.of)}>`;
  if (type.errable) text += ' | ErrPtr';
  return type.nullable && type.name !== 'null' ? `${text} | null` : text;
}

const SIGNED_WORDS = new Set([
  'int',
  'long',
  'short',
  'char',
  'signed',
  'ssize_t',
  's32',
  's64',
  'long long',
  'long int',
]);
const NUMBER_WORDS =
  /^(?:(?:unsigned|signed|long|short|int|char)(?: (?:long|int|short|char))*|size_t|ssize_t|pgoff_t|gfp_t|vma_flag_t|u8|u16|u32|u64|s32|s64|uint\w*|int\d+_t|pgprotval_t|mm_id_t)$/;

/** A type of C, without its pointers and arrays. `structs` are the structs that the port has by value. */
export function baseTypeOf(text: string): Type {
  const words = text.replaceAll(/\b(?:const|static|inline|extern|volatile|register|__maybe_unused)\b/g, ' ').trim();
  const name = words.replaceAll(/\s+/g, ' ');
  if (name === 'bool' || name === '_Bool') return BOOLEAN;
  if (name === 'void') return VOID;
  if (name === 'vm_flags_t') return BIGINT;
  if (name === 'vma_flags_t') return objectType(name, { byValue: true });
  if (name === 'char') return CHAR;
  if (NUMBER_WORDS.test(name)) return SIGNED_WORDS.has(name) ? SIGNED : NUMBER;
  const struct = /^(?:struct|union) (\w+)$/.exec(name);
  if (struct !== null) return objectType(struct[1] ?? '', { byValue: true });
  if (/^enum \w+$/.test(name)) return NUMBER;
  return objectType(name, { byValue: true });
}

/** A pointer to it: an object of its own, or a Ref for what is no object in TypeScript. */
export function pointerTo(type: Type): Type {
  if (type.cls === 'void') return { ...UNKNOWN, nullable: true };
  if (type.name === 'char') return STRING;
  if (type.cls === 'string') return objectType('array', { of: STRING });
  if (type.cls === 'object' && type.byValue) return { ...type, byValue: false, nullable: true };
  return refTo(type);
}

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
  bigint: BIGINT,
  vm_flags_t: BIGINT,
  boolean: BOOLEAN,
  string: STRING,
  void: VOID,
  pgoff_t: NUMBER,
  gfp_t: NUMBER,
  vma_flag_t: NUMBER,
  vma_merge_state: NUMBER,
  vma_operation: NUMBER,
  ErrPtr: NUMBER,
  unknown: UNKNOWN,
};

function coreType(text: string): Type {
  const alias = ALIASES[text];
  if (alias !== undefined) return alias;
  if (/^-?\d+$/.test(text) || /^\d+(?: \| \d+)*$/.test(text)) return NUMBER;
  if (/^(?:true|false)$/.test(text)) return BOOLEAN;
  const array = /^(?:readonly )?(.*)\[\]$/.exec(text);
  if (array !== null) return arrayOf(typeFromText((array[1] ?? '').replace(/^\((.*)\)$/, '$1')));
  const ref = /^Ref<(.*)>$/.exec(text);
  if (ref !== null) return refTo(typeFromText(ref[1] ?? ''));
  if (text.includes('=>')) return make('function', text);
  const name = /^(?:Readonly<(\w+)>(?: & \w+)?|(\w+)(?:<.*>)?)$/.exec(text);
  const found = name?.[1] ?? name?.[2] ?? text;
  return objectType(found, { byValue: found === 'vma_flags_t' });
}
