// SPDX-License-Identifier: GPL-2.0-only
/** A process of its own for tests of code that is broken on purpose: it may loop or end. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { TapLines } from '../run/tap_lines.js';
import type { WorkerAnswer, WorkerOrder } from '../run/worker.js';

/** Seconds that a file may take; a bug may well make the code loop. */
const PATIENCE = 90;

/** A test that failed, its file, and the first thing it said. */
export interface Finding {
  test: string;
  file: string;
  says: string;
}

/** A complaint without what differs from run to run: addresses, numbers, places. */
export function shortly(says: string): string {
  return says
    .replace(/^\s*not ok \d+ - /, '')
    .replace(/ # (?:time=|TODO).*$/, '')
    .replace(/[;,]? (?:taken|allocated|freed|held|since|dropped|released)? ?at \S.*$/, '')
    .replaceAll('\\#', '#')
    .slice(0, 100);
}

/** The tests that failed, of the TAP of one file. */
export function findingsOf(tap: string, file: string): Finding[] {
  const said: string[] = [];
  let innermost: string | null = null;
  for (const line of tap.split('\n')) {
    if (/^ +not ok /.test(line)) innermost ??= line;
    if (!/^(?:not )?ok /.test(line)) continue;
    said.push(innermost ?? line);
    innermost = null;
  }
  const lines = new TapLines(() => {});
  lines.next(file);
  lines.write(tap);
  lines.close();
  return lines.results.flatMap(({ name, ok, skip, todo }, i) =>
    ok || skip || todo ? [] : [{ test: name, file, says: shortly(said[i]?.trim() ?? name) }],
  );
}

/** Without what the run outside has tap do, and without its coverage, which is not of broken code. */
function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:TAP_|VMA_TRACE|NODE_V8_COVERAGE$)/.test(name));
  // tap's own clock is for the whole process; ours is for a file.
  return { ...Object.fromEntries(inherited), TAP_TIMEOUT: '86400' };
}

export class TestProcess {
  private readonly folder: string;
  private child: ChildProcess | null;

  /** @param folder has dist/ */
  constructor(folder: string) {
    this.folder = folder;
    this.child = null;
  }

  /** Runs a test file, in the process of the one before while that lives; what failed. */
  async run(file: string): Promise<Finding[]> {
    this.child ??= fork(join(this.folder, 'dist/dev/run/worker.js'), [], {
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: environment(),
    });
    const answer = await this.ask(this.child, file);
    if ('tap' in answer) return findingsOf(answer.tap, file);
    this.end();
    return [{ test: file, file, says: answer.died }];
  }

  private ask(child: ChildProcess, file: string): Promise<{ tap: string } | { died: string }> {
    const compiled = join(this.folder, 'dist', file.replace(/\.ts$/, '.js'));
    return new Promise((resolve) => {
      const answer = (how: { tap: string } | { died: string }): void => {
        clearTimeout(watch);
        child.removeAllListeners();
        resolve(how);
      };
      const watch = setTimeout(() => answer({ died: 'it never ends' }), PATIENCE * 1000);
      child.on('message', ({ file: name, tap }: Partial<WorkerAnswer>) => {
        if (name === compiled && tap !== undefined) answer({ tap });
      });
      child.on('exit', () => answer({ died: 'the process ends' }));
      child.send({ root: this.folder, fixtures: join(this.folder, '.tap'), file: compiled } satisfies WorkerOrder);
    });
  }

  end(): void {
    this.child?.kill('SIGKILL');
    this.child = null;
  }
}
