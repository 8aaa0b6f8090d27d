// SPDX-License-Identifier: GPL-2.0-only
/**
 * Makes the harness's stubs tell of their calls. Each static inline function of a header keeps what it does under another
 * name; in its place comes one that hands name and arguments to calls.h, and then does what the header does, or answers
 * what a trace asked for.
 */
import { type CFunction, type CParameter, functionsOf } from './c_functions.js';

/** What calls.h prints an argument of a type with; const and spaces do not count. */
const PRINTERS: readonly [type: RegExp, printer: string][] = [
  [/^struct vm_area_struct\*$/, 'call_vma'],
  [/^struct mm_struct\*$/, 'call_mm'],
  [/^struct file\*$/, 'call_file'],
  [/^struct address_space\*$/, 'call_mapping'],
  [/^struct anon_vma\*$/, 'call_anon'],
  [/^struct anon_vma_chain\*$/, 'call_link'],
  [/^struct rb_root_cached\*$/, 'call_tree'],
  [/^struct mempolicy\*$/, 'call_policy'],
  [/^struct anon_vma_name\*$/, 'call_name'],
  [/^struct unmap_desc\*$/, 'call_unmap'],
  [/^struct pagetable_move_control\*$/, 'call_move'],
  [/^vma_flags_t\*$/, 'call_flags'],
  [/^vma_flags_t$/, 'call_flags_value'],
  [/^pgprot_t$/, 'call_prot'],
  [/^struct vm_userfaultfd_ctx$/, 'call_uffd'],
  [/^vm_flags_t$/, 'call_word'],
  [/^(?:unsigned long|unsigned int|size_t|pgoff_t|bool|enum vma_operation)$/, 'call_ulong'],
  [/^(?:int|long)$/, 'call_long'],
  [/\*$/, 'call_object'],
];

function printerOf(type: string): string {
  const plain = type
    .replaceAll(/\bconst\b/g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(' *', '*')
    .trim();
  return PRINTERS.find(([pattern]) => pattern.test(plain))?.[1] ?? 'call_unknown';
}

/** Types of which a trace can say what is answered. */
const ANSWERED: readonly string[] = ['int', 'bool', 'long', 'unsigned long'];

function definitionOf({ type, name }: CParameter): string {
  return `${type} ${name}`;
}

/** The function that stands in for another, which has been renamed to `inner`. */
function wrapperOf({ name, returns, parameters }: CFunction, inner: string): string {
  const named = parameters.map((parameter, i) => ({ ...parameter, name: parameter.name || `arg${i}` }));
  const call = `${inner}(${named.map((parameter) => parameter.name).join(', ')})`;
  const list = named.map(definitionOf).join(', ') || 'void';
  const printed = named.map((parameter) => `\t\t${printerOf(parameter.type)}(${parameter.name});`);
  const head = [`static inline ${returns} ${name}(${list})`, '{'];
  const begin = [`\tif (call_begin("${name}")) {`, ...printed, '\t}'];
  if (returns === 'void') {
    return [...head, ...begin, `\t${call};`, '\tcall_end();', '}'].join('\n');
  }
  const answered = ANSWERED.includes(returns)
    ? [`\tif (call_answered())`, `\t\tret = call_answer();`, '\telse', '\t']
    : [];
  return [
    ...head,
    `\t${returns} ret;`,
    '',
    ...begin,
    ...answered.slice(0, -1),
    `${answered.length > 0 ? '\t' : ''}\tret = ${call};`,
    ...(returns === 'vma_flags_t' ? ['\tif (call_answered())', '\t\tret.__vma_flags[0] |= call_answer();'] : []),
    `\tif (call_result())`,
    `\t\t${printerOf(returns)}(ret);`,
    '\tcall_end();',
    '\treturn ret;',
    '}',
  ].join('\n');
}

export interface HeaderChanges {
  /** Functions that come from elsewhere; what is put in their place, a declaration. */
  replaced: ReadonlyMap<string, string>;
  /** Functions whose calls are told; those of `worlds` have a world_… of calls.h to call instead of what they were. */
  told: (name: string) => boolean;
  worlds: ReadonlySet<string>;
  /** Fields that structs get beside their own, by struct. */
  fields: Readonly<Record<string, string>>;
  /** Other texts to be exchanged. */
  texts: readonly (readonly [string, string])[];
}

interface Edit {
  start: number;
  end: number;
  text: string;
}

function editOf(source: string, one: CFunction, { replaced, told, worlds }: HeaderChanges): Edit | null {
  const { name, start, end, nameAt } = one;
  const declaration = replaced.get(name);
  if (declaration !== undefined) return { start, end, text: declaration };
  if (!told(name)) return null;
  if (worlds.has(name)) return { start, end, text: wrapperOf(one, `world_${name}`) };
  const inner = `harness_${name}`;
  const kept = `${source.slice(start, start + nameAt)}${inner}${source.slice(start + nameAt + name.length, end)}`;
  return { start, end, text: `${kept}\n\n${wrapperOf(one, inner)}` };
}

/** The header with its changes. */
export async function withCalls(source: string, changes: HeaderChanges): Promise<string> {
  const edits = (await functionsOf(source)).flatMap((one) => editOf(source, one, changes) ?? []);
  let text = source;
  for (const { start, end, text: put } of edits.sort((a, b) => b.start - a.start)) {
    text = text.slice(0, start) + put + text.slice(end);
  }
  for (const [from, to] of changes.texts) text = text.replaceAll(from, to);
  for (const [struct, fields] of Object.entries(changes.fields)) {
    text = text.replace(new RegExp(`^(struct ${struct} \\{)`, 'm'), `$1 ${fields}`);
  }
  return text;
}
