// SPDX-License-Identifier: GPL-2.0-only
/** Where else the name of a symbol is that went. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isC } from '../table/watched.js';
import type { SymbolStatus } from './status.js';
import { likeness } from './tokens.js';
import type { KernelTree } from './tree.js';

const FOLDERS = ['mm', 'include/linux', 'include/linux/fs', 'lib', 'tools/testing/shared', 'tools/include/linux'];

/** Of each removed symbol, in words, where else in the tree there is one of its name and kind. */
export function foundElsewhere(tree: KernelTree, symbols: readonly SymbolStatus[]): Map<SymbolStatus, string> {
  const found = new Map<SymbolStatus, string>();
  const gone = symbols.filter(({ state, withFile }) => state === 'removed' && !withFile);
  const followed = new Set(symbols.map(({ to, from }) => (to ?? from)?.file ?? ''));
  const look = (file: string, what: string): void => {
    const text = tree.read(file) ?? '';
    for (const one of gone) {
      if (one.from === null || found.has(one) || !text.includes(one.from.symbol)) continue;
      const there = tree.symbols(file).get(one.from.symbol);
      if (there?.kind !== one.from.print.kind) continue;
      const word = likeness(there, one.from.print) >= 0.5 ? 'now at' : 'another at';
      found.set(one, `${word} ${file}:${there.line}${what}`);
    }
  };
  if (gone.length === 0) return found;
  for (const file of followed) look(file, '');
  for (const folder of FOLDERS.filter((name) => existsSync(join(tree.root, name)))) {
    const files = readdirSync(join(tree.root, folder)).map((name) => `${folder}/${name}`);
    for (const file of files) if (isC(file) && !followed.has(file)) look(file, ', which is not followed');
  }
  return found;
}
