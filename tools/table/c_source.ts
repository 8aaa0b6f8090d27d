// SPDX-License-Identifier: GPL-2.0-only
/**
 * Parses the kernel's C with tree-sitter. What its grammar cannot know, macros that stand where it expects something
 * else, is replaced by blanks or by a keyword of the same length, so that every offset stays right.
 */
import { fileURLToPath } from 'node:url';
import { Language, Parser, type Tree } from 'web-tree-sitter';

/** Attribute macros: they say nothing about the syntax around them. */
const ATTRIBUTES = [
  '__must_check',
  '__always_inline',
  '__randomize_layout',
  '__read_mostly',
  '__bitwise',
  '__private',
  '__init',
  '__weak',
  '__force',
  '__maybe_unused',
  '__rcu',
];

/** Loops that are macros: `while` keeps them statements with a body. */
const LOOPS = /(?<!#[ \t]*define[ \t]+)\b(for_each_vma_range|for_each_vma|mas_for_each|list_for_each_entry)(?=\s*\()/g;

/** An enumerator by a macro: DECLARE_VMA_BIT(READ, 0) declares VMA_READ_BIT. */
const DECLARED_BITS = /(?<!#[ \t]*define[ \t]+)\bDECLARE_VMA_BIT(?:_ALIAS)?\((\w+),\s*\w+\)/g;

let parser: Promise<Parser> | null = null;

async function loadParser(): Promise<Parser> {
  await Parser.init();
  const wasm = fileURLToPath(import.meta.resolve('tree-sitter-c/tree-sitter-c.wasm'));
  const made = new Parser();
  made.setLanguage(await Language.load(wasm));
  return made;
}

/** The text as the grammar can read it: as long as the original, line by line. */
export function blankMacros(text: string): string {
  const attributes = new RegExp(`(?<!#[ \\t]*define[ \\t]+)\\b(${ATTRIBUTES.join('|')})\\b`, 'g');
  return text
    .replace(attributes, (name) => ' '.repeat(name.length))
    .replace(LOOPS, (name) => 'while'.padEnd(name.length))
    .replace(DECLARED_BITS, (call, name: string) => `VMA_${name}_BIT`.padEnd(call.length));
}

/** The syntax tree of a C text. */
export async function parseC(text: string): Promise<Tree> {
  parser ??= loadParser();
  const tree = (await parser).parse(blankMacros(text));
  if (tree === null) throw new Error('parseC: the parser gave no tree');
  return tree;
}
