import { BackendApiError } from '../clients/http/api.ts';
import type { BackendAi } from '../clients/manager/backend-ai.ts';

/** Number of concurrent requests. */
const WRITERS = 8;

/**
 * Sends the same request concurrently over all managers in turn. Returns the successful answers and the refusals.
 * Throws any other error.
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
