// SPDX-License-Identifier: GPL-2.0-only
/** Campaigns in shards: the parts make the whole, and nothing else does. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { MutantPart } from '../../dev/shards/mutants.js';
import { type CampaignPart, joinParts, type KindPart, PartsError } from '../../dev/shards/part.js';
import { partOf, toShard } from '../../dev/shards/shard.js';
import { type Finished, runNode } from '../house/project.js';

function kind(part: Partial<KindPart> = {}): KindPart {
  const files = [{ source: 'mm/vma.c', lines: 10, missed: [3, 7] }];
  return { kind: 'vma', operations: 1000, seconds: 2, theirShare: 0.25, difference: null, files, ...part };
}

function shard(i: number, of: number, part: Partial<CampaignPart> = {}): { name: string; part: CampaignPart } {
  const whole = {
    command: 'conform',
    seed: 5,
    runs: 30,
    ops: 100,
    bits: 128,
    shard: { shard: i, of },
    kinds: [kind()],
  };
  return { name: `part ${i}`, part: { ...whole, ...part } };
}

/** Runs the command on files that hold these values. */
function merge(t: Test, values: readonly unknown[], ...args: string[]): Finished {
  const folder = t.testdir({});
  const files = values.map((value, i) => {
    const path = join(folder, `${i}.json`);
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
    return path;
  });
  return runNode(['dist/dev/shards/merge.js', ...args, ...files]);
}

t.test('parts of a range follow each other, and are all of it', async () => {
  const natural = fc.integer({ min: 0, max: 100_000 });
  fc.assert(
    fc.property(natural, natural, fc.integer({ min: 1, max: 40 }), (seed, runs, of) => {
      const parts = Array.from({ length: of }, (_, i) => partOf({ seed, runs }, { shard: i + 1, of }));
      const lengths = parts.map((part) => part.runs);
      const begins = parts.map((part) => part.seed);
      const ends = parts.map((part) => part.seed + part.runs);
      return (
        Math.max(...lengths) - Math.min(...lengths) <= 1 &&
        begins.every((begin, i) => begin === (i === 0 ? seed : ends[i - 1])) &&
        ends.at(-1) === seed + runs
      );
    }),
  );
});

t.test('a shard on the command line', async (t) => {
  t.same(toShard('2/8'), { shard: 2, of: 8 });
  for (const bad of ['0/2', '3/2', '1', '1/0', '1/2/3', '-1/2', 'a/b', '']) {
    t.throws(() => toShard(bad), { message: 'i/n is wanted, with i from 1 to n.' }, bad);
  }
});

t.test('parts joined', async (t) => {
  const other = kind({
    operations: 500,
    seconds: 6,
    theirShare: 0.5,
    files: [{ source: 'mm/vma.c', lines: 10, missed: [7, 9] }],
  });
  const found = { what: 'they differ', trace: 'mmap 0\n' };
  const tree = kind({ kind: 'tree', theirShare: null, difference: found, files: [] });
  const whole = joinParts([shard(2, 2, { kinds: [other, tree] }), shard(1, 2)]);
  t.same(whole, {
    ...{ command: 'conform', seed: 5, runs: 30, ops: 100, bits: 128, shard: null },
    kinds: [
      kind({
        ...{ operations: 1500, seconds: 8, theirShare: 0.4375 },
        files: [{ source: 'mm/vma.c', lines: 10, missed: [7] }],
      }),
      tree,
    ],
  });
  const bad: [RegExp, ReturnType<typeof shard>[]][] = [
    [/^no part is given$/, []],
    [/^shard 2\/3 is missing$/, [shard(1, 3), shard(3, 3)]],
    [/^part 1: shard 1\/2 is in part 1 already$/, [shard(1, 2), shard(1, 2), shard(2, 2)]],
    [/^part 2: of another campaign than part 1$/, [shard(1, 2), shard(2, 2, { seed: 6 })]],
    [/^part 2: of another campaign than part 1$/, [shard(1, 2), shard(2, 3)]],
  ];
  for (const [message, parts] of bad) {
    t.throws(() => joinParts(parts), { message, constructor: PartsError }, String(message));
  }
});

t.test('the command, on campaigns', async (t) => {
  const parts = [shard(1, 2).part, shard(2, 2).part];
  const clean = merge(t, parts);
  t.equal(clean.status, 0, clean.stderr);
  t.equal(
    clean.stdout,
    'vma: 2,000 operations in 30 runs from seed 5, 128 flag bits: no difference\n' +
      'vma: 500 operations a second on one machine, 25 % of the time on the other side\n' +
      'mm/vma.c: 80.0 % of its lines reached, 8 of 10\n',
  );
  const found = kind({ difference: { what: 'they differ', trace: 'x\n' } });
  const differs = merge(t, [parts[0], { ...parts[1], kinds: [found] }], '--json');
  t.equal(differs.status, 1);
  t.same(JSON.parse(differs.stdout).kinds[0].difference, { what: 'they differ', trace: 'x\n' });
  for (const [values, message] of [
    [[parts[0]], 'shard 2/2 is missing'],
    [['{'], '0.json: '],
    [[{}], '0.json: no part of a campaign'],
  ] as const) {
    const bad = merge(t, values);
    t.equal(bad.status, 2);
    t.match(bad.stderr, message);
    t.equal(bad.stdout, '');
  }
});

t.test('the command, on mutants', async (t) => {
  const rate = { area: 'stubs', all: 9, equivalent: 1, timedOut: 0, unreached: 0, notJudged: 0 };
  const one = { file: 'stubs/a.ts', line: 3, from: '<', to: '<=' };
  const parts: MutantPart[] = [
    {
      ...{ seed: 7, shard: { shard: 1, of: 2 } },
      rates: [{ ...rate, chosen: 3, killed: 2, survived: 0 }],
      mutants: [{ ...one, fate: 'killed' }],
    },
    {
      ...{ seed: 7, shard: { shard: 2, of: 2 } },
      rates: [{ ...rate, chosen: 4, killed: 2, survived: 1 }],
      mutants: [{ ...one, fate: 'survived' }],
    },
  ];
  const { status, stdout, stderr } = merge(t, parts);
  t.equal(status, 1, stderr);
  t.match(
    stdout,
    /^survived stubs\/a\.ts:3: < -> <=\nstubs: 4 of 5 killed, .*; 1 survived \(7 of 9 mutants, 2 equivalent\)\n$/,
  );
  t.equal(merge(t, parts.slice(0, 1)).status, 2, 'one is missing');
  t.match(merge(t, [parts[0], shard(2, 2).part]).stderr, 'of another campaign');
});
