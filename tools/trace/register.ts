// SPDX-License-Identifier: GPL-2.0-only
/**
 * `node --import vma-userland/trace FILE`, and what the test runner loads first: with VMA_TRACE=1 the operations of
 * tests are traced; without it nothing happens.
 */
import { traceFolder, traceWanted } from '../../harness/environment.js';
import { tracing } from '../../harness/tracing/current.js';
import { outputFolder } from '../commands/folders.js';
import { complain, USAGE } from '../commands/program.js';

/** Ends the process where tracing is asked for and cannot be: no test must fail for it. */
function refuse(error: unknown): never {
  complain('vma-userland/trace', error);
  process.exit(USAGE);
}

function isWanted(): boolean {
  try {
    return traceWanted() && outputFolder('VMA_TRACE_DIR', traceFolder()) !== '';
  } catch (error) {
    return refuse(error);
  }
}

if (isWanted() && tracing.tracer === null) {
  // Now, for the tracer loads the code under test: the places that reports name are those of .ts files.
  process.setSourceMapsEnabled(true);
  const { TestTracer } = await import('./tracer.js');
  tracing.tracer = new TestTracer(traceFolder());
}
