// SPDX-License-Identifier: GPL-2.0-only
/** The types that declarations of selftests name. */
import type { Node } from '../translate/nodes.js';
import { childrenOf, Untranslatable } from '../translate/scope.js';
import {
  ADDRESS,
  BOOL,
  CHAR,
  CHARS,
  INT,
  type IntType,
  LONG,
  SHORT,
  type Type,
  UCHAR,
  UINT,
  ULONG,
  VOID,
} from './values.js';

const INTEGERS: Readonly<Record<string, IntType>> = {
  bool: BOOL,
  _Bool: BOOL,
  char: CHAR,
  'signed char': CHAR,
  'unsigned char': UCHAR,
  uint8_t: UCHAR,
  short: SHORT,
  int: INT,
  pid_t: INT,
  int32_t: INT,
  sig_atomic_t: INT,
  unsigned: UINT,
  'unsigned int': UINT,
  uint32_t: UINT,
  __u32: UINT,
  long: LONG,
  'long long': LONG,
  'long int': LONG,
  ssize_t: LONG,
  off_t: LONG,
  int64_t: LONG,
  'unsigned long': ULONG,
  'unsigned long long': ULONG,
  'unsigned long int': ULONG,
  size_t: ULONG,
  rlim_t: ULONG,
  uintptr_t: ULONG,
  uint64_t: ULONG,
  __u64: ULONG,
  u64: ULONG,
};

export interface Declared {
  name: string;
  type: Type;
  /** Its first value; null without one. */
  value: Node | null;
  node: Node;
}

/** The type that a specifier and so many stars come to. */
export function typeNamed(specifier: Node, stars: number, isConst: boolean): Type {
  const text = specifier.text
    .replace(/\b(?:const|volatile|static|inline)\b/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  if (specifier.type === 'struct_specifier') {
    const name = specifier.childForFieldName('name')?.text;
    if (name === undefined || specifier.childForFieldName('body') !== null)
      throw new Untranslatable('a struct without a name');
    if (stars > 1) throw new Untranslatable(`a pointer to a pointer to struct ${name}`);
    return { kind: 'struct', name, pointer: stars === 1 };
  }
  if (specifier.type === 'enum_specifier') {
    if (stars > 0) throw new Untranslatable('a pointer to an enumerator');
    return INT;
  }
  if (text === 'void') {
    if (stars > 2) throw new Untranslatable('a pointer to a pointer to a pointer');
    if (stars === 2) return { kind: 'box', of: ADDRESS };
    return stars === 0 ? VOID : ADDRESS;
  }
  const type = INTEGERS[text];
  if (type === undefined) throw new Untranslatable(`the type ${text} is not known`);
  if (stars === 0) return type;
  if (stars === 2 && text === 'char' && !isConst) return { kind: 'box', of: CHARS };
  if (stars > 1) throw new Untranslatable('a pointer to a pointer');
  if (text === 'char' && isConst) return { kind: 'text' };
  if (text === 'char') return CHARS;
  if (text === 'unsigned char') throw new Untranslatable('a pointer to unsigned char');
  return { kind: 'box', of: type };
}

/** The name and the stars of a declarator. */
function named(declarator: Node): { name: string; stars: number } {
  switch (declarator.type) {
    case 'identifier':
    case 'field_identifier':
      return { name: declarator.text, stars: 0 };
    case 'pointer_declarator': {
      const inner = declarator.childForFieldName('declarator');
      if (inner === null) throw new Untranslatable(`a declaration of ${declarator.text}`);
      const { name, stars } = named(inner);
      return { name, stars: stars + 1 };
    }
    default:
      throw new Untranslatable(`${declarator.type.replaceAll('_', ' ')}: no rule for it: ${declarator.text}`);
  }
}

function isConst(node: Node): boolean {
  return childrenOf(node).some((one) => one.type === 'type_qualifier' && one.text === 'const');
}

/** An array of chars, for a text that comes to stand in it. */
function isCharArray(specifier: Node, declarator: Node): boolean {
  const [inner] = declarator.childrenForFieldName('declarator');
  return declarator.type === 'array_declarator' && specifier.text === 'char' && inner?.type !== 'array_declarator';
}

function part(node: Node, name: string): Node {
  const found = node.childForFieldName(name);
  if (found === null) throw new Untranslatable(`${node.type.replaceAll('_', ' ')} without ${name}`);
  return found;
}

/** What a declaration, a field or a parameter declares. */
export function declaredBy(node: Node): Declared[] {
  const specifier = node.childForFieldName('type');
  if (specifier === null) throw new Untranslatable('a declaration without a type');
  return node.childrenForFieldName('declarator').flatMap((one) => {
    if (one === null) return [];
    const isInit = one.type === 'init_declarator';
    const declarator = isInit ? one.childForFieldName('declarator') : one;
    if (declarator === null) throw new Untranslatable('a declaration without a name');
    if (isCharArray(specifier, declarator)) {
      return [{ name: part(declarator, 'declarator').text, type: { kind: 'text' } as const, value: null, node: one }];
    }
    const { name, stars } = named(declarator);
    const value = isInit ? one.childForFieldName('value') : null;
    return [{ name, type: typeNamed(specifier, stars, isConst(node)), value, node: one }];
  });
}

/** A type in parentheses: a cast. */
export function typeOfCast(descriptor: Node): Type {
  const specifier = descriptor.childForFieldName('type');
  if (specifier === null) throw new Untranslatable('a cast without a type');
  const stars = (descriptor.childForFieldName('declarator')?.text.match(/\*/g) ?? []).length;
  return typeNamed(specifier, stars, isConst(descriptor));
}

export interface FunctionHead {
  name: string;
  returns: Type;
  parameters: { name: string; type: Type }[];
}

/** A function's name, parameters, and what it returns. */
export function headOf(node: Node): FunctionHead {
  const specifier = node.childForFieldName('type');
  let declarator = node.childForFieldName('declarator');
  let stars = 0;
  while (declarator?.type === 'pointer_declarator') {
    stars++;
    declarator = declarator.childForFieldName('declarator');
  }
  const name = declarator?.childForFieldName('declarator')?.text;
  const list = declarator?.childForFieldName('parameters');
  if (specifier === null || name === undefined || !list) throw new Untranslatable('a function of another form');
  const parameters = childrenOf(list).flatMap((one) => {
    if (one.text === 'void') return [];
    if (one.type !== 'parameter_declaration') throw new Untranslatable(`${name}() takes a list of arguments`);
    const [declared] = declaredBy(one);
    if (declared === undefined) throw new Untranslatable(`${name}() has a parameter without a name`);
    return [{ name: declared.name, type: declared.type }];
  });
  return { name, returns: typeNamed(specifier, stars, isConst(node)), parameters };
}
