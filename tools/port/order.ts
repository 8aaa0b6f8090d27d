// SPDX-License-Identifier: GPL-2.0-only
/** In which order what differs can be ported: what others stand on comes first, what went comes last. */
import { tokensOf } from '../table/c_tokens.js';
import { placeOf, type SymbolStatus } from './status.js';
import type { KernelTree } from './tree.js';

/** The names that a piece of C uses; fields of structs are none. */
function namesIn(texts: readonly string[]): Set<string> {
  const tokens = texts.flatMap(tokensOf);
  const names = tokens.filter((token, i) => /^[A-Za-z_]/.test(token) && !/^(?:\.|->)$/.test(tokens[i - 1] ?? ''));
  return new Set(names);
}

function isType({ to }: SymbolStatus): boolean {
  return /^(?:struct|enum|enumerator|typedef)$/.test(to?.print.kind ?? '');
}

/** Types before what handles them, tests after all else, and what the port does not have at the end. */
function rank(one: SymbolStatus): number {
  const { ported, to } = one;
  if (to === null) return 4;
  if (!ported) return 3;
  if (to.print.kind === 'test' || to.file.includes('/testing/vma/tests/')) return 2;
  return isType(one) ? 0 : 1;
}

export function portingOrder(tree: KernelTree, symbols: readonly SymbolStatus[]): SymbolStatus[] {
  const byName = new Map<string, SymbolStatus[]>();
  for (const one of symbols) {
    const { symbol } = placeOf(one);
    if (one.to !== null) byName.set(symbol, [...(byName.get(symbol) ?? []), one]);
  }
  const ordered = new Set<SymbolStatus>();
  const waiting = new Set<SymbolStatus>();
  const visit = (one: SymbolStatus): void => {
    if (ordered.has(one) || waiting.has(one)) return;
    waiting.add(one);
    const { file, symbol } = placeOf(one);
    const texts = one.to === null ? [] : (tree.symbols(file).get(symbol)?.texts ?? []);
    for (const name of namesIn(texts)) {
      // A type has fields, whose names may be those of functions, and needs no function.
      for (const other of byName.get(name) ?? []) if (!isType(one) || other.to?.print.kind !== 'function') visit(other);
    }
    ordered.add(one);
  };
  for (const one of symbols.toSorted((a, b) => rank(a) - rank(b))) visit(one);
  return [...ordered];
}
