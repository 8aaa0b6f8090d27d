// SPDX-License-Identifier: GPL-2.0-only
/** How wrappers come between tests and the code under test, and who is given them. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { checkNode, traceFolder, traceWanted } from '../../harness/environment.js';
import { tracing } from '../../harness/tracing/current.js';
import * as api from '../../lib/index.js';
import { __split_vma, split_vma } from '../../lib/mm/vma/split.js';
import { load, resolve } from '../../tools/trace/hooks.js';
import { parametersOf, wrapped } from '../../tools/trace/wrapped.js';
import { ROOT, runNode } from '../house/project.js';
import { commentsOf, sampleTest } from './sample.js';

function dist(path: string): string {
  return pathToFileURL(join(ROOT, 'dist', path)).href;
}

/** What an import of a module of dist/ from another place resolves to, below dist/. */
async function resolved(module: string, parentURL: string | undefined): Promise<string> {
  const context = { conditions: [], importAttributes: {}, importAssertions: {}, parentURL };
  const { url } = await resolve(module, context, () => ({ url: dist(module) }));
  return url.replace(`${dist('')}/`, '');
}

t.test('tests import wrappers of lib/, the code under test and the tools do not', async (t) => {
  const split = 'lib/mm/vma/split.js';
  for (const parent of [dist('tests/mm/modify.test.js'), dist('harness/shared.js'), 'file:///elsewhere/a.js']) {
    t.equal(await resolved(split, parent), `${split}?traced`, parent);
  }
  for (const below of ['include/vma.js', 'stubs/index.js', 'lib/mm/vma/modify.js', 'tools/replay/vma.js']) {
    t.equal(await resolved(split, dist(below)), split, below);
  }
  t.equal(await resolved(split, `${dist(split)}?traced`), split, 'a wrapper itself');
  t.equal(await resolved(split, undefined), split, 'the program that was started');
  t.equal(await resolved('harness/shared.js', dist('harness/index.js')), 'harness/shared.js?traced');
  t.equal(await resolved('tests/mm/space.js', dist('tests/mm/modify.test.js')), 'tests/mm/space.js', 'other helpers');
  t.equal(await resolved('stubs/index.js', dist('tests/mm/modify.test.js')), 'stubs/index.js', 'the stub world');
});

t.test('a wrapper has what the module has, with the operations wrapped', async (t) => {
  const context = { conditions: [], importAttributes: {}, importAssertions: {}, format: undefined };
  const notAsked = (): never => {
    throw new Error('nobody else is asked');
  };
  const { source, format } = await load(`${dist('lib/mm/vma/split.js')}?traced`, context, notAsked);
  t.equal(format, 'module');
  const text = String(source);
  t.match(text, `export * from "${dist('lib/mm/vma/split.js')}";`);
  t.same(text.match(/^export const \w+/gm)?.sort(), [
    'export const __split_vma',
    'export const split_vma',
    'export const vma_shrink',
  ]);
  const passed = { format: 'module', source: 'as it is' };
  t.same(await load(dist('lib/index.js'), context, () => passed), passed, 'any other module is loaded as ever');
});

t.test('a wrapped function', async (t) => {
  const twice = wrapped(split_vma);
  t.equal(twice, wrapped(split_vma), 'is one, by whatever name it was imported');
  t.not(twice, wrapped(__split_vma));
  t.equal(twice.length, 4);
  t.equal(twice.name, 'split_vma');
  t.same(parametersOf(api.vma_shrink), ['vmi', 'vma', 'start', 'end', 'pgoff']);
  t.same(
    parametersOf(() => 0),
    [],
  );

  const calls: unknown[][] = [];
  const answer = wrapped((a: number, b: number) => (a > b ? null : a + b));
  const outer = tracing.tracer;
  try {
    tracing.tracer = null;
    t.equal(answer(1, 2), 3, 'is the function when nobody traces');
    tracing.tracer = {
      begin: () => () => {},
      operation(name, parameters, args, call) {
        calls.push([name, parameters, args]);
        return call();
      },
    };
    t.equal(answer(3, 2), null);
  } finally {
    tracing.tracer = outer;
  }
  t.same(calls, [['', ['a', 'b'], [3, 2]]], 'is called once, by the tracer');
});

t.test('the environment', async (t) => {
  t.equal(traceWanted('1'), true);
  for (const off of [undefined, '', '0']) t.equal(traceWanted(off), false);
  t.throws(() => traceWanted('banana'), new RangeError('environment: VMA_TRACE = "banana": must be 0 or 1'));
  t.equal(traceFolder(undefined), 'traces');
  t.equal(traceFolder(''), 'traces');
  t.equal(traceFolder('here'), 'here');
  for (const version of ['20.6.0', '20.20.2', '22.0.0', '24.1.0']) t.doesNotThrow(() => checkNode(version), version);
  for (const version of ['18.20.0', '20.5.1']) {
    t.throws(
      () => checkNode(version),
      new RangeError(`environment: VMA_TRACE needs Node 20.6 or later: this is ${version}`),
    );
  }
});

t.test('a file under plain node', async (t) => {
  const dir = t.testdir({
    'a.test.js': sampleTest("test('sample', (t) => { mapRange(t, 0x10000, 0x11000); t.unmapAll(); });"),
  });
  const env = { VMA_TRACE: '1', VMA_TRACE_DIR: join(dir, 'traces') };
  const file = join(dir, 'a.test.js');

  const late = runNode([file], { env });
  t.not(late.status, 0, 'wrappers come before the test or not at all');
  t.match(late.stderr, /environment: VMA_TRACE = "1": not for this run: .*--import vma-userland\/trace/);

  const { status, stdout } = runNode(['--import', 'vma-userland/trace', file], { env });
  t.equal(status, 0);
  t.match(commentsOf(stdout)[0], /^1: __mmap_region\(/);

  const off = runNode(['--import', 'vma-userland/trace', file]);
  t.equal(off.status, 0);
  t.same(commentsOf(off.stdout), []);
});
