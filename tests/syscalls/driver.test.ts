// SPDX-License-Identifier: GPL-2.0-only
/** A driver's hooks under system calls: who is called when, and what the checked world says when it does not balance. */

import {
  ErrnoError,
  MAP_FIXED,
  MAP_SHARED,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Process,
  TestWorld,
  test,
} from '../../harness/index.js';
import {
  file as File,
  type file,
  type file_operations,
  generic_file_vm_ops,
  VMA_DONTEXPAND_BIT,
  type vm_operations_struct,
  vma_flags_set,
} from '../../lib/index.js';
import { stubs } from '../../stubs/index.js';

const RW = PROT_READ | PROT_WRITE;
const AT = 0x200000000000;

/** A driver that counts its calls. */
class Counting {
  readonly calls: Record<string, number>;
  readonly vm_ops: vm_operations_struct;
  readonly ops: file_operations;

  /** Without a close hook its mappings may merge. */
  constructor(merges: boolean) {
    this.calls = { mmap_prepare: 0, mapped: 0, open: 0, close: 0 };
    const count = (name: string): number => {
      this.calls[name] = (this.calls[name] ?? 0) + 1;
      return 0;
    };
    this.vm_ops = {
      fault: generic_file_vm_ops.fault ?? null,
      mapped: () => count('mapped'),
      open: () => {
        count('open');
      },
      close: merges
        ? null
        : () => {
            count('close');
          },
    };
    this.ops = {
      mmap_prepare: (desc) => {
        desc.vm_ops = this.vm_ops;
        return count('mmap_prepare');
      },
    };
  }

  get said(): string {
    return Object.entries(this.calls)
      .map(([name, calls]) => `${name} ${calls}`)
      .join(', ');
  }
}

function map(p: Process, f: file | file_operations, page = 0, pages = 4, pgoff = 0): number {
  const fd = p.open(f);
  const addr = p.mmap(AT + page * PAGE_SIZE, pages * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd, pgoff * PAGE_SIZE);
  p.close(fd);
  return addr;
}

test('mapped once for a first mapping; open for a split, a move, a fork; close for each that goes', (t) => {
  const driver = new Counting(false);
  const p = t.process();
  map(p, driver.ops);
  t.equal(driver.said, 'mmap_prepare 1, mapped 1, open 0, close 0');
  p.munmap(AT + PAGE_SIZE, PAGE_SIZE);
  t.equal(driver.said, 'mmap_prepare 1, mapped 1, open 2, close 1', 'a hole splits twice, and what was in it goes');
  p.mprotect(AT + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
  t.equal(driver.said, 'mmap_prepare 1, mapped 1, open 3, close 1');
  const child = p.fork();
  t.equal(driver.said, 'mmap_prepare 1, mapped 1, open 6, close 1');
  p.mremap(AT, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, AT + 16 * PAGE_SIZE);
  t.equal(driver.said, 'mmap_prepare 1, mapped 1, open 7, close 2', 'a move');
  p.mremap(AT + 16 * PAGE_SIZE, PAGE_SIZE, 2 * PAGE_SIZE);
  t.equal(driver.said, 'mmap_prepare 1, mapped 1, open 7, close 2', 'growing on the spot');
  child.exit();
  t.equal(driver.said, 'mmap_prepare 1, mapped 1, open 7, close 5');
  p.exit();
  t.equal(driver.said, 'mmap_prepare 1, mapped 1, open 7, close 8', 'one more close than opens: that of the mapping');
});

test('mapped is not called for a mapping that merges', (t) => {
  const driver = new Counting(true);
  const p = t.process();
  const f = new File(driver.ops);
  map(p, f, 0, 2, 0);
  map(p, f, 2, 2, 2);
  t.equal(p.mapEntries().length, 1);
  t.equal(driver.said, 'mmap_prepare 2, mapped 1, open 0, close 0');
  map(p, f, 8, 1, 0);
  t.equal(driver.said, 'mmap_prepare 3, mapped 2, open 0, close 0');
});

test('an error of mapped is what mmap() fails with, and nothing is left', (t) => {
  const driver = new Counting(false);
  driver.vm_ops.mapped = () => -16;
  const p = t.process();
  const error = t.throws(() => map(p, driver.ops), 'EBUSY');
  t.ASSERT_EQ(error instanceof ErrnoError && error.syscall, 'mmap');
  t.equal(p.maps(), '');
  t.equal(driver.said, 'mmap_prepare 1, mapped 0, open 0, close 1');
});

test('what may not grow does not: flags of the driver reach the calls', (t) => {
  const p = t.process();
  const addr = map(p, {
    mmap_prepare: (desc) => {
      vma_flags_set(desc.vma_flags, VMA_DONTEXPAND_BIT);
      return 0;
    },
  });
  t.ASSERT_EQ(p.raw.mremap(addr, 4 * PAGE_SIZE, 8 * PAGE_SIZE, MREMAP_MAYMOVE), -14);
});

/** What the checked world has to say of a test. */
function complaintsOf(body: (p: Process) => void): string[] {
  const world = new TestWorld('checked');
  body(world.newProcess({}));
  return world.leave();
}

test('the checked world finds what does not balance', (t) => {
  t.equal(
    complaintsOf((p) => map(p, new Counting(false).ops)),
    [],
    'a process that lives is ended, and all is well',
  );

  const keeps = new Counting(false);
  keeps.vm_ops.open = (vma) => {
    if (vma.vm_file !== null) stubs.get_file(vma.vm_file);
  };
  const kept = complaintsOf((p) => {
    map(p, keeps.ops);
    p.fork();
  });
  t.ASSERT_EQ(kept.length, 1);
  t.ASSERT_TRUE(kept[0]?.startsWith('leak: file has 1 references, 0 before; taken at '), kept[0]);

  const charges = new Counting(false);
  charges.vm_ops.mapped = () => {
    stubs.vm_acct_memory(3);
    return 0;
  };
  const charged = complaintsOf((p) => map(p, charges.ops));
  t.equal(charged, [
    'charges: 3 pages are charged that no mapping accounts for; after mmap()',
    'charges: 3 pages are committed, and no process is left',
  ]);

  const pages = complaintsOf((p) => {
    p.mm.pgd?.set(0, { page: null, write: false, guard: false });
    p.exit();
  });
  t.equal(pages, ['leak: 1 pages are mapped in an address space that was freed']);

  const locked = new Counting(false);
  locked.vm_ops.close = (vma) => {
    if (vma.vm_mm !== null) stubs.mmap_read_lock(vma.vm_mm);
  };
  t.ASSERT_TRUE(complaintsOf((p) => map(p, locked.ops)).length > 0, 'a lock');
});
