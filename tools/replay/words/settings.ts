// SPDX-License-Identifier: GPL-2.0-only
/** Words of a VMA trace that set what is the same for a whole trace: limits, memory that is out, what is printed. */
import { EFAULT } from '../../../include/linux/errno.js';
import { MMF_HAS_MDWE, PAGE_SIZE } from '../../../include/linux/mm.js';
import { mk_vma_flags, vma_flags_clear_mask, vma_flags_set_flag } from '../../../lib/doors/flags.js';
import type { Globals } from '../../../stubs/index.js';
import { ANSWERED } from '../calls.js';
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
    word('calls ON', {
      does: 'prints what the code calls, and what its operations leave: see below; checks of the address space are off then',
      run(space, a) {
        space.tellCalls(isOn(at(a, 0)));
        return 0;
      },
    }),
    word('answer STUB FIRST COUNT VALUE', {
      does:
        'COUNT calls of a stub, or of a hook, from the FIRST on from here, are answered with VALUE; 0 is all from there on. ' +
        'What `ksm_vma_flags` returns has those bits too; `vm_area_cache_alloc` has no memory, whatever VALUE is',
      run({ calls, world }, a) {
        calls.watch(world);
        calls.answer(ANSWERED[at(a, 0)] ?? '', at(a, 1), at(a, 2), at(a, 3));
        return 0;
      },
      often: 3,
    }),
    word('noanswers', {
      does: 'takes all that back',
      run({ calls }) {
        calls.answerNone();
        return 0;
      },
      often: 1,
    }),
    word('careless ON', {
      does: '`copy_vma` and `vma_expand` are called where they rely on their callers not to, or with 0 are not',
      run({ settings }, a) {
        settings.careless = isOn(at(a, 0));
        return 0;
      },
      often: 2,
    }),
    word('nonodes ON', {
      does: 'there is no memory for nodes of trees, or with 0 there is',
      run({ settings }, a) {
        settings.noNodes = isOn(at(a, 0));
        return 0;
      },
    }),
    word('moves ON', {
      does: 'page tables move, or with 0 do not, as in the harness',
      run({ held }, a) {
        held.tablesMove = isOn(at(a, 0));
        return 0;
      },
      often: 2,
    }),
    word('unmaplist ON', {
      does: 'gives unmaps a list for userfaultfd, or with 0 none',
      run({ settings }, a) {
        settings.withUnmaps(isOn(at(a, 0)));
        return 0;
      },
      often: 3,
    }),
    word('flagbit BIT ON', {
      does: 'each FLAGS from here on has this bit too, 0 to 7f; or with 0 not any more',
      run({ settings }, a) {
        const bit = at(a, 0);
        if (isOn(at(a, 1))) vma_flags_set_flag(settings.flags, bit);
        else vma_flags_clear_mask(settings.flags, mk_vma_flags(bit));
        return 0;
      },
      often: 12,
    }),
    word('attributes POLICY NAME CONTEXT', {
      does: 'by number, 0 for none, what `policy`, `name` and `uffd` give and merges ask for',
      run({ settings, held }, a) {
        held.policies.of(at(a, 0));
        held.names.of(at(a, 1));
        held.context(at(a, 2));
        [settings.policy, settings.name, settings.context] = [at(a, 0), at(a, 1), at(a, 2)];
        return 0;
      },
      often: 12,
    }),
    word('setwritable FILE VALUE', {
      does: '`i_mmap_writable` of a file; VALUE may be negative, which denies writable shared mappings',
      gives: '0, or `-e` without a file',
      run({ fileOf }, a) {
        const mapping = fileOf(at(a, 0))?.f_mapping;
        if (mapping === undefined) return -EFAULT;
        mapping.i_mmap_writable = at(a, 1);
        return 0;
      },
      often: 2,
      choices: { VALUE: [0, 0, 1, -1] },
    }),
    word('quiet', {
      does: 'from here on VMAs are not listed',
      run(space) {
        space.quiet = true;
        return 0;
      },
    }),
    word('show', {
      does: 'lists VMAs this once, `quiet` or not',
      run(space) {
        space.isShown = true;
        return 0;
      },
      often: 1,
    }),
  ],
};
