import type { Fault } from '@backendai-e2e/api/fault';
import { LABELS } from '@backendai-e2e/api/group';
import { testReport } from '@backendai-e2e/api/object-fixtures';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { expect } from 'chai';
import { FaultObserver, type FaultObserverOptions } from './observe.ts';

const running = testReport('alpha', { status: {} });
const final = testReport('alpha', { status: finalReport('Passed') });
const fault: Fault = {
  apiVersion: 'e2e.backend.ai/v1alpha1',
  kind: 'Fault',
  metadata: { namespace: 'ns', name: 'suite-1', labels: { [LABELS.report]: running.metadata.name } },
  spec: { environmentRef: { name: 'e2e' }, target: { component: 'manager' }, podDelete: {} },
};

/** Whether the attempt has ended, with these reports in the cache and at the API server. */
function hasEnded(cached: TestReport | undefined, stored: TestReport | undefined): Promise<boolean> {
  // The cast: only the report is read.
  const observer = new FaultObserver({
    client: { get: async () => stored },
    reports: { get: () => cached },
  } as unknown as FaultObserverOptions);
  return observer.attemptHasEnded(fault, new AbortController().signal);
}

describe('the attempt that asked for a fault', () => {
  it('has ended when its report is final or gone', async () => {
    expect(await hasEnded(running, running)).to.equal(false);
    expect(await hasEnded(final, final)).to.equal(true);
    expect(await hasEnded(undefined, undefined)).to.equal(true);
    expect(await hasEnded(undefined, running)).to.equal(false);
  });

  it('has not ended because the cache has the final report of an earlier one of its name', async () => {
    expect(await hasEnded(final, running)).to.equal(false);
  });
});
