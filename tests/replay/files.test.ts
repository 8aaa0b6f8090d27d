// SPDX-License-Identifier: GPL-2.0-only
/** The files of a trace by their numbers, and sets of hooks by theirs, as docs/traces.md has them. */
import t from 'tap';
import { vm_area_struct, vm_fault } from '../../include/mm_types.js';
import { OPS_CLOSE, OPS_MKWRITE, OPS_PICKY, OPS_THERE } from '../../tools/replay/files.js';
import { inReplayWorld, replayVma } from '../../tools/replay/vma.js';
import { written } from './recorded.js';

/** What a mapping of two pages at page 16 of a file, readable and writable, answers, and the VMA that is there then. */
function mapped(id: number): { answer: string | undefined; vma: string | undefined; prot: string | undefined } {
  const text = written((write) => replayVma(`calls 1\nmmap 10000 2000 33 10 ${id.toString(16)}\n`, write));
  const answer = /^mmap (\S+)$/m.exec(text)?.[1];
  return { answer, vma: /^ {2}(1.*)$/m.exec(text)?.[1], prot: /^ {4}flags=\S+ prot=(\S+ ops=\S+)/m.exec(text)?.[1] };
}

t.test('what the hooks of files do', async (t) => {
  const plain = { answer: '10000', vma: '10000-12000 pgoff=10 flags=100033 file=1 anon=0', prot: '100033 ops=dummy' };
  t.same(mapped(1), plain);
  t.same(mapped(9).vma, '10000-12000 pgoff=11 flags=100033 file=1 anon=0');
  for (const id of [8, 0x22, 0x25]) t.same(mapped(id), { answer: '-16', vma: undefined, prot: undefined });
  t.same(mapped(0x21).vma, plain.vma);
  t.same(mapped(0x3d), {
    answer: '10000',
    vma: '10000-12000 pgoff=10 flags=100013 file=61 anon=0',
    prot: '101013 ops=0',
  });
  t.same(mapped(0x37).answer, '-e', 'a remap outside of the VMA');
});

t.test('a set of hooks has those that its bits ask for', async (t) => {
  inReplayWorld((space) => {
    const names = (kind: number): string[] => Object.keys(space.operations(kind) ?? {}).sort();
    t.equal(space.operations(OPS_CLOSE), null, 'none without the lowest bit');
    t.same(names(OPS_THERE), []);
    t.same(names(OPS_THERE | OPS_CLOSE), ['close', 'open']);
    t.same(names(OPS_THERE | OPS_PICKY), ['may_split']);
    t.same(names(OPS_THERE | OPS_MKWRITE), ['page_mkwrite']);
    t.same(names(63), ['close', 'mapped', 'may_split', 'open', 'page_mkwrite']);
    const ops = space.operations(63);
    const vma = new vm_area_struct();
    t.equal(ops?.may_split?.(vma, 0x11000), -22, 'a page with an odd number');
    t.equal(ops?.may_split?.(vma, 0x12000), 0);
    t.equal(ops?.page_mkwrite?.(new vm_fault(vma, 0, 0, 0)), 0);
    t.equal(space.operations(63), ops, 'one object for each kind');
  });
});

t.test('an anon_vma that nothing in the address space has is not found', async (t) => {
  inReplayWorld((space) => {
    t.equal(
      space.anonWith(() => true),
      null,
    );
    const anon = space.anonOf(1);
    t.not(anon, null);
    t.equal(
      space.anonWith((one) => one === anon),
      anon,
    );
    t.equal(
      space.anonWith(() => false),
      null,
    );
  });
});
