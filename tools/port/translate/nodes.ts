// SPDX-License-Identifier: GPL-2.0-only
/**
 * The syntax tree as plain objects. The parser's own nodes are made anew each time one asks for them, and a translation
 * asks often.
 */

/** What the translator asks of a node; the parser's nodes have it too. */
export interface Node {
  readonly id: number;
  readonly type: string;
  readonly text: string;
  readonly startIndex: number;
  readonly endIndex: number;
  readonly startPosition: { readonly row: number };
  readonly endPosition: { readonly row: number };
  readonly parent: Node | null;
  readonly children: readonly (Node | null)[];
  readonly namedChildren: readonly (Node | null)[];
  readonly isError: boolean;
  readonly isMissing: boolean;
  readonly hasError: boolean;
  childForFieldName(name: string): Node | null;
  childrenForFieldName(name: string): (Node | null)[];
}

/** What a node of the parser has beyond that. */
interface Parsed extends Node {
  readonly isNamed: boolean;
  readonly children: readonly (Parsed | null)[];
  fieldNameForChild(index: number): string | null;
}

class PlainNode implements Node {
  readonly id: number;
  readonly type: string;
  readonly startIndex: number;
  readonly endIndex: number;
  readonly startPosition: { readonly row: number };
  readonly endPosition: { readonly row: number };
  readonly isError: boolean;
  readonly isMissing: boolean;
  readonly hasError: boolean;
  readonly parent: PlainNode | null;
  readonly children: PlainNode[] = [];
  readonly namedChildren: PlainNode[] = [];
  private readonly source: string;
  private readonly fields = new Map<string, PlainNode[]>();

  constructor(from: Parsed, parent: PlainNode | null, source: string) {
    this.id = from.id;
    this.type = from.type;
    this.startIndex = from.startIndex;
    this.endIndex = from.endIndex;
    this.startPosition = { row: from.startPosition.row };
    this.endPosition = { row: from.endPosition.row };
    this.isError = from.isError;
    this.isMissing = from.isMissing;
    this.hasError = from.hasError;
    this.parent = parent;
    this.source = source;
    for (const [i, child] of from.children.entries()) {
      if (child === null) continue;
      const made = new PlainNode(child, this, source);
      this.children.push(made);
      if (child.isNamed) this.namedChildren.push(made);
      const field = from.fieldNameForChild(i);
      if (field !== null) this.fields.set(field, [...(this.fields.get(field) ?? []), made]);
    }
  }

  get text(): string {
    return this.source.slice(this.startIndex, this.endIndex);
  }

  childForFieldName(name: string): PlainNode | null {
    return this.fields.get(name)?.[0] ?? null;
  }

  childrenForFieldName(name: string): PlainNode[] {
    return this.fields.get(name) ?? [];
  }
}

/** The tree below a node of the parser; `source` is the text that was parsed. */
export function plain(root: Parsed, source: string): Node {
  return new PlainNode(root, null, source);
}
