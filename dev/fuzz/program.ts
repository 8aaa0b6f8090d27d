// SPDX-License-Identifier: GPL-2.0-only
/** Random programs, line by line: of functions of mm/vma.c, or of system calls; and what each kind runs on. */
import { CheckedWorld } from '../../harness/checked/world.js';
import { World, type WorldOptions } from '../../harness/world.js';
import { type mm_struct, type Stubs, VMA_DONTEXPAND_BIT, vma_test } from '../../lib/index.js';
import type { Random } from '../random.js';
import { HARSH, randomProgram as randomCalls } from '../syscalls/program.js';
import { CallMachine } from './call_program.js';
import { Drivers } from './drivers.js';
import { Machine } from './machine.js';
import { parseStep, printStep, randomProgram } from './steps.js';

export const KINDS = ['functions', 'calls'] as const;
export type Kind = (typeof KINDS)[number];

export interface Program {
  readonly kind: Kind;
  readonly lines: readonly string[];
}

/** What carries a program out, in a checked world. */
export interface Ground {
  readonly checked: CheckedWorld;
  readonly world: World;
  /** In the world: what carries a line out. Throws for one that is none of such a program. */
  read(line: string): () => void;
  /** In the world: all that lives ends. */
  end(): void;
  /** Address spaces that there are. */
  spaces(): readonly mm_struct[];
}

/** What a program's world may have otherwise. */
export type GroundOptions = Pick<WorldOptions, 'frames'>;

function groundOfFunctions(given: GroundOptions): Ground {
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
  let made: Machine | null = null;
  // Made in the world, as its objects are.
  const machine = (): Machine => {
    made ??= new Machine(checked);
    return made;
  };
  return {
    checked,
    world: new World({ ...options, ...given, stubs }),
    read: (line) => {
      const step = parseStep(line);
      return () => machine().step(step);
    },
    end: () => machine().end(),
    spaces: () => machine().spaces,
  };
}

function groundOfCalls(given: GroundOptions): Ground {
  const checked = new CheckedWorld();
  const machine = new CallMachine(checked, given);
  return {
    checked,
    world: machine.world,
    read: (line) => machine.read(line),
    end: () => machine.end(),
    spaces: () => machine.spaces,
  };
}

export function groundOf(kind: Kind, given: GroundOptions = {}): Ground {
  return kind === 'functions' ? groundOfFunctions(given) : groundOfCalls(given);
}

/** A program of that many lines; of either kind, unless one is given. */
export function randomLines(random: Random, length: number, given?: Kind): Program {
  const kind = given ?? random.pick(KINDS);
  if (kind === 'functions') return { kind, lines: randomProgram(random, length).map(printStep) };
  return { kind, lines: randomCalls(random, length, random.chance(50) ? { profile: HARSH } : {}) };
}
