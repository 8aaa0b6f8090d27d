// SPDX-License-Identifier: GPL-2.0-only
/** Hooks and stubs of a function: fakes and spies in their place, and what is asserted of them beside what upstream does. */

import { part } from './declarators.js';
import { Loops } from './loops.js';
import type { Node } from './nodes.js';
import { childrenOf, findAll, mentions } from './scope.js';
import {
  bodyAround,
  giverOf,
  idleHooks,
  mayCallOnce,
  receiverOf,
  statementsBefore,
  stubAsked,
  type WatchedSplit,
  watchedSplit,
} from './watched.js';

export abstract class Hooked extends Loops {
  /** Stubs that are spied on, and hooks that are fakes, in this function. */
  protected spies: readonly string[] = [];
  protected readonly fakes: string[] = [];
  /** The split whose hooks are fakes. */
  private split: WatchedSplit | null = null;

  protected get hasTest(): boolean {
    return this.kind.test || this.kind.own?.needsTest === true;
  }

  /** Hooks that do nothing in C are fakes here. */
  protected withFakes(node: Node, lines: string[]): string[] {
    const body = bodyAround(node);
    if (!this.hasTest || body === null || !/\bstruct vm_operations_struct\b/.test(node.text)) return lines;
    if (this.split === null) {
      const split = this.splitOf(node, body);
      if (split !== null) return this.withSplitFakes(split, lines);
    }
    const hooks = this.onlyHook() ? idleHooks(node, this.bodiesOf(body)) : null;
    if (hooks === null || this.fakes.length > 0 || hooks.some((hook) => mentions(body, hook))) return lines;
    this.fakes.push(...hooks);
    return [
      ...hooks.map((hook) => `const ${hook} = t.sandbox.fake();`),
      ...lines.map((line) =>
        line.replaceAll(/\b(\w+): dummy_close\b/g, (whole, hook: string) => (hooks.includes(hook) ? hook : whole)),
      ),
    ];
  }

  /** The split of a function whose hooks can be fakes. */
  private splitOf(node: Node, body: Node): WatchedSplit | null {
    const [declarator] = childrenOf(node).filter((one) => one.type === 'init_declarator');
    const split = declarator === undefined ? null : watchedSplit(declarator, body);
    if (split === null || split.hooks.some(({ hook }) => mentions(body, hook))) return null;
    const known = split.hooks.every(({ value }) => value === 'dummy_close' || this.file.functions.has(value));
    return known && !split.hooks.some(({ hook, value }) => hook === 'may_split' && value === 'dummy_close')
      ? split
      : null;
  }

  /** Hooks that a split calls: fakes that do what the hooks do. */
  private withSplitFakes(split: WatchedSplit, lines: string[]): string[] {
    this.split = split;
    const fakes = split.hooks.map(
      ({ hook, value }) => `const ${hook} = t.sandbox.fake(${value === 'dummy_close' ? '' : value});`,
    );
    const replaced = split.hooks.reduce(
      (found, { hook, value }) => found.map((line) => line.replace(`${hook}: ${value}`, hook)),
      lines,
    );
    return [...fakes, ...replaced];
  }

  /** What is asserted of hooks after the split that called them. */
  protected splitLines(node: Node): string[] {
    const { split } = this;
    if (split === null || split.statement.id !== node.id) return [];
    const vma = this.lookup(split.vma)?.code;
    return split.hooks.map(({ hook }) => {
      if (hook === 'open') {
        const what = split.succeeds ? 'open is called once, for the new VMA' : 'open is not called';
        return `${this.use('assert_called')}(open, ${split.succeeds ? 1 : 0}, '${what}');`;
      }
      const args = [vma ?? '', ...(split.at === null ? [] : [split.at])].filter((one) => one !== '');
      return `${this.use('assert_called_with')}(may_split, 'may_split is asked once', ${args.join(', ')});`;
    });
  }

  /** Is dummy_close() a hook everywhere, and never compared with one? */
  private onlyHook(): boolean {
    const { original } = this.context;
    const all = original.match(/\bdummy_close\b/g)?.length ?? 0;
    return all === (original.match(/\.\w+\s*=\s*dummy_close\b/g)?.length ?? 0);
  }

  /** The body of a function, and those of all functions of the file that it comes to. */
  private bodiesOf(body: Node, seen: Set<string> = new Set()): Node[] {
    const called = findAll(
      body,
      (one) => one.type === 'identifier' && this.file.functions.has(one.text) && !seen.has(one.text),
    );
    return [
      body,
      ...called.flatMap(({ text }) => {
        const own = seen.has(text) ? undefined : this.file.functions.get(text);
        seen.add(text);
        return own === undefined ? [] : this.bodiesOf(part(own.node, 'body'), seen);
      }),
    ];
  }

  /** What is asserted of a stub beside what upstream asserts of the mark that it leaves. */
  protected stubLines(node: Node): string[] {
    const asked = stubAsked(node);
    if (asked === null || !this.spies.includes(asked.stub)) return [];
    const before = statementsBefore(node);
    if (!mayCallOnce(before, asked.stub)) return [];
    const receiver = receiverOf(asked.place, before);
    const giver = asked.stub === 'anon_vma_clone' ? giverOf(before) : null;
    const names = asked.stub === 'anon_vma_clone' ? [receiver, giver] : [receiver];
    const codes = names.map((name) => (name === null ? null : (this.lookup(name)?.code ?? null)));
    if (codes.some((code) => code === null)) return [];
    return [`${this.use('assert_called_with')}(${asked.stub}, '${asked.stub}() once', ${codes.join(', ')});`];
  }
}
