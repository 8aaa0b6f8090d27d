// SPDX-License-Identifier: GPL-2.0-only
/** Ctrl-C: the command ends with 130, and leaves neither folders nor processes behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { ROOT } from '../house/project.js';

/** Live processes of a process group, as their command lines. */
function groupOf(pgid: number): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const [state, , group] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (Number(group) !== pgid || state === 'Z') return [];
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

/** Waits until something holds; false when it never does. */
async function until(holds: () => boolean, seconds: number): Promise<boolean> {
  for (let waited = 0; waited < seconds * 20; waited++) {
    if (holds()) return true;
    await sleep(50);
  }
  return holds();
}

const SLEEPER = ['-e', "console.log('begun'); setTimeout(() => {}, 300_000)"];

interface Interrupted {
  /** What is started, by node; `scratch` is a folder of the test's own. */
  args(scratch: string): readonly string[];
  /** Is it under way? By default: it has a folder of its own. */
  begun?(tmp: string): boolean;
  statuses?: readonly number[];
}

const report = join(ROOT, 'dist/tools/cli.js');
const hasFolder = (tmp: string): boolean => readdirSync(tmp).some((name) => name.startsWith('vma-userland-'));

const COMMANDS: Record<string, Interrupted> = {
  'vma-userland report': { args: () => [report, 'report', '-s', 'page.html', '--', process.execPath, ...SLEEPER] },
  'npm run report': {
    args: (scratch) => [
      'dist/dev/report/report.js',
      '--out',
      join(scratch, 'report'),
      'tests/mapped/rmap_lock.test.ts',
    ],
  },
  'npm run coverage': { args: (scratch) => ['dist/dev/coverage/coverage.js', '--root', scratch, '--', ...SLEEPER] },
  'npm run bench -- --loop': { args: () => ['dist/dev/bench/bench.js', '--loop'] },
  'npm run mutate': { args: () => ['dist/dev/mutate/mutate.js', 'lib/mm/mseal.ts'] },
};

async function interrupt(
  t: Test,
  name: string,
  { args, begun = hasFolder, statuses = [130] }: Interrupted,
): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'interrupt-'));
  const tmp = mkdtempSync(join(tmpdir(), 'interrupt-tmp-'));
  writeFileSync(join(scratch, 'coverage.thresholds.json'), '{}');
  t.teardown(() => {
    for (const folder of [scratch, tmp]) rmSync(folder, { recursive: true, force: true });
  });
  await t.test(name, async (t) => {
    const child = spawn(process.execPath, args(scratch), {
      cwd: ROOT,
      // A group of its own, as a terminal makes one.
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, TMPDIR: tmp },
    });
    const { pid = 0 } = child;
    const ended = once(child, 'exit');
    t.ok(await until(() => begun(tmp), 60), 'it is under way');
    process.kill(-pid, 'SIGINT');
    const [status, signal]: unknown[] = await ended;
    t.ok(statuses.includes(Number(status)), `status ${status}, ${signal}`);
    t.ok(await until(() => groupOf(pid).length === 0, 30), `no process is left: ${groupOf(pid).join(', ')}`);
    t.same(readdirSync(tmp), [], 'and no folder');
    t.notOk(existsSync(join(ROOT, 'page.html')));
    if (groupOf(pid).length > 0) process.kill(-pid, 'SIGKILL');
  });
}

for (const [name, command] of Object.entries(COMMANDS)) await interrupt(t, name, command);

const KERNEL = process.env.KERNEL ?? '';
t.test('conform and bench in C', { skip: KERNEL === '' && 'KERNEL is not set' }, async (t) => {
  for (const main of ['conform/conform.js', 'bench/bench.js']) {
    // While make runs, it is make that ends, and with it what cannot be built.
    await interrupt(t, main, { args: () => [`dist/dev/${main}`, '--kernel', KERNEL], statuses: [2, 130] });
  }
});
