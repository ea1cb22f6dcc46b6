import { homedir } from 'node:os';
import path from 'node:path';

/** What every provisioning step gets. */
export interface Provision {
  /** Reports one line of progress, without a newline. */
  log(line: string): void;
  /** Aborted by Ctrl-C or SIGTERM: every step ends its child processes and removes its temporary files and containers. */
  signal: AbortSignal;
  /** Absolute path of the folder outside the checkout that caches what is expensive to make. */
  cacheDir: string;
}

/** A step that failed, with a sentence that says what to do. */
export class ProvisionError extends Error {
  override readonly name = 'ProvisionError';
  /** What to do, one sentence or a command line. */
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/**
 * Folder of the cache: E2E_CACHE_DIR, else XDG_CACHE_HOME/backendai-e2e, else ~/.cache/backendai-e2e.
 * Relative values are taken from the working directory.
 */
export function defaultCacheDir(env: Record<string, string | undefined> = process.env): string {
  if (env.E2E_CACHE_DIR) return path.resolve(env.E2E_CACHE_DIR);
  const base = env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  return path.resolve(base, 'backendai-e2e');
}

/** Root of the checkout, absolute. */
export const PROJECT_ROOT = path.resolve(import.meta.dirname, '../..');
