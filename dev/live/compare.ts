// SPDX-License-Identifier: GPL-2.0-only
/** A program on the port and on the running kernel, call by call; where they differ, the shortest that still shows it. */
import { picture } from '../../harness/picture.js';
import { valueText } from '../../tools/replay/call_names.js';
import { type CallLine, parseCallLine } from '../../tools/replay/processes.js';
import { ReplayedProcesses } from '../../tools/replay/replayed_processes.js';
import { CallArguments } from '../../tools/replay/words/call_word.js';
import { sideBySide } from '../conform/report.js';
import { shrinkTrace } from '../conform/shrink.js';
import { PROGRAM_HEAD } from '../syscalls/program.js';
import type { LeftOut } from './features.js';
import { OWN_FILE } from './places.js';
import type { LiveProcess } from './process.js';
import { LiveProcesses } from './processes.js';
import { liveSpace, portSpace, type Space, shotsOf, spaceText } from './space.js';

/** The live side as a comparison needs it. */
export interface Live {
  readonly first: LiveProcess;
  /** Where its files are. */
  readonly folder: string;
  readonly leftOut: LeftOut;
  /** What makes a process of the port as the live one begins. */
  readonly head: readonly string[];
}

/** How a program is compared. */
export interface CompareOptions {
  /** Calls from one look at the address space to the next; results are compared after each. */
  every?: number;
  /** Told of each call that both have answered. */
  progress?: () => void;
}

/** What one side answered to a call, and its address spaces by the number of their process. */
interface Answer {
  result: string;
  spaces: ReadonlyMap<number, Space>;
}

/** Where two sides differ first. */
export interface Split {
  /** Of the lines behind the head; -1 for the beginning. */
  at: number;
  port: Answer;
  live: Answer;
}

/** Calls from one look at the address spaces of all processes to the next. */
const LOOK_AT_ALL = 32;

/** Both sides of one program. */
class Duel {
  private readonly port: ReplayedProcesses;
  private readonly processes: LiveProcesses;
  private readonly live: Live;
  private readonly every: number;

  constructor(port: ReplayedProcesses, live: Live, every: number) {
    this.port = port;
    this.live = live;
    this.every = every;
    this.processes = new LiveProcesses(live.first, live.folder);
  }

  end(): void {
    this.processes.end();
  }

  /** What the port does before the program begins. */
  begin(): Split | null {
    for (const text of [...PROGRAM_HEAD, ...this.live.head]) {
      const line = parseCallLine(text, 0);
      if (line !== null) this.onPort(line);
    }
    return this.compare(-1, '', '', false);
  }

  private onPort({ word, args }: CallLine): number {
    this.port.begin();
    return word.run(this.port, new CallArguments(args));
  }

  /** Carries a line out on both sides. */
  step(line: CallLine, at: number, isLast: boolean): Split | null {
    const port = this.onPort(line);
    const live = this.processes.run(line.word.name, new CallArguments(line.args));
    const all = isLast || line.word.name === 'show' || at % LOOK_AT_ALL === 0;
    if (port === live && !all && at % this.every !== 0) return null;
    return this.compare(at, valueText(port), valueText(live), all);
  }

  private compare(at: number, port: string, live: string, all: boolean): Split | null {
    const { leftOut, folder } = this.live;
    const [ours, theirs] = [new Map<number, Space>(), new Map<number, Space>()];
    let differs = port !== live;
    for (const [number, process] of this.processes.alive()) {
      const isLookedAt = all || differs || number === this.processes.currentNumber;
      if (!isLookedAt) continue;
      const theirSpace = liveSpace(process, folder, leftOut);
      const ourSpace = this.portSpaceOf(number);
      theirs.set(number, theirSpace);
      if (ourSpace !== null) ours.set(number, ourSpace);
      differs ||= ourSpace === null || spaceText(ourSpace, leftOut) !== spaceText(theirSpace, leftOut);
    }
    return differs ? { at, port: { result: port, spaces: ours }, live: { result: live, spaces: theirs } } : null;
  }

  private portSpaceOf(number: number): Space | null {
    const mm = this.port.mmOf(number);
    return mm === null ? null : portSpace(mm);
  }
}

/** What the kernel may take away at any time. */
const DROPPED = /MADV_FREE|MAP_DROPPABLE/;

function withoutCount(live: Live): Live {
  const { first, folder, head } = live;
  return { first, folder, head, leftOut: new Map(live.leftOut).set('anonymous', 'pages may be dropped') };
}

/** Carries the lines behind the head out on both sides. Where they differ first; null when they do not. */
export function compareProgram(lines: readonly string[], given: Live, options: CompareOptions = {}): Split | null {
  const { every = 1, progress = () => {} } = options;
  const live = lines.some((line) => DROPPED.test(line)) ? withoutCount(given) : given;
  const port = new ReplayedProcesses(false);
  return port.world.run(() => {
    const duel = new Duel(port, live, every);
    try {
      let split = duel.begin();
      for (const [at, text] of lines.entries()) {
        if (split !== null) break;
        const line = parseCallLine(text, at + 1);
        if (line !== null) split = duel.step(line, at, at === lines.length - 1);
        progress();
      }
      return split;
    } finally {
      duel.end();
    }
  });
}

/** A difference, shortened. */
export interface Difference {
  seed: number;
  file: string;
  /** The trace, as `replay` reads it. */
  trace: string;
  /** The most important in one line. */
  what: string;
  said: string;
}

/** The shortest program that differs, drawn, and as a trace. `lines` differ. */
export function describeDifference(
  lines: readonly string[],
  live: Live,
  seed: number,
  progress: () => void = () => {},
): Difference {
  const short = shrinkTrace(lines, (some) => compareProgram(some, live, { progress }) !== null);
  const split = compareProgram(short, live);
  if (split === null) throw new Error(`live: seed ${seed}: a difference that does not come back`);
  const trace = traceText(short, live, `live, seed ${seed}`);
  const file = `live-${seed}.trace`;
  const said = [
    `the shortest program that differs, ${short.length} calls:`,
    ...short.map((line) => `  ${line}`),
    '',
    ...drawn(split, live.leftOut),
    '',
    `seed ${seed}; npx vma-userland replay < ${file}`,
  ];
  return { seed, file, trace, what: 'the port and the running kernel differ', said: `${said.join('\n')}\n` };
}

/** A program with its head, for `replay`. */
export function traceText(lines: readonly string[], live: Live, title: string): string {
  const own = `# file ${OWN_FILE.toString(16)} and what is mapped at first: the program of the live side`;
  return `${[`# ${title}`, ...PROGRAM_HEAD, own, ...live.head, '# the program', ...lines].join('\n')}\n`;
}

function drawn({ at, port, live }: Split, leftOut: LeftOut): string[] {
  const numbers = [...new Set([...port.spaces.keys(), ...live.spaces.keys()])].sort((a, b) => a - b);
  const side = (who: string, { result, spaces }: Answer): string[] => [
    `${who}, call ${at + 1}: ${result}`,
    ...numbers.flatMap((number) => [`process ${number.toString(16)}`, ...drawnSpace(spaces.get(number), leftOut)]),
  ];
  return sideBySide(side('live', live), side('port', port));
}

function drawnSpace(space: Space | undefined, leftOut: LeftOut): string[] {
  if (space === undefined) return ['(none)'];
  return [...spaceText(space, leftOut).split('\n'), ...picture(shotsOf(space))];
}
