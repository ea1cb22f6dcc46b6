import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Tools that the tests call, by the variable that names each for whoever has it elsewhere. */
const VARIABLES = { helm: 'E2E_HELM', versitygw: 'E2E_VERSITYGW' } as const;

/**
 * A tool as versions.json pins it: from its variable, else from the cache outside the checkout. Its absence shows when it is
 * run: `make test` builds it into the cache.
 */
export function cachedTool(tool: keyof typeof VARIABLES, env: NodeJS.ProcessEnv = process.env): string {
  const named = env[VARIABLES[tool]];
  if (named) return named;
  const cache = env.E2E_CACHE_DIR || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'backendai-e2e');
  const versions = JSON.parse(readFileSync(new URL('../../versions.json', import.meta.url), 'utf8'));
  return join(cache, 'tools', `${tool}-${versions[tool]}`, tool);
}

/** helm as versions.json pins it. */
export function helmPath(env: NodeJS.ProcessEnv = process.env): string {
  return cachedTool('helm', env);
}
