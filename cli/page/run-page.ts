import path from 'node:path';
import { type WrittenPage, writePage } from '@backendai-e2e/page/page-file';
import { defaultCacheDir, PROJECT_ROOT } from '../machine/provision.ts';
import { leadingLines } from './first-causes.ts';
import { addGreenLines } from './green-lines.ts';
import { pageOptions } from './page-options.ts';
import { proofIn } from './proof-files.ts';

/**
 * Writes index.html into the folder of a run. Returns lines for people: its first causes, and where the page is, or why there is
 * none. A lost page must not change a verdict.
 * @param shown the folder for people
 */
export async function runPage(out: string, shown: string): Promise<string[]> {
  try {
    const { file, run } = await writeRunPage(out);
    const causes = leadingLines(run.failures);
    return [
      ...(causes.length > 0 ? [...causes, ''] : []),
      `open ${path.join(shown, path.basename(file))} in a browser`,
    ];
  } catch (error) {
    return [`the page of the run could not be made: ${error instanceof Error ? error.message : error}`];
  }
}

/**
 * Writes index.html into the folder of a run, with the runs of the history before it.
 * @param history folder of the history
 * @throws Error if the folder holds no run, or the page cannot be built
 */
export async function writeRunPage(
  out: string,
  { history, cacheDir = defaultCacheDir() }: { history?: string; cacheDir?: string } = {},
): Promise<Pick<WrittenPage, 'file' | 'bytes' | 'dataBytes' | 'programBytes' | 'run'>> {
  const options = await pageOptions(out, history);
  const proof = await proofIn(PROJECT_ROOT, out);
  const { kinds, ...page } = await writePage(out, { ...options, proof, cacheDir });
  if (page.run.succeeded?.status === 'True') await addGreenLines(out, page.run.name, kinds);
  return page;
}
