import type { Condition } from '@backendai-e2e/api/conditions';
import { condition, testEnvironment } from '@backendai-e2e/api/object-fixtures';
import { expect } from 'chai';
import { failureOf } from './environment-ready.ts';

describe('the bench of an environment', () => {
  const environment = (type: string, status: Condition['status'], reason: string) =>
    testEnvironment('bench-ready', { status: { conditions: [condition(type, status, reason, 'why')] } });

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
