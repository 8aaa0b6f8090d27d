// SPDX-License-Identifier: GPL-2.0-only
/** Who is right where the running kernel and the port differ: the kernel's own code of the version that is ported says it. */
import { basename } from 'node:path';
import { buildProcessSide } from '../conform/process_side.js';
import { agree, kernelSide, portSide, type Side } from '../conform/sides.js';
import { ScratchTree } from '../kernel/scratch.js';

/** What is to be said of a trace on which the running kernel differs, after what that code answers to it. */
export function verdict(trace: string, code: Side, tree: string): string {
  if (agree(code(trace), portSide('syscalls')(trace))) {
    return `the code of ${tree} agrees with the port: another version, or another configuration, and no bug of the port`;
  }
  return `the code of ${tree} does not agree with the port either: a bug of the port`;
}

/** Compiles the code of a kernel tree, and has it judge. */
export async function judge(kernel: string, trace: string): Promise<string> {
  const scratch = new ScratchTree(kernel);
  try {
    return verdict(trace, kernelSide(await buildProcessSide(scratch)), basename(scratch.kernel));
  } finally {
    scratch.remove();
  }
}
