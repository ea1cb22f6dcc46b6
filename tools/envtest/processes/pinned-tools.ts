import { accessSync, constants, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The programs that integration tests run: the environment variable that overrides the path, and the folder in the cache. */
const TOOLS = {
  etcd: { variable: 'E2E_ETCD', folder: 'etcd' },
  helm: { variable: 'E2E_HELM', folder: 'helm' },
  'kube-apiserver': { variable: 'E2E_KUBE_APISERVER', folder: 'kubernetes' },
  'kube-controller-manager': { variable: 'E2E_KUBE_CONTROLLER_MANAGER', folder: 'kubernetes' },
  kubectl: { variable: 'E2E_KUBECTL', folder: 'kubernetes' },
  versitygw: { variable: 'E2E_VERSITYGW', folder: 'versitygw' },
} as const;

type Tool = keyof typeof TOOLS;

/**
 * Returns the path of a tool in the version that versions.json pins. It is in the environment variable of the tool, or else in
 * the cache outside the checkout. Does not check that the file exists.
 */
export function pinnedTool(tool: Tool, env: NodeJS.ProcessEnv = process.env): string {
  const { variable, folder } = TOOLS[tool];
  const override = env[variable];
  if (override) return override;
  const cache = env.E2E_CACHE_DIR || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'backendai-e2e');
  const versions = JSON.parse(readFileSync(new URL('../../../versions.json', import.meta.url), 'utf8'));
  return join(cache, 'tools', `${folder}-${versions[folder]}`, tool);
}

/** Returns pinnedTool(), or throws with the path that it tried and what to do. */
export function requiredTool(tool: Tool): string {
  const path = pinnedTool(tool);
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch (cause) {
    throw new Error(
      `The tests against a real API server need ${tool}, and ${path} is not executable. ` +
        `Run "make test", which builds it into the cache, or set ${TOOLS[tool].variable} to its path.`,
      { cause },
    );
  }
}

/** The path of helm. */
export function helmPath(env: NodeJS.ProcessEnv = process.env): string {
  return pinnedTool('helm', env);
}
