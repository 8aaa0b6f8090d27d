// SPDX-License-Identifier: GPL-2.0-only
/**
 * Compiles, and runs the tests named by the arguments. Meanwhile, on another core, it loads what takes longest to load:
 * from an edit to the verdict that is a third less. JavaScript, because it runs before anything is compiled.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

// Only what upstream's tests stand on, which is half of the project.
const config = fileURLToPath(new URL('../../tsconfig.upstream.json', import.meta.url));
const compiler = spawn(process.execPath, [tsc, '-p', config], { stdio: 'inherit' });
const compiled = once(compiler, 'exit');

// Parts of tap that do not start a run yet; it reads the environment only then. One that is not there is loaded later.
await Promise.allSettled(['@tapjs/core', 'sinon', 'commander'].map((name) => import(name)));

const [status] = await compiled;
if (status === 0) await import('../../dist/dev/run/run.js');
else process.exitCode = 2;
