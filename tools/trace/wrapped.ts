// SPDX-License-Identifier: GPL-2.0-only
/** What tests are given in place of an operation. */
import { tracing } from '../../harness/tracing/current.js';

type Operation = (...args: never[]) => unknown;

/** One wrapper for each function, by whichever module a test imports it: C compares function pointers, and so may tests. */
const wrappers = new WeakMap<Operation, Operation>();

/** The names of a function's parameters, as its source has them. */
export function parametersOf(fn: Operation): string[] {
  const [, list = ''] = /\(([^)]*)\)/.exec(Function.prototype.toString.call(fn)) ?? [];
  return list
    .split(',')
    .map((parameter) => parameter.trim().replace(/\s*=.*/s, ''))
    .filter((parameter) => parameter !== '');
}

/** The function, traced when a test calls it. Its name and length are those of the function. */
export function wrapped<F extends Operation>(fn: F): F {
  const known = wrappers.get(fn);
  const wrapper =
    known ??
    new Proxy(fn, {
      apply(target, self, args: unknown[]) {
        const call = (): unknown => Reflect.apply(target, self, args);
        const { tracer } = tracing;
        return tracer === null ? call() : tracer.operation(fn.name, parametersOf(fn), args, call);
      },
    });
  wrappers.set(fn, wrapper);
  // The map holds for each function a proxy of that very function.
  return wrapper as F;
}
