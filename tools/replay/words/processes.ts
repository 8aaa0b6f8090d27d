// SPDX-License-Identifier: GPL-2.0-only
/** Words of a trace of system calls about processes, their files and memory, and the machine. */
import { type CallWords, call, callWord } from './call_word.js';

export const PROCESSES: CallWords = {
  title: 'processes',
  words: [
    callWord('process N', {
      does: 'process N runs from here on; 1 is the first, with nothing mapped',
      gives: '0, or `-3` where it has exited or never was',
      run: (p, a) => p.choose(a.small(0)),
    }),
    callWord('another', {
      does: 'a new process, as the first began; the one that runs goes on',
      gives: 'its number',
      run: (p) => p.another(),
    }),
    callWord('fork', { does: '`fork()`; the parent goes on', gives: 'the number of the child', run: (p) => p.fork() }),
    callWord('exit', { does: 'the process ends', run: (p) => p.exit() }),
    callWord('stack', { does: 'gives the process the stack that a program begins with', run: (p) => p.stack() }),
    callWord('heap ADDR', {
      does: 'the heap of the process begins and ends there, as a program finds it; of the port only, as `record` writes it',
      run: (p, a) => p.heap(a.small(0)),
    }),
    call('personality BITS', '`READ_IMPLIES_EXEC` and the like', (p, a) => p.personality(a.num(0))),
    call('read ADDR', 'reads the byte there; a page has one byte of content', (p, a) => p.read(a.num(0))),
    call('write ADDR BYTE', 'writes the byte', (p, a) => p.write(a.num(0), a.small(1))),
    call('touch ADDR LEN', 'writes to each page what is there', (p, a) => p.touch(a.num(0), a.small(1))),
  ],
};

export const FILES: CallWords = {
  title: 'files',
  words: [
    call('memfd_create MFD', 'a new file of no bytes; MFD is 2 for one that takes seals', (p, a) =>
      p.memfd_create('trace', a.num(0)),
    ),
    callWord('open FILE MODE SIZE', {
      does: 'the file of a number on the disk, of SIZE bytes if it is new; MODE is 1 for reading, 2 for writing',
      gives: 'the descriptor',
      run: (p, a) => p.open(a.small(0), a.small(1), a.small(2)),
    }),
    callWord('driver KIND', {
      does: 'a new file of a driver: see below',
      gives: 'the descriptor',
      run: (p, a) => p.driver(a.small(0)),
    }),
    call('close FD', 'the call', (p, a) => p.close(a.num(0))),
    callWord('unlink FILE', { does: 'the file of a number loses its name', run: (p, a) => p.unlink(a.small(0)) }),
    call('ftruncate FD LEN', 'the call', (p, a) => p.ftruncate(a.num(0), a.num(1))),
    call('add_seals FD SEALS', '`fcntl()` with `F_ADD_SEALS`', (p, a) => p.addSeals(a.num(0), a.num(1))),
  ],
};

export const LIMITS: CallWords = {
  title: 'limits',
  words: [
    call('setrlimit RESOURCE CUR MAX', 'the call; -1 is no limit', (p, a) =>
      p.setrlimit(a.num(0), { rlim_cur: a.num(1), rlim_max: a.num(2) }),
    ),
    callWord('capable CAP ON', {
      does: 'gives the process a capability, of which it has all at first, or with 0 takes it away',
      run: (p, a) => p.capable(a.small(0), a.small(1) !== 0),
    }),
    callWord('sysctl KNOB VALUE', {
      does: 'sets something of the machine: `overcommit_memory`, `max_map_count` and so on',
      run: (p, a) => {
        p.setKnob(a.text(0), a.small(1));
        return 0;
      },
    }),
    callWord('fail CALL NTH', {
      does: 'the NTH call of that name from here on fails; 1 is the next',
      run: (p, a) => {
        p.made.faults.fail(a.text(0), a.small(1));
        return 0;
      },
    }),
    callWord('nonodes ON', {
      does: 'there is no memory for nodes of trees, or with 0 there is',
      run: (p, a) => {
        p.made.noNodes = a.small(0) !== 0;
        return 0;
      },
    }),
    callWord('calls ON', {
      does: 'tells whom calls tell of changes, and of locks; with 0 not any more',
      run: (p, a) => {
        p.made.telling = a.small(0) !== 0;
        return 0;
      },
    }),
    callWord('quiet', {
      does: 'from here on VMAs are not listed',
      run: (p) => {
        p.quiet = true;
        return 0;
      },
    }),
    callWord('show', {
      does: 'lists VMAs of all processes this once, `quiet` or not',
      run: (p) => {
        p.isShown = true;
        return 0;
      },
    }),
  ],
};
