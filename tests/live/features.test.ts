// SPDX-License-Identifier: GPL-2.0-only
/** What a probe makes of kernels that lack something, refuse it, or do it in another way; without a live kernel. */
import t from 'tap';
import { FEATURE_NAMES, type LeftOut, probeFeatures } from '../../dev/live/features.js';
import { LiveProcess } from '../../dev/live/process.js';
import { EINVAL, EPERM } from '../../include/linux/errno.js';
import { MADV_GUARD_INSTALL, MAP_FIXED_NOREPLACE, MREMAP_DONTUNMAP } from '../../include/uapi/mman.js';
import { FakeMachine, type Lie } from './fake.js';

function probed(lie: Lie = () => undefined, retell?: (smaps: string) => string): LeftOut {
  return probeFeatures(LiveProcess.first(new FakeMachine(lie, retell)));
}

t.test('what the port does itself is compared, calls that there are not are left out', async (t) => {
  const leftOut = probed();
  for (const name of [
    'smaps',
    'vmFlags',
    'sums',
    'placement',
    'heap',
    'lock',
    'move',
    'moveMany',
    'dontUnmap',
  ] as const) {
    t.notOk(leftOut.has(name), `${name}: ${leftOut.get(name)}`);
  }
  for (const name of ['seal', 'memfd', 'lockAll'] as const) t.equal(leftOut.get(name), 'this kernel has no such call');
  t.ok([...leftOut.keys()].every((name) => FEATURE_NAMES.includes(name)));
});

t.test('what is refused is left out, and fails nothing', async (t) => {
  const leftOut = probed((name) => (name === 'mlock' || name === 'mremap' ? -EPERM : undefined));
  t.equal(leftOut.get('lock'), 'refused here (EPERM)');
  t.equal(leftOut.get('move'), 'refused here (EPERM)');
  t.notOk(leftOut.has('heap'));
});

t.test('an advice that nobody knows', async (t) => {
  const leftOut = probed((name, [, , advice]) =>
    name === 'madvise' && advice === MADV_GUARD_INSTALL ? -EINVAL : undefined,
  );
  t.match(leftOut.get('guard'), /does not know the advice/);
  t.match(leftOut.get('guardFlag'), /does not know the advice/);
  t.notOk(leftOut.has('huge'));
});

t.test('addresses that are random', async (t) => {
  const leftOut = probed((name, [addr]) => {
    if (name === 'mmap' && addr === 0) return 0x7f1200000000;
    return name === 'brk' ? 0x55aa00000000 : undefined;
  });
  t.match(leftOut.get('placement'), /goes to 0x7f1200000000, not 0x7ffff7ffe000/);
  t.match(leftOut.get('heap'), /begins at 0x55aa00000000/);
});

t.test('smaps without flags, with soft-dirty bits, without guards, with other pages', async (t) => {
  const none = probed(undefined, (smaps) => smaps.replaceAll(/^VmFlags:.*\n/gm, ''));
  t.equal(none.get('vmFlags'), 'smaps does not tell of them');
  const softDirty = probed(undefined, (smaps) => smaps.replaceAll(/^(VmFlags: .*)$/gm, '$1sd '));
  t.match(softDirty.get('noSoftDirty'), /sd is taken out/);
  const noGuards = probed(undefined, (smaps) => smaps.replaceAll(' gu ', ' '));
  t.equal(noGuards.get('guardFlag'), 'it leaves no gu in VmFlags');
  t.notOk(noGuards.has('guard'));
  const large = probed(undefined, (smaps) => smaps.replaceAll(/^Anonymous:.*$/gm, 'Anonymous:    64 kB'));
  t.match(large.get('anonymous'), /64 kB|swapped|KSM/);
});

t.test(
  'MREMAP_DONTUNMAP as in 6.18, moves of several mappings as before 6.17, MAP_FIXED_NOREPLACE that replaces',
  async (t) => {
    // What stays of the locked mapping is told without its lock; the copy beside it is told as one with it.
    const older = probed(undefined, (smaps) => smaps.replaceAll(' lo ', ' '));
    t.match(older.get('dontUnmap'), /a locked mapping is unlocked as a whole .*6\.18/);
    const single = probed((name, [, from = 0, , flags = 0]) =>
      name === 'mremap' && from > 0x1000 && (flags & MREMAP_DONTUNMAP) === 0 ? -14 : undefined,
    );
    t.match(single.get('moveMany'), /before 6\.17/);
    t.notOk(single.has('move'));
    const replaces = probed((name, [addr = 0, , , flags = 0]) =>
      name === 'mmap' && (flags & MAP_FIXED_NOREPLACE) !== 0 ? addr : undefined,
    );
    t.equal(replaces.get('noReplace'), 'it replaces');
  },
);
