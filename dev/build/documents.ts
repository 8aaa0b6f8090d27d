// SPDX-License-Identifier: GPL-2.0-only
/** `npm run docs`: writes those parts of documents anew that follow from tables in the code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withTables } from '../../tools/replay/words/document.js';
import { referenceOf } from '../reference/reference.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const TRACES = fileURLToPath(new URL('../../../docs/traces.md', import.meta.url));

writeFileSync(TRACES, withTables(readFileSync(TRACES, 'utf8')));
writeFileSync(`${ROOT}docs/reference.md`, referenceOf(ROOT));
