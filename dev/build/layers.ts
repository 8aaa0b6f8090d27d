// SPDX-License-Identifier: GPL-2.0-only
/** The folders of sources, from the bottom up: a layer imports from itself and from those before it. */
export const LAYERS = ['include', 'stubs', 'lib', 'harness', 'tools', 'dev', 'tests'] as const;
