// SPDX-License-Identifier: GPL-2.0-only
/** The commands that documents name exist, and .ci/run counts right. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Finished, ROOT, runCommand } from './project.js';

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function matches(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))];
}

t.test('documents name commands that exist', async (t) => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));
  const makefile = read('Makefile');
  const targets = matches(makefile, /^([a-z]+):/gm);
  const named = {
    'README.md': matches(read('README.md'), /npm run ([a-z:-]+)/g),
    'docs/porting.md': matches(read('docs/porting.md'), /npm run ([a-z:-]+)/g),
    Makefile: matches(makefile, /\$\(RUN\) ([a-z:]+)/g),
    '.ci/run': matches(read('.ci/run'), /npm run ([a-z:-]+)/g),
    'package.json': matches(JSON.stringify(scripts), /npm run (?:--silent )?([a-z:-]+)/g),
  };
  for (const [file, names] of Object.entries(named)) {
    t.ok(names.length > 0, file);
    t.same(
      names.filter((name) => scripts[name] === undefined),
      [],
      `scripts that ${file} names`,
    );
  }
  t.same(
    matches(read('README.md'), /\bmake ([a-z]+)(?=[`\s|])/g).filter((name) => !targets.includes(name)),
    [],
    'targets that README.md names',
  );
  t.same(
    targets.filter((name) => !new RegExp(`^\\.PHONY:.*\\b${name}\\b`, 'm').test(makefile)),
    [],
  );
});

/** Runs .ci/run with a stand-in for npm: a shell script that is given npm's arguments. */
function runCi(folder: string, npm: string, KERNEL = ''): Finished {
  const ci = join(folder, '.ci/run');
  writeFileSync(ci, read('.ci/run'));
  writeFileSync(join(folder, 'bin/npm'), `#!/bin/sh\n${npm}`);
  chmodSync(join(folder, 'bin/npm'), 0o755);
  return runCommand('bash', [ci], { env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, KERNEL } });
}

t.test('.ci/run', async (t) => {
  const folder = t.testdir({ '.ci': {}, bin: {} });
  const last = (run: Finished): string | undefined => run.stdout.trimEnd().split('\n').at(-1);
  const script = read('.ci/run');
  const tapSteps = matches(script, /^ *tests '(.*?)'/gm).length;
  const steps = tapSteps + matches(script, /^ *(?:step|look|"\$how") (\w+) npm/gm).length;
  t.ok(tapSteps >= 4);
  const tap = 'echo "ok 1 - a"; echo "    ok 1 - inner"; echo "ok 2 - b # SKIP filter"; echo "ok 3 - c"';

  const good = runCi(
    folder,
    `echo "$* at \${NUM_VMA_FLAG_BITS:-128}"; case "$*" in test|*upstream|*coverage) ${tap};; esac`,
  );
  t.equal(good.status, 0);
  t.equal(last(good), `${steps + 2 * tapSteps} passed, 0 failed`, 'each step, and two tests in each of those with TAP');
  const wanted = ['ci', 'run build', 'run typecheck', 'run lint', 'run upstream', 'run review', 'run coverage'];
  for (const step of [...wanted.map((name) => `${name} at 128`), 'test at 64', 'run upstream at 64']) {
    t.ok(good.stdout.split('\n').includes(step), step);
  }

  const bad = runCi(
    folder,
    `case "$*" in "run lint") echo "a.ts: no"; exit 1;; test|*coverage) ${tap}; echo "not ok 4 - d"; exit 1;; *upstream) ${tap};; esac`,
  );
  t.equal(bad.status, 1);
  t.equal(last(bad), `${steps - 3 + 2 * tapSteps} passed, 5 failed`, 'three steps and a test in each of two');
  const [at128, at64] = ['FAILED: tests at 128 bits, coverage', 'FAILED: tests at 64 bits'];
  const told = ['FAILED: lint', '  a.ts: no', at128, '  not ok 4 - d', at64, '  not ok 4 - d'];
  t.match(bad.stdout, `\n${told.join('\n')}\n`);
  t.match(bad.stdout, /^== review passed/m, 'it goes on after a failure');

  const found = runCi(
    folder,
    `case "$*" in *mutate*) echo "survived a.ts:1"; exit 1;; test|*upstream|*coverage) ${tap};; esac`,
  );
  t.equal(found.status, 0, 'a mutant that survives is for somebody to read');
  t.match(found.stdout, /^FINDING: mutants\n {2}survived a\.ts:1$/m);
  t.equal(last(found), `${steps - 1 + 2 * tapSteps} passed, 0 failed`);

  const binary = runCi(folder, `printf '\\000\\n'; case "$*" in test|*upstream|*coverage) ${tap};; esac`);
  t.equal(last(binary), last(good), 'tests are counted, whatever else is printed');

  const none = runCi(folder, 'exit 0');
  t.equal(none.status, 1, 'a run without a test has not passed');
  t.match(none.stdout, /^FAILED: tests at 64 bits: no test ran$/m);
  t.equal(last(none), `${steps} passed, ${tapSteps} failed`);
  for (const out of ['no kernel tree at hand', 'no Node 22', 'no Node 24', 'no Node 26']) {
    t.ok(none.stdout.includes(`\n== left out: ${out}`), `what was left out is said: ${out}`);
  }
});

t.test(
  '.ci/run with a kernel tree: what differs fails on the baseline’s release, and is a finding on another',
  async (t) => {
    const makefile = (point: number): string => `VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = ${point}\nEXTRAVERSION =\n`;
    const folder = t.testdir({
      '.ci': {},
      bin: {},
      tools: { port: { 'baseline.json': '{\n  "kernel": "7.3.4",\n  "whole": {}\n}\n' } },
      same: { Makefile: makefile(4) },
      later: { Makefile: makefile(10) },
    });
    for (const command of ['dpkg', 'apt-get']) {
      writeFileSync(join(folder, 'bin', command), '#!/bin/sh\nexit 0\n');
      chmodSync(join(folder, 'bin', command), 0o755);
    }
    const good = 'case "$*" in test*|*upstream|*coverage) echo "ok 1 - a";; esac';
    const differs = `${good}; case "$*" in *port*|*conform*) echo "of $KERNEL"; exit 1;; esac`;
    const failed = (run: Finished): string[] => matches(run.stdout, /^FAILED: (.*)$/gm);
    const found = (run: Finished): string[] => matches(run.stdout, /^FINDING: (.*)$/gm);

    for (const tree of ['same', 'later']) {
      const clean = runCi(folder, good, join(folder, tree));
      t.same([clean.status, failed(clean), found(clean)], [0, [], []], tree);
      t.notMatch(clean.stdout, /left out: no kernel/);
    }
    const same = runCi(folder, differs, join(folder, 'same'));
    const conform = ['conformance with the kernel', 'system calls against the kernel'];
    const steps = ['port status', 'following the kernel', ...conform];
    t.same([same.status, failed(same), found(same)], [1, steps, []]);
    const later = runCi(folder, differs, join(folder, 'later'));
    t.same(
      [later.status, failed(later), found(later)],
      [0, [], steps.map((step) => `${step}: 7.3.10 is not the baseline's 7.3.4`)],
    );
    t.match(later.stdout, `  of ${join(folder, 'later')}\n`, 'what was found is said');
    t.match(later.stdout, /^\d+ passed, 0 failed$/m);
  },
);
