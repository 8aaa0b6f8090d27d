// SPDX-License-Identifier: GPL-2.0-only
/** What is in the pages of the kernel's own code, and what is out of its reach. */
import { PAGE_SIZE } from '../../include/linux/mm.js';

/** What a case fails with that asks for more than the program can. */
export const OUT_OF_REACH = "out of the reach of the kernel's code as it is compiled here";

export function outOfReach(what: string): never {
  throw new Error(`${OUT_OF_REACH}: ${what}`);
}

/** A page of the program has one number for its content: here it is the number of a content, which goes wherever the page goes. */
export class Contents {
  private readonly all: Uint8Array[];
  private readonly numbers: Map<string, number>;

  constructor() {
    this.all = [];
    this.numbers = new Map();
    this.number(new Uint8Array(PAGE_SIZE));
  }

  of(number: number): Uint8Array {
    return this.all[number] ?? outOfReach(`a page of which nobody knows what is in it (${number})`);
  }

  number(content: Uint8Array): number {
    const key = Buffer.from(content).toString('latin1');
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.all.length);
    return this.all.push(content) - 1;
  }
}
