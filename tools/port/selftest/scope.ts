// SPDX-License-Identifier: GPL-2.0-only
/** What is known around an expression: variables, functions and fixtures of the file, constants of the kernel's headers. */
import * as errno from '../../../include/linux/errno.js';
import * as capability from '../../../include/uapi/capability.js';
import * as fcntl from '../../../include/uapi/fcntl.js';
import * as memfd from '../../../include/uapi/memfd.js';
import * as mman from '../../../include/uapi/mman.js';
import * as prctl from '../../../include/uapi/prctl.js';
import type { Node } from '../translate/nodes.js';
import type { Facts } from './facts.js';
import type { FunctionHead } from './types.js';
import type { Type } from './values.js';

export interface Variable {
  name: string;
  /** In TypeScript. */
  code: string;
  type: Type;
  /** What the facts call it. */
  key: string;
  /** wait() writes to it: it is the `value` of an object. */
  boxed: boolean;
}

export interface OwnFunction extends FunctionHead {
  node: Node;
}

/** A fixture: its fields, and those of its variants, by name; a field whose type is not known is left out. */
export interface FixtureInfo {
  name: string;
  fields: Map<string, Type>;
  variant: Map<string, Type> | null;
}

export interface FileScope {
  facts: Facts;
  functions: ReadonlyMap<string, OwnFunction>;
  /** Is it one of the file that cannot be translated? Who calls it gets no further. */
  isBroken(name: string): boolean;
  fixtures: ReadonlyMap<string, FixtureInfo>;
  /** Enumerators, and macros that are numbers. */
  constants: ReadonlyMap<string, bigint>;
  globals: ReadonlyMap<string, Variable>;
  /** By what they stand for. */
  macros: ReadonlyMap<string, string>;
  /** Imports a name of the harness. */
  use(name: string): string;
}

const HEADERS: readonly object[] = [errno, capability, fcntl, memfd, mman, prctl];

/** Names that headers have beside those that the port has. */
const OTHERS: Readonly<Record<string, number>> = { MAP_ANON: mman.MAP_ANONYMOUS, SIGSEGV: 11, RLIMIT_MEMLOCK: 8 };

/** The value of a constant that the harness exports by that name; null for any other name. */
export function headerConstant(name: string): bigint | null {
  if (!/^[A-Z][A-Z\d_]*$/.test(name)) return null;
  for (const header of [...HEADERS, OTHERS]) {
    const value: unknown = Reflect.get(header, name);
    if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  }
  return null;
}

const RESERVED = new Set(
  'arguments async await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof undefined var void while with yield Array BigInt Math Number Object String'.split(
    ' ',
  ),
);

/** A name of C, where TypeScript or the harness has another use for it with an underscore. */
export function codeName(name: string, isTaken: (name: string) => boolean): string {
  return RESERVED.has(name) || isTaken(name) ? codeName(`${name}_`, isTaken) : name;
}
