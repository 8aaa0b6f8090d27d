// SPDX-License-Identifier: GPL-2.0-only
/** A live side for tests, where there can be one. */
import type { Test } from 'tap';
import { NoLiveSide } from '../../dev/live/build.js';
import { LiveSide } from '../../dev/live/live_side.js';

/** Runs with a live side, which is ended afterwards; where there can be none, the test is skipped, with the reason. */
export function withLiveSide(t: Test, body: (side: LiveSide) => void): void {
  let side: LiveSide;
  try {
    side = new LiveSide();
  } catch (error) {
    if (!(error instanceof NoLiveSide)) throw error;
    t.pass(error.message, { skip: error.message });
    return;
  }
  try {
    body(side);
  } finally {
    side.close();
  }
}
