// SPDX-License-Identifier: GPL-2.0-only
/** What the parts of the translator share: variables, functions of the file, and what is known outside of a function. */

import type { CType, IntType } from './ctypes.js';
import type { Signature } from './declarators.js';
import type { Environment } from './environment.js';
import type { Facts } from './facts.js';
import type { Node } from './nodes.js';
import type { ApiEntry, PortApi } from './port_api.js';
import { Untranslatable } from './scope.js';
import { heldAs } from './values.js';

export interface Variable {
  name: string;
  /** Its name in TypeScript. */
  code: string;
  type: CType;
  /** What the facts call it. */
  key: string;
  /** Its address is taken: it lives in a Ref. */
  boxed: boolean;
  /** Assigned to once only. */
  constant: boolean;
  /** Declared where it is first assigned to. */
  sunk: boolean;
  /** It is never read: only what its values do is kept. */
  unread: boolean;
  /** Of an array: it is handed over as a pointer. */
  escapes: boolean;
  /** Of a constant: what it is. */
  number?: bigint;
}

/** A function of the file that is translated. */
export interface OwnFunction extends Signature {
  node: Node;
  /** Its name in TypeScript. */
  code: string;
  /** Does it assert, or make an address space? Then it is given the test. */
  needsTest: boolean;
  /** It is used as a pointer: the port calls it with whatever it likes. */
  taken: boolean;
}

export interface FileScope {
  api: PortApi;
  env: Environment;
  facts: Facts;
  functions: ReadonlyMap<string, OwnFunction>;
  /** Structs that the file declares. */
  structs: ReadonlySet<string>;
  globals: ReadonlyMap<string, Variable>;
  /** Names of the whole file whose declaration was not translated; structs as `struct name`. */
  lost: ReadonlySet<string>;
  /** Imports a name of the port. */
  use(name: string): string;
}

/** Structs that the port shares freely, since they cannot be changed. */
export const IMMUTABLE = new Set(['pgprot_t', 'vm_userfaultfd_ctx']);

/** Structs of the kernel that a copy can be made of. */
export const COPYABLE = new Set([
  'vm_area_struct',
  'vma_merge_struct',
  'vm_area_desc',
  'vma_iterator',
  'ma_state',
  'anon_vma_chain',
  'anon_vma',
  'vm_unmapped_area_info',
  'vma_munmap_struct',
  'vm_operations_struct',
  'file_operations',
  'mmap_action',
  'vma_flags_t',
]);

/** What the port calls a struct. @throws Untranslatable for one of the file that has no class here */
export function structName(scope: FileScope, name: string): string {
  if (scope.lost.has(`struct ${name}`)) throw new Untranslatable(`uses struct ${name}, which was not translated`);
  if (scope.structs.has(name)) return `struct_${name}`;
  if (name === 'vma_prepare') return 'struct_vma_prepare';
  return name;
}

export function structEntry(scope: FileScope, name: string): Extract<ApiEntry, { kind: 'class' | 'interface' }> {
  const entry = scope.api.entries.get(structName(scope, name))?.entry;
  if (entry === undefined || (entry.kind !== 'class' && entry.kind !== 'interface')) {
    throw new Untranslatable(`the port has no struct ${name}`, name);
  }
  return entry;
}

/** The type of a place whose values are not known, in TypeScript. */
export function textOf(
  scope: FileScope,
  type: CType,
  more: { nullable?: boolean; errable?: boolean; array?: boolean } = {},
): string {
  switch (type.kind) {
    case 'void':
      return 'void';
    case 'int':
      return intText(type);
    case 'struct':
      if (!scope.structs.has(type.name)) {
        structEntry(scope, type.name);
        return scope.use(structName(scope, type.name));
      }
      return structName(scope, type.name);
    case 'array':
      return `${wrap(textOf(scope, type.of, { nullable: true }))}[]`;
    case 'function':
      return functionText(scope, type);
    case 'pointer':
      return pointerText(scope, type.to, more);
    case 'unknown':
      throw new Untranslatable(`the type ${type.name} is not known`);
  }
}

function intText(type: IntType): string {
  const rep = heldAs(type);
  return rep === 'ulong' ? 'number' : rep;
}

function wrap(text: string): string {
  return /[ |]/.test(text) ? `(${text})` : text;
}

function functionText(scope: FileScope, type: Extract<CType, { kind: 'function' }>): string {
  const parameters = type.parameters.map((one, i) => `a${i}: ${textOf(scope, one, { nullable: true })}`);
  return `(${parameters.join(', ')}) => ${textOf(scope, type.returns, { nullable: true })}`;
}

function pointerText(
  scope: FileScope,
  to: CType,
  more: { nullable?: boolean; errable?: boolean; array?: boolean },
): string {
  if (to.kind === 'void') return 'unknown';
  let text: string;
  if (to.kind === 'struct') text = textOf(scope, to);
  else if (to.kind === 'function') text = `(${functionText(scope, to)})`;
  else if (to.kind === 'int' && to.bits === 8 && to.signed) text = 'string';
  else if (more.array) text = `${wrap(textOf(scope, to, { nullable: true }))}[]`;
  else text = `${scope.use('Ref')}<${textOf(scope, to, { nullable: true })}>`;
  if (more.errable) text += ` | ${scope.use('ErrPtr')}`;
  return more.nullable ? `${text} | null` : text;
}

/** Fields of a struct that are structs themselves, as struct_copy() wants them. */
export function embeddedIn(scope: FileScope, name: string): string[] {
  const shared = (one: string): boolean => one === 'vma_flags_t' || one === 'list_head' || IMMUTABLE.has(one);
  if (!scope.structs.has(name) && !COPYABLE.has(name)) {
    throw new Untranslatable(`a copy of a struct ${name}: not every part of it can be copied`);
  }
  const { fields = [], union } = scope.env.structs.get(name) ?? {};
  if (union) throw new Untranslatable(`a copy of a union ${name}`);
  return fields.flatMap(({ name: field, type, overlaps }) => {
    if (type.kind === 'array' && type.of.kind === 'struct') return [`${field}[]`];
    if (type.kind !== 'struct' || shared(type.name) || overlaps) return [];
    if (!scope.structs.has(type.name) && !COPYABLE.has(type.name)) {
      if (!scope.structs.has(name)) return [];
      throw new Untranslatable(`a copy of a struct ${name}, which has a struct ${type.name} in it`);
    }
    return [field, ...embeddedIn(scope, type.name).map((inner) => `${field}.${inner}`)];
  });
}
