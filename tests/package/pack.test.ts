// SPDX-License-Identifier: GPL-2.0-only
/** The package as somebody else gets it: packed, installed in an empty folder, imported with types, run. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { type Finished, ROOT, runCommand, runNode } from '../house/project.js';
import { installByHand, installFromCache, pack } from './consumer.js';

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

const CONSUMER = `import { EIO, file, fput, get_file, vma_merge_new_range } from 'vma-userland';
import { ENODEV, ENXIO, test } from 'vma-userland/test';

declare const process: { env: Record<string, string | undefined> };
const merge: (...args: Parameters<typeof vma_merge_new_range>) => ReturnType<typeof vma_merge_new_range> =
  vma_merge_new_range;

test('a test from outside', (t) => {
  t.ASSERT_EQ(typeof merge, 'function');
  const held = get_file(new file({ mmap_prepare: () => (EIO < ENXIO ? -EIO : -ENODEV) }));
  t.ASSERT_EQ(held.f_op.mmap_prepare?.length, 0);
  fput(held);
});

test('another that fails', (t) => {
  t.ASSERT_EQ(merge.length, process.env.FAIL === undefined ? merge.length : -1);
});
`;

/** Without types these must be errors; if they are not, the packed declarations say nothing. */
const WRONG = `import { vma_merge_new_range } from 'vma-userland';
import { no_such_export } from 'vma-userland/test';
vma_merge_new_range('not a merge state');
no_such_export();
`;

function compile(folder: string, module: string, moduleResolution: string, file: string): Finished {
  const options = ['--module', module, '--moduleResolution', moduleResolution, '--target', 'es2022'];
  return runNode([TSC, '--strict', '--ignoreConfig', ...options, file], { cwd: folder });
}

interface Manifest {
  exports: Record<string, string | Record<string, string>>;
  bin: Record<string, string>;
  main: string;
  types: string;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
}

/** What a module imports, statically or when it runs. */
function importsOf(source: string): string[] {
  const found = source.matchAll(
    /^(?:import|export)\b[^'"]*? from '([^']+)';|^import '([^']+)';|\bimport\('([^']+)'\)/gm,
  );
  return [...found].map(([, named, bare, late]) => named ?? bare ?? late ?? '');
}

t.test('the package from outside', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'vma-userland-consumer-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));

  const { tarball, files } = pack(folder);
  t.test('holds what its users need and no more', async (t) => {
    for (const needed of ['LICENSE', 'README.md', 'dist/lib/index.js', 'dist/lib/index.d.ts', 'dist/tools/cli.js']) {
      t.ok(files.includes(needed), needed);
    }
    const rooms = new Set(
      files.filter((file) => file.includes('/')).map((file) => file.replace(/^dist\//, '').split('/')[0]),
    );
    t.same([...rooms].sort(), ['docs', 'examples', 'harness', 'include', 'lib', 'stubs', 'tools'], 'rooms that ship');
    const sources = files.filter((file) => file.startsWith('dist/') && file.endsWith('.js.map'));
    t.same(
      sources.filter((file) => !files.includes(file.replace(/^dist\//, '').replace(/\.js\.map$/, '.ts'))),
      [],
      'the sources that its maps point to',
    );
  });

  t.test('has all that it names', async (t) => {
    const there = (path: string): boolean => files.includes(path.replace(/^\.\//, ''));
    const { exports, bin, main, types } = readManifest();
    for (const [name, targets] of Object.entries(exports)) {
      const paths = typeof targets === 'string' ? [targets] : Object.values(targets);
      t.same(
        paths.filter((path) => !there(path)),
        [],
        `what ${name} leads to`,
      );
      if (typeof targets !== 'string') t.same(Object.keys(targets), ['types', 'default'], 'types first');
    }
    t.ok(there(main) && there(types), 'for those who do not read exports');
    for (const path of Object.values(bin)) {
      t.ok(there(path));
      t.match(readFileSync(join(ROOT, path), 'utf8'), /^#!\/usr\/bin\/env node\n/);
    }
  });

  t.test('imports nothing that is not in it, or among its dependencies', async (t) => {
    const { dependencies: own, peerDependencies, bin } = readManifest();
    const dependencies = { ...own, ...peerDependencies };
    const scripts = files.filter((file) => /^dist\/.*\.(?:js|d\.ts)$/.test(file));
    const wrong = scripts.flatMap((file) =>
      importsOf(readFileSync(join(ROOT, file), 'utf8'))
        .filter((name) => {
          if (name.startsWith('.')) return !files.includes(join(dirname(file), name));
          const [scope = '', rest = ''] = name.split('/');
          return (
            !name.startsWith('node:') && dependencies[scope.startsWith('@') ? `${scope}/${rest}` : scope] === undefined
          );
        })
        .map((name) => `${file}: ${name}`),
    );
    t.same(wrong, []);
    t.ok(
      importsOf(readFileSync(join(ROOT, Object.values(bin)[0] ?? ''), 'utf8')).includes('commander'),
      'imports are seen',
    );
  });

  const installed = installFromCache(folder, tarball);
  if (installed.status !== 0) {
    t.comment(`not in npm's cache, dependencies linked instead: ${installed.stderr.split('\n')[0]}`);
    rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
    installByHand(folder, tarball);
  }
  t.ok(existsSync(join(folder, 'node_modules/vma-userland/package.json')), 'it is installed');

  t.test('type-checks under both module resolutions', async (t) => {
    writeFileSync(join(folder, 'outside.test.ts'), CONSUMER);
    writeFileSync(join(folder, 'wrong.ts'), WRONG);
    for (const [module, resolution] of [
      ['esnext', 'bundler'],
      ['nodenext', 'nodenext'],
    ] as const) {
      const right = compile(folder, module, resolution, 'outside.test.ts');
      t.equal(right.status, 0, `${resolution}: ${right.stdout}`);
      const wrong = compile(folder, module, resolution, 'wrong.ts');
      t.not(wrong.status, 0, `${resolution} sees wrong uses`);
      t.match(wrong.stdout, /wrong\.ts\(2,10\).*no_such_export/);
      t.match(wrong.stdout, /wrong\.ts\(3,21\)/);
    }
  });

  t.test('runs a test', async (t) => {
    const passed = runNode(['outside.test.js'], { cwd: folder, env: { FAIL: undefined } });
    t.equal(passed.status, 0, passed.stderr);
    t.match(passed.stdout, /^ok 1 - a test from outside/m);
    t.match(passed.stdout, /^ok 2 - /m);
    const failed = runNode(['outside.test.js'], { cwd: folder, env: { FAIL: '1' } });
    t.equal(failed.status, 1, 'and sees it fail');
    t.match(failed.stdout, /^not ok 2 - another that fails/m);
  });

  t.test('brings few packages, and none that runs a script when it is installed', async (t) => {
    const lock: { packages: Record<string, { dev?: boolean; hasInstallScript?: boolean }> } = JSON.parse(
      readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
    );
    const brought = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
    t.ok(brought.length > 0 && brought.length <= 12, `${brought.length} packages`);
    t.same(
      brought.filter(([, { hasInstallScript }]) => hasInstallScript),
      [],
    );
  });

  t.test('asks by name for what only porters need', async (t) => {
    for (const args of [
      ['port', 'status', '-k', '.'],
      ['port', 'tests', '-k', '.'],
      ['port', 'accept', '-k', '.'],
    ]) {
      const { status, stderr } = runNode([join('node_modules/vma-userland/dist/tools/cli.js'), ...args], {
        cwd: folder,
      });
      t.equal(status, 2, stderr);
      t.match(stderr, /^vma-userland: port needs .*npm install --ignore-scripts .*'prettier@\^3/);
    }
    const { stdout } = runNode([join('node_modules/vma-userland/dist/tools/cli.js'), '--help'], { cwd: folder });
    t.notMatch(stdout, / table /, 'a command that needs the whole project is not offered');
  });

  t.test('runs its command', async (t) => {
    const npx = runCommand('npx', ['--no-install', 'vma-userland', '--help'], { cwd: folder });
    t.equal(npx.status, 0, npx.stderr);
    t.match(npx.stdout, 'Usage: vma-userland');
  });
});
