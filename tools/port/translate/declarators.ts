// SPDX-License-Identifier: GPL-2.0-only
/** The declarators of C: which name, and of which type once its pointers, arrays and parameters are read. */

import { baseType, bitField, type CType, pointerTo } from './ctypes.js';
import type { Node } from './nodes.js';
import { childrenOf, constantOf, findAll, Untranslatable } from './scope.js';

export interface Declared {
  name: string;
  type: CType;
  value: Node | null;
  node: Node;
}

export interface Signature {
  name: string;
  returns: CType;
  parameters: { name: string; type: CType }[];
  variadic: boolean;
}

/** What names of types mean: the typedefs of a file, and a number for what stands between [ ] or after a colon. */
export interface TypeNames {
  typedefs: ReadonlyMap<string, CType>;
  numbers: ReadonlyMap<string, bigint>;
}

export function part(node: Node, name: string): Node {
  const child = node.childForFieldName(name);
  if (child === null) throw new Untranslatable(`${node.type.replaceAll('_', ' ')} without ${name}`);
  return child;
}

/** The type that a specifier names; typeof is the translator's to know, and comes as an unknown type. */
export function specifierType(node: Node, names: TypeNames): CType {
  return baseType(node.text.replace(/\{[\s\S]*\}/, ''), names.typedefs);
}

/** Attributes of gcc that say nothing about what a program does. */
const HARMLESS =
  /^_*(?:unused|maybe_unused|used|noinline|always_inline|cold|hot|pure|const|format|nonnull|warn_unused_result|noreturn)_*$/;

/** @throws Untranslatable when something with an attribute is not what it looks like */
export function refuseAttributes(node: Node): void {
  for (const [, list = ''] of node.text.matchAll(/__attribute(?:__)?\s*\(\(([^)]*)/g)) {
    const name = list.split(/[(,]/)[0]?.trim() ?? '';
    if (!HARMLESS.test(name)) throw new Untranslatable(`an attribute that changes what it stands at: ${name}`);
  }
}

function inner(node: Node): Node {
  const child =
    node.childForFieldName('declarator') ?? childrenOf(node).find((one) => /declarator|identifier/.test(one.type));
  if (child === undefined || child === null)
    throw new Untranslatable(`a ${node.type.replaceAll('_', ' ')} without a name`);
  return child;
}

function lengthOf(node: Node, names: TypeNames): number | null {
  const size = node.childForFieldName('size');
  if (size === null) return null;
  const length = constantOf(size, names.numbers);
  if (length === null) throw new Untranslatable('an array whose length is no number');
  return Number(length);
}

function parametersOf(list: Node, names: TypeNames): Pick<Signature, 'parameters' | 'variadic'> {
  const variadic = list.children.some((one) => one?.type === '...' || one?.type === 'variadic_parameter');
  const nodes = childrenOf(list).filter((one) => one.type === 'parameter_declaration');
  const parameters = nodes.map((one, i) => {
    const base = specifierType(part(one, 'type'), names);
    const declarator = one.childForFieldName('declarator');
    const found = declarator === null ? { name: '', type: base } : declaratorOf(declarator, base, names);
    // An array that is handed over is a pointer to its first element, a function a pointer to it.
    const handed = found.type.kind === 'function' ? pointerTo(found.type) : found.type;
    const type = found.type.kind === 'array' ? pointerTo(found.type.of) : handed;
    return { name: found.name === '' ? `_unused${i}` : found.name, type };
  });
  const none = parameters.length === 1 && parameters[0]?.type.kind === 'void';
  return { parameters: none ? [] : parameters, variadic };
}

/** Reads one declarator whose specifier has the type `base`. */
export function declaratorOf(node: Node, base: CType, names: TypeNames): { name: string; type: CType } {
  switch (node.type) {
    case 'identifier':
    case 'field_identifier':
    case 'type_identifier':
      return { name: node.text, type: base };
    case 'pointer_declarator':
      return declaratorOf(inner(node), pointerTo(base), names);
    case 'parenthesized_declarator':
      return declaratorOf(inner(node), base, names);
    case 'array_declarator':
      return declaratorOf(inner(node), { kind: 'array', of: base, length: lengthOf(node, names) }, names);
    case 'function_declarator': {
      const { parameters, variadic } = parametersOf(part(node, 'parameters'), names);
      const type: CType = { kind: 'function', returns: base, parameters: parameters.map((one) => one.type), variadic };
      return declaratorOf(inner(node), type, names);
    }
    case 'abstract_pointer_declarator': {
      const below = node.childForFieldName('declarator');
      return below === null ? { name: '', type: pointerTo(base) } : declaratorOf(below, pointerTo(base), names);
    }
    case 'abstract_array_declarator': {
      const type: CType = { kind: 'array', of: base, length: lengthOf(node, names) };
      const below = node.childForFieldName('declarator');
      return below === null ? { name: '', type } : declaratorOf(below, type, names);
    }
    case 'abstract_function_declarator': {
      const { parameters, variadic } = parametersOf(part(node, 'parameters'), names);
      const type: CType = { kind: 'function', returns: base, parameters: parameters.map((one) => one.type), variadic };
      const below = node.childForFieldName('declarator');
      return below === null ? { name: '', type } : declaratorOf(below, type, names);
    }
    case 'abstract_parenthesized_declarator': {
      const [below] = childrenOf(node);
      return below === undefined ? { name: '', type: base } : declaratorOf(below, base, names);
    }
    default:
      throw new Untranslatable(`a ${node.type.replaceAll('_', ' ')}`);
  }
}

/** All that a declaration declares. */
export function declaredBy(
  node: Node,
  names: TypeNames,
  base: CType = specifierType(part(node, 'type'), names),
): Declared[] {
  return node.childrenForFieldName('declarator').map((one) => {
    if (one === null) throw new Untranslatable('a declaration without a name');
    const value = one.type === 'init_declarator' ? one.childForFieldName('value') : null;
    const { name, type } = declaratorOf(one.type === 'init_declarator' ? inner(one) : one, base, names);
    return { name, type, value, node: one };
  });
}

/** Name, result and parameters of a function definition or a prototype's declarator. */
export function signatureOf(node: Node, names: TypeNames): Signature {
  const base = specifierType(part(node, 'type'), names);
  const found = declaratorOf(part(node, 'declarator'), base, names);
  // The innermost: those around it are of functions that it returns pointers to.
  const declarator = findAll(part(node, 'declarator'), ({ type }) => type === 'function_declarator').findLast(
    (one) => one.childForFieldName('declarator')?.text === found.name,
  );
  if (found.type.kind !== 'function' || declarator === undefined)
    throw new Untranslatable('a function without parameters');
  return { name: found.name, returns: found.type.returns, ...parametersOf(part(declarator, 'parameters'), names) };
}

/** The fields of a struct in their order; what a nameless union or struct holds counts as the struct's own. */
export function fieldsOf(body: Node, names: TypeNames): { name: string; type: CType; overlaps: boolean }[] {
  const list = childrenOf(body).flatMap((one) => (one.type.startsWith('preproc_') ? childrenOf(one) : [one]));
  return list.flatMap((one) => {
    if (one.type !== 'field_declaration') return [];
    const specifier = part(one, 'type');
    const declarators = one.childrenForFieldName('declarator').filter((child) => child !== null);
    const below = specifier.childForFieldName('body');
    if (declarators.length === 0) {
      if (below === null) return [];
      const overlaps = specifier.type === 'union_specifier';
      return fieldsOf(below, names).map((field) => ({ ...field, overlaps: field.overlaps || overlaps }));
    }
    // A struct without a name of its own has none here either.
    const nameless = below !== null && specifier.childForFieldName('name') === null;
    const base: CType = nameless ? { kind: 'unknown', name: 'a nameless struct' } : specifierType(specifier, names);
    const clause = childrenOf(one).find((child) => child.type === 'bitfield_clause');
    return declarators.map((declarator) => {
      const field = { ...declaratorOf(declarator, base, names), overlaps: false };
      const bits = clause === undefined ? null : constantOf(clause.namedChildren[0] ?? clause, names.numbers);
      if (bits === null || field.type.kind !== 'int') return field;
      return { ...field, type: bitField(field.type, Number(bits)) };
    });
  });
}

/** The type that a cast or sizeof names. */
export function typeNamed(node: Node, names: TypeNames, given: CType | null = null): CType {
  if (node.type !== 'type_descriptor') return given ?? specifierType(node, names);
  const base = given ?? specifierType(part(node, 'type'), names);
  const declarator = node.childForFieldName('declarator');
  return declarator === null ? base : declaratorOf(declarator, base, names).type;
}
