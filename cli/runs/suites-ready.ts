import { TEST_SUITES } from '@backendai-e2e/api/resources';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import { observe, type Watcher } from '@backendai-e2e/kube/observe';
import { pathOf } from '@backendai-e2e/kube/request';

/** The operator did not make the TestSuites that its chart lists. Exit code 2. */
export class SuitesMissing extends Error {
  override readonly name = 'SuitesMissing';
}

/**
 * Waits until the operator has made the TestSuites of its catalog, with this image. The operator does so after it started, and
 * again after an upgrade. Throws SuitesMissing after `deadlineMs` with what is missing, or the signal's reason.
 */
export async function untilSuitesStand(
  client: Watcher,
  wanted: { namespace: string; names: readonly string[]; image: string },
  options: { signal: AbortSignal; deadlineMs?: number },
): Promise<void> {
  const limit = AbortSignal.timeout(options.deadlineMs ?? 60_000);
  const signal = AbortSignal.any([options.signal, limit]);
  const path = pathOf(TEST_SUITES, { namespace: wanted.namespace });
  let missing: readonly string[] = wanted.names;
  try {
    for await (const suites of observe<TestSuite>(client, path, {}, { signal })) {
      missing = wanted.names.filter((name) => suites.get(name)?.spec.image !== wanted.image);
      if (missing.length === 0) return;
    }
  } catch (error) {
    if (!limit.aborted || options.signal.aborted) throw error;
    throw new SuitesMissing(
      `the operator did not make these TestSuites with the image ${wanted.image} in time: ${missing.join(', ')}. ` +
        'Read its log in the folder logs of the results',
      { cause: error },
    );
  }
}
