// SPDX-License-Identifier: GPL-2.0-only
/** What the C tests stand on: macros and declarations of the harness's headers and of the code under test. */
import type { KernelTree } from '../tree.js';
import { Environment } from './environment.js';
import { SourceError } from './lexer.js';
import type { Macro } from './macros.js';
import { Preprocessor } from './preprocess.js';

const FOLDER = 'tools/testing/vma';
/** In the order in which they are included. */
const HARNESS = [
  `${FOLDER}/vma_internal.h`,
  `${FOLDER}/include/stubs.h`,
  `${FOLDER}/include/dup.h`,
  `${FOLDER}/include/custom.h`,
  `${FOLDER}/shared.h`,
  'mm/vma.h',
];
/** Read for their prototypes alone: their macros are the kernel's own affair. */
const CODE = [
  `${FOLDER}/shared.c`,
  'mm/vma.c',
  'mm/vma_init.c',
  'mm/vma_exec.c',
  'include/linux/maple_tree.h',
  'lib/maple_tree.c',
  'tools/include/linux/list.h',
  'tools/include/linux/err.h',
];

/** Macros from headers that are not read, each with what it does to types and values. */
const PRELUDE = `
#define BIT(nr) (1UL << (nr))
#define BIT_ULL(nr) (1ULL << (nr))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define __ALIGN_MASK(x, mask) (((x) + (mask)) & ~(mask))
#define ALIGN(x, a) __ALIGN_MASK(x, (__typeof__(x))(a) - 1)
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1)) == 0)
#define round_up(x, y) ((((x) - 1) | ((__typeof__(x))((y) - 1))) + 1)
#define round_down(x, y) ((x) & ~((__typeof__(x))((y) - 1)))
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define WRITE_ONCE(x, val) ((x) = (val))
#define IS_SET(value, flags) (((value) & (flags)) == (flags))
#define swap(a, b) do { __typeof__(a) __swapped = (a); (a) = (b); (b) = __swapped; } while (0)
`;

export interface Headers {
  macros: ReadonlyMap<string, Macro>;
  environment: Environment;
}

/** Reads what the tree has of them; a tree may be a part of a kernel. */
export async function readHeaders(tree: KernelTree, fallback: Headers | null): Promise<Headers> {
  const environment = new Environment();
  const prelude = new Preprocessor().run(PRELUDE).macros;
  let macros: ReadonlyMap<string, Macro> = prelude;
  for (const file of HARNESS) {
    const text = tree.read(file);
    if (text === null) continue;
    try {
      const found = new Preprocessor(macros).run(text);
      macros = new Map([...macros, ...found.macros]);
      await environment.read(found.text);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      throw new SourceError(error.line, `${file}:${error.line}: ${error.message}`);
    }
  }
  for (const file of CODE) {
    const text = tree.read(file);
    if (text !== null) await environment.read(text);
  }
  if (fallback === null) return { macros, environment };
  environment.add(fallback.environment);
  // A tree with headers of its own says itself which macros there are.
  return { macros: macros.size > prelude.size ? macros : new Map([...fallback.macros, ...prelude]), environment };
}
