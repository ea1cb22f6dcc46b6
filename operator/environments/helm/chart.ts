import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The chart does not exist. */
export class ChartNotFoundError extends Error {
  override readonly name = 'ChartNotFoundError';
}

/** What the system says about a chart that is not there, or is a file. */
const MISSING = new Set(['ENOENT', 'ENOTDIR']);

/**
 * SHA-256 (hex) of all files of a chart with their paths. Another digest means that the chart changed.
 * Throws ChartNotFoundError with the charts that exist.
 */
export async function chartDigest(chartsDir: string, name: string): Promise<string> {
  const folder = join(chartsDir, name);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    // Any other error may pass, while a chart that is not found fails the environment.
    if (error instanceof Error && 'code' in error && MISSING.has(String(error.code))) return undefined;
    throw error;
  });
  const files = entries
    ?.filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (!files?.includes(join(folder, 'Chart.yaml'))) {
    // The list only helps the reader of the error.
    const existing = await readdir(chartsDir).catch(() => []);
    throw new ChartNotFoundError(
      `the operator carries no chart ${name}; it has: ${existing.sort().join(', ') || 'none'}`,
    );
  }
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${file.slice(folder.length)}\0`);
    hash.update(await readFile(file));
  }
  return hash.digest('hex');
}

/** SHA-256 (hex) of an installation: the chart's digest, and the values regardless of the order of their keys. */
export function installationHash(chart: string, digest: string, values: unknown): string {
  return createHash('sha256')
    .update(`${chart}\0${digest}\0${canonical(values)}`)
    .digest('hex');
}

/** JSON with the keys of every object in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value ?? {}, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
