import { BackendApiError } from '../clients/http/api.ts';
import type { BackendAi } from '../clients/manager/backend-ai.ts';

/** How many ask for the same at once. */
const WRITERS = 8;

/**
 * Does the same that many times at once, over all managers in turn, and tells who won and how others were refused.
 * Throws what was no answer of a manager.
 */
export async function race<T>(
  managers: readonly BackendAi[],
  work: (manager: BackendAi) => Promise<T>,
): Promise<{ won: T[]; refused: BackendApiError[] }> {
  const all = await Promise.allSettled(
    Array.from({ length: WRITERS }, (_, index) => {
      const manager = managers[index % managers.length];
      return manager ? work(manager) : Promise.reject(new Error('no manager'));
    }),
  );
  const refused = all.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  for (const error of refused) if (!(error instanceof BackendApiError)) throw error;
  return {
    won: all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    refused,
  };
}
