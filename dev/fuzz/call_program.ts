// SPDX-License-Identifier: GPL-2.0-only
/** Programs of system calls, as traces have them, in a checked world: processes, files, drivers, limits, failures. */
import { Faults } from '../../harness/checked/faults.js';
import type { CheckedWorld } from '../../harness/checked/world.js';
import { World, type WorldOptions } from '../../harness/world.js';
import type { gfp_t } from '../../include/linux/gfp.js';
import type { mm_struct } from '../../include/mm_types.js';
import type { Stubs } from '../../stubs/index.js';
import { ProcessWorld } from '../../tools/replay/process_stubs.js';
import { parseCallLine, runCallLine } from '../../tools/replay/processes.js';
import { ReplayedProcesses } from '../../tools/replay/replayed_processes.js';

/** What the checked world calls that a trace calls otherwise. */
const NAMES: ReadonlyMap<string, string> = new Map([['vm_area_alloc', 'vm_area_cache_alloc']]);

/** Failures that a trace asks for, handed on to the world that makes them. */
class HandedOn extends Faults {
  private readonly to: Faults;

  constructor(to: Faults) {
    super();
    this.to = to;
  }

  override fail(name: string, n = 1, errno = 0): void {
    this.to.fail(NAMES.get(name) ?? name, n, errno);
  }
}

class CheckedProcessWorld extends ProcessWorld {
  override readonly faults: Faults;
  override readonly stubs: Stubs;

  constructor({ faults, stubs }: CheckedWorld) {
    super(() => {});
    this.faults = new HandedOn(faults);
    this.stubs = stubs;
  }
}

/** The machine that a program of system calls runs on. */
export class CallMachine {
  readonly world: World;
  private readonly checked: CheckedWorld;
  private readonly processes: ReplayedProcesses;

  constructor(checked: CheckedWorld, given: Pick<WorldOptions, 'frames'> = {}) {
    this.checked = checked;
    const made = new CheckedProcessWorld(checked);
    const options = checked.worldOptions();
    const allocNodes = (count: number, gfp: gfp_t): boolean => {
      if (!made.refusesNodes(gfp)) return options.allocNodes(count, gfp);
      checked.faults.failed.push('maple_slab.alloc');
      return false;
    };
    this.world = new World({ ...options, ...given, allocNodes });
    this.processes = new ReplayedProcesses(true, { made, world: this.world, host: checked });
  }

  /** What carries a line out; what hooks tell is not listened to. Throws a TraceError for a line that is no word. */
  read(line: string): () => void {
    const said = parseCallLine(line, 1);
    return () => {
      if (said !== null) runCallLine(this.processes, said, 1);
      this.processes.takeTold();
    };
  }

  /** Those of all processes. */
  get spaces(): readonly mm_struct[] {
    return this.processes.spaces;
  }

  /** Memory is there again, and all processes end. */
  end(): void {
    this.checked.faults.clear();
    this.processes.made.noNodes = false;
    this.processes.end();
  }
}
