// SPDX-License-Identifier: GPL-2.0-only
/**
 * Frames of a stack, in the sources that people edit: those of compiled files are led back by their source maps, also
 * where node was started without reading them.
 */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Frame {
  /** Empty at the top of a module. */
  fn: string;
  /** Absolute. */
  file: string;
  /** From 1 on. */
  line: number;
  column: number;
}

/** `    at fn (file:line:column)`, or without a name and brackets; the file may be a URL. */
const FRAME = /^\s*at (?:Module\.)?(?:(.+) \()?((?:file:\/\/)?\/.+):(\d+):(\d+)\)?$/;

/** Text of a file, or null; kept, for the same few are asked for again. */
const texts = new Map<string, string | null>();

function textOf(file: string): string | null {
  const known = texts.get(file);
  if (known !== undefined) return known;
  let text: string | null = null;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // Sources need not be there.
  }
  texts.set(file, text);
  return text;
}

const maps = new Map<string, SourceMap | null>();

function readMap(file: string): SourceMap | null {
  const [, url = ''] = /^\/\/# sourceMappingURL=(\S+)\s*$/m.exec(textOf(file) ?? '') ?? [];
  const [, inline] = /^data:application\/json;base64,(.*)$/.exec(url) ?? [];
  const text = inline === undefined ? textOf(resolve(dirname(file), url)) : Buffer.from(inline, 'base64').toString();
  if (url === '' || text === null) return null;
  try {
    return new SourceMap(JSON.parse(text));
  } catch {
    return null;
  }
}

function mapOf(file: string): SourceMap | null {
  const known = maps.get(file);
  const map = known === undefined ? readMap(file) : known;
  maps.set(file, map);
  return map;
}

/** Where a frame of a compiled file comes from; itself when nothing says so. */
function original(frame: Frame): Frame {
  if (!/\.[cm]?js$/.test(frame.file)) return frame;
  const entry = mapOf(frame.file)?.findEntry(frame.line - 1, frame.column - 1);
  if (entry === undefined || !('originalSource' in entry)) return frame;
  const file = resolve(dirname(frame.file), entry.originalSource.replace(/^file:\/\//, ''));
  return { ...frame, file, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}

/** The frames of a stack that are in files, innermost first. */
export function framesOf(stack: string | undefined): Frame[] {
  return (stack ?? '').split('\n').flatMap((text) => {
    const [, fn = '', path = '', line, column] = FRAME.exec(text) ?? [];
    if (path === '') return [];
    const file = path.startsWith('file:') ? fileURLToPath(path) : path;
    return [original({ fn, file, line: Number(line), column: Number(column) })];
  });
}

/** Where the package's folders are; what lies in them is named from there. */
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

/** `fn (file:line)`, the file from the package's folder where it is in it. */
export function showPlace({ fn, file, line }: Frame): string {
  const place = `${file.startsWith(PACKAGE) ? file.slice(PACKAGE.length) : file}:${line}`;
  return fn === '' ? place : `${fn} (${place})`;
}

/** `fn (file:line:column)`, the file from the current folder where it is below it. */
export function showFrame({ fn, file, line, column }: Frame): string {
  const path = relative(process.cwd(), file);
  const place = `${path.startsWith('..') ? file : path}:${line}:${column}`;
  return fn === '' ? place : `${fn} (${place})`;
}

/** Longest statement that is quoted whole. */
const LONGEST = 160;
/** More lines than this no call has. */
const MOST_LINES = 30;

/** Length of the call that text begins with: to the bracket that closes it; null when none does. */
function callLength(text: string): number | null {
  let depth = 0;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quote !== '') {
      if (c === '\\') i++;
      else if (c === quote) quote = '';
    } else if (/['"`]/.test(c)) quote = c;
    else if (/[([{]/.test(c)) depth++;
    else if (/[)\]}]/.test(c) && --depth <= 0) return depth < 0 ? null : i + 1;
  }
  return null;
}

/** What stands in the source at a frame: the call that begins there, else its line. Null when the source is not there. */
export function sourceAt({ file, line, column }: Frame): string | null {
  const lines = textOf(file)
    ?.split('\n')
    .slice(line - 1, line - 1 + MOST_LINES)
    .filter((text) => !/^\s*\/\//.test(text));
  const [first] = lines ?? [];
  if (lines === undefined || first === undefined) return null;
  const from = lines.join('\n').slice(column - 1);
  const length = /^\w+\(/.test(from) ? callLength(from) : null;
  const text = (length === null ? first : from.slice(0, length)).replaceAll(/\s+/g, ' ').trim();
  const whole = text.replaceAll('( ', '(').replaceAll(/,? \)/g, ')');
  if (whole === '') return null;
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST)}…` : whole;
}

/** Is the file one of the package's own, compiled or not, below one of these paths? */
export function isIn(frame: Frame, paths: readonly string[]): boolean {
  if (!frame.file.startsWith(PACKAGE)) return false;
  const file = frame.file.slice(PACKAGE.length).replace(/^dist\//, '');
  return paths.some((path) => file.startsWith(`${path}/`) || file.startsWith(`${path}.`));
}

/** What watches an operation: its frames say nothing about who called. */
const WATCH = ['harness/operations', 'lib/doors/operation', 'tools/trace'];

/** Frames without those below the given paths. A door that was watched is there once, though it was entered twice. */
export function tellingFrames(stack: string | undefined, without: readonly string[]): Frame[] {
  const frames = framesOf(stack).filter((frame) => !isIn(frame, [...without, ...WATCH]));
  const isSecond = (frame: Frame, i: number): boolean => {
    const inner = frames[i - 1];
    return isIn(frame, ['lib/doors', 'harness/shared']) && inner?.fn === frame.fn && inner.file === frame.file;
  };
  return frames.filter((frame, i) => !isSecond(frame, i));
}
