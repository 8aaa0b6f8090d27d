// SPDX-License-Identifier: GPL-2.0-only
/** tools/port/c_types.json: what it holds reads as it was written, and is what the baseline's headers say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readHeaders } from '../../tools/port/translate/headers.js';
import { encode, record, recordedHeaders } from '../../tools/port/translate/recorded.js';
import { KernelTree } from '../../tools/port/tree.js';
import { ROOT } from '../house/project.js';
import { SMALL_TREE } from './workshop.js';

const recorded: { kernel: string; functions: Record<string, string>; structs: Record<string, Record<string, string>> } =
  JSON.parse(readFileSync(join(ROOT, 'tools/port/c_types.json'), 'utf8'));

t.test('every type reads as it was written', async (t) => {
  const { environment } = recordedHeaders();
  for (const [name, text] of Object.entries(recorded.functions)) {
    const signature = environment.functions.get(name);
    if (signature === undefined) t.fail(name);
    else {
      const { returns, variadic } = signature;
      const parameters = signature.parameters.map((one) => one.type);
      t.equal(encode({ kind: 'function', returns, parameters, variadic }), text, name);
    }
  }
  for (const [name, fields] of Object.entries(recorded.structs)) {
    for (const [field, text] of Object.entries(fields)) {
      const found = environment.structs.get(name)?.fields.find((one) => one.name === field.replace('|', ''));
      t.equal(found === undefined ? null : encode(found.type), text, `${name}.${field}`);
      t.equal(found?.overlaps, field.startsWith('|'));
    }
  }
});

t.test('a tree that has a part of the headers is read with the rest of what is recorded', async (t) => {
  const { environment, macros } = await readHeaders(new KernelTree(SMALL_TREE), recordedHeaders());
  t.ok(environment.functions.has('vma_do_something_new'), 'its own');
  t.ok(environment.functions.has('vma_merge_new_range'));
  t.ok(macros.has('VM_READ'), 'macros that are known to be there');
  t.ok(macros.has('swap'));
});

const kernel = process.env.KERNEL;
t.test('the headers of the baseline say the same', { skip: kernel ? false : 'KERNEL is not set' }, async (t) => {
  const tree = new KernelTree(kernel ?? '');
  if (tree.version !== recorded.kernel) {
    t.comment(`KERNEL is ${tree.version}, recorded is ${recorded.kernel}`);
    return;
  }
  t.same(record(tree.version, await readHeaders(tree, null)), recorded);
});
