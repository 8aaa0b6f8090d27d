// SPDX-License-Identifier: GPL-2.0-only
/**
 * Calls as kernels before the baseline have them. Tests of theirs ask the port what they asked then: an argument that came
 * later has the value that the code had before.
 */

interface Older {
  /** How many arguments the call has there. */
  count: number;
  /** Whom the port is to call instead. */
  name: string;
  /** Of the arguments there, which one goes where. */
  order: readonly number[];
}

const OLDER: Readonly<Record<string, Older>> = {
  // One page offset for both kinds of pages.
  copy_vma: { count: 6, name: 'copy_vma', order: [0, 1, 2, 3, 3, 4, 5] },
  VMG_STATE: { count: 6, name: 'VMG_STATE', order: [0, 1, 2, 3, 4, 5, 5] },
  // It was told all of the range that is left.
  vma_shrink: { count: 5, name: 'vma_shrink_to', order: [0, 1, 2, 3, 4] },
};

/** The call as the port takes it; as it stands where nothing has changed. `wanted`: how many arguments the port takes. */
export function asToday<T>(name: string, args: readonly T[], wanted: number): { name: string; args: T[] } {
  const older = OLDER[name];
  if (older === undefined || args.length === wanted || args.length !== older.count) return { name, args: [...args] };
  return { name: older.name, args: older.order.flatMap((i) => args.slice(i, i + 1)) };
}

/** Fields that came later, and the one that said it before, by struct. */
const TWINS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  vma_merge_struct: { pgoff: 'anon_pgoff' },
};

/** The field that the port has beside this one, where the kernel of the tests has it not; null where there is none. */
export function twinOf(struct: string, field: string, has: (field: string) => boolean): string | null {
  const twin = TWINS[struct]?.[field];
  return twin === undefined || has(twin) ? null : twin;
}
