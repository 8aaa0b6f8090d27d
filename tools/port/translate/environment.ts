// SPDX-License-Identifier: GPL-2.0-only
/** What the headers of the tests declare: structs with their fields in C's types, prototypes, variables, typedefs. */

import { parseC } from '../../table/c_source.js';
import { baseType, type CType, describe, ULONG } from './ctypes.js';
import {
  declaratorOf,
  declaredBy,
  fieldsOf,
  part,
  refuseAttributes,
  type Signature,
  signatureOf,
  specifierType,
} from './declarators.js';
import type { Node } from './nodes.js';
import { childrenOf, constantOf, Untranslatable } from './scope.js';

export interface StructField {
  name: string;
  type: CType;
  /** It shares its place with another field. */
  overlaps: boolean;
}

export interface Struct {
  name: string;
  fields: StructField[];
  union: boolean;
}

/** Typedefs of structs without a name that tests look into. */
const BUILT_IN: Record<string, StructField[]> = {
  vma_flags_t: [{ name: '__vma_flags', type: { kind: 'array', of: ULONG, length: null }, overlaps: false }],
  pgprot_t: [{ name: 'pgprot', type: ULONG, overlaps: false }],
};

export class Environment {
  readonly typedefs = new Map<string, CType>();
  readonly numbers = new Map<string, bigint>();
  readonly structs = new Map<string, Struct>(
    Object.entries(BUILT_IN).map(([name, fields]) => [name, { name, fields, union: false }]),
  );
  readonly functions = new Map<string, Signature>();
  readonly variables = new Map<string, CType>();

  /** Reads all declarations of a text. Later ones do not replace earlier ones. */
  async read(text: string): Promise<void> {
    this.visit((await parseC(text)).rootNode);
  }

  visit(node: Node): void {
    try {
      this.declaration(node);
    } catch (error) {
      // What cannot be read is not known; who uses it is told so.
      if (!(error instanceof Untranslatable)) throw error;
    }
  }

  private declaration(node: Node): void {
    switch (node.type) {
      case 'function_definition':
        this.addFunction(signatureOf(node, this));
        break;
      case 'declaration':
        this.addType(part(node, 'type'));
        this.addDeclaration(node);
        break;
      case 'type_definition':
        this.addTypedef(node);
        break;
      case 'struct_specifier':
      case 'union_specifier':
      case 'enum_specifier':
        this.addType(node);
        break;
      default:
        if (/^(?:translation_unit|preproc_|ERROR|linkage_specification|declaration_list)/.test(node.type)) {
          for (const child of childrenOf(node)) this.visit(child);
        }
    }
  }

  private addFunction(signature: Signature): void {
    if (!this.functions.has(signature.name)) this.functions.set(signature.name, signature);
  }

  private addDeclaration(node: Node): void {
    for (const { name, type, node: declarator } of declaredBy(node, this)) {
      if (type.kind === 'function') {
        let found: Node | null = declarator;
        while (found !== null && found.type !== 'function_declarator') found = found.childForFieldName('declarator');
        if (found !== null) this.addFunction(signatureOf(node, this));
      } else if (!this.variables.has(name)) this.variables.set(name, type);
    }
  }

  private addTypedef(node: Node): void {
    refuseAttributes(node);
    const specifier = part(node, 'type');
    this.addType(specifier);
    for (const declarator of node.childrenForFieldName('declarator')) {
      if (declarator === null) continue;
      const nameless = specifier.childForFieldName('body') !== null && specifier.childForFieldName('name') === null;
      const { name, type } = declaratorOf(declarator, specifierType(specifier, this), this);
      const known = baseType(name, new Map());
      if (known.kind !== 'unknown') continue;
      if (nameless && specifier.type === 'struct_specifier') {
        this.addStruct(name, specifier);
        this.typedefs.set(name, { kind: 'struct', name });
      } else if (!this.typedefs.has(name)) this.typedefs.set(name, type);
    }
  }

  private addStruct(name: string, node: Node): void {
    const body = node.childForFieldName('body');
    if (body === null || this.structs.has(name)) return;
    refuseAttributes(node);
    this.structs.set(name, { name, fields: fieldsOf(body, this), union: node.type === 'union_specifier' });
  }

  private addType(node: Node): void {
    const body = node.childForFieldName('body');
    if (body === null) return;
    const name = node.childForFieldName('name')?.text;
    if (node.type === 'enum_specifier') {
      this.addEnumerators(body);
      return;
    }
    if (name !== undefined) this.addStruct(name, node);
    // A struct may be declared within another.
    for (const field of childrenOf(body)) {
      const type = field.type === 'field_declaration' ? field.childForFieldName('type') : null;
      if (type !== null) this.addType(type);
    }
  }

  private addEnumerators(body: Node): void {
    let next = 0n;
    for (const one of childrenOf(body)) {
      if (one.type !== 'enumerator') continue;
      const value = one.childForFieldName('value');
      const given = value === null ? next : constantOf(value, this.numbers);
      if (given === null) throw new Untranslatable(`${part(one, 'name').text} is no number that can be worked out`);
      this.numbers.set(part(one, 'name').text, given);
      next = given + 1n;
    }
  }

  /** A field of a struct. Throws when C has no such struct or field that is known. */
  field(struct: CType, name: string): StructField {
    if (struct.kind !== 'struct') throw new Untranslatable(`.${name} of ${describe(struct)}`);
    const found = this.structs.get(struct.name)?.fields.find((one) => one.name === name);
    if (found === undefined) throw new Untranslatable(`${describe(struct)} has no ${name} that is known`);
    return found;
  }

  /** Takes over what another one knows and this one does not. */
  add(other: Environment): void {
    for (const [name, type] of other.typedefs) if (!this.typedefs.has(name)) this.typedefs.set(name, type);
    for (const [name, value] of other.numbers) if (!this.numbers.has(name)) this.numbers.set(name, value);
    for (const [name, struct] of other.structs) if (!this.structs.has(name)) this.structs.set(name, struct);
    for (const [name, one] of other.functions) if (!this.functions.has(name)) this.functions.set(name, one);
    for (const [name, type] of other.variables) if (!this.variables.has(name)) this.variables.set(name, type);
  }
}
