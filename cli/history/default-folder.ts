import { homedir } from 'node:os';
import path from 'node:path';

/**
 * Folder of the history: E2E_HISTORY, else XDG_DATA_HOME/backendai-e2e/history, else ~/.local/share/backendai-e2e/history. It
 * is outside of the checkout and of the cache: what is in it cannot be made again.
 */
export function defaultHistory(env: Record<string, string | undefined> = process.env): string {
  if (env.E2E_HISTORY) return path.resolve(env.E2E_HISTORY);
  return path.resolve(env.XDG_DATA_HOME || path.join(homedir(), '.local/share'), 'backendai-e2e/history');
}
