// SPDX-License-Identifier: GPL-2.0-only
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunFolders } from '../run/folders.js';
import type { WorkerAnswer, WorkerOrder } from '../run/worker.js';

const WORKER = fileURLToPath(new URL('../run/worker.js', import.meta.url));

/** What a file ended with: its TAP, or why there is none. */
export type FileOutcome = { tap: string } | { died: string };

/** Room for what a short run allocates: one that ends soon need not collect it. */
const NODE_OPTIONS = ['--max-semi-space-size=64', '--min-semi-space-size=32'];

export interface SpareSettings {
  root: string;
  folders: RunFolders;
  env: NodeJS.ProcessEnv;
  /** Modules that it loads ahead, by their paths from dist/. */
  preload: readonly string[];
}

/**
 * A process that waits for one run: it has loaded tap, and those modules that are not expected to change. It runs test
 * files once, in a world that no test has seen, and ends.
 */
export class Spare {
  private readonly worker: ChildProcess;
  private readonly settings: SpareSettings;

  constructor(settings: SpareSettings) {
    const { root, folders, env, preload } = settings;
    this.settings = settings;
    this.worker = fork(WORKER, [], { cwd: root, execArgv: NODE_OPTIONS, env: { ...env, TMPDIR: folders.tmp } });
    // Whoever waits for a run hears of its end; a spare that dies unused is missed at the next run.
    this.worker.on('error', () => {});
    this.tell({ preload: preload.map((module) => join(root, 'dist', module)) });
  }

  private tell(order: Omit<WorkerOrder, 'root' | 'fixtures'>): void {
    const { root, folders } = this.settings;
    if (this.worker.connected) this.worker.send({ root, fixtures: folders.fixtures, ...order });
  }

  /** Has it loaded one of these modules, so that a run would not see how they changed? */
  knows(modules: ReadonlySet<string>): boolean {
    return this.settings.preload.some((module) => modules.has(module));
  }

  /**
   * Runs compiled files, one after the other. Resolves to the TAP of each after the last, also when the process dies or
   * is killed; a file that it was in then has none, and why.
   */
  async run(files: readonly string[], seconds: number): Promise<Map<string, FileOutcome>> {
    const { worker } = this;
    const died = new Promise<FileOutcome>((resolve) => {
      worker.once('exit', (status, signal) =>
        resolve({ died: `its process ended with ${signal ?? `status ${status}`}` }),
      );
      if (!worker.connected) resolve({ died: 'its process had ended before' });
    });
    const clock = setTimeout(() => this.kill(), seconds * 1000);
    const outcomes = new Map<string, FileOutcome>();
    for (const file of files) {
      const answered = new Promise<FileOutcome>((resolve) => {
        worker.on('message', ({ file: of, tap }: Partial<WorkerAnswer>) => {
          if (of === file && tap !== undefined) resolve({ tap });
        });
      });
      this.tell({ file });
      const outcome = await Promise.race([answered, died]);
      outcomes.set(file, outcome);
      if ('died' in outcome) break;
    }
    clearTimeout(clock);
    this.kill();
    return outcomes;
  }

  kill(): void {
    this.worker.kill('SIGKILL');
  }
}
