// SPDX-License-Identifier: GPL-2.0-only
/**
 * The configuration: what autoconf.h is to the kernel. Nothing else in include/, stubs/ and lib/ reads the environment.
 */

/** Width of the flag bitmap, 64 or 128 bits: environment variable NUM_VMA_FLAG_BITS, 128 unless given. */
export const NUM_VMA_FLAG_BITS: 64 | 128 = flagBitsFromEnvironment(process.env.NUM_VMA_FLAG_BITS);

function flagBitsFromEnvironment(text: string | undefined): 64 | 128 {
  if (text === undefined || text === '' || text === '128') return 128;
  if (text === '64') return 64;
  throw new RangeError(`environment: NUM_VMA_FLAG_BITS = ${JSON.stringify(text)}: must be 64 or 128`);
}
