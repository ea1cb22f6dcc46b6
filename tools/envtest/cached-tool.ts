import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Tools that the tests call, by the variable that names each for whoever has it elsewhere, and the folder of the cache. */
const TOOLS = {
  helm: { variable: 'E2E_HELM', folder: 'helm' },
  kubectl: { variable: 'E2E_KUBECTL', folder: 'kubernetes' },
  versitygw: { variable: 'E2E_VERSITYGW', folder: 'versitygw' },
} as const;

/**
 * A tool as versions.json pins it: from its variable, else from the cache outside the checkout. Its absence shows when it is
 * run: `make test` builds it into the cache.
 */
export function cachedTool(tool: keyof typeof TOOLS, env: NodeJS.ProcessEnv = process.env): string {
  const { variable, folder } = TOOLS[tool];
  const named = env[variable];
  if (named) return named;
  const cache = env.E2E_CACHE_DIR || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'backendai-e2e');
  const versions = JSON.parse(readFileSync(new URL('../../versions.json', import.meta.url), 'utf8'));
  return join(cache, 'tools', `${folder}-${versions[folder]}`, tool);
}

/** helm as versions.json pins it. */
export function helmPath(env: NodeJS.ProcessEnv = process.env): string {
  return cachedTool('helm', env);
}
