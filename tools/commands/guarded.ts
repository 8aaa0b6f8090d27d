// SPDX-License-Identifier: GPL-2.0-only
/**
 * Imported by programs before anything else: what goes wrong while the rest is loaded ends them as guard() has it. An
 * environment that the code under test would refuse is refused here, by every command in the same words.
 */
import { basename } from 'node:path';
import { guard } from './program.js';

const name = basename(process.argv[1] ?? '', '.js');
guard(name === 'cli' ? 'vma-userland' : name);
await import('../../include/autoconf.js');
