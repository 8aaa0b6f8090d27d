// SPDX-License-Identifier: GPL-2.0-only
/** What the environment says of tracing. */

/** Is tracing asked for? What VMA_TRACE says; throws a RangeError for a value that nobody knows. */
export function traceWanted(text: string | undefined = process.env.VMA_TRACE): boolean {
  if (text === undefined || text === '' || text === '0') return false;
  if (text === '1') return true;
  throw new RangeError(`environment: VMA_TRACE = ${JSON.stringify(text)}: must be 0 or 1`);
}

/** Folder that traces are written to; relative to the current one. */
export function traceFolder(text: string | undefined = process.env.VMA_TRACE_DIR): string {
  return text === undefined || text === '' ? 'traces' : text;
}

/** Throws a RangeError when this Node cannot put wrappers in place of modules: module.register() came with 20.6. */
export function checkNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 6)) return;
  throw new RangeError(`environment: VMA_TRACE needs Node 20.6 or later: this is ${version}`);
}
