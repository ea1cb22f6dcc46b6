import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** helm as versions.json pins it: $E2E_HELM, else from the cache outside the checkout. Its absence shows when it is run. */
export function helmPath(env: NodeJS.ProcessEnv = process.env): string {
  if (env.E2E_HELM) return env.E2E_HELM;
  const cache = env.E2E_CACHE_DIR || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'backendai-e2e');
  const versions = JSON.parse(readFileSync(new URL('../../versions.json', import.meta.url), 'utf8'));
  return join(cache, 'tools', `helm-${versions.helm}`, 'helm');
}
