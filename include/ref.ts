// SPDX-License-Identifier: GPL-2.0-only
/** Out-parameters: what C passes as `T **` or `bool *`. */

/** A variable of the caller's that a function may write. */
export class Ref<T> {
  value: T;

  constructor(value: T) {
    this.value = value;
  }
}
