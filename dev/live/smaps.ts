// SPDX-License-Identifier: GPL-2.0-only
/** What the kernel tells of a process in /proc/PID/smaps and status. */

/** A mapping, as far as two sides can be compared in it. */
export interface LiveMapping {
  start: number;
  end: number;
  /** "rw-p" and the like. */
  perms: string;
  /** Bytes into the file. */
  offset: number;
  inode: number;
  /** Path or name; empty without one. */
  name: string;
  /** By their two letters; null where the kernel does not tell. */
  vmFlags: string[] | null;
  /** Kilobytes by their names: Rss, Anonymous … */
  sizes: Map<string, number>;
}

const HEAD = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ (\d+) *(.*)$/;
const SIZE = /^(\w+): +(\d+) kB$/;

/** The mappings that smaps, or maps, tells of. The page of vsyscalls is none of the process's own. */
export function parseSmaps(text: string): LiveMapping[] {
  const mappings: LiveMapping[] = [];
  for (const line of text.split('\n')) {
    const [, start, end, perms = '', offset, inode, name = ''] = HEAD.exec(line) ?? [];
    const last = mappings.at(-1);
    if (start !== undefined && end !== undefined) {
      const [from, to] = [Number.parseInt(start, 16), Number.parseInt(end, 16)];
      const at = Number.parseInt(offset ?? '', 16);
      mappings.push({
        start: from,
        end: to,
        perms,
        offset: at,
        inode: Number(inode),
        name,
        vmFlags: null,
        sizes: new Map(),
      });
    } else if (last !== undefined && line.startsWith('VmFlags:')) {
      last.vmFlags = line.slice('VmFlags:'.length).split(' ').filter(Boolean);
    } else if (last !== undefined) {
      const [, what, kilobytes] = SIZE.exec(line) ?? [];
      if (what !== undefined) last.sizes.set(what, Number(kilobytes));
    }
  }
  return mappings.filter(({ name }) => name !== '[vsyscall]');
}

/** The numbers of status by their names, kilobytes and others: VmLck, VmData … */
export function parseStatus(text: string): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, number] = /^(\w+):\s+(\d{1,15})(?: kB)?$/.exec(line) ?? [];
    if (name !== undefined) numbers.set(name, Number(number));
  }
  return numbers;
}

/** A mask of capabilities of a status: CapEff, CapPrm. */
export function capabilitiesOf(status: string, which: 'CapEff' | 'CapPrm'): bigint {
  return BigInt(`0x${new RegExp(`^${which}:\\s+([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
}
