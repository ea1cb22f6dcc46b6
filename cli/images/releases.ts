import type { Provision } from '../machine/provision.ts';
import { buildImages } from './build.ts';
import { published } from './resolve.ts';

/** All releases of Backend.AI that the package index has. @throws ProvisionError where the index does not answer */
export async function listReleases(p: Provision): Promise<string[]> {
  const build = async (image: string) => (await buildImages([image], p))[image] ?? '';
  return published({ p, build });
}
