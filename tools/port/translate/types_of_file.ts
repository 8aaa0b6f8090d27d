// SPDX-License-Identifier: GPL-2.0-only
/** A struct that a test file declares, as a class: fields by their types, all zero unless given. */
import { type CType, describe, isInt } from './ctypes.js';
import { type FileScope, structName, textOf } from './model.js';
import { safeField, Untranslatable } from './scope.js';
import { heldAs, heldFor } from './values.js';

function fieldOf(scope: FileScope, type: CType, key: string): { text: string; zero: string } {
  if (isInt(type)) {
    const fact = scope.facts.read(key);
    const escapes = scope.facts.read(`&${key}`).nullable;
    const rep = escapes ? heldAs(type) : heldFor(type, fact.range ?? { lo: 0n, hi: 0n }, fact.port);
    const text = rep === 'ulong' ? 'number' : rep;
    return { text, zero: rep === 'boolean' ? 'false' : rep === 'bigint' ? '0n' : '0' };
  }
  if (type.kind === 'struct') {
    if (scope.structs.has(type.name))
      return { text: structName(scope, type.name), zero: `new ${structName(scope, type.name)}()` };
    const name = textOf(scope, type);
    if (type.name === 'vma_flags_t') return { text: name, zero: `${scope.use('EMPTY_VMA_FLAGS')}.clone()` };
    const entry = scope.api.entries.get(name)?.entry;
    if (entry?.kind !== 'class' || entry.parameters.some((one) => !one.optional))
      throw new Untranslatable(`a ${describe(type)} in a struct`);
    return { text: name, zero: `new ${name}()` };
  }
  if (type.kind === 'array') {
    const { text, zero } = fieldOf(scope, type.of, `${key}[]`);
    if (type.length === null) throw new Untranslatable('an array without a length in a struct');
    return {
      text: `${/[ |]/.test(text) ? `(${text})` : text}[]`,
      zero: `[${Array.from({ length: type.length }, () => zero).join(', ')}]`,
    };
  }
  if (type.kind !== 'pointer') throw new Untranslatable(`a ${describe(type)} in a struct`);
  const fact = scope.facts.read(key);
  return { text: textOf(scope, type, { nullable: true, errable: fact.errable, array: fact.arrays }), zero: 'null' };
}

export function classOf(scope: FileScope, name: string): string[] {
  const struct = scope.env.structs.get(name);
  if (struct === undefined || struct.union || struct.fields.some((one) => one.overlaps))
    throw new Untranslatable(`a union ${name}`);
  const fields = struct.fields.map(({ name: field, type }) => {
    const { text, zero } = fieldOf(scope, type, `struct ${name}.${field}`);
    return `${safeField(field)}: ${text} = ${zero};`;
  });
  const made = structName(scope, name);
  const init = fields.length === 0 ? [] : [`constructor(init: Partial<${made}> = {}) { Object.assign(this, init); }`];
  return [`class ${made} {`, ...fields, ...init, '}'];
}
