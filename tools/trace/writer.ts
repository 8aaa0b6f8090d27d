// SPDX-License-Identifier: GPL-2.0-only
/**
 * Writes the trace of a test, and replays it while it is written: where the replay is not where the test was, because
 * the test set something by hand or had hooks and stubs of its own, lines that set the difference are put in between,
 * each with a comment before it. So what comes after begins where it did in the test.
 */
import type { anon_vma } from '../../include/mm_types.js';
import { NUM_VMA_FLAG_BITS } from '../../include/vma_flags.js';
import { globals } from '../../stubs/index.js';
import { formatHex } from '../replay/hex.js';
import { inReplayWorld, replayLine } from '../replay/vma.js';
import type { ReplayedSpace } from '../replay/vma_space.js';
import { flagsPart, Unsayable } from '../replay/words/said.js';
import type { Part } from '../replay/words/word.js';
import type { TestNumbers } from './numbers.js';
import type { RecordedOperation, Recording } from './recording.js';
import { type SpaceState, stateOf, type VmaState } from './state.js';

const BY_HAND = 'the test, by hand';
const OTHERWISE = 'in the test, by its hooks, its stubs or its world';

class TestTraceWriter {
  private readonly lines: string[];
  private readonly space: ReplayedSpace;
  private readonly numbers: TestNumbers;
  /** What stands in the replay for an anon_vma of the test. */
  private readonly anons: Map<anon_vma, anon_vma>;
  /** What was said to be missing: once is enough. */
  private readonly missing: Set<string>;

  constructor(space: ReplayedSpace, numbers: TestNumbers) {
    this.lines = [];
    this.space = space;
    this.numbers = numbers;
    this.anons = new Map();
    this.missing = new Set();
  }

  write({ name, stubs: set, operations, elsewhere, end }: Recording): string {
    this.comment(`test: ${name}`);
    this.comment(`${NUM_VMA_FLAG_BITS} flag bits, stubs: ${set}; docs/traces.md has the format`);
    for (const operation of operations) this.operation(operation);
    this.bring(end, BY_HAND);
    for (const call of elsewhere) this.comment(`on another address space: ${call}`);
    this.comment('at the end of the test:');
    for (const line of this.space.describe('', false).split('\n').slice(1, -1)) this.comment(line);
    return `${this.lines.join('\n')}\n`;
  }

  private comment(text: string): void {
    this.lines.push(`# ${text.replaceAll('\n', ' ')}`);
  }

  private operation({ said, within, line, result, threw, before, after }: RecordedOperation): void {
    this.bring(before, BY_HAND);
    this.comment(said);
    for (const call of within) this.comment(`  within: ${call}`);
    if (typeof line === 'string') this.comment(`  not here: ${line}`);
    else if (threw) this.comment(`  not here: it threw: ${this.textOf(line, () => 0)}`);
    else this.answer(this.textOf(line), result);
    this.bring(after, OTHERWISE);
  }

  /** Replays a line and keeps it; one that cannot be replayed becomes a comment. */
  private answer(text: string, wanted: number | null): void {
    const found = this.replay(text);
    if (found !== null && wanted !== null && found !== wanted) {
      this.comment(`  ${formatHex(wanted)} in the test, ${formatHex(found)} in a replay`);
    }
  }

  /** The result, or null when the line became a comment. */
  private replay(text: string): number | null {
    try {
      const answered = replayLine(this.space, text, this.lines.length + 1);
      this.lines.push(text);
      return answered?.result ?? null;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.comment(`  not here: ${text}: ${reason}`);
      return null;
    }
  }

  private textOf(parts: readonly Part[], anonNumber = (anon: anon_vma): number => this.anonNumber(anon)): string {
    const written = (part: Part): string => {
      if (typeof part === 'string') return part;
      if (typeof part === 'number') return formatHex(part);
      return formatHex(part.anon === null ? 0 : anonNumber(part.anon));
    };
    return parts.map(written).join(' ');
  }

  /** The trace's number of an anon_vma. One that the replay has not seen yet is made by the line that names it. */
  private anonNumber(anon: anon_vma): number {
    const there = this.anons.get(anon) ?? this.space.newAnon();
    this.anons.set(anon, there);
    return this.space.anonNumber(there);
  }

  /** Sets what is otherwise in the replay than it was in the test, with the reason before it. */
  private bring(wanted: SpaceState, reason: string): void {
    const before = this.lines.length;
    this.apply(this.rangeLines(wanted));
    this.learn(wanted.vmas);
    this.apply(this.fieldLines(wanted));
    this.apply(this.sumLines(wanted));
    this.apply(this.settingLines(wanted));
    if (this.lines.length > before) this.lines.splice(before, 0, `# ${reason}:`);
  }

  private apply(lines: readonly Part[][]): void {
    for (const parts of lines) this.replay(this.textOf(parts));
  }

  private settingLines({ settings }: SpaceState): Part[][] {
    const now = stateOf(this.space.mm).settings;
    return Object.entries(settings).flatMap(([word, value]) =>
      Object.entries(now).some(([name, other]) => name === word && other !== value) ? [[word, Number(value)]] : [],
    );
  }

  /** VMAs that must go, and those that must come. */
  private rangeLines({ vmas }: SpaceState): Part[][] {
    const now = stateOf(this.space.mm).vmas;
    const isIn = (list: readonly VmaState[], one: VmaState): boolean =>
      list.some(({ start, end }) => start === one.start && end === one.end);
    const gone = now.filter((vma) => !isIn(vmas, vma)).map((vma): Part[] => ['drop', vma.start]);
    const come = vmas
      .filter((vma) => !isIn(now, vma))
      .map((vma): Part[] => [
        'vma_link',
        vma.start,
        vma.end - vma.start,
        this.flagsOf(vma),
        vma.pgoff,
        this.fileOf(vma),
      ]);
    const outOfMemory = come.length > 0 && globals.fail_prealloc;
    const [enough, none]: Part[][][] = outOfMemory ? [[['failprealloc', 0]], [['failprealloc', 1]]] : [[], []];
    return [...gone, ...(enough ?? []), ...come, ...(none ?? [])];
  }

  private flagsOf({ flags }: VmaState): number {
    return this.sayable(() => flagsPart(BigInt(flags))) ?? Number(BigInt(flags) & BigInt(Number.MAX_SAFE_INTEGER));
  }

  private fileOf({ file }: VmaState): number {
    const number = this.numbers.ofFile(file);
    if (number === null) this.lacks('there are more files than a trace has');
    return number ?? 0;
  }

  private sayable<T>(say: () => T): T | null {
    try {
      return say();
    } catch (error) {
      if (!(error instanceof Unsayable)) throw error;
      this.lacks(error.message);
      return null;
    }
  }

  private lacks(what: string): void {
    if (this.missing.has(what)) return;
    this.missing.add(what);
    this.comment(`not here: ${what}`);
  }

  /** Pairs the anon_vmas of the test with those of the replay, where both have one at the same place. */
  private learn(vmas: readonly VmaState[]): void {
    const now = stateOf(this.space.mm).vmas;
    const taken = new Set(this.anons.values());
    for (const [i, { start, anon }] of vmas.entries()) {
      const there = now[i]?.start === start ? now[i]?.anon : null;
      if (anon === null || !there || this.anons.has(anon) || taken.has(there)) continue;
      this.anons.set(anon, there);
      taken.add(there);
    }
  }

  /** Fields of VMAs, once all are where they should be. */
  private fieldLines({ vmas }: SpaceState): Part[][] {
    const now = stateOf(this.space.mm).vmas;
    return vmas.flatMap((wanted, i) => {
      const vma = now[i];
      if (vma === undefined || vma.start !== wanted.start) return [];
      if (wanted.uffd) this.lacks(`a userfaultfd context, at ${formatHex(wanted.start)}`);
      if (wanted.picky) this.lacks(`a may_split hook of the test's own, at ${formatHex(wanted.start)}`);
      return this.fieldsOf(wanted, vma);
    });
  }

  private fieldsOf(wanted: VmaState, vma: VmaState): Part[][] {
    const { start, pgoff, ops, anon, links } = wanted;
    const [flags, file] = [this.flagsOf(wanted), this.fileOf(wanted)];
    const lines: Part[][] = [];
    if (flags !== Number(BigInt(vma.flags))) lines.push(['setflags', start, flags]);
    if (pgoff !== vma.pgoff) lines.push(['setpgoff', start, pgoff]);
    if (file !== this.space.idOf(vma.file)) lines.push(['setfile', start, file]);
    if (ops !== vma.ops) lines.push(['setops', start, ops]);
    const there = anon === null ? null : (this.anons.get(anon) ?? undefined);
    if (there !== vma.anon || links !== vma.links) lines.push(['setanon', start, { anon }, links]);
    return lines;
  }

  private sumLines({ count, sums }: SpaceState): Part[][] {
    const now = stateOf(this.space.mm);
    const lines: Part[][] = [];
    if (count !== null && count !== now.count) lines.push(['setcount', count]);
    if (sums.some((sum) => sum < 0)) this.lacks('sums below 0, where C wraps');
    else if (sums.some((sum, i) => sum !== now.sums[i])) lines.push(['setsums', ...sums]);
    return lines;
  }
}

/** The trace of a test, as text. */
export function traceOf(recording: Recording, numbers: TestNumbers): string {
  // What the test's world had to say of a warning was said when it ran.
  return inReplayWorld((space) => new TestTraceWriter(space, numbers).write(recording), { stubs: { warn: () => {} } });
}
