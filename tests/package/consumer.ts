// SPDX-License-Identifier: GPL-2.0-only
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Finished, ROOT, runCommand } from '../house/project.js';

const PACKAGE = 'vma-userland';

interface LockEntry {
  version?: string;
  resolved?: string;
  integrity?: string;
  dev?: boolean;
  dependencies?: Record<string, string>;
  bin?: Record<string, string>;
  [field: string]: unknown;
}

interface LockFile {
  lockfileVersion: number;
  packages: Record<string, LockEntry>;
}

interface PackedFile {
  filename: string;
  files: { path: string }[];
}

/** Packs the project into `folder`. Returns the tarball's name and what is in it. */
export function pack(folder: string): { tarball: string; files: string[] } {
  const { status, stdout, stderr } = runCommand('npm', ['pack', '--json', '--pack-destination', folder]);
  if (status !== 0) {
    throw new Error(`npm pack ended with status ${status}: ${stderr}`);
  }
  const packed: PackedFile[] | Record<string, PackedFile> = JSON.parse(stdout);
  const only = Object.values(packed)[0];
  if (only === undefined) {
    throw new Error(`npm pack packed nothing: ${stdout}`);
  }
  return { tarball: only.filename, files: only.files.map((file) => file.path) };
}

function readLock(): LockFile {
  return JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
}

/** What the package needs at run time, as this project has it locked. */
function runtimePackages(lock: LockFile): [string, LockEntry][] {
  return Object.entries(lock.packages).filter(([path, entry]) => path !== '' && entry.dev !== true);
}

/** Writes a package.json that depends on the tarball, and a lock file that asks for the versions locked here. */
function writeConsumer(folder: string, tarball: string): void {
  const lock = readLock();
  const manifest = {
    name: 'consumer',
    version: '1.0.0',
    private: true,
    type: 'module',
    dependencies: { [PACKAGE]: `file:${tarball}` },
  };
  const { version, license, dependencies, bin, engines } = lock.packages[''] ?? {};
  const digest = createHash('sha512')
    .update(readFileSync(join(folder, tarball)))
    .digest('base64');
  const own = {
    version,
    license,
    dependencies,
    bin,
    engines,
    resolved: `file:${tarball}`,
    integrity: `sha512-${digest}`,
  };
  const packages = {
    '': { name: manifest.name, version: manifest.version, dependencies: manifest.dependencies },
    [`node_modules/${PACKAGE}`]: own,
    ...Object.fromEntries(runtimePackages(lock)),
  };
  const derived = { ...manifest, lockfileVersion: lock.lockfileVersion, requires: true, packages };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(derived, null, 2));
}

/**
 * Installs the tarball in an empty folder without a network. npm finds the dependencies in the cache that installing
 * this project has filled: the lock file names the very same versions.
 */
export function installFromCache(folder: string, tarball: string): Finished {
  writeConsumer(folder, tarball);
  return runCommand('npm', ['ci', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
}

/**
 * The same by hand, for a machine whose npm cache is gone: the tarball is unpacked for real, its dependencies are
 * links to this project's own.
 */
export function installByHand(folder: string, tarball: string): void {
  const modules = join(folder, 'node_modules');
  const target = join(modules, PACKAGE);
  mkdirSync(target, { recursive: true });
  const { status, stderr } = runCommand('tar', ['-xzf', join(folder, tarball), '--strip-components=1', '-C', target]);
  if (status !== 0) {
    throw new Error(`tar ended with status ${status}: ${stderr}`);
  }
  const lock = readLock();
  for (const [path] of runtimePackages(lock)) {
    // A package inside another's folder comes with that one.
    if (path.lastIndexOf('node_modules/') === 0) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      symlinkSync(join(ROOT, path), join(folder, path), 'dir');
    }
  }
  mkdirSync(join(modules, '.bin'));
  for (const [name, script] of Object.entries(lock.packages['']?.bin ?? {})) {
    symlinkSync(join(target, script), join(modules, '.bin', name));
    chmodSync(join(target, script), 0o755);
  }
}
