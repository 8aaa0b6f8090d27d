// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a build does after the compiler: dist/ without leftovers, and a tap command that works. Its argument is the
 * project's folder, this project's own unless given.
 */
import { fileURLToPath } from 'node:url';
import { removeStaleOutputs } from './stale.js';
import { prepareTapCommand } from './tap_cli.js';

const root = process.argv[2] ?? fileURLToPath(new URL('../../../', import.meta.url));

removeStaleOutputs(root);
prepareTapCommand(root, (message) => process.stderr.write(`${message}\n`));
