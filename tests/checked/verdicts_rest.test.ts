// SPDX-License-Identifier: GPL-2.0-only
/** Detectors that no other theme has: what is left over, called twice, counted wrong, or mapped where nothing is. */
import { type CheckedWorld, test } from '../../harness/index.js';
import { list_for_each_entry } from '../../include/linux/list.js';
import { pte_t } from '../../include/linux/pagetable.js';
import {
  anon_vma_name,
  file,
  globals,
  mk_vma_flags,
  mm_struct,
  mmap_region,
  PAGE_SIZE,
  pgprot_t,
  relocate_vma_down,
  stubs,
  VMA_GROWSDOWN_BIT,
  VMA_SHARED_BIT,
  vm_area_struct,
  vma_lookup,
} from '../../lib/index.js';
import { mm_alloc_pgd } from '../../lib/mm/page_tables.js';
import { shmem_zero_setup } from '../../lib/mm/shmem.js';
import { assertComplaint, complaintsOf, type Doctor, LEN, plainFile, Space, START } from './broken.js';
import { driver, OTHER, prepared, runCases, split, without } from './cases.js';

/** Has the links of a VMA say that they are of another one. */
function setLinks(vma: vm_area_struct, of: vm_area_struct): void {
  for (const avc of list_for_each_entry(vma.anon_vma_chain)) avc.vma = of;
}

/** Calls a stub twice each time. */
function twice(name: 'tlb_gather_mmu'): Doctor {
  return (own) => {
    const { [name]: once } = own;
    own[name] = (...args) => {
      once(...args);
      once(...args);
    };
  };
}

/** Calls hooks of this name twice. */
function hookTwice(name: string): Doctor {
  return (own) => {
    const { call_hook } = own;
    own.call_hook = (ops, hookName, hook, ...args) => {
      if (hookName === name) call_hook(ops, hookName, hook, ...args);
      return call_hook(ops, hookName, hook, ...args);
    };
  };
}

/** A split in whose hook something else happens to the VMA, which is put right afterwards. */
function during(break_: (vma: vm_area_struct) => void, mend: (vma: vm_area_struct) => void): (space: Space) => void {
  return (space) => {
    const breaks = (vma: vm_area_struct): number => {
      break_(vma);
      return -1;
    };
    const vma = space.map(START, LEN, driver({ may_split: breaks }));
    if (space.world.fault(vma) !== 0) throw new Error('no memory');
    split(space);
    mend(vma);
  };
}

test('hooks that are called twice', (t) => {
  const nothing = (): void => {};
  runCases(t, [
    [
      'open',
      (space) => {
        space.map(START, LEN, driver({ open: nothing, close: nothing }));
        split(space);
      },
      hookTwice('open'),
      /^hook: open\(\) of vm_area_struct .* called a second time, at/,
    ],
    [
      'mapped',
      (space) => void space.map(START, LEN, prepared({ mapped: () => 0 })),
      hookTwice('mapped'),
      /^hook: mapped\(\) of vm_area_struct 0x10000-0x18000 called a second time, at/,
    ],
  ]);
});

test('no hook lets go of the mmap lock, whatever it is for', (t) => {
  const relocks =
    ({ world, mm }: Space) =>
    (): number => {
      world.locks.mmapWriteUnlock(mm);
      world.locks.mmapWriteLock(mm);
      return 0;
    };
  const nothing = (): void => {};
  const act = (name: string, space: Space): void => {
    const relock = relocks(space);
    const ops = { open: nothing, close: nothing, [name]: relock };
    const hooks = name === 'mmap' || name === 'mmap_prepare' ? new file({ [name]: relock }) : null;
    space.map(START, LEN, hooks ?? (name === 'mapped' ? prepared(ops) : driver(ops)));
    split(space);
  };
  for (const name of ['mmap', 'mmap_prepare', 'mapped', 'open', 'close', 'may_split']) {
    const complaints = complaintsOf((world) => {
      const space = new Space(world);
      act(name, space);
      space.leave();
    });
    const said = complaints.filter((text) => text.startsWith(`hook: ${name}() dropped mmap_lock, or took it anew`));
    t.ASSERT_TRUE(said.length > 0, `${name}: ${complaints.join(' | ')}`);
  }
});

test('an anon_vma that is unlinked twice', (t) => {
  const twiceUnlinked: Doctor = (own) => {
    const { unlink_anon_vmas } = own;
    own.unlink_anon_vmas = (vma) => {
      const { anon_vma } = vma;
      unlink_anon_vmas(vma);
      vma.anon_vma = anon_vma;
      unlink_anon_vmas(vma);
    };
  };
  const faulted = (world: CheckedWorld): Space => {
    const space = new Space(world);
    t.ASSERT_EQ(world.fault(space.map()), 0);
    return space;
  };
  t.throws(
    () => complaintsOf((world) => faulted(world).unmap(), twiceUnlinked),
    /^use after free: anon_vma: field was_unlinked written/,
    'by the last VMA: it is freed by then',
  );
  const complaints = complaintsOf((world) => {
    const space = faulted(world);
    split(space);
    space.unmap(START, LEN / 2);
  }, twiceUnlinked);
  const wanted = 'rmap: num_active_vmas is 0, where 1 VMAs have the anon_vma; after do_munmap()';
  t.ASSERT_TRUE(complaints.includes(wanted), complaints.join(' | '));
});

test('anon_vmas that do not add up', (t) => {
  let anon: vm_area_struct['anon_vma'] = null;
  runCases(t, [
    [
      'one VMA too many',
      during(
        ({ anon_vma }) => void (anon_vma !== null && anon_vma.num_active_vmas++),
        ({ anon_vma }) => void (anon_vma !== null && anon_vma.num_active_vmas--),
      ),
      null,
      /^rmap: num_active_vmas is 2, where 1 VMAs have the anon_vma; after split_vma/,
    ],
    [
      'links without an anon_vma',
      during(
        (vma) => {
          anon = vma.anon_vma;
          vma.anon_vma = null;
        },
        (vma) => {
          vma.anon_vma = anon;
        },
      ),
      null,
      /^rmap: vm_area_struct 0x10000-0x18000 has links, but no anon_vma; after split_vma/,
    ],
    [
      'a link that is freed where it is',
      (space) => t.ASSERT_EQ(space.world.fault(space.map()), 0),
      without('anon_rmap_tree_remove'),
      /^rmap: a link freed at .* is still on its anon_vma, since/,
    ],
  ]);
});

test('entries of the reverse map that are not the VMA’s', (t) => {
  const other = new vm_area_struct();
  runCases(t, [
    [
      'a link of another VMA',
      during(
        (vma) => setLinks(vma, other),
        (vma) => setLinks(vma, vma),
      ),
      null,
      /^rmap: vm_area_struct 0x10000-0x18000 has a link of another VMA; after split_vma/,
    ],
    [
      'another interval of the anon_vma',
      during(
        (vma) => void vma.__vm_anon_pgoff_lo++,
        (vma) => void vma.__vm_anon_pgoff_lo--,
      ),
      null,
      /^rmap: vm_area_struct 0x10000-0x18000 is on its anon_vma by another interval than it has; after split_vma/,
    ],
    [
      'another file',
      (space) => {
        const f = driver({
          may_split: (vma) => {
            vma.vm_file = plainFile();
            return -1;
          },
        });
        const vma = space.map(START, LEN, f);
        split(space);
        vma.vm_file = f;
      },
      null,
      /^rmap: vm_area_struct 0x10000-0x18000 is on the i_mmap of another file; after split_vma/,
    ],
  ]);
});

test('a link that did not get onto its anon_vma', (t) => {
  const complaints = complaintsOf((world) => {
    const space = new Space(world);
    t.ASSERT_EQ(world.fault(space.map()), 0);
    split(space);
  }, without('anon_rmap_tree_insert'));
  const wanted = 'rmap: vm_area_struct 0x10000-0x14000 has a link that is not on its anon_vma; after split_vma()';
  t.ASSERT_TRUE(complaints.includes(wanted), complaints.join(' | '));
});

test('files and protections that another VMA gets', (t) => {
  const changing = (change: (other: vm_area_struct) => void) => (space: Space) => {
    const other = space.map(OTHER);
    const { vm_file, vm_page_prot } = other;
    const act = (): number => {
      change(other);
      return -1;
    };
    space.map(START, LEN, driver({ may_split: act }));
    split(space);
    Object.assign(other, { vm_file, vm_page_prot });
  };
  runCases(t, [
    [
      'a file',
      changing((other) => (other.vm_file = plainFile())),
      null,
      /^VMA 0x40000-0x48000 was there before, and has another vm_file now; after split_vma/,
    ],
    [
      'a protection',
      changing((other) => (other.vm_page_prot = new pgprot_t(0, 0))),
      null,
      /^write mark: VMA 0x40000-0x48000 changed its protection without one; after split_vma/,
    ],
    [
      'a file of the kernel’s own, with a reference too many',
      ({ mm }) => {
        const flags = mk_vma_flags(VMA_SHARED_BIT);
        t.ASSERT_EQ(mmap_region(null, START, LEN, flags, START / 0x1000, null), START);
        const f = vma_lookup(mm, START)?.vm_file ?? null;
        if (f !== null && f.f_ref > 1) f.f_ref--;
      },
      (own) => {
        own.shmem_zero_setup = (vma) => {
          const error = shmem_zero_setup(vma);
          if (vma.vm_file !== null) vma.vm_file.f_ref++;
          return error;
        };
      },
      /^files: a new file has 2 references, where 1 VMAs map it; after mmap_region/,
    ],
  ]);
});

test('page tables', (t) => {
  const top = 2 ** 30;
  runCases(t, [
    [
      'a gather that is begun twice',
      (space) => void space.map(),
      twice('tlb_gather_mmu'),
      /^tlb: a gather begun at .* was begun already, at/,
    ],
    [
      'those that a stack left',
      (space) => {
        stubs.move_page_tables = (pmc) => pmc.len_in;
        const vma = space.map(top - LEN, LEN, null, [VMA_GROWSDOWN_BIT]);
        t.ASSERT_EQ(space.world.fault(vma, top - PAGE_SIZE, top), 0);
        t.ASSERT_EQ(relocate_vma_down(vma, LEN), 0);
      },
      without('free_pgd_range'),
      /^page tables: those that the stack left were not freed; after relocate_vma_down/,
    ],
    [
      'a page where there is no VMA',
      (space) => {
        mm_alloc_pgd(space.mm);
        const stray = (): number => {
          space.mm.pgd?.set(OTHER, new pte_t(null));
          return 0;
        };
        space.map(START, LEN, driver({ may_split: stray }));
        split(space);
        space.mm.pgd?.clear();
      },
      null,
      /^pages: 0x40000 is mapped, where there is no VMA; after split_vma/,
    ],
  ]);
  assertComplaint(
    t,
    () => {
      const mm = new mm_struct();
      mm_alloc_pgd(mm);
      mm.pgd?.set(START, new pte_t(null));
      stubs.free_mm(mm);
    },
    /^leak: 1 pages are mapped in an address space that was freed$/,
  );
});

test('what is left over', (t) => {
  const complaints = complaintsOf((world) => {
    const space = new Space(world);
    world.attributes.setName(space.map(), new anon_vma_name('heap'));
  });
  t.ASSERT_TRUE(complaints.includes('leak: name heap has 1 references'), complaints.join(' | '));
  assertComplaint(
    t,
    ({ reports }) => reports.expectAssertion('find_vma'),
    /^no lock assertion failed in find_vma; expected at .*verdicts_rest/,
  );
});

test('a tree that holds what was freed', (t) => {
  const complaints = complaintsOf((world) => {
    const space = new Space(world);
    const other = space.map(OTHER);
    const free = (): number => {
      world.references.freeVma(other);
      return -1;
    };
    space.map(START, LEN, driver({ may_split: free }));
    split(space);
  });
  t.ASSERT_TRUE(complaints.includes('tree: it holds VMAs that were freed; after split_vma()'), complaints.join(' | '));
});

test('more VMAs than are allowed', (t) => {
  const mapThree = (limit: number) => (): void => {
    globals.sysctl_max_map_count = limit;
    for (const at of [START, 2 * START, 3 * START]) {
      t.ASSERT_EQ(mmap_region(null, at, LEN, mk_vma_flags(), at / 0x1000, null), at);
    }
  };
  runCases(t, [
    ['three, where one and one more are', mapThree(1), null, /^limits: 3 VMAs, where 1 are allowed; after mmap_region/],
  ]);
  t.ASSERT_EQ(
    complaintsOf((world) => {
      const space = new Space(world);
      mapThree(2)();
      space.leave();
    }).join(),
    '',
    'an mmap() may be one above',
  );
});
