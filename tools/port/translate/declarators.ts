// SPDX-License-Identifier: GPL-2.0-only
/** The declarators of C: which name, and of which type once its pointers and arrays are read. */
import type { Node } from 'web-tree-sitter';
import { childrenOf, Untranslatable } from './scope.js';
import { arrayOf, baseTypeOf, pointerTo, type Type } from './types.js';

export interface Declared {
  name: string;
  type: Type;
  value: Node | null;
}

/** Reads one declarator of a declaration whose type is `base`. */
export function declaratorOf(node: Node, base: Type): Declared {
  switch (node.type) {
    case 'identifier':
    case 'field_identifier':
      return { name: node.text, type: base, value: null };
    case 'init_declarator': {
      const inner = node.childForFieldName('declarator');
      if (inner === null) throw new Untranslatable('a declarator without a name');
      return { ...declaratorOf(inner, base), value: node.childForFieldName('value') };
    }
    case 'pointer_declarator': {
      const inner = node.childForFieldName('declarator');
      if (inner === null) throw new Untranslatable('a pointer without a name');
      return declaratorOf(inner, pointerTo(base));
    }
    case 'array_declarator': {
      const inner = node.childForFieldName('declarator');
      if (inner === null) throw new Untranslatable('an array without a name');
      return declaratorOf(inner, arrayOf(base));
    }
    default:
      throw new Untranslatable(`a ${node.type.replaceAll('_', ' ')}`);
  }
}

/** All that a declaration declares. */
export function declaredBy(node: Node): Declared[] {
  const type = node.childForFieldName('type');
  if (type === null) throw new Untranslatable('a declaration without a type');
  const base = baseTypeOf(type.text);
  return node.childrenForFieldName('declarator').map((one) => {
    if (one === null) throw new Untranslatable('a declaration without a name');
    return declaratorOf(one, base);
  });
}

/** Name, result and parameters of a function definition. */
export function signatureOf(node: Node): { name: string; returns: Type; parameters: { name: string; type: Type }[] } {
  const type = node.childForFieldName('type');
  let declarator = node.childForFieldName('declarator');
  if (type === null || declarator === null) throw new Untranslatable('a function without a type');
  let returns = baseTypeOf(type.text);
  while (declarator?.type === 'pointer_declarator') {
    returns = pointerTo(returns);
    declarator = declarator.childForFieldName('declarator');
  }
  const name = declarator?.childForFieldName('declarator')?.text;
  const list = declarator?.childForFieldName('parameters');
  if (name === undefined || !list) throw new Untranslatable('a function without a name');
  const parameters = childrenOf(list)
    .filter((one) => one.type === 'parameter_declaration' && one.text !== 'void')
    .map((one, i) => {
      const inner = one.childForFieldName('declarator');
      const base = baseTypeOf(one.childForFieldName('type')?.text ?? 'void');
      if (inner === null) return { name: `_unused${i}`, type: base };
      // Of a parameter without a name only the pointer is there.
      if (/^abstract/.test(inner.type)) return { name: `_unused${i}`, type: pointerTo(base) };
      return declaratorOf(inner, base);
    });
  return { name, returns, parameters: parameters.map((one) => ({ name: one.name, type: one.type })) };
}
