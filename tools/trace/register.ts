// SPDX-License-Identifier: GPL-2.0-only
/**
 * `node --import vma-userland/trace FILE`, and what the test runner loads first: with VMA_TRACE=1 every operation that
 * tests import from here on is traced; without it nothing happens.
 */
import { register } from 'node:module';
import { checkNode, traceFolder, traceWanted } from '../../harness/environment.js';
import { tracing } from '../../harness/tracing/current.js';

if (traceWanted() && tracing.tracer === null) {
  checkNode();
  // Now, for the tracer loads the code under test: the places that reports name are those of .ts files.
  process.setSourceMapsEnabled(true);
  const { TestTracer } = await import('./tracer.js');
  register(new URL('./hooks.js', import.meta.url));
  tracing.tracer = new TestTracer(traceFolder());
}
