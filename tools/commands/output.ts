// SPDX-License-Identifier: GPL-2.0-only

/** Characters gathered before they are handed on: a replay writes one short line per operation. */
const CHUNK = 65536;

/** Gathers small writes into large ones. */
export class BufferedOutput {
  #pending: string[];
  #length: number;
  readonly #sink: (text: string) => void;

  constructor(sink: (text: string) => void) {
    this.#pending = [];
    this.#length = 0;
    this.#sink = sink;
  }

  write(text: string): void {
    this.#pending.push(text);
    this.#length += text.length;
    if (this.#length >= CHUNK) {
      this.flush();
    }
  }

  flush(): void {
    if (this.#length > 0) {
      this.#sink(this.#pending.join(''));
      this.#pending = [];
      this.#length = 0;
    }
  }
}
