import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import { expect } from 'chai';
import { failureOf } from './environment-ready.ts';

describe('the bench of an environment', () => {
  const environment = (
    type: string,
    status: 'True' | 'False' | 'Unknown',
    reason: string,
  ): TestEnvironment => ({
    apiVersion: 'e2e.backend.ai/v1alpha1',
    kind: 'TestEnvironment',
    metadata: { name: 'bench-ready' },
    spec: { chart: { name: 'backend-ai' } },
    status: {
      conditions: [{ type, status, reason, message: 'why', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    },
  });

  it('ends at once, with the reason, when it cannot become Ready', () => {
    expect(failureOf(environment('Deployed', 'False', 'HelmFailed'))).to.equal('HelmFailed: why');
    expect(failureOf(environment('Ready', 'False', 'DeployTimedOut'))).to.equal('DeployTimedOut: why');
  });

  it('continues while components start', () => {
    expect(failureOf(undefined)).to.equal(undefined);
    expect(failureOf(environment('Ready', 'False', 'ComponentsNotReady'))).to.equal(undefined);
    expect(failureOf(environment('Deployed', 'Unknown', 'Deploying'))).to.equal(undefined);
  });
});
