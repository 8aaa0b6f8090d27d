// SPDX-License-Identifier: GPL-2.0-only
/** What the selftests of this process run on: the module that VMA_SELFTEST_BACKEND names, or the port. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { selftestBackend } from '../environment.js';
import type { Backend } from './backend.js';
import { portBackend } from './port_backend.js';

function isBackend(value: unknown): value is Backend {
  if (typeof value !== 'object' || value === null) return false;
  return 'name' in value && typeof value.name === 'string' && 'begin' in value && typeof value.begin === 'function';
}

async function load(module: string): Promise<{ backend?: unknown }> {
  try {
    return await import(pathToFileURL(resolve(module)).href);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`environment: VMA_SELFTEST_BACKEND = ${JSON.stringify(module)}: ${why}`, { cause: error });
  }
}

/** The backend. Throws where the module that is named has none. */
export async function chooseBackend(module: string | null = selftestBackend()): Promise<Backend> {
  if (module === null) return portBackend;
  const { backend } = await load(module);
  if (isBackend(backend)) return backend;
  throw new TypeError(`environment: VMA_SELFTEST_BACKEND = ${JSON.stringify(module)}: exports no backend`);
}
