// SPDX-License-Identifier: GPL-2.0-only
/** What a process of the live side may do, given and taken away: as long as it is permitted, it can be had back. */
import type { LiveProcess } from './process.js';
import { capabilitiesOf } from './smaps.js';

/** _LINUX_CAPABILITY_VERSION_3, and the process itself. */
const HEADER = [0x20080522, 0];

function uint32s(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeUInt32LE(value >>> 0, 4 * i);
  });
  return bytes;
}

const MASK = 0xffffffffn;

/** struct __user_cap_data_struct, twice: effective, permitted, inheritable; the low halves first. */
function dataOf(effective: bigint, permitted: bigint): Buffer {
  const half = (mask: bigint, shift: bigint): number => Number((mask >> shift) & MASK);
  return uint32s([0n, 32n].flatMap((shift) => [half(effective, shift), half(permitted, shift), 0]));
}

export class Capabilities {
  private readonly permitted: bigint;
  private effective: bigint;

  constructor(permitted: bigint, effective: bigint) {
    this.permitted = permitted;
    this.effective = effective;
  }

  static of(p: LiveProcess): Capabilities {
    const status = p.proc('status') ?? '';
    return new Capabilities(capabilitiesOf(status, 'CapPrm'), capabilitiesOf(status, 'CapEff'));
  }

  /** A child has what its parent has. */
  copy(): Capabilities {
    return new Capabilities(this.permitted, this.effective);
  }

  /** Those that may be used from here on, as far as they are permitted. 0 or a negative errno. */
  limit(p: LiveProcess, effective: bigint): number {
    this.effective = effective & this.permitted;
    return p.call('capset', uint32s(HEADER), dataOf(this.effective, this.permitted));
  }

  set(p: LiveProcess, cap: number, isOn: boolean): number {
    const bit = 1n << BigInt(cap);
    return this.limit(p, isOn ? this.effective | bit : this.effective & ~bit);
  }
}
