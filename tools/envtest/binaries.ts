import { accessSync, constants, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The programs of a control plane. */
export type Program = 'etcd' | 'kube-apiserver' | 'kube-controller-manager';

/** Environment variables that name a program's path, for whoever has them elsewhere. */
const VARIABLES: Record<Program, string> = {
  etcd: 'E2E_ETCD',
  'kube-apiserver': 'E2E_KUBE_APISERVER',
  'kube-controller-manager': 'E2E_KUBE_CONTROLLER_MANAGER',
};

/** Where they stand in the cache, as versions.json pins them. */
export interface PinnedVersions {
  kubernetes: string;
  etcd: string;
}

/**
 * Path of a program: from its environment variable, else from the cache outside the checkout.
 * Throws with the paths it looked at and what to do.
 */
function programPath(program: Program, pinned: PinnedVersions, env: NodeJS.ProcessEnv = process.env): string {
  const variable = VARIABLES[program];
  const path = env[variable] || cachePath(program, pinned, env);
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch (cause) {
    throw new Error(
      `The tests against a real API server need ${program}, and ${path} is no program. ` +
        `Run "make test", which builds it into the cache, or set ${variable} to its path.`,
      { cause },
    );
  }
}

/** programPath() with the versions that versions.json pins. */
export function pinnedProgram(program: Program): string {
  const pinned: PinnedVersions = JSON.parse(
    readFileSync(new URL('../../versions.json', import.meta.url), 'utf8'),
  );
  return programPath(program, pinned);
}

function cachePath(program: Program, pinned: PinnedVersions, env: NodeJS.ProcessEnv): string {
  const cache = env.E2E_CACHE_DIR || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'backendai-e2e');
  const folder = program === 'etcd' ? `etcd-${pinned.etcd}` : `kubernetes-${pinned.kubernetes}`;
  return join(cache, 'tools', folder, program);
}
