// SPDX-License-Identifier: GPL-2.0-only
/** The system calls of a trace, by the names and the order of arguments that C has. */
import { PR_SET_VMA, PR_SET_VMA_ANON_NAME } from '../../../include/uapi/prctl.js';
import { type CallWords, call } from './call_word.js';

/** `name` with this in place of a name takes names away. */
export const NO_NAME = '-';

export const CALLS: CallWords = {
  title: 'system calls',
  words: [
    call('mmap ADDR LEN PROT MAP FD OFF', 'maps a file, or with FD -1 none', (p, a) =>
      p.mmap(a.num(0), a.num(1), a.num(2), a.num(3), a.num(4), a.num(5)),
    ),
    call('munmap ADDR LEN', 'unmaps', (p, a) => p.munmap(a.num(0), a.num(1))),
    call('mprotect ADDR LEN PROT', 'the call', (p, a) => p.mprotect(a.num(0), a.num(1), a.num(2))),
    call('pkey_mprotect ADDR LEN PROT KEY', 'the call; there is key 0, and -1 for none', (p, a) =>
      p.pkey_mprotect(a.num(0), a.num(1), a.num(2), a.num(3)),
    ),
    call('mremap ADDR OLD LEN MREMAP TO', 'the call: from OLD bytes to LEN', (p, a) =>
      p.mremap(a.num(0), a.num(1), a.num(2), a.num(3), a.num(4)),
    ),
    call('brk ADDR', 'the call', (p, a) => p.brk(a.num(0))),
    call('madvise ADDR LEN ADVICE', 'the call', (p, a) => p.madvise(a.num(0), a.num(1), a.num(2))),
    call('mlock ADDR LEN', 'the call', (p, a) => p.mlock(a.num(0), a.num(1))),
    call('mlock2 ADDR LEN MLOCK', 'the call', (p, a) => p.mlock2(a.num(0), a.num(1), a.num(2))),
    call('munlock ADDR LEN', 'the call', (p, a) => p.munlock(a.num(0), a.num(1))),
    call('mlockall MCL', 'the call', (p, a) => p.mlockall(a.num(0))),
    call('munlockall', 'the call', (p) => p.munlockall()),
    call('mseal ADDR LEN FLAGS', 'the call', (p, a) => p.mseal(a.num(0), a.num(1), a.num(2))),
    call('remap_file_pages ADDR LEN PROT PGOFF MAP', 'the call', (p, a) =>
      p.remap_file_pages(a.num(0), a.num(1), a.num(2), a.num(3), a.num(4)),
    ),
    call('prctl OPTION ARG2 ARG3 ARG4 ARG5', 'the call', (p, a) =>
      p.prctl(a.num(0), a.num(1), a.num(2), a.num(3), a.num(4)),
    ),
    call('name ADDR LEN TEXT', '`prctl()` with `PR_SET_VMA_ANON_NAME`; `-` takes names away', (p, a) => {
      const text = a.text(2);
      return p.prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, a.num(0), a.num(1), text === NO_NAME ? 0 : text);
    }),
  ],
};
