import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** What the checks know of unchanged files, by name and hash of content. It holds in any checkout. */
const KNOWN = ['types', 'cspell'];

/**
 * Copies what the checks of another checkout know of unchanged files, if this one knows nothing.
 * @param own folder of the checkout in which the checks keep what they know
 * @param cacheDir folder of the cache, outside the checkout
 */
export async function restoreChecks(own: string, cacheDir: string): Promise<void> {
  for (const name of KNOWN) {
    const [from, to] = [path.join(cacheDir, 'checks', name), path.join(own, name)];
    if (existsSync(to) || !existsSync(from)) continue;
    await cp(from, to, { recursive: true }).catch((error: unknown) => {
      console.error(`what earlier checks know of ${name} cannot be copied from ${from}: ${String(error)}`);
      return rm(to, { recursive: true, force: true });
    });
  }
}

/** Keeps what the checks of this checkout know, for the next one. Later calls replace earlier ones. */
export async function keepChecks(own: string, cacheDir: string): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  const half = await mkdtemp(path.join(cacheDir, 'checks-'));
  try {
    for (const name of KNOWN) {
      const from = path.join(own, name);
      if (existsSync(from)) await cp(from, path.join(half, name), { recursive: true });
    }
    const kept = path.join(cacheDir, 'checks');
    await rm(kept, { recursive: true, force: true });
    await rename(half, kept);
  } catch (error) {
    // Another checkout may do the same at this moment: one of both is enough.
    console.error(`what the checks know is not kept: ${String(error)}`);
    await rm(half, { recursive: true, force: true });
  }
}
