// SPDX-License-Identifier: GPL-2.0-only
/** Which of the symbols that went are which of those that came: moved to another file, or renamed. */
import { likeness, likenessOfNames, type Place } from './tokens.js';

export interface Move {
  from: Place;
  to: Place;
  state: 'moved' | 'renamed';
}

/** What may turn into what: functions are made of macros and the other way round, but no struct of a function. */
function family(kind: string): string {
  return kind === 'macro' ? 'function' : kind;
}

/** From as many tokens on two texts that say the same do not do so by chance, and two that are alike neither. */
const NOT_BY_CHANCE = { same: 16, alike: 60 };

/** How sure it is, from 0, that one symbol is the other under a new name. */
function confidence(from: Place, to: Place): number {
  if (family(from.print.kind) !== family(to.print.kind)) return 0;
  const text = likeness(from.print, to.print);
  const name = likenessOfNames(from.symbol, to.symbol);
  const size = Math.min(from.print.size, to.print.size);
  const said = (text === 1 && size >= NOT_BY_CHANCE.same) || (text >= 0.6 && size >= NOT_BY_CHANCE.alike);
  const called = text >= 0.2 && name >= 0.45 && text + name >= 0.88;
  // Elsewhere, and of a constant, whose text is a number, both must fit.
  const strict = from.file !== to.file || from.print.kind === 'enumerator';
  if (!said && (strict ? text < 0.8 || name < 0.45 : !called)) return 0;
  return text + name / 2;
}

/** Kernel code stays kernel code, and the harness's copies of it the harness's. */
function isHarness({ file }: Place): boolean {
  return file.startsWith('tools/');
}

/** A name and whether it is the kernel's or the harness's, of which each may have one. */
export function nameOn(place: Place): string {
  return `${isHarness(place) ? 'harness' : 'kernel'} ${place.symbol}`;
}

/**
 * The pairs of which each side occurs once, surest first; what is left over went or came. A name that `lives`
 * on its side was not renamed, and one that `lived` before is not what another was renamed to.
 */
export function findMoves(
  went: readonly Place[],
  came: readonly Place[],
  lives: ReadonlySet<string>,
  lived: ReadonlySet<string>,
): Move[] {
  const candidates: (Move & { sure: number })[] = [];
  const [byName, fresh] = [new Map<string, Place[]>(), came.filter((to) => !lived.has(nameOn(to)))];
  for (const to of came) byName.set(to.symbol, [...(byName.get(to.symbol) ?? []), to]);
  for (const from of went) {
    for (const to of byName.get(from.symbol) ?? []) {
      const sure = 10 + likeness(from.print, to.print) + Number(isHarness(from) === isHarness(to));
      if (family(from.print.kind) === family(to.print.kind)) candidates.push({ from, to, state: 'moved', sure });
    }
    for (const to of lives.has(nameOn(from)) ? [] : fresh) {
      const sure = confidence(from, to);
      if (sure > 0) candidates.push({ from, to, state: 'renamed', sure });
    }
  }
  candidates.sort((a, b) => b.sure - a.sure);
  const taken = new Set<Place>();
  return candidates.filter(({ from, to }) => {
    if (taken.has(from) || taken.has(to)) return false;
    taken.add(from).add(to);
    return true;
  });
}
