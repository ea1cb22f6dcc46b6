import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NO_SOURCES, SOURCES } from '../backend-ai/checkout.ts';
import { lockParts } from '../backend-ai/lock.ts';
import type { BackendAi } from '../backend-ai/packages.ts';
import { contentKey, pathParts } from './content-key.ts';
import type { Extra } from './extras.ts';

/** One of the two parts of the lock. */
export function lockPart(part: 'dependencies' | 'packages', to: string): Extra {
  return {
    to,
    key: async ({ backendAi }) => contentKey({ lock: lockParts(backendAi.lock)[part] }),
    put: ({ backendAi }, target) => writeFile(target, lockParts(backendAi.lock)[part]),
  };
}

/** The wheels that the lock names; an empty folder where it names none. Their hashes stand in the lock. */
export function wheels(to: string): Extra {
  return {
    to,
    key: async () => '',
    put: async ({ backendAi }, target) => {
      await mkdir(target);
      const { folder, files } = backendAi.wheels ?? { folder: '', files: [] };
      for (const file of files) await cp(path.join(folder, file), path.join(target, file));
    },
  };
}

const hashed = new WeakMap<object, Promise<Record<string, string>>>();

/**
 * Hash of each source of a checkout, by its path below src/ai/backend. Read once for all images of a checkout: an edit during the
 * build belongs to the next one.
 */
export function sourceParts(checkout: NonNullable<BackendAi['checkout']>): Promise<Record<string, string>> {
  const known = hashed.get(checkout) ?? readSourceParts(checkout.folder);
  hashed.set(checkout, known);
  return known;
}

async function readSourceParts(folder: string): Promise<Record<string, string>> {
  const parts = await pathParts(path.join(folder, SOURCES));
  return Object.fromEntries(Object.entries(parts).filter(([file]) => !NO_SOURCES.test(file)));
}

/** The sources of the checkout. Links in it, such as those to the one VERSION, become what they point to. */
export function checkoutSources(to: string): Extra {
  return {
    to,
    key: async ({ backendAi }) => {
      // The builder of the pinned release is asked, too: which image of this name it would keep.
      if (!backendAi.checkout) return '';
      const { folder } = backendAi.checkout;
      const version = await readFile(path.join(folder, 'VERSION'), 'utf8').catch(() => '');
      return contentKey({ ...(await sourceParts(backendAi.checkout)), ' version': version });
    },
    put: async ({ backendAi }, target) => {
      const root = path.join(folderOf(backendAi), SOURCES);
      await cp(root, target, {
        recursive: true,
        dereference: true,
        // A link that points nowhere is left out.
        filter: async (file) =>
          !NO_SOURCES.test(path.relative(root, file)) &&
          (await stat(file).then(
            () => true,
            () => false,
          )),
      });
    },
  };
}

/** Commit and state of the checkout, as images/backend-ai/record.py reads them. */
export function stateText({ checkout }: BackendAi): string {
  return JSON.stringify({
    ...(checkout?.commit === undefined ? {} : { commit: checkout.commit }),
    ...(checkout?.modified === undefined ? {} : { modified: checkout.modified }),
  });
}

/** The same as a file, for the record in the image. */
export function checkoutStateFile(to: string): Extra {
  return {
    to,
    key: async ({ backendAi }) => stateText(backendAi),
    put: ({ backendAi }, target) => writeFile(target, stateText(backendAi)),
  };
}

function folderOf({ checkout }: BackendAi): string {
  if (!checkout) throw new Error('an image with the sources of a checkout is built without a checkout');
  return checkout.folder;
}
