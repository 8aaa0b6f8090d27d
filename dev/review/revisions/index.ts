// SPDX-License-Identifier: GPL-2.0-only
/** The five revisions. */
import { v7_2, v7_3 } from './merged.js';
import { v1, v2, v3 } from './posted.js';
import type { Revision } from './revision.js';

export { type ActionHooks, hooksOf, type Revision } from './revision.js';

export const REVISIONS: readonly Revision[] = [v1, v2, v3, v7_2, v7_3];
