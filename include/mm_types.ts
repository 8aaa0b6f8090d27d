// SPDX-License-Identifier: GPL-2.0-only
/**
 * The structs of the memory management that the VMA code works on, after tools/testing/vma/include/{dup,custom,stubs}.h
 * and vma_internal.h (Linux 7.3), as the harness configures them.
 *
 * Deviations: refcounts and atomics are plain numbers (one thread runs here); the older view of a union is an accessor
 * (`vm_flags` beside `flags`); C's struct assignment is a setter that copies. Some structs have a field that the
 * harness leaves out and the kernel has, because the checked world needs it; each says so.
 */

import { checkFlagsWord, flagsWord, setFlagsWord } from './flag_bitmap.js';
import { FMODE_READ, FMODE_WRITE, inode, path } from './linux/fs.js';
import { UINT_MAX } from './linux/limits.js';
import { list_head } from './linux/list.js';
import { rw_semaphore, spinlock_t } from './linux/locks.js';
import {
  MT_FLAGS_ALLOC_RANGE,
  MT_FLAGS_LOCK_EXTERN,
  MT_FLAGS_USE_RCU,
  ma_state,
  maple_tree,
} from './linux/maple_tree.js';
import { type pgoff_t, TASK_COMM_LEN } from './linux/mm.js';
import type { page, pte_t } from './linux/pagetable.js';
import { RB_CLEAR_NODE, rb_node, rb_root_cached } from './linux/rbtree.js';
import { ALL_CAPABILITIES, signal_struct } from './linux/sched.js';
import { type vm_flags_t, vma_flags_t } from './vma_flags.js';

export { mutex, rw_semaphore, spinlock_t } from './linux/locks.js';
export { page, pte_t } from './linux/pagetable.js';
export { vm_unmapped_area_info } from './linux/unmapped_area.js';

/**
 * Page protection: as wide as an unsigned long, so held in two halves; immutable, hence shared freely.
 */
export class pgprot_t {
  /** Bits 0 to 31 and 32 to 63, as signed 32-bit integers. */
  readonly low: number;
  readonly high: number;

  constructor(low: number, high: number) {
    this.low = low;
    this.high = high;
  }

  /** The value as C has it. */
  get pgprot(): bigint {
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0);
  }
}

const NO_PROTECTION = new pgprot_t(0, 0);

/** A NUMA policy; the harness has none of its fields. */
export class mempolicy {}

/** Gathers what to flush from the TLB; empty in the harness. */
export class mmu_gather {}

/** The userfaultfd context of a VMA: immutable, compared by the context it holds. */
export class vm_userfaultfd_ctx {
  readonly ctx: object | null;

  constructor(ctx: object | null = null) {
    this.ctx = ctx;
  }
}

/** No context registered. */
export const NULL_VM_UFFD_CTX: vm_userfaultfd_ctx = Object.freeze(new vm_userfaultfd_ctx());

/** The name of an anonymous mapping. */
export class anon_vma_name {
  /** References held on the name. */
  kref: number;
  readonly name: string;

  constructor(name: string) {
    this.kref = 1;
    this.name = name;
  }
}

/** Flags of the tree of an address space in the kernel; the harness's has none. */
export const MM_MT_FLAGS = MT_FLAGS_ALLOC_RANGE | MT_FLAGS_LOCK_EXTERN | MT_FLAGS_USE_RCU;

/** An address space: the tree of its VMAs and what they add up to. Counts are in pages. */
export class mm_struct {
  mm_mt: maple_tree<vm_area_struct>;
  /** Page tables, by the address of each page; null where there are none, as in the harness. */
  pgd: Map<number, pte_t> | null;
  /** Number of VMAs. */
  map_count: number;
  /** All mapped pages. */
  total_vm: number;
  /** Pages in VM_LOCKED mappings. */
  locked_vm: number;
  /** Pages in private writable mappings that are no stack. */
  data_vm: number;
  /** Pages in executable, unwritable mappings that are no stack. */
  exec_vm: number;
  stack_vm: number;
  /** Most pages that were mapped, and that were resident, at any time; hiwater_vm is brought up to date lazily. */
  hiwater_vm: number;
  hiwater_rss: number;
  /** Bytes: where the parts of the program lie. This and the next ones the kernel has, the harness does not. */
  start_code: number;
  end_code: number;
  start_data: number;
  end_data: number;
  /** The heap: brk() moves its end, which need not be page-aligned. */
  start_brk: number;
  brk: number;
  start_stack: number;
  arg_start: number;
  arg_end: number;
  env_start: number;
  env_end: number;
  /** Where a search for room begins: from here down, or from the legacy one up without MMF_TOPDOWN. */
  mmap_base: number;
  mmap_legacy_base: number;
  /** Tasks and others that use it. */
  mm_users: number;
  owner: task_struct | null;
  exe_file: file | null;
  private readonly ownDefFlags: vma_flags_t;
  /** The bits set in mm_struct::flags, MMF_HAS_MDWE for one. */
  readonly flags: Set<number>;
  /** Not in the harness, which stubs all locking out. */
  readonly mmap_lock: rw_semaphore;
  /** Keeps threads apart that give a VMA its anon_vma. Not in the harness. */
  readonly page_table_lock: spinlock_t;

  constructor(ma_flags = 0) {
    this.mm_mt = new maple_tree(ma_flags);
    this.pgd = null;
    this.map_count = 0;
    this.total_vm = 0;
    this.locked_vm = 0;
    this.data_vm = 0;
    this.exec_vm = 0;
    this.stack_vm = 0;
    this.hiwater_vm = 0;
    this.hiwater_rss = 0;
    this.start_code = 0;
    this.end_code = 0;
    this.start_data = 0;
    this.end_data = 0;
    this.start_brk = 0;
    this.brk = 0;
    this.start_stack = 0;
    this.arg_start = 0;
    this.arg_end = 0;
    this.env_start = 0;
    this.env_end = 0;
    this.mmap_base = 0;
    this.mmap_legacy_base = 0;
    this.mm_users = 1;
    this.owner = null;
    this.exe_file = null;
    this.ownDefFlags = new vma_flags_t();
    this.flags = new Set();
    this.mmap_lock = new rw_semaphore('mmap_lock');
    this.page_table_lock = new spinlock_t('page_table_lock');
  }

  /** Flags that brk mappings get on top of the usual ones, VM_LOCKED after mlockall() for one. */
  get def_vma_flags(): vma_flags_t {
    return this.ownDefFlags;
  }
  set def_vma_flags(flags: vma_flags_t) {
    this.ownDefFlags.assign(flags);
  }
  get def_flags(): vm_flags_t {
    return flagsWord(this.ownDefFlags);
  }
  set def_flags(word: vm_flags_t) {
    checkFlagsWord('mm_struct', word);
    setFlagsWord(this.ownDefFlags, word);
  }
}

/** The pages of a file and the VMAs that map them. */
export class address_space {
  readonly i_mmap: rb_root_cached<vm_area_struct>;
  /** Pages that were read in, by their page offset. Not in the harness. */
  readonly i_pages: Map<pgoff_t, page>;
  /** Bit set; AS_MM_ALL_LOCKS is the one that the VMA code uses. */
  flags: number;
  /** Writable shared mappings; negative when such mappings are denied. */
  i_mmap_writable: number;
  /** Not in the harness, which stubs all locking out. */
  readonly i_mmap_rwsem: rw_semaphore;
  /** The inode whose pages these are. Not in the harness. */
  host: inode;
  /** What kind of pages they are: told by identity. Not in the harness. */
  a_ops: object | null;

  constructor(host: inode = new inode()) {
    this.host = host;
    this.a_ops = null;
    this.i_mmap = new rb_root_cached();
    this.i_pages = new Map();
    this.flags = 0;
    this.i_mmap_writable = 0;
    this.i_mmap_rwsem = new rw_semaphore('i_mmap_rwsem');
  }
}

/** What a file lets one do with it. A driver sets one of the two hooks, never both. */
export interface file_operations {
  /** The older hook: called with the VMA allocated, before it is in the tree. Negative errno on failure. */
  mmap?: ((file: file, vma: vm_area_struct) => number) | null;
  /** The newer hook: changes the description of a VMA that does not exist yet. Negative errno on failure. */
  mmap_prepare?: ((desc: vm_area_desc) => number) | null;
  /** Chooses the address of a mapping; page-aligned, or a negative errno. */
  get_unmapped_area?: ((file: file | null, addr: number, len: number, pgoff: pgoff_t, flags: number) => number) | null;
  /** Makes or drops room in the file, after mode. Negative errno on failure. */
  fallocate?: ((file: file, mode: number, offset: number, len: number) => number) | null;
  /** The last reference is gone. */
  release?: ((inode: inode, file: file) => number) | null;
  /** FOP_*; none unless given. */
  fop_flags?: number;
}

/** An open file: its hooks, its pages, and in the checked world its references. */
export class file {
  /** How many there have been; this and `serial` are this project's own, for the checked world to tell new from old. */
  static made = 0;
  /** How many were made before this one. */
  readonly serial: number;
  f_mapping: address_space;
  f_op: file_operations;
  /** References held; not in the harness, where get_file() and fput() do nothing. */
  f_ref: number;
  /** FMODE_*: what it was opened for. This and the next two: not in the harness. */
  f_mode: number;
  f_inode: inode;
  f_path: path;

  constructor(f_op: file_operations = {}, f_mapping: address_space = new address_space()) {
    this.serial = file.made++;
    this.f_mapping = f_mapping;
    this.f_op = f_op;
    this.f_ref = 1;
    this.f_mode = FMODE_READ | FMODE_WRITE;
    this.f_inode = f_mapping.host;
    this.f_inode.i_count++;
    this.f_path = new path();
  }
}

/** What the anonymous pages of one or several VMAs share for the reverse map. */
export class anon_vma {
  /** The anon_vma whose lock covers this one: itself, or an ancestor's after a fork. Null until it was set up. */
  root: anon_vma | null;
  /**
   * The one it was forked from, or itself. This field and the next three: not in the harness, which stubs mm/rmap.c
   * out.
   */
  parent: anon_vma | null;
  refcount: number;
  /** anon_vmas whose parent this is, itself included at a root. */
  num_children: number;
  /** VMAs whose anon_vma this is. */
  num_active_vmas: number;
  readonly rb_root: rb_root_cached<anon_vma_chain>;
  /** Was anon_vma_clone() called with it? Set by the stub, read by tests. */
  was_cloned: boolean;
  /** Was unlink_anon_vmas() called with it? Set by the stub, read by tests. */
  was_unlinked: boolean;
  /** Not in the harness, which stubs all locking out. */
  readonly rwsem: rw_semaphore;

  constructor() {
    this.root = null;
    this.parent = null;
    this.refcount = 0;
    this.num_children = 0;
    this.num_active_vmas = 0;
    this.rb_root = new rb_root_cached();
    this.was_cloned = false;
    this.was_unlinked = false;
    this.rwsem = new rw_semaphore('anon_vma');
  }
}

/** Links one VMA with one anon_vma. */
export class anon_vma_chain {
  anon_vma: anon_vma | null;
  readonly same_vma: list_head<anon_vma_chain>;
  /** The VMA on whose list it is; this and the rest the kernel has, the harness does not. */
  vma: vm_area_struct | null;
  /** Its place on the interval tree of the anon_vma. */
  readonly rb: rb_node<anon_vma_chain>;
  /** The page offsets it was put there with, for anon_rmap_tree_verify(). */
  cached_vma_start: pgoff_t;
  cached_vma_last: pgoff_t;

  constructor(init: { anon_vma?: anon_vma | null; vma?: vm_area_struct | null } = {}) {
    this.anon_vma = init.anon_vma ?? null;
    this.same_vma = new list_head<anon_vma_chain>(this);
    this.vma = init.vma ?? null;
    this.rb = new rb_node<anon_vma_chain>(this);
    this.cached_vma_start = 0;
    this.cached_vma_last = 0;
  }
}

/** Open files by their descriptors. */
export class files_struct {
  readonly fd: Map<number, file>;

  constructor() {
    this.fd = new Map();
  }
}

/** A task, as far as the VMA code looks at `current`. */
export class task_struct {
  /** At most TASK_COMM_LEN - 1 characters. */
  comm: string;
  pid: number;
  mm: mm_struct | null;
  personality: number;
  /** PF_*. This and the rest: not in the harness. */
  flags: number;
  /** Limits, shared by the threads of a process. */
  signal: signal_struct;
  /** CAP_* that it may use: all of them unless taken away. */
  cap_effective: Set<number>;
  /** Its open files. */
  files: files_struct;

  constructor(comm = 'vma-userland') {
    this.comm = comm.slice(0, TASK_COMM_LEN - 1);
    this.pid = 0;
    this.mm = null;
    this.personality = 0;
    this.flags = 0;
    this.signal = new signal_struct();
    this.cap_effective = new Set(ALL_CAPABILITIES);
    this.files = new files_struct();
  }
}

/** A mapping: a range of addresses with one set of attributes. */
export class vm_area_struct {
  /** First address. */
  vm_start: number;
  /** First address past the end. */
  vm_end: number;
  vm_mm: mm_struct | null;
  vm_page_prot: pgprot_t;
  private readonly ownFlags: vma_flags_t;
  /** Counts vma_start_write() calls, from UINT_MAX on, which wraps to 0. */
  vm_lock_seq: number;
  /**
   * Bits 0 to 31 of the page offset of anonymous pages: vma_start_anon_pgoff() reads, vma_set_anon_pgoff() writes it.
   */
  __vm_anon_pgoff_lo: number;
  /** Its place on the interval tree of its file; `shared.rb` in C. */
  readonly shared: rb_node<vm_area_struct>;
  readonly anon_vma_chain: list_head<anon_vma_chain>;
  /** Null until the first write fault. */
  anon_vma: anon_vma | null;
  /** Null for anonymous memory. */
  vm_ops: vm_operations_struct | null;
  /**
   * Offset of vm_start in the file, or in the virtual space of anonymous memory, in pages. vma_start_pgoff() reads it,
   * vma_set_pgoff() writes it.
   */
  vm_pgoff: pgoff_t;
  /** Null when no file is mapped. */
  vm_file: file | null;
  /** The driver's own. */
  vm_private_data: unknown;
  /** 0 while detached from the tree, 1 attached. */
  vm_refcnt: number;
  /** Bits 32 on of the page offset of anonymous pages. */
  __vm_anon_pgoff_hi: number;
  vm_userfaultfd_ctx: vm_userfaultfd_ctx;
  /** Name of anonymous memory; null without one. Not in the harness. */
  anon_name: anon_vma_name | null;

  constructor(init?: { flags?: vma_flags_t }) {
    this.vm_start = 0;
    this.vm_end = 0;
    this.vm_mm = null;
    this.vm_page_prot = NO_PROTECTION;
    this.ownFlags = new vma_flags_t();
    this.vm_lock_seq = UINT_MAX;
    this.__vm_anon_pgoff_lo = 0;
    this.shared = new rb_node<vm_area_struct>(this);
    this.anon_vma_chain = new list_head<anon_vma_chain>();
    this.anon_vma = null;
    this.vm_ops = null;
    this.vm_pgoff = 0;
    this.vm_file = null;
    this.vm_private_data = null;
    this.vm_refcnt = 0;
    this.__vm_anon_pgoff_hi = 0;
    this.vm_userfaultfd_ctx = NULL_VM_UFFD_CTX;
    this.anon_name = null;
    if (init?.flags) this.ownFlags.assign(init.flags);
  }

  /** Every field as the constructor sets it: what a slab cache hands out again. */
  reset(): void {
    this.vm_start = 0;
    this.vm_end = 0;
    this.vm_mm = null;
    this.vm_page_prot = NO_PROTECTION;
    this.ownFlags.w0 = 0;
    this.ownFlags.w1 = 0;
    this.ownFlags.w2 = 0;
    this.ownFlags.w3 = 0;
    this.vm_lock_seq = UINT_MAX;
    this.__vm_anon_pgoff_lo = 0;
    RB_CLEAR_NODE(this.shared);
    this.anon_vma_chain.next = this.anon_vma_chain;
    this.anon_vma_chain.prev = this.anon_vma_chain;
    this.anon_vma = null;
    this.vm_ops = null;
    this.vm_pgoff = 0;
    this.vm_file = null;
    this.vm_private_data = null;
    this.vm_refcnt = 0;
    this.__vm_anon_pgoff_hi = 0;
    this.vm_userfaultfd_ctx = NULL_VM_UFFD_CTX;
    this.anon_name = null;
  }

  /** The VMA's own bitmap; assigning copies. */
  get flags(): vma_flags_t {
    return this.ownFlags;
  }
  set flags(flags: vma_flags_t) {
    this.ownFlags.assign(flags);
  }
  /** The legacy word. Read-only, as in C: change it with vm_flags_init(), vm_flags_set() and the like. */
  get vm_flags(): vm_flags_t {
    return flagsWord(this.ownFlags);
  }
}

/** A page fault, as its handler sees it; the harness has none of the fields. */
export class vm_fault {
  vma: vm_area_struct;
  /** Page-aligned. */
  address: number;
  /** The page offset of address in what is mapped. */
  pgoff: pgoff_t;
  /** FAULT_FLAG_*. */
  flags: number;
  /** The handler puts the page here. */
  page: page | null;
  /** The private copy that is to be filled, where there will be one. */
  cow_page: page | null;

  constructor(vma: vm_area_struct, address: number, pgoff: pgoff_t, flags: number) {
    this.vma = vma;
    this.address = address;
    this.pgoff = pgoff;
    this.flags = flags;
    this.page = null;
    this.cow_page = null;
  }
}

/** A driver's hooks on a VMA. All but `name` and `fault` and the like run with mmap_lock held. */
export interface vm_operations_struct {
  /** Called on a VMA that a split, a move or a fork has made; not on a new mapping. */
  open?: ((vma: vm_area_struct) => void) | null;
  /** The VMA leaves the address space. A VMA with this hook is never removed by a merge. */
  close?: ((vma: vm_area_struct) => void) | null;
  /**
   * The VMA was mapped for the first time; not called when it merged. Only for files with mmap_prepare.
   * privateData.value goes into vm_private_data on success. A negative errno unmaps the VMA.
   */
  mapped?:
    | ((start: number, end: number, pgoff: pgoff_t, file: file | null, vm_private_data: { value: unknown }) => number)
    | null;
  /** May the VMA be split at addr? A negative errno refuses. */
  may_split?: ((vma: vm_area_struct, addr: number) => number) | null;
  mremap?: ((vma: vm_area_struct) => number) | null;
  mprotect?: ((vma: vm_area_struct, start: number, end: number, newflags: vm_flags_t) => number) | null;
  fault?: ((vmf: vm_fault) => number) | null;
  huge_fault?: ((vmf: vm_fault, order: number) => number) | null;
  map_pages?: ((vmf: vm_fault, start_pgoff: pgoff_t, end_pgoff: pgoff_t) => number) | null;
  pagesize?: ((vma: vm_area_struct) => number) | null;
  /** Called on the first write to a page; a file system sets it to be notified. */
  page_mkwrite?: ((vmf: vm_fault) => number) | null;
  /** The same for memory without struct pages. */
  pfn_mkwrite?: ((vmf: vm_fault) => number) | null;
  access?: ((vma: vm_area_struct, addr: number, buf: Uint8Array, len: number, write: boolean) => number) | null;
  name?: ((vma: vm_area_struct) => string | null) | null;
}

export const MMAP_NOTHING = 0;
export const MMAP_REMAP_PFN = 1;
export const MMAP_IO_REMAP_PFN = 2;
export const MMAP_SIMPLE_IO_REMAP = 3;
export const MMAP_MAP_KERNEL_PAGES = 4;
/** What is left to do once a mapping with mmap_prepare stands: one of MMAP_*. */
export type mmap_action_type = 0 | 1 | 2 | 3 | 4;

/**
 * What an mmap_prepare hook asks for once the VMA exists. C keeps the three descriptions in a union; `type` says which
 * one counts.
 */
export class mmap_action {
  remap: { start: number; start_pfn: number; size: number; pgprot: pgprot_t };
  simple_ioremap: { start_phys_addr: number; size: number };
  map_kernel: { start: number; pages: page[]; nr_pages: number; pgoff: pgoff_t };
  type: mmap_action_type;
  /** A negative errno that replaces whatever error the action ends with; 0 for none. */
  error_override: number;
  /** Keep the reverse map from seeing the VMA until the action is done. */
  hide_from_rmap_until_complete: boolean;

  constructor() {
    this.remap = { start: 0, start_pfn: 0, size: 0, pgprot: NO_PROTECTION };
    this.simple_ioremap = { start_phys_addr: 0, size: 0 };
    this.map_kernel = { start: 0, pages: [], nr_pages: 0, pgoff: 0 };
    this.type = MMAP_NOTHING;
    this.error_override = 0;
    this.hide_from_rmap_until_complete = false;
  }
}

/** A VMA about to be mapped, as an mmap_prepare hook sees it. */
export class vm_area_desc {
  /** These four are not the hook's to change. */
  mm: mm_struct | null;
  /** May differ from vm_file in stacked file systems. */
  file: file | null;
  start: number;
  end: number;
  pgoff: pgoff_t;
  vm_file: file | null;
  private readonly ownFlags: vma_flags_t;
  page_prot: pgprot_t;
  vm_ops: vm_operations_struct | null;
  private_data: unknown;
  readonly action: mmap_action;

  constructor(init: { mm?: mm_struct | null; file?: file | null; vma_flags?: vma_flags_t } = {}) {
    this.mm = init.mm ?? null;
    this.file = init.file ?? null;
    this.start = 0;
    this.end = 0;
    this.pgoff = 0;
    this.vm_file = null;
    this.ownFlags = new vma_flags_t();
    this.page_prot = NO_PROTECTION;
    this.vm_ops = null;
    this.private_data = null;
    this.action = new mmap_action();
    if (init.vma_flags) this.ownFlags.assign(init.vma_flags);
  }

  /** The description's own bitmap; assigning copies. */
  get vma_flags(): vma_flags_t {
    return this.ownFlags;
  }
  set vma_flags(flags: vma_flags_t) {
    this.ownFlags.assign(flags);
  }
}

export const VMA_OP_SPLIT = 0;
export const VMA_OP_MERGE_UNFAULTED = 1;
export const VMA_OP_REMAP = 2;
export const VMA_OP_FORK = 3;
/** Why an anon_vma is cloned: one of VMA_OP_*. */
export type vma_operation = 0 | 1 | 2 | 3;

/** Walks the VMAs of an address space. */
export class vma_iterator {
  readonly mas: ma_state<vm_area_struct>;

  constructor(mm: mm_struct, addr: number) {
    this.mas = new ma_state(mm.mm_mt, addr, 0);
  }
}

/** Declares an iterator over mm that is to walk to addr. `last` stays 0 until it has. */
export function VMA_ITERATOR(mm: mm_struct, addr: number): vma_iterator {
  return new vma_iterator(mm, addr);
}
