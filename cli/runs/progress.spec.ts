import { component, condition, testEnvironment } from '@backendai-e2e/api/object-fixtures';
import type { ComponentStatus, TestEnvironment } from '@backendai-e2e/api/test-environment';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import type { Snapshot } from './follow.ts';
import { narrate, stateLines, waitingLines } from './progress.ts';

function environment(components: ComponentStatus[], ready: 'True' | 'False' = 'False'): TestEnvironment {
  const reason = ready === 'True' ? 'AllReady' : 'Waiting';
  const conditions = [condition('Ready', ready, reason, 'as said')];
  return testEnvironment('e2e', { status: { components, conditions } });
}
const going = { status: 'Unknown', reason: 'Running' };

/** What a person reads over a sequence of snapshots. */
function story(...snapshots: Snapshot[]): string[] {
  const all: Snapshot[] = [{ reports: [] }, ...snapshots];
  return all.slice(1).flatMap((after, index) => narrate(all[index] ?? { reports: [] }, after));
}

describe('telling what goes on', () => {
  it('reports each component as it becomes ready, and the ready environment', () => {
    expect(
      story(
        { environment: environment([component('etcd', 0), component('manager', 0)]), reports: [] },
        { environment: environment([component('etcd', 2), component('manager', 0)]), reports: [] },
        { environment: environment([component('etcd', 2), component('manager', 2)], 'True'), reports: [] },
      ),
    ).to.deep.equal([
      'environment e2e: Ready False (Waiting): as said',
      'etcd 2/2 ready: 1 of 2 components ready',
      'environment e2e: Ready True (AllReady): as said',
      'manager 2/2 ready: 2 of 2 components ready',
    ]);
  });

  it('has no line for each part of an environment that already ran', () => {
    const found = { environment: environment([component('etcd', 2), component('agent', 1)]), reports: [] };
    expect(story(found)).to.deep.equal([
      'environment e2e: Ready False (Waiting): as said',
      'agent 1/2 ready: 1 of 2 components ready',
    ]);
  });

  it('reports a component that restarts or goes down', () => {
    const before = { environment: environment([component('agent', 2)]), reports: [] };
    const after = {
      environment: environment([component('agent', 1, { restarts: 1, message: 'OOMKilled' })]),
      reports: [],
    };
    expect(narrate(before, after)).to.deep.equal([
      'agent 1/2 ready, 1 restarts (OOMKilled): 0 of 1 components ready',
    ]);
  });

  it('reports each suite and each test once', () => {
    const running = run([suite('s', 'Passed', { state: 'Running' })], going);
    const done = run([
      suite('s', 'Failed', { counts: { total: 2, passed: 1, failed: 1, pending: 0, interrupted: 0 } }),
    ]);
    const one = report('s', [test('a')]);
    const two = report('s', [test('a'), test('b', { state: 'failed', error: 'x' })]);
    expect(
      story(
        { run: running, reports: [] },
        { run: running, reports: [one] },
        { run: done, reports: [two] },
        { run: done, reports: [two] },
      ),
    ).to.deep.equal([
      's: started',
      '  ✔ a (0.25 s)',
      '  ✘ b (0.25 s)',
      's: Failed 1 passed, 1 failed of 2 in 2.0 s',
    ]);
  });

  it('says nothing when nothing changed', () => {
    const same = {
      environment: environment([component('etcd', 1)]),
      run: run([suite('s', 'Passed')]),
      reports: [],
    };
    expect(narrate(same, same)).to.deep.equal([]);
  });

  it('shows on a terminal what is waited for, then the suites', () => {
    const waiting = {
      environment: environment([component('etcd', 2), component('manager', 1)]),
      reports: [],
    };
    expect(stateLines(waiting)).to.deep.equal(['components: 1 of 2 ready', '  manager 1/2 ready']);
    const running = run([suite('s', 'Passed', { state: 'Running' })], going);
    if (running.status) running.status.phase = 'Running';
    const reports = [
      report('s', [test('a')], {
        current: 'b',
        counts: { total: 3, passed: 1, failed: 0, pending: 0, interrupted: 0 },
      }),
    ];
    expect(stateLines({ run: running, reports })).to.deep.equal(['s: 1 of 3: b']);
  });

  it('names of the suites that ended only those that did not pass, and none of them again in a log', () => {
    const many = run(
      [suite('good', 'Passed'), suite('bad', 'Failed'), suite('s', 'Passed', { state: 'Running' })],
      going,
    );
    if (many.status) many.status.phase = 'Running';
    const log = ['s: starting', '2 of 3 suites ended'];
    expect(waitingLines({ run: many, reports: [] })).to.deep.equal(log);
    const [first, ...rest] = stateLines({ run: many, reports: [] });
    expect(first).to.match(/^bad: Failed/);
    expect(rest).to.deep.equal(log);
  });
});
