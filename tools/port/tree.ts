// SPDX-License-Identifier: GPL-2.0-only
/** Reads the upstream symbols that the port follows from a kernel tree. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CSymbol, declarationsOf } from '../table/c_symbols.js';
import { parseTables, type Table } from '../table/table.js';
import { isC, watchedFiles } from '../table/watched.js';
import { type Fingerprint, fingerprintOf } from './tokens.js';

/** A tree that cannot be read; the message is for the user. */
export class TreeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TreeError';
  }
}

/** Where this project is. */
export const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));

/** The tables of docs/upstream.md: which files, which symbols, where each lives here. */
export function portedTables(): Table[] {
  return parseTables(readFileSync(join(PROJECT, 'docs/upstream.md'), 'utf8'));
}

/** All declarations of one name in one file. */
export interface TreeSymbol extends Fingerprint {
  file: string;
  name: string;
  texts: string[];
  /** Line of each text. */
  lines: number[];
}

/** Tests are functions to C; to whoever follows upstream they are the point. */
function kindOf(file: string, { kind, name }: CSymbol): string {
  return kind === 'function' && file.includes('/testing/vma/') && name.startsWith('test_') ? 'test' : kind;
}

export const UNKNOWN_VERSION = 'of unknown version';

/** A version as the tree's Makefile has it, point release included; without one, as its folder is called. */
function versionOf(root: string): string {
  const path = join(root, 'Makefile');
  const makefile = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const part = (name: string): string => new RegExp(`^${name} *= *(\\S+)`, 'm').exec(makefile)?.[1] ?? '';
  const numbers = [part('VERSION'), part('PATCHLEVEL'), part('SUBLEVEL')].filter((number) => number !== '');
  if (numbers.length > 1) return numbers.join('.') + part('EXTRAVERSION');
  return /\d+(?:\.\d+)+/.exec(basename(resolve(root)))?.[0] ?? UNKNOWN_VERSION;
}

export class KernelTree {
  readonly root: string;
  /** Such as 7.2.13. */
  readonly version: string;
  private readonly known: Map<string, Map<string, TreeSymbol>>;

  /** @throws TreeError when there is no such folder */
  constructor(root: string) {
    if (!existsSync(root)) throw new TreeError(`${root}: no such folder`);
    if (!statSync(root).isDirectory()) throw new TreeError(`${root}: not a folder`);
    this.root = root;
    this.version = versionOf(root);
    this.known = new Map();
  }

  /** The text of a file; null when this kernel has none of that name. */
  read(file: string): string | null {
    const path = join(this.root, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : null;
  }

  /** Files in the places where a new one concerns this port. */
  watched(): string[] {
    return watchedFiles(this.root);
  }

  /** The symbols of one file by name; none when this kernel does not have it. */
  symbols(file: string): Map<string, TreeSymbol> {
    const known = this.known.get(file);
    if (known !== undefined) return known;
    const found = new Map<string, CSymbol[]>();
    for (const symbol of declarationsOf(isC(file) ? (this.read(file) ?? '') : '')) {
      const same = found.get(symbol.name);
      if (same !== undefined) same.push(symbol);
      else found.set(symbol.name, [symbol]);
    }
    const symbols = new Map<string, TreeSymbol>();
    for (const [name, same] of found) {
      const [texts, lines] = [same.map(({ text }) => text), same.map(({ line }) => line)];
      const kind = same[0] === undefined ? 'macro' : kindOf(file, same[0]);
      symbols.set(name, { ...fingerprintOf(kind, same), file, name, texts, lines });
    }
    this.known.set(file, symbols);
    return symbols;
  }
}
