// SPDX-License-Identifier: GPL-2.0-only
/** The kernel's own code, compiled as dev/conform does it, asked one call at a time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, readSync } from 'node:fs';
import { scratchFolder } from '../../tools/commands/folders.js';
import { makePipes, type Pipe, writeWhole } from './pipes.js';

/** A page as it is told: what is in it, or what stands in its place. */
export interface CodePage {
  addr: number;
  /** "g" a guard, "z" the page of zeroes, "p" device memory; else a number. */
  what: string;
  isWritable: boolean;
}

/** A VMA as it is told. */
export interface CodeVma {
  start: number;
  end: number;
  pgoff: number;
  flags: bigint;
  /** Its number; 0 for none. */
  file: number;
  pages: CodePage[];
}

/** What is told of a process: sums in pages, and VMAs. */
export interface CodeSpace {
  sums: ReadonlyMap<string, number>;
  vmas: CodeVma[];
}

const PAGE = 0x1000;
const VMA = /^ {2}([0-9a-f]+)-([0-9a-f]+) pgoff=([0-9a-f]+) flags=([0-9a-f]+) file=(\d+)/;

/** "0:61w 2-3:z": places from the first page on. */
function pagesOf(text: string, start: number): CodePage[] {
  return text.split(' ').flatMap((part) => {
    const [, first = '0', last = first, what = '', write = ''] =
      /^([0-9a-f]+)(?:-([0-9a-f]+))?:([0-9a-z]+?)(w?)$/.exec(part) ?? [];
    const [from, to] = [Number.parseInt(first, 16), Number.parseInt(last, 16)];
    return Array.from({ length: to - from + 1 }, (_, i) => ({
      addr: start + (from + i) * PAGE,
      what,
      isWritable: write !== '',
    }));
  });
}

/** The VMAs and sums of an answer, by the number of their process. */
export function spacesOf(lines: readonly string[]): Map<number, CodeSpace> {
  const spaces = new Map<number, CodeSpace>();
  let vmas: CodeVma[] = [];
  for (const line of lines) {
    if (line.startsWith('= ')) {
      const sums = [...line.matchAll(/(\w+)=(\d+)(?= |$)/g)].map(([, name = '', n]): [string, number] => [
        name,
        Number(n),
      ]);
      vmas = [];
      const process = Number.parseInt(/ process=([0-9a-f]+)/.exec(line)?.[1] ?? '0', 16);
      spaces.set(process, { sums: new Map(sums), vmas });
      continue;
    }
    const [, start, end, pgoff, flags, file] = VMA.exec(line) ?? [];
    const last = vmas.at(-1);
    if (start !== undefined) {
      const hex = (word = '0'): number => Number.parseInt(word, 16);
      vmas.push({
        start: hex(start),
        end: hex(end),
        pgoff: hex(pgoff),
        flags: BigInt(`0x${flags}`),
        file: Number(file),
        pages: [],
      });
    } else if (last !== undefined && line.startsWith('    pages ')) {
      last.pages.push(...pagesOf(line.slice('    pages '.length), last.start));
    }
  }
  return spaces;
}

export class CodeReplayer {
  private readonly child: ChildProcess;
  private readonly requests: Pipe;
  private readonly answers: Pipe;
  private rest: string;

  /** Starts the program, which writes each line as it comes. */
  constructor(program: string) {
    const [requests, answers] = makePipes(scratchFolder('code'), 2);
    if (requests === undefined || answers === undefined) throw new Error('no pipes');
    this.requests = requests;
    this.answers = answers;
    this.child = spawn('stdbuf', ['-oL', program], { stdio: [requests.read, answers.write, 'ignore'] });
    this.child.unref();
    closeSync(requests.read);
    closeSync(answers.write);
    this.rest = '';
    this.ask('process 1', 1);
    this.ask('quiet', 1);
  }

  /** Carries a line out, and says what process runs from there on, which must be alive. The lines of the answer. */
  ask(line: string, next: number): string[] {
    writeWhole(this.requests.write, Buffer.from(`${line}\nprocess ${next.toString(16)}\n`));
    const lines: string[] = [];
    // The second answer ends with the sums of that process.
    for (let inSecond = false; ; ) {
      const one = this.line();
      if (inSecond && one.startsWith('= ')) return lines;
      if (lines.length > 0 && /^process -?[0-9a-f]+$/.test(one)) inSecond = true;
      else lines.push(one);
    }
  }

  private line(): string {
    const chunk = Buffer.alloc(65536);
    for (;;) {
      const end = this.rest.indexOf('\n');
      if (end >= 0) {
        const line = this.rest.slice(0, end);
        this.rest = this.rest.slice(end + 1);
        return line;
      }
      const got = readSync(this.answers.read, chunk, 0, chunk.length, null);
      if (got === 0) throw new Error("the kernel's code has ended");
      this.rest += chunk.toString('utf8', 0, got);
    }
  }

  close(): void {
    closeSync(this.requests.write);
    closeSync(this.answers.read);
    this.child.kill();
  }
}
