// SPDX-License-Identifier: GPL-2.0-only
/**
 * The door between the harness and the tracer, which is loaded only when tracing is asked for: without, the harness
 * finds null here, and that is all it costs.
 */
import type { mm_struct } from '../../include/mm_types.js';
import type { OperationWatch } from '../../lib/doors/operation.js';
import { traceWanted } from '../environment.js';
import type { Process } from '../process/process.js';
import type { ProcessOptions } from '../process/processes.js';

/** A test that begins. */
export interface TracedTest {
  /** Its name, after those of the tests around it. */
  name: string;
  mm: mm_struct;
  /** Name of the set of stubs that it runs on. */
  stubs: string;
  /** Shows text to whoever watches the test. */
  say(text: string): void;
}

/** Begins tests, and carries out and traces their operations. */
export interface Tracer extends OperationWatch {
  /** A test begins. What is returned is called when it ends, while its world is still there. */
  begin(test: TracedTest): () => void;
  /** The test makes a process. Returns it, with its calls traced. */
  process(process: Process, options: ProcessOptions): Process;
}

export const tracing: { tracer: Tracer | null } = { tracer: null };

/** Throws when tracing is asked for, but the modules that tests import were loaded without it. */
export function checkTracing(): void {
  if (!traceWanted() || tracing.tracer !== null) return;
  throw new RangeError(
    'environment: VMA_TRACE = "1": not for this run: say `npm test -- FILE`, or run node with --import vma-userland/trace',
  );
}
