// SPDX-License-Identifier: GPL-2.0-only
/** Words of a VMA trace that set what is the same for a whole trace: limits, memory that is out, what is printed. */
import { MMF_HAS_MDWE, PAGE_SIZE } from '../../../include/linux/mm.js';
import type { Globals } from '../../../stubs/index.js';
import { at } from '../hex.js';
import { type Run, type Words, word } from './word.js';

/** Sets a global of the replay's world. */
function global<K extends keyof Globals>(name: K, parse: (word: number) => Globals[K]): Run {
  return ({ world }, a) => {
    world.globals[name] = parse(at(a, 0));
    return 0;
  };
}

const asIs = (word: number): number => word;
const isOn = (word: number): boolean => word !== 0;

export const SETTINGS: Words = {
  title: 'settings',
  words: [
    word('failprealloc ON', {
      does: 'makes every pre-allocation of the tree fail, or with 0 succeed',
      run: global('fail_prealloc', isOn),
    }),
    word('maxmaps N', {
      does: '`sysctl_max_map_count`',
      run: global('sysctl_max_map_count', asIs),
      often: 2,
      choices: { N: [65530, 65530, 65530, 2, 5, 10, 18, 24] },
    }),
    word('guardgap BYTES', {
      does: '`stack_guard_gap`',
      run: global('stack_guard_gap', asIs),
      often: 2,
      choices: { BYTES: [0, 0x1000, 0x4000, 0x100000] },
    }),
    word('minaddr BYTES', {
      does: '`mmap_min_addr`',
      run: global('mmap_min_addr', asIs),
      often: 2,
      choices: { BYTES: [PAGE_SIZE, 0x10000, 0x30000] },
    }),
    word('mdwe ON', {
      does: 'denies memory that is writable and executable, or with 0 allows it',
      run({ mm }, a) {
        if (isOn(at(a, 0))) mm.flags.add(MMF_HAS_MDWE);
        else mm.flags.delete(MMF_HAS_MDWE);
        return 0;
      },
    }),
    word('quiet', {
      does: 'from here on VMAs are not listed',
      run(space) {
        space.quiet = true;
        return 0;
      },
    }),
  ],
};
