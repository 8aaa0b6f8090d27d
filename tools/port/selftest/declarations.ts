// SPDX-License-Identifier: GPL-2.0-only
/** What a selftest declares for all of itself: fixtures, enumerators, macros that are numbers, functions. */
import { parseC } from '../../table/c_source.js';
import { SourceError } from '../translate/lexer.js';
import { type Node, plain } from '../translate/nodes.js';
import { childrenOf, constantOf, findAll, statementsOf, Untranslatable } from '../translate/scope.js';
import { type Dialect, FIXTURE_STRUCT, VARIANT_STRUCT } from './dialect.js';
import { part } from './expressions.js';
import type { FixtureInfo, OwnFunction } from './scope.js';
import { declaredBy, headOf } from './types.js';
import type { Type } from './values.js';

/** Macros that are numbers, worked out. */
export async function numbersOf({ numbers }: Dialect): Promise<Map<string, bigint>> {
  const known = new Map<string, bigint>();
  for (const [name, text] of numbers) {
    const source = `int x = ${text};`;
    const root = plain((await parseC(source)).rootNode, source);
    const [value] = findAll(root, ({ type }) => type === 'init_declarator').map((one) => part(one, 'value'));
    const number = value === undefined ? null : constantOf(value, known);
    if (number !== null) known.set(name, number);
  }
  return known;
}

export class Declarations {
  readonly functions: Map<string, OwnFunction>;
  readonly fixtures: Map<string, FixtureInfo>;
  /** Enumerators, and macros that are numbers. */
  readonly constants: Map<string, bigint>;
  private readonly dialect: Dialect;

  constructor(dialect: Dialect, constants: Map<string, bigint>) {
    this.functions = new Map();
    this.fixtures = new Map(dialect.fixtures.map((name) => [name, { name, fields: new Map(), variant: null }]));
    this.constants = constants;
    this.dialect = dialect;
  }

  /** @throws SourceError at what the parser does not understand, but within a function */
  read(root: Node): void {
    for (const node of statementsOf(root)) {
      if (node.hasError && node.type !== 'function_definition') this.refuseError(node);
      if (node.type === 'struct_specifier') this.readStruct(node);
      if (node.type === 'enum_specifier') this.readEnum(node);
      if (node.type === 'function_definition') this.readFunction(node);
    }
  }

  private refuseError(node: Node): never {
    const [first] = findAll(node, (one) => one.isError || one.isMissing);
    const [near = ''] = (first ?? node).text.split('\n');
    throw new SourceError((first ?? node).startPosition.row + 1, `a syntax error near ${near.slice(0, 40)}`);
  }

  private readStruct(node: Node): void {
    const name = node.childForFieldName('name')?.text ?? '';
    const isVariant = name.startsWith(VARIANT_STRUCT);
    const info = this.fixtures.get(name.slice((isVariant ? VARIANT_STRUCT : FIXTURE_STRUCT).length));
    const body = node.childForFieldName('body');
    if (info === undefined || body === null) return;
    const fields = isVariant ? new Map<string, Type>() : info.fields;
    if (isVariant) info.variant = fields;
    for (const field of childrenOf(body)) {
      try {
        for (const one of declaredBy(field)) fields.set(one.name, one.type);
      } catch (error) {
        if (!(error instanceof Untranslatable)) throw error;
      }
    }
  }

  readEnum(node: Node): void {
    const body = node.childForFieldName('body');
    let next: bigint | null = 0n;
    for (const one of body === null ? [] : childrenOf(body)) {
      if (one.type !== 'enumerator') continue;
      const value = one.childForFieldName('value');
      const number: bigint | null = value === null ? next : constantOf(value, this.constants);
      if (number !== null) this.constants.set(part(one, 'name').text, number);
      next = number === null ? null : number + 1n;
    }
  }

  private readFunction(node: Node): void {
    try {
      const head = headOf(node);
      if (!this.dialect.roles.has(head.name) && head.name !== 'main') this.functions.set(head.name, { ...head, node });
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
    }
  }
}
