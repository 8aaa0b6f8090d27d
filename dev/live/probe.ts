// SPDX-License-Identifier: GPL-2.0-only
/** What `npm run live -- --probe` prints: the kernel, how it is configured, what may be done, what is compared. */
import { readFileSync } from 'node:fs';
import { release, version } from 'node:os';
import { gunzipSync } from 'node:zlib';
import * as capability from '../../include/uapi/capability.js';
import { FEATURE_NAMES, FEATURES, type LeftOut } from './features.js';
import { type LiveSide, sysctl } from './live_side.js';

/** Options of the kernel's configuration that address spaces depend on. */
const OPTIONS = [
  ...[
    'ANON_VMA_NAME',
    'HUGETLB_PAGE',
    'KSM',
    'MEM_SOFT_DIRTY',
    'NUMA',
    'PER_VMA_LOCK',
    'PT_RECLAIM',
    'SECRETMEM',
    'SHMEM',
  ],
  ...['TRANSPARENT_HUGEPAGE', 'USERFAULTFD', 'X86_USER_SHADOW_STACK', 'DEFAULT_MMAP_MIN_ADDR', 'LSM_MMAP_MIN_ADDR'],
];

/** Settings below /proc/sys/vm. */
const SETTINGS = [
  ...['overcommit_memory', 'overcommit_ratio', 'overcommit_kbytes', 'max_map_count', 'mmap_min_addr'],
  'legacy_va_layout',
];

/** Files of one line that say what else is set. */
const FILES: readonly (readonly [name: string, path: string])[] = [
  ['huge pages', '/sys/kernel/mm/transparent_hugepage/enabled'],
  ['huge pages of shared memory', '/sys/kernel/mm/transparent_hugepage/shmem_enabled'],
  ['KSM runs', '/sys/kernel/mm/ksm/run'],
  ['addresses are random', '/proc/sys/kernel/randomize_va_space'],
];

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

/** The kernel's configuration, where it is told. */
export function kernelConfig(): string | null {
  try {
    return gunzipSync(readFileSync('/proc/config.gz')).toString();
  } catch {
    return textOf(`/boot/config-${release()}`);
  }
}

/** The options of interest in a configuration: "y", a value, or "not set". */
export function optionsOf(config: string): string[] {
  return OPTIONS.map((name) => {
    const value = new RegExp(`^CONFIG_${name}=(.*)$`, 'm').exec(config)?.[1];
    return `${name}=${value ?? 'not set'}`;
  });
}

/** What is compared, and what is not and why. */
export function featureLines(leftOut: LeftOut): string[] {
  const compared = FEATURE_NAMES.filter((name) => !leftOut.has(name)).map((name) => `  ${FEATURES[name].says}`);
  const left = [...leftOut].map(([name, why]) => `  ${FEATURES[name].says}: ${why}`);
  return ['compared:', ...compared, ...(left.length > 0 ? ['not compared:', ...left] : [])];
}

/** What holds wherever the live side runs: what neither side can be asked. */
const NEVER = [
  'offsets of anonymous memory, anon_vmas and charges: the kernel does not tell of them; merges that follow do',
  'huge pages of hugetlbfs, protection keys, userfaultfd: not modelled, or not the same without a machine of their own',
  'MADV_REMOVE, MAP_SYNC and placement by 2 MB of files on a disk: their file system has a say in them',
  'sizes of what is resident but not anonymous: the kernel reads ahead, and faults around',
];

export function probeText({ leftOut, permitted }: LiveSide): string {
  const config = kernelConfig();
  const missing = Object.entries(capability).filter(([, cap]) => ((permitted >> BigInt(cap)) & 1n) === 0n);
  const settings = SETTINGS.map((name) => `${name}=${sysctl(name) ?? 'unknown'}`);
  const lines = [
    `kernel: ${release()}, ${version()}`,
    `configuration: ${config === null ? 'not told' : optionsOf(config).join(' ')}`,
    `settings: ${settings.join(' ')}`,
    ...FILES.map(([name, path]) => `${name}: ${textOf(path) ?? 'unknown'}`),
    `capabilities: ${missing.length === 0 ? 'all that are asked for' : `without ${missing.map(([name]) => name).join(', ')}`}`,
    ...featureLines(leftOut),
    'never compared:',
    ...NEVER.map((line) => `  ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}
