import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** Milliseconds without a further save after which an edit counts as whole: editors and git write several files. */
const QUIET_MS = 300;

/** How a folder is watched for saved files. */
export interface SavesOptions {
  /** Paths below the folder that do not count. */
  ignored: RegExp;
  quietMs?: number;
}

/** Notes which files below a folder are saved. It watches the folders in it: a program may replace a file by another. */
export class Saves {
  readonly #folder: string;
  readonly #ignored: RegExp;
  readonly #quietMs: number;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #saved = new Set<string>();
  readonly #failures: unknown[] = [];
  #wake: () => void = () => {};

  private constructor(folder: string, { ignored, quietMs = QUIET_MS }: SavesOptions) {
    this.#folder = folder;
    this.#ignored = ignored;
    this.#quietMs = quietMs;
  }

  /** Begins to watch. @throws Error for a folder that cannot be read, or for too few watches (inotify) */
  static async of(folder: string, options: SavesOptions): Promise<Saves> {
    const saves = new Saves(folder, options);
    await saves.#watch('');
    return saves;
  }

  /**
   * The files of the next edit, by their paths below the folder. An edit that came after the last call counts, too. It ends when
   * nothing was saved for a moment.
   * @throws the reason of the signal, or the error that ended the watch
   */
  async next(signal: AbortSignal): Promise<string[]> {
    let seen = 0;
    for (;;) {
      signal.throwIfAborted();
      if (this.#failures.length > 0) throw this.#failures[0];
      if (seen > 0 && seen === this.#saved.size) break;
      seen = this.#saved.size;
      await this.#pause(seen === 0 ? undefined : this.#quietMs, signal);
    }
    const files = [...this.#saved].sort();
    this.#saved.clear();
    return files;
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Waits for the next save, for a time at most. */
  #pause(ms: number | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => end(), ms);
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.#wake = () => {};
        resolve();
      };
      signal.addEventListener('abort', end);
      this.#wake = () => {
        // Further saves only prolong the moment, which next() sees by their number.
        if (timer === undefined) end();
        else timer.refresh();
      };
    });
  }

  async #watch(below: string): Promise<void> {
    const folder = path.join(this.#folder, below);
    if (this.#watchers.has(folder)) return;
    const watcher = watch(folder, (_, name) => {
      if (name !== null) this.#note(path.join(below, name));
    });
    watcher.on('error', (error) => this.#fail(error));
    this.#watchers.set(folder, watcher);
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const name = path.join(below, entry.name);
      if (entry.isDirectory() && !this.#ignored.test(name)) await this.#watch(name);
    }
  }

  #note(name: string): void {
    if (this.#ignored.test(name)) return;
    this.#saved.add(name);
    this.#wake();
    // A new folder, perhaps. What is gone, or is a file, needs no watch.
    this.#watch(name).catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      this.#watchers.get(path.join(this.#folder, name))?.close();
      this.#watchers.delete(path.join(this.#folder, name));
      if (code !== 'ENOENT' && code !== 'ENOTDIR') this.#fail(error);
    });
  }

  #fail(error: unknown): void {
    this.#failures.push(error);
    this.#wake();
  }
}
