// SPDX-License-Identifier: GPL-2.0-only
/**
 * Operations: functions of the package that change an address space, or answer from it. A world may watch each of them
 * from before its arguments are checked to what it returns; without, a call costs one comparison more.
 */

/** The arguments of a call by the names of its parameters, in their order. */
export type NamedArguments = Readonly<Record<string, unknown>>;

export interface OperationWatch {
  /** Carries out `call`, which is an operation that somebody outside began. */
  operation<R>(name: string, args: NamedArguments, call: () => R): R;
}

/** The watch of the world in force. `passed` is set while a watched call comes back to the door that it came from. */
export const doors: { watch: OperationWatch | null; passed: boolean } = { watch: null, passed: false };

/** Is this call to be watched? */
export function isWatched(): boolean {
  if (doors.watch === null) return false;
  if (!doors.passed) return true;
  doors.passed = false;
  return false;
}

/** Has the watch carry out fn, which asks isWatched() before anything else. The arguments are all that fn takes. */
export function watched<R>(name: string, fn: (...args: never[]) => R, args: NamedArguments): R {
  const { watch } = doors;
  const call = (): R => {
    doors.passed = true;
    return Reflect.apply(fn, null, Object.values(args));
  };
  return watch === null ? call() : watch.operation(name, args, call);
}
