import { brokenSources } from '../backend-ai/checkout.ts';
import { lockedRelease } from '../backend-ai/lock.ts';
import type { BackendAi } from '../backend-ai/packages.ts';
import { CommandError } from '../machine/command.ts';
import type { Builder } from './extras.ts';
import { type ImageName, OF_BACKEND_AI, withCheckout } from './table.ts';

/**
 * Builds the images of a Backend.AI that is not the pinned one.
 * @param builder one for that Backend.AI
 * @throws ProvisionError that names the file of a checkout which Python cannot read
 */
export async function chosenImages(
  asked: BackendAi,
  builder: Builder,
): Promise<Partial<Record<ImageName, string>>> {
  builder.p.log(`Backend.AI: ${asked.title}`);
  const refs: Partial<Record<ImageName, string>> = {};
  try {
    for (const name of OF_BACKEND_AI) {
      refs[name] = await builder.build(asked.checkout ? withCheckout(name) : name);
    }
  } catch (error) {
    if (!asked.checkout || !(error instanceof CommandError)) throw error;
    throw brokenSources(asked.checkout.folder, error.tail) ?? error;
  }
  return refs;
}

/** The version of the manager: that of a checkout, else that of its package. */
export function releaseOf({ checkout, lock }: BackendAi): string {
  return checkout?.version ?? lockedRelease(lock);
}
