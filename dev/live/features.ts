// SPDX-License-Identifier: GPL-2.0-only
/**
 * What of the running kernel can be compared with the port, found out by what it does: a version says little of a
 * kernel with patches, and nothing of a container that refuses calls. A probe knows the ways in which kernels are known
 * to differ. What it does not know is compared, and found as a difference.
 */
import { readFileSync } from 'node:fs';
import { errorName } from '../../harness/error_name.js';
import { EINVAL, ENOSYS, EPERM } from '../../include/linux/errno.js';
import * as mman from '../../include/uapi/mman.js';
import * as prctl from '../../include/uapi/prctl.js';
import { NoLiveSide } from './build.js';
import { ANON, BASE, FIXED, HEAP, MMAP_BASE, P, RW } from './places.js';
import type { LiveProcess } from './process.js';
import type { LiveMapping } from './smaps.js';

/** Null when it is as in the port, else why it is not compared. */
export type Finding = string | null;

export interface Feature {
  /** What is compared. */
  says: string;
  /** Tries it in a process of its own. */
  probe: (p: LiveProcess) => Finding;
}

function refusal(result: number): Finding {
  if (result >= 0) return null;
  if (result === -ENOSYS) return 'this kernel has no such call';
  if (result === -EPERM) return 'refused here (EPERM)';
  return `it answers ${errorName(result) ?? result}`;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** The mappings of the range that probes use. */
function mapped(p: LiveProcess): LiveMapping[] {
  return p.mappings().filter(({ start }) => start >= BASE && start < BASE + 0x1000 * P);
}

function has(p: LiveProcess, letters: string): boolean {
  return mapped(p)[0]?.vmFlags?.includes(letters) ?? false;
}

/** Maps three pages. */
function map(p: LiveProcess, flags = FIXED): Finding {
  return refusal(p.mmap(BASE, 3 * P, RW, flags));
}

/** A call on memory that is mapped for it. */
function call(says: string, make: (p: LiveProcess) => number): Feature {
  return { says, probe: (p) => map(p) ?? refusal(make(p)) };
}

/** An advice, whose letters in VmFlags are a sign that it does something. */
function advice(says: string, value: number, letters: string | null = null): Feature {
  return {
    says,
    probe(p) {
      map(p);
      const result = p.madvise(BASE, P, value);
      if (result === -EINVAL) return 'this kernel does not know the advice, or is built without it';
      if (result < 0) return refusal(result);
      return letters === null || has(p, letters) ? null : `it leaves no ${letters} in VmFlags`;
    },
  };
}

/** An option of prctl(), which its other half tells of. */
function option(says: string, set: readonly number[], get: number, wanted: number): Feature {
  return {
    says,
    probe(p) {
      const [what = 0, ...args] = set;
      const refused = refusal(p.prctl(what, args[0], args[1]));
      if (refused === `it answers ${errorName(-EINVAL)}`)
        return 'this kernel does not know the option, or is built without it';
      if (refused !== null) return refused;
      const got = p.prctl(get);
      return got === wanted ? null : `it is ${got} then, not ${wanted}`;
    },
  };
}

const KEEP = mman.MREMAP_MAYMOVE | mman.MREMAP_FIXED | mman.MREMAP_DONTUNMAP;
const MOVE = mman.MREMAP_MAYMOVE | mman.MREMAP_FIXED;

/** 6.18 merges what was never written with its own copy, and unlocks all of a locked mapping of which a part is copied. */
function dontUnmap(p: LiveProcess): Finding {
  const refused = map(p) ?? refusal(p.mremap(BASE + 2 * P, P, P, KEEP, BASE + 3 * P));
  if (refused !== null) return refused;
  const merges = mapped(p).length === 1 ? 'a mapping without pages merges with its own copy' : null;
  p.munmap(BASE, 4 * P);
  map(p);
  p.mlock(BASE, 3 * P);
  p.mremap(BASE + P, P, P, KEEP, BASE + 16 * P);
  const unlocks = has(p, 'lo') ? null : 'a locked mapping is unlocked as a whole when a part of it is copied';
  const both = [merges, unlocks].filter((one) => one !== null);
  return both.length === 0 ? null : `${both.join(', and ')}, as in 6.18`;
}

/** Since 6.17 a move may span mappings. */
function manyMoved(p: LiveProcess): Finding {
  map(p);
  p.mprotect(BASE + P, P, mman.PROT_READ);
  return refusal(p.mremap(BASE, 3 * P, 3 * P, MOVE, BASE + 16 * P)) === null
    ? null
    : 'a move of several mappings is refused, as before 6.17';
}

/** Since 7.3 what was written of a private file has page offsets of its own, which a move leaves where they were. */
function movedFile(p: LiveProcess): Finding {
  const fd = p.memfd_create('probe');
  const refused = refusal(fd) ?? refusal(p.ftruncate(fd, 16 * P));
  if (refused !== null) return refused;
  const flags = mman.MAP_PRIVATE | mman.MAP_FIXED;
  p.mmap(BASE, P, RW, flags, fd, 0);
  p.mmap(BASE + 8 * P, P, RW, flags, fd, P);
  p.write(BASE + 8 * P, 1);
  p.mremap(BASE + 8 * P, P, P, MOVE, BASE + P);
  return mapped(p).length === 2 ? null : 'it merges by its offset in the file alone, as before 7.3';
}

/** A file of the machine, without the line's end; null where it cannot be read. */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

/** They are counted where nobody takes them away, or gives more than were asked for. */
function anonymousPages(p: LiveProcess): Finding {
  if (/^SwapTotal: +[1-9]/m.test(textOf('/proc/meminfo') ?? '')) return 'pages may be swapped out';
  if ((textOf('/sys/kernel/mm/ksm/run') ?? '0') !== '0') return 'KSM may merge pages';
  p.mmap(BASE, 32 * P, RW, FIXED);
  p.write(BASE + 16 * P, 1);
  const kilobytes = mapped(p)[0]?.sizes.get('Anonymous');
  return kilobytes === 4 ? null : `one page that was written is told as ${kilobytes ?? 'no'} kB`;
}

/** Everything that random programs do, by the name that says what to leave out of them. */
export const FEATURES = {
  smaps: {
    says: 'mappings by /proc/PID/smaps: ranges, protection, offsets, files',
    probe: (p) => (p.proc('smaps') === null ? '/proc/PID/smaps cannot be read' : null),
  },
  vmFlags: {
    says: 'VmFlags of each mapping',
    probe: (p) => map(p) ?? (has(p, 'wr') ? null : 'smaps does not tell of them'),
  },
  anonymous: { says: 'how many anonymous pages each mapping has that is smaller than 2 MB', probe: anonymousPages },
  sums: {
    says: 'sums by /proc/PID/status: VmSize, VmLck, VmData, VmStk, and VmExe with VmLib',
    probe: (p) =>
      ['VmSize', 'VmLck', 'VmData'].every((name) => p.status().has(name)) ? null : 'status does not tell of them',
  },
  large: {
    says: 'mappings of more than 16 MB',
    probe: () =>
      textOf('/proc/sys/vm/overcommit_memory') === '2'
        ? 'overcommit_memory is 2: they depend on what all other processes have committed'
        : null,
  },
  touch: {
    says: 'pages that are read and written, which answer EFAULT instead of a signal',
    probe: (p) => map(p) ?? refusal(p.write(BASE, 7)) ?? (p.read(BASE) === 7 ? null : 'what was written is not read'),
  },
  placement: {
    says: 'where mappings go that no address is given for',
    probe(p) {
      const got = p.mmap(0, P, RW, ANON);
      return got === MMAP_BASE - P
        ? null
        : `the first goes to ${hex(got)}, not ${hex(MMAP_BASE - P)}: addresses are random, or the stack's limit is another`;
    },
  },
  heap: {
    says: 'brk()',
    probe(p) {
      const at = p.brk(0);
      return at === HEAP ? null : `the heap begins at ${hex(at)}, not ${hex(HEAP)}: addresses are random`;
    },
  },
  fork: {
    says: 'fork(), and its parent and child by turns',
    probe(p) {
      const child = p.fork();
      if (typeof child === 'number') return refusal(child);
      child.exit();
      return null;
    },
  },
  lock: call('mlock() and munlock()', (p) => p.mlock(BASE, P)),
  lockOnFault: call('mlock2() with MLOCK_ONFAULT', (p) => p.mlock2(BASE, P, mman.MLOCK_ONFAULT)),
  lockAll: call('mlockall() and munlockall()', (p) => p.mlockall(mman.MCL_FUTURE)),
  seal: call('mseal()', (p) => p.mseal(BASE, P)),
  move: call('mremap()', (p) => p.mremap(BASE, P, P, MOVE, BASE + 16 * P)),
  moveMany: { says: 'mremap() of several mappings at once', probe: manyMoved },
  dontUnmap: { says: 'mremap() with MREMAP_DONTUNMAP', probe: dontUnmap },
  movedFile: { says: 'merges of private files that were written, and moved', probe: movedFile },
  noReplace: {
    says: 'MAP_FIXED_NOREPLACE',
    probe: (p) => map(p) ?? (p.mmap(BASE, P, RW, ANON | mman.MAP_FIXED_NOREPLACE) < 0 ? null : 'it replaces'),
  },
  droppable: {
    says: 'MAP_DROPPABLE',
    probe: (p) => refusal(p.mmap(BASE, P, RW, mman.MAP_DROPPABLE | mman.MAP_ANONYMOUS | mman.MAP_FIXED)),
  },
  growsDown: {
    says: 'MAP_GROWSDOWN',
    probe: (p) => map(p, FIXED | mman.MAP_GROWSDOWN) ?? refusal(p.write(BASE - P, 1)),
  },
  remapFilePages: {
    says: 'remap_file_pages()',
    probe: (p) =>
      map(p, mman.MAP_SHARED | mman.MAP_ANONYMOUS | mman.MAP_FIXED) ?? refusal(p.remap_file_pages(BASE, P, 0, 1, 0)),
  },
  memfd: { says: 'memfd_create(), ftruncate() and seals', probe: (p) => refusal(p.memfd_create('probe', 2)) },
  huge: advice('MADV_HUGEPAGE and MADV_NOHUGEPAGE', mman.MADV_HUGEPAGE, 'hg'),
  mergeable: advice('MADV_MERGEABLE and MADV_UNMERGEABLE (KSM)', mman.MADV_MERGEABLE, 'mg'),
  wipeOnFork: advice('MADV_WIPEONFORK', mman.MADV_WIPEONFORK, 'wf'),
  guard: advice('MADV_GUARD_INSTALL and MADV_GUARD_REMOVE', mman.MADV_GUARD_INSTALL),
  guardFlag: advice('gu in VmFlags, for mappings that may have guards', mman.MADV_GUARD_INSTALL, 'gu'),
  populate: advice('MADV_POPULATE_READ and MADV_POPULATE_WRITE', mman.MADV_POPULATE_WRITE),
  free: advice('MADV_FREE', mman.MADV_FREE),
  cold: advice('MADV_COLD and MADV_PAGEOUT', mman.MADV_COLD),
  dontNeedLocked: advice('MADV_DONTNEED_LOCKED', mman.MADV_DONTNEED_LOCKED),
  keys: {
    says: 'pkey_mprotect() with the key that there always is',
    probe: (p) => map(p) ?? (p.pkey_mprotect(BASE, P, RW, 0) === 0 ? null : 'this machine has no protection keys'),
  },
  name: {
    says: 'names of anonymous memory, PR_SET_VMA',
    probe: (p) => {
      map(p);
      const result = p.prctl(prctl.PR_SET_VMA, prctl.PR_SET_VMA_ANON_NAME, BASE, P, 'probe');
      return result === -EINVAL ? 'this kernel is built without it' : refusal(result);
    },
  },
  denyWriteExec: option('PR_SET_MDWE', [prctl.PR_SET_MDWE, prctl.PR_MDWE_REFUSE_EXEC_GAIN], prctl.PR_GET_MDWE, 1),
  denyNoInherit: option(
    'PR_SET_MDWE with PR_MDWE_NO_INHERIT',
    [prctl.PR_SET_MDWE, prctl.PR_MDWE_REFUSE_EXEC_GAIN | prctl.PR_MDWE_NO_INHERIT],
    prctl.PR_GET_MDWE,
    3,
  ),
  mergeAll: option('PR_SET_MEMORY_MERGE', [prctl.PR_SET_MEMORY_MERGE, 1], prctl.PR_GET_MEMORY_MERGE, 1),
  thpDisable: option('PR_SET_THP_DISABLE', [prctl.PR_SET_THP_DISABLE, 1], prctl.PR_GET_THP_DISABLE, 1),
  thpAdvised: option(
    'PR_SET_THP_DISABLE with PR_THP_DISABLE_EXCEPT_ADVISED',
    [prctl.PR_SET_THP_DISABLE, 1, prctl.PR_THP_DISABLE_EXCEPT_ADVISED],
    prctl.PR_GET_THP_DISABLE,
    3,
  ),
  noSoftDirty: {
    says: 'no sd in VmFlags: soft-dirty bits are not built in',
    probe: (p) => map(p) ?? (has(p, 'sd') ? 'CONFIG_MEM_SOFT_DIRTY: sd is taken out' : null),
  },
} as const satisfies Record<string, Feature>;

export type FeatureName = keyof typeof FEATURES;

const isFeature = (name: string): name is FeatureName => name in FEATURES;
export const FEATURE_NAMES: readonly FeatureName[] = Object.keys(FEATURES).filter(isFeature);

/** What is not compared, and why. */
export type LeftOut = ReadonlyMap<FeatureName, string>;

/** Tries everything, each in a copy of the process. */
export function probeFeatures(first: LiveProcess): LeftOut {
  const leftOut = new Map<FeatureName, string>();
  for (const name of FEATURE_NAMES) {
    const p = first.fork();
    if (typeof p === 'number') throw new NoLiveSide(`the live side cannot fork: ${errorName(p) ?? p}`);
    const finding = FEATURES[name].probe(p);
    p.exit();
    if (finding !== null) leftOut.set(name, finding);
  }
  return leftOut;
}
