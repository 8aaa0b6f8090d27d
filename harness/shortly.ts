// SPDX-License-Identifier: GPL-2.0-only
/** Values as the report shows them: short, numbers in hex, errors by name, objects by what they are and which. */
import { hexOf } from '../include/check.js';
import { IS_ERR_VALUE } from '../include/linux/errno.js';
import { list_head } from '../include/linux/list.js';
import { PAGE_SIZE } from '../include/linux/mm.js';
import { pgprot_t, type vm_area_struct, vm_userfaultfd_ctx } from '../include/mm_types.js';
import { errorName } from './error_name.js';
import { accessOf, otherFlags, snapshotVma } from './picture.js';
import type { CallRange, RecordedVma } from './recorder.js';

/** Which object of its kind one is: the first that is asked about is number 1. */
export class Identities {
  private readonly numbers = new WeakMap<object, number>();
  private readonly counts = new Map<string, number>();

  of(object: object, kind: string): number {
    const known = this.numbers.get(object);
    if (known !== undefined) return known;
    const number = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, number);
    this.numbers.set(object, number);
    return number;
  }
}

/** Is it a negative error number? */
export function isError(value: unknown): boolean {
  return typeof value === 'number' && IS_ERR_VALUE(value);
}

function kindOf(object: object): string {
  // A freed object has no constructor any more.
  if (!('constructor' in object)) return 'freed object';
  return object.constructor.name === 'vm_area_struct' ? 'VMA' : object.constructor.name;
}

function numberOf(value: unknown, name: string): number | null {
  if (typeof value !== 'object' || value === null) return null;
  try {
    const field: unknown = Reflect.get(value, name);
    return typeof field === 'number' ? field : null;
  } catch {
    // It was freed.
    return null;
  }
}

/** The range of a VMA, a vm_area_desc, or anything else with a start and an end. */
function rangeIn(value: unknown): { start: number; end: number } | null {
  const start = numberOf(value, 'vm_start') ?? numberOf(value, 'start');
  const end = numberOf(value, 'vm_end') ?? numberOf(value, 'end');
  return start === null || end === null || end <= start ? null : { start, end };
}

function isAddress(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value % PAGE_SIZE === 0;
}

/** Where a call belongs: the range of its first argument that has one, or that of its first two arguments. */
export function rangeOf(args: readonly unknown[]): CallRange | null {
  const [first, second] = args;
  if (isAddress(first) && isAddress(second) && first < second) return { start: first, end: second, at: null };
  for (const [i, arg] of args.entries()) {
    const range = rangeIn(arg);
    if (range === null) continue;
    const next = args[i + 1];
    const at = typeof next === 'number' && next > range.start && next < range.end ? next : null;
    return { ...range, at };
  }
  return null;
}

/** A value in a few words. */
export function shortly(value: unknown, numbers: Identities): string {
  if (typeof value === 'number') return errorName(value) ?? (isError(value) ? String(value) : hexOf(value));
  if (typeof value === 'bigint') return hexOf(value);
  if (typeof value === 'function') return value.name === '' ? 'a function' : `${value.name}()`;
  if (value === null) return 'NULL';
  if (typeof value !== 'object') return value === undefined ? 'nothing' : String(value);
  if (Array.isArray(value)) return `${value.length} ${value.length === 1 ? 'entry' : 'entries'}`;
  const kind = kindOf(value);
  if (kind === 'Object') return `{ ${Object.keys(value).join(', ')} }`;
  const range = rangeIn(value);
  return `${kind} #${numbers.of(value, kind)}${range === null ? '' : ` ${hexOf(range.start)}-${hexOf(range.end)}`}`;
}

function lengthOf<T>(head: list_head<T>): string {
  let count = 0;
  for (let node = head.next; node !== head; node = node.next) count++;
  return `${count} ${count === 1 ? 'link' : 'links'}`;
}

/** Hooks by their names. */
function hooksOf(ops: object): string {
  const names = Object.keys(ops).filter((name) => typeof Reflect.get(ops, name) === 'function');
  return names.length === 0 ? 'no hooks' : names.join(', ');
}

function fieldText(name: string, value: unknown, numbers: Identities): string {
  if (value instanceof list_head) return lengthOf(value);
  if (value instanceof pgprot_t) return hexOf((BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0));
  if (value instanceof vm_userfaultfd_ctx) return shortly(value.ctx, numbers);
  if (name === 'vm_ops' && typeof value === 'object' && value !== null) return hooksOf(value);
  return shortly(value, numbers);
}

/** A VMA with all its fields. */
export function recordVma(vma: vm_area_struct, numbers: Identities): RecordedVma {
  const shot = snapshotVma(vma);
  const own = Object.entries(vma)
    // The bitmap is shown as flags.
    .filter(([name]) => name !== 'ownFlags')
    .map(([name, value]): [string, string] => [name, fieldText(name, value, numbers)]);
  const flags = [shot.flags, accessOf(vma.flags), ...otherFlags(shot.flags)].join(' ');
  return { ...shot, id: numbers.of(vma, 'VMA'), fields: [...own, ['flags', flags]] };
}
