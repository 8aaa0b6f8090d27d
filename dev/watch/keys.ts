// SPDX-License-Identifier: GPL-2.0-only
import { toPattern } from '../run/options.js';

/** What keys do; `g` asks for a pattern first. */
export interface KeyActions {
  a(): void;
  f(): void;
  g(pattern: string): void;
  q(): void;
}

/** The part of standard input that is used. */
export interface KeyStream {
  isTTY: boolean;
  setRawMode(raw: boolean): unknown;
  on(event: 'data', listener: (data: unknown) => void): unknown;
  pause(): unknown;
}

/** Ctrl-C, and Ctrl-D. */
const END = new Set(['\u0003', '\u0004']);

/** Single keys, from a terminal at once, else as they come. */
export class Keys {
  private readonly stream: KeyStream;
  private readonly print: (text: string) => void;
  private readonly actions: KeyActions;
  /** What has been typed of a pattern; null when keys are keys. */
  private typed: string | null;

  constructor(stream: KeyStream, print: (text: string) => void, actions: KeyActions) {
    this.stream = stream;
    this.print = print;
    this.actions = actions;
    this.typed = null;
    if (stream.isTTY) stream.setRawMode(true);
    stream.on('data', (data) => {
      for (const key of String(data)) this.press(key);
    });
  }

  private press(key: string): void {
    if (END.has(key)) this.actions.q();
    else if (this.typed !== null) this.type(this.typed, key);
    else if (key === 'g') {
      this.typed = '';
      this.print('name (a regular expression; none: all): ');
    } else if (key === 'a' || key === 'f' || key === 'q') this.actions[key]();
  }

  private type(before: string, key: string): void {
    if (key === '\r' || key === '\n') {
      this.typed = null;
      this.print('\n');
      this.choose(before);
      return;
    }
    const erased = key === '\u007f' || key === '\b';
    this.typed = erased ? before.slice(0, -1) : before + key;
    if (this.stream.isTTY && (!erased || before !== '')) this.print(erased ? '\b \b' : key);
  }

  private choose(pattern: string): void {
    try {
      if (pattern !== '') toPattern(pattern);
    } catch (error) {
      this.print(`${error instanceof Error ? error.message : String(error)}\n`);
      return;
    }
    this.actions.g(pattern);
  }

  stop(): void {
    if (this.stream.isTTY) this.stream.setRawMode(false);
    this.stream.pause();
  }
}
