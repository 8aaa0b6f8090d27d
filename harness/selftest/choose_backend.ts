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

/** The backend. Throws where the module that is named has none. */
export async function chooseBackend(module: string | null = selftestBackend()): Promise<Backend> {
  if (module === null) return portBackend;
  const exported: { backend?: unknown } = await import(pathToFileURL(resolve(module)).href);
  if (isBackend(exported.backend)) return exported.backend;
  throw new TypeError(`environment: VMA_SELFTEST_BACKEND = ${JSON.stringify(module)}: exports no backend`);
}
