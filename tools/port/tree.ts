// SPDX-License-Identifier: GPL-2.0-only
/** Reads the upstream symbols that the port follows from a kernel tree. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CSymbol, declarationsOf } from '../table/c_symbols.js';
import { parseTables, type Table } from '../table/table.js';

/** A tree that cannot be read; the message is for the user. */
export class TreeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TreeError';
  }
}

const DOCUMENT = fileURLToPath(new URL('../../../docs/upstream.md', import.meta.url));

/** The tables of docs/upstream.md: which files, which symbols, where each lives here. */
export function portedTables(): Table[] {
  return parseTables(readFileSync(DOCUMENT, 'utf8'));
}

/** All declarations of one name in one file. */
export interface TreeSymbol {
  file: string;
  name: string;
  kind: string;
  /** Line of the first. */
  line: number;
  texts: string[];
}

/** Tests are functions to C; to whoever follows upstream they are the point. */
function kindOf(file: string, { kind, name }: CSymbol): string {
  return kind === 'function' && file.includes('/testing/vma/') && name.startsWith('test_') ? 'test' : kind;
}

/** A version as the tree's Makefile has it; where that was not copied along, as its folder is called. */
function versionOf(root: string): string {
  const path = join(root, 'Makefile');
  const makefile = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const part = (name: string): string | undefined => new RegExp(`^${name} *= *(\\d+)`, 'm').exec(makefile)?.[1];
  const [major, minor] = [part('VERSION'), part('PATCHLEVEL')];
  if (major !== undefined && minor !== undefined) return `${major}.${minor}`;
  return /\d+\.\d+/.exec(basename(resolve(root)))?.[0] ?? 'of unknown version';
}

export class KernelTree {
  readonly root: string;
  /** Such as 7.2. */
  readonly version: string;

  /** @throws TreeError when there is no such folder */
  constructor(root: string) {
    if (!existsSync(root)) throw new TreeError(`${root}: no such folder`);
    this.root = root;
    this.version = versionOf(root);
  }

  /** The text of a file; null when this kernel has none of that name. */
  read(file: string): string | null {
    const path = join(this.root, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : null;
  }

  /** The symbols of one file by name; none when this kernel does not have it. */
  async symbols(file: string): Promise<Map<string, TreeSymbol>> {
    const found = new Map<string, TreeSymbol>();
    const text = this.read(file);
    if (text === null) return found;
    for (const symbol of await declarationsOf(text)) {
      const known = found.get(symbol.name);
      if (known !== undefined) known.texts.push(symbol.text);
      else {
        const { name, line } = symbol;
        found.set(name, { file, name, line, kind: kindOf(file, symbol), texts: [symbol.text] });
      }
    }
    return found;
  }
}
