// SPDX-License-Identifier: GPL-2.0-only
/** Allocation flags. Only whether an allocation may fail matters here, so the values are this project's own. */

export type gfp_t = number;

export const GFP_KERNEL: gfp_t = 0x1;
export const __GFP_NOFAIL: gfp_t = 0x2;
