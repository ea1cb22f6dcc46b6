import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { tryCommand } from './command.ts';
import { goBuild, isOlder } from './go.ts';
import { withLock } from './lock.ts';
import type { Provision } from './provision.ts';
import { type Recipe, recipeOf, type ToolName } from './tool-recipes.ts';
import { VERSIONS } from './versions.ts';

export type { ToolName } from './tool-recipes.ts';

/** The pinned version of a tool. */
export function toolVersion(name: ToolName): string {
  return recipeOf(name, VERSIONS).version;
}

/**
 * Provides a tool and returns the absolute path of its binary. A suitable one on PATH comes first, then the cache's, then one
 * built into the cache.
 * @param options.fromPath false where exactly the pinned, static binary is needed (it goes into an image)
 * @throws ProvisionError where it is missing and cannot be built
 */
export async function ensureTool(
  name: ToolName,
  p: Provision,
  options: { fromPath?: boolean } = {},
): Promise<string> {
  if (options.fromPath !== false) {
    const found = await toolOnPath(name, p);
    if (found !== undefined) return found.path;
  }
  await ensureBuilt([name], p);
  return cachedPath(name, p);
}

/** Builds those of these tools that the cache lacks. Those of Kubernetes are built together, which halves the time. */
export async function ensureBuilt(names: readonly ToolName[], p: Provision): Promise<void> {
  const folders = new Set(names.map((name) => path.dirname(cachedPath(name, p))));
  for (const folder of folders) {
    const wanted = names.filter((name) => path.dirname(cachedPath(name, p)) === folder);
    if ((await missing(wanted, p)).length === 0) continue;
    await withLock(p, path.basename(folder), async () => {
      // Checked again: another run may have built them while this one waited.
      const recipes: Record<string, Recipe> = {};
      for (const name of await missing(wanted, p)) recipes[name] = recipeOf(name, VERSIONS);
      await goBuild(p, folder, recipes);
    });
  }
}

/** Path of a tool in the cache, whether it exists or not. */
export function cachedPath(name: ToolName, p: Provision): string {
  return path.join(p.cacheDir, 'tools', recipeOf(name, VERSIONS).folder, name);
}

/** Those whose binary the cache does not hold. */
export async function missing(names: readonly ToolName[], p: Provision): Promise<ToolName[]> {
  const checked = await Promise.all(
    names.map(async (name) => {
      try {
        await access(cachedPath(name, p), constants.X_OK);
        return [];
      } catch {
        // Not there, or cut off: it is built again either way.
        return [name];
      }
    }),
  );
  return checked.flat();
}

/** How the tools of the host print their version. Those of a control plane are never taken from PATH. */
const VERSION_QUESTION: Partial<Record<ToolName, string[]>> = {
  kind: ['version'],
  helm: ['version', '--template', '{{.Version}}'],
  kubectl: ['version', '--client'],
};

/** A tool on PATH with a suitable version. */
export async function toolOnPath(
  name: ToolName,
  p: Provision,
): Promise<{ path: string; version: string } | undefined> {
  const question = VERSION_QUESTION[name];
  if (question === undefined) return undefined;
  const where = (await tryCommand(p, 'sh', ['-c', 'command -v "$0"', name]))?.trim();
  if (!where?.startsWith('/')) return undefined;
  const version = /v?\d+\.\d+(\.\d+)?/.exec((await tryCommand(p, where, question)) ?? '')?.[0];
  return version !== undefined && isGoodEnough(name, version, VERSIONS)
    ? { path: where, version }
    : undefined;
}

/**
 * Whether a version on PATH can replace the pinned one. A kind must not be older, and must have the same major version. A helm
 * needs the same major version. A kubectl may be one minor version away, which is the skew that Kubernetes supports.
 */
export function isGoodEnough(
  name: ToolName,
  version: string,
  pinned: { kind: string; helm: string; kubernetes: string },
): boolean {
  const [major, minor] = numbers(version);
  switch (name) {
    case 'kind':
      return major === numbers(pinned.kind)[0] && !isOlder(version, pinned.kind);
    case 'helm':
      return major === numbers(pinned.helm)[0];
    case 'kubectl': {
      const [wantedMajor, wantedMinor] = numbers(pinned.kubernetes);
      return major === wantedMajor && Math.abs(minor - wantedMinor) <= 1;
    }
    default:
      return false;
  }
}

function numbers(version: string): [number, number] {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  return [major ?? 0, minor ?? 0];
}
