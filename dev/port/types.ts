// SPDX-License-Identifier: GPL-2.0-only
/** Writes tools/port/c_types.json: `node dist/dev/port/types.js TREE`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { readHeaders } from '../../tools/port/translate/headers.js';
import { record } from '../../tools/port/translate/recorded.js';
import { KernelTree } from '../../tools/port/tree.js';

const FILE = fileURLToPath(new URL('../../../tools/port/c_types.json', import.meta.url));

const [root] = process.argv.slice(2);
if (root === undefined) throw new RangeError('types: names no kernel tree');
const tree = new KernelTree(root);
const types = record(tree.version, await readHeaders(tree, null));
writeFileSync(FILE, await format(JSON.stringify(types), { parser: 'json', printWidth: 120 }));
