// SPDX-License-Identifier: GPL-2.0-only
/** Locks: only identities, with the name that a report calls them by. Their state is kept by the stub world. */

/** A reader-writer semaphore. */
export class rw_semaphore {
  /** "mmap_lock" for one. */
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A spin lock. */
export class spinlock_t {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A mutex. */
export class mutex {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}
