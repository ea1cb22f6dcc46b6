import { conditionOf } from '@backendai-e2e/api/conditions';
import { component, condition, testEnvironment, testRun } from '@backendai-e2e/api/object-fixtures';
import type { TestEnvironment, TestEnvironmentSpec } from '@backendai-e2e/api/test-environment';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { expect } from 'chai';
import { expiresInMs } from './expiry.ts';
import { observeDeployment, observeExternal } from './observe.ts';

const START = new Date('2026-01-01T00:00:00Z');
const later = (seconds: number) => new Date(START.getTime() + seconds * 1000);

function environment(
  spec: TestEnvironmentSpec = { chart: { name: 'c' }, readyTimeoutSeconds: 60 },
): TestEnvironment {
  const metadata = { generation: 3, creationTimestamp: START.toISOString() };
  return testEnvironment('env', { metadata, spec, status: { deployStartedAt: START.toISOString() } });
}

function observe(ready: number, seconds: number, status: TestEnvironment['status'] = environment().status) {
  const sight = {
    now: later(seconds),
    components: [component('manager', ready)],
    connectionSecret: 'env-connection',
  };
  const seen = observeDeployment(environment(), status ?? {}, sight);
  return { ...seen, ready: conditionOf(seen.status.conditions, 'Ready') };
}

describe('observeDeployment', () => {
  it('waits for its components until its deadline', () => {
    const seen = observe(1, 20);
    expect(seen.ready).to.deep.include({
      status: 'False',
      reason: 'ComponentsNotReady',
      observedGeneration: 3,
    });
    expect(seen.requeueAfterMs).to.equal(40_000);
  });

  it('then reports the timeout and the component that caused it', () => {
    const seen = observe(1, 60);
    expect(seen.ready).to.deep.include({ status: 'False', reason: 'DeployTimedOut' });
    expect(seen.ready?.message).to.equal(
      'not ready 60 s after helm started: 1 of 1 components are not ready: manager: 1 of 2 ready',
    );
  });

  it('does not wait for a Job that failed for good, and says why it failed', () => {
    const job = {
      ...component('bootstrap', 0),
      workload: 'Job/bootstrap',
      desired: 1,
      message: 'at accounts',
    };
    const sight = {
      ...{ now: later(5), connectionSecret: 'env-connection', failedJobs: ['bootstrap'] },
      components: [component('manager', 0), job],
    };
    const seen = observeDeployment(environment(), environment().status ?? {}, sight);
    expect(conditionOf(seen.status.conditions, 'Ready')).to.deep.include({
      status: 'False',
      reason: 'JobFailed',
      message: 'it cannot become ready: bootstrap: 0 of 1 ready (at accounts)',
    });
    const before = observe(2, 1).status;
    const after = observeDeployment(environment(), before, sight).status;
    expect(conditionOf(after.conditions, 'Ready')?.reason).to.equal('ComponentsNotReady');
  });

  it('may still become ready after that', () => {
    const seen = observe(2, 61, observe(1, 60).status);
    expect(seen.ready).to.deep.include({ status: 'True' });
    expect(seen.status.readyAt).to.equal(later(61).toISOString());
  });

  it('does not time out later once it was ready', () => {
    const healthy = observe(2, 30).status;
    const seen = observe(0, 600, healthy);
    expect(seen.ready?.reason).to.equal('ComponentsNotReady');
    expect(seen.status.readyAt).to.equal(later(30).toISOString());
  });

  it('is not ready without a connection or without components', () => {
    const sight = { now: START, components: [component('manager', 2)], connectionSecret: undefined };
    const alone = observeDeployment(environment(), {}, sight).status;
    expect(conditionOf(alone.conditions, 'Ready')?.reason).to.equal('ConnectionMissing');
    expect(conditionOf(alone.conditions, 'Healthy')?.status).to.equal('True');
    const empty = observeDeployment(environment(), {}, { ...sight, components: [] }).status;
    expect(conditionOf(empty.conditions, 'Ready')?.reason).to.equal('NoComponents');
  });
});

describe('observeExternal', () => {
  it('is ready at once without a Secret', () => {
    const status = observeExternal(environment({ external: {} }), START, undefined);
    expect(conditionOf(status.conditions, 'Ready')?.status).to.equal('True');
    expect(status.connectionSecret).to.equal(undefined);
  });

  it('names the missing Secret', () => {
    const status = observeExternal(environment({ external: {} }), START, { name: 'theirs', found: false });
    expect(conditionOf(status.conditions, 'Ready')?.message).to.include('no Secret theirs');
  });
});

describe('expiresInMs', () => {
  const brief: TestEnvironmentSpec = { external: {}, ttlSeconds: 100 };
  const run = (seconds: number | undefined, succeeded: 'True' | 'False' = 'True', name = 'env'): TestRun => {
    const ended = { finishedAt: later(seconds ?? 0).toISOString() };
    const status = { ...ended, conditions: [condition('Succeeded', succeeded)] };
    const spec = { environmentRef: { name } };
    return testRun('r', { spec, status: seconds === undefined ? {} : status });
  };

  it('counts from the last run, or from its creation', () => {
    expect(expiresInMs(environment(brief), [run(10), run(50)], later(60))).to.equal(90_000);
    expect(expiresInMs(environment(brief), [], later(60))).to.equal(40_000);
  });

  it('never while a run is active, or without a time to live', () => {
    expect(expiresInMs(environment(brief), [run(10), run(undefined)], later(900))).to.equal(undefined);
    expect(expiresInMs(environment({ external: {} }), [], later(900))).to.equal(undefined);
  });

  it('never after a failure with retainOnFailure; runs elsewhere do not count', () => {
    const kept = environment({ ...brief, retainOnFailure: true });
    expect(expiresInMs(kept, [run(10, 'False')], later(900))).to.equal(undefined);
    expect(expiresInMs(kept, [run(10, 'False'), run(20)], later(20))).to.equal(100_000);
    expect(expiresInMs(kept, [run(10, 'False', 'other')], later(60))).to.equal(40_000);
  });
});
