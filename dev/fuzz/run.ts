// SPDX-License-Identifier: GPL-2.0-only
/** Runs random programs in checked worlds, with the world's detectors as the only judge. */
import { CheckedWorld } from '../../harness/checked/world.js';
import { World } from '../../harness/world.js';
import { type Stubs, VMA_DONTEXPAND_BIT, vma_test } from '../../lib/index.js';
import { stacks } from '../../stubs/place.js';
import { Random } from '../random.js';
import { Drivers } from './drivers.js';
import { Machine } from './machine.js';
import { printStep, randomProgram, type Step } from './steps.js';

/** Steps of one program: enough for address spaces to fill. */
export const PROGRAM_LENGTH = 250;

export interface Finding {
  /** The program, up to the step that was found at fault. */
  readonly steps: readonly Step[];
  readonly complaints: readonly string[];
}

/**
 * Upstream's own, in the kernel of the baseline: a merge of both sides whose clone fails leaves the iterator at the VMA
 * before (docs/upstream.md).
 */
const KNOWN: readonly RegExp[] = [/^WARN: __mas_set_range: .* is outside the range that the state stands on/];

function unknown(complaints: readonly string[]): string[] {
  return complaints.filter((text) => !KNOWN.some((known) => known.test(text)));
}

/**
 * Runs one program to its first finding, or its end, when everything must be let go of. Null: it was silent. `quick`:
 * complaints do not say where, and all goes faster.
 */
export function runProgram(steps: readonly Step[], quick = false): Finding | null {
  const checked = new CheckedWorld();
  const options = checked.worldOptions();
  const stubs: Stubs = {
    ...options.stubs,
    vma_supports_mlock: (vma) => !vma_test(vma, VMA_DONTEXPAND_BIT),
    is_vm_hugetlb_page: (vma) => vma.vm_file !== null && Drivers.isHuge(vma.vm_file),
    move_page_tables: (pmc) => {
      if (pmc.old.vm_mm !== null) checked.pages.move(pmc.old.vm_mm, pmc.old_addr, pmc.new_addr, pmc.len_in);
      return pmc.len_in;
    },
  };
  Object.assign(checked.stubs, stubs);
  const world = new World({ ...options, stubs });
  return world.run(() => {
    if (quick) stacks.kept = 0;
    const machine = new Machine(checked);
    for (const [i, step] of steps.entries()) {
      try {
        machine.step(step);
      } catch (error) {
        return { steps: steps.slice(0, i + 1), complaints: [String(error)] };
      }
      const complaints = unknown(checked.takeComplaints());
      if (complaints.length > 0) return { steps: steps.slice(0, i + 1), complaints };
    }
    try {
      machine.end();
    } catch (error) {
      return { steps, complaints: [String(error)] };
    }
    const complaints = unknown(checked.end());
    const { reserved, live } = world.nodes;
    if (reserved !== 0) complaints.push(`leak: ${reserved} tree nodes are reserved for a store that never came`);
    if (live !== 0) complaints.push(`leak: ${live} tree nodes are in trees that were not destroyed`);
    return complaints.length > 0 ? { steps, complaints } : null;
  });
}

/** A finding, and after how many operations it came. */
export interface Found extends Finding {
  readonly operations: number;
}

/** Runs that many steps, in programs of a usual length. */
export function fuzz(seed: number, runs: number, progress?: (done: number) => void): Found | null {
  const random = new Random(seed);
  for (let done = 0; done < runs; done += PROGRAM_LENGTH) {
    progress?.(done);
    const finding = runProgram(randomProgram(random, Math.min(PROGRAM_LENGTH, runs - done)), true);
    if (finding !== null) return { ...finding, operations: done + finding.steps.length };
  }
  return null;
}

/** Leaves steps out, as long as the same kind of complaint comes. */
export function shorten(finding: Finding): Finding {
  const kind = (text: string): string => text.replace(/0x[0-9a-f]+|\d+/g, 'N').slice(0, 40);
  const [wanted] = finding.complaints.map(kind);
  let best = finding;
  for (let size = Math.ceil(best.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.steps.length; ) {
      const fewer = [...best.steps.slice(0, at), ...best.steps.slice(at + size)];
      const again = runProgram(fewer, true);
      if (again !== null && again.complaints.map(kind)[0] === wanted) best = again;
      else at += size;
    }
  }
  // Once more, for the places.
  return runProgram(best.steps) ?? best;
}

export function printFinding({ steps, complaints }: Finding): string {
  return [...steps.map(printStep), '', ...complaints].join('\n');
}
