// SPDX-License-Identifier: GPL-2.0-only
/** What `port tests` puts where it has no translation. */
import { UnrepresentableError } from '../failure.js';

/** Makes a todo of the case that comes here: what it says of the C cannot be known. */
export function untranslated(reason: string): never {
  throw new UnrepresentableError(reason);
}
