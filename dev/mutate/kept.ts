// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a run leaves for the next one: files in a folder that is not committed. */
export class Kept {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** What was written by that name; null when there is nothing that can be used. */
  read<T>(name: string, isOne: (value: unknown) => value is T): T | null {
    const path = join(this.folder, `${name}.json`);
    if (!existsSync(path)) return null;
    try {
      const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
      return isOne(value) ? value : null;
    } catch {
      return null;
    }
  }

  write(name: string, value: unknown): void {
    mkdirSync(this.folder, { recursive: true });
    const path = join(this.folder, `${name}.json`);
    writeFileSync(`${path}.new`, JSON.stringify(value));
    renameSync(`${path}.new`, path);
  }
}
