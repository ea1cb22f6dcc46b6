import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { exchangeList } from '../exchanges.ts';
import { WEIGHTS } from './evidence.ts';
import { firstCauses } from './first-cause.ts';
import type { Scene } from './scene.ts';

const WINDOW = { from: 10_000, to: 20_000 };
const scene = (more: Partial<Scene>): Scene => ({
  ...{
    error: 'expected 1 to equal 2',
    window: WINDOW,
    changes: [],
    outages: [],
    faults: [],
    alarms: [],
    newDigests: [],
  },
  components: ['manager', 'agent', 'webserver'],
  ...more,
});
const change = (kind: 'restart' | 'unready' | 'leader', subject: string, at = 15_000) => ({
  ...{ at, kind, subject, namespace: 'bai', text: `${kind} of ${subject}` },
});
const alarm = (component: string, rare: boolean, at = 15_000) => ({
  ...{ at, rare, component, source: component, namespace: 'bai', text: 'ERROR pool is exhausted' },
});
const fault = (component: string) => ({
  ...{ name: 'suite-x', action: 'pause', component, environment: 'e2e', attempt: 'a', phase: 'Healed' },
  ...{ asked: 9_000, injected: 11_000, receipts: [] },
});
const order = (more: Partial<Scene>) => firstCauses(scene(more)).map(({ component }) => component);

describe('the first cause', () => {
  it('is a component that restarted before one that wrote errors', () => {
    expect(order({ changes: [change('restart', 'agent')], alarms: [alarm('manager', true)] })).to.deep.equal([
      'agent',
      'manager',
    ]);
  });

  it('is an error that appears only in failures before warnings that are always there', () => {
    expect(order({ alarms: [alarm('webserver', false), alarm('manager', true)] })[0]).to.equal('manager');
  });

  it('is not the component with the most lines: a rule counts once', () => {
    const flood = Array.from({ length: 50 }, () => alarm('webserver', false));
    expect(order({ alarms: [...flood, alarm('manager', true)] })[0]).to.equal('manager');
  });

  it('is not a component whose restart lies outside of the failure', () => {
    expect(order({ changes: [change('restart', 'agent', 30_000)] })).to.deep.equal([]);
  });

  it('names a fault in force, a lost readiness and a changed digest as evidence', () => {
    const [first] = firstCauses(
      scene({ faults: [fault('manager')], changes: [change('unready', 'manager')], newDigests: ['manager'] }),
    );
    expect(first?.evidence).to.deep.equal([
      '00:00:11 the fault suite-x (pause) was in force',
      '00:00:15 unready of manager',
      'its digest differs from the run before',
    ]);
  });

  it('finds a component that the error names, as a word of its own', () => {
    expect(order({ error: 'the manager did not answer' })).to.deep.equal(['manager']);
    expect(order({ error: 'managers and sub-manager-x' })).to.deep.equal([]);
  });

  it('does not follow from what requests and frames below the message name', () => {
    const error = 'expected 1\nLast requests:\n  GET http://manager:8081/\n    at suites/agent/x.ts';
    expect(order({ error })).to.deep.equal([]);
    expect(order({ error: 'expected 1\n    at file:///agent/x.ts' })).to.deep.equal([]);
  });

  const asking = (...requests: string[]) =>
    exchangeList(
      requests.map((request, second) => ({
        ...{ at: `1970-01-01T00:00:1${second}Z`, request, answer: '200 ok', seconds: 0.1, times: 1 },
      })),
    );

  it('is the component that answered the last request, before those that answered earlier', () => {
    const error = `expected 1\n${asking('GET /func/x', 'GET /auth/role')}`;
    expect(firstCauses(scene({ error })).map(({ evidence }) => evidence)).to.deep.equal([
      ['00:00:11 it answered the last request of the test: GET /auth/role'],
      ['00:00:10 it answered a request of the test: GET /func/x'],
    ]);
  });

  it('is also the component that the answering one asks, and one that its answer names', () => {
    const error = `expected 1\n${asking('GET /func/x').replace('200 ok', '200 the agent')}`;
    expect(firstCauses(scene({ error })).map(({ evidence }) => evidence)).to.deep.equal([
      ['00:00:10 it answered the last request of the test: GET /func/x'],
      ['00:00:10 webserver asks it for such requests: GET /func/x'],
      ['the last answer names it'],
    ]);
  });

  it('is weakly what title and suite name', () => {
    const [first, second] = firstCauses(scene({ title: 'the web server › signs out', needs: ['agent'] }));
    expect(first).to.deep.include({ component: 'webserver', weight: WEIGHTS.titled });
    expect(second).to.deep.include({ component: 'agent', weight: WEIGHTS.needed });
  });

  it('is a fault of another suite before one that the test asked for', () => {
    const faults = [
      { ...fault('manager'), attempt: 'own' },
      { ...fault('agent'), attempt: 'other' },
    ];
    const [first, second] = firstCauses(scene({ faults, attempt: 'own' }));
    expect([first?.component, second?.component]).to.deep.equal(['agent', 'manager']);
    expect(first?.evidence[0]).to.contain('asked for by other');
  });

  it('is a component without endpoints, while it had none', () => {
    const outage = (from: number, to?: number) => ({
      ...{ component: 'agent', namespace: 'bai', from },
      ...(to === undefined ? {} : { to }),
    });
    expect(order({ outages: [outage(12_000)], alarms: [alarm('manager', true)] })).to.deep.equal([
      'agent',
      'manager',
    ]);
    expect(order({ outages: [outage(1_000, 9_000), outage(21_000)] })).to.deep.equal([]);
  });

  it('is the first of several components without endpoints: others may wait for it', () => {
    const outage = (component: string, from: number) => ({ component, namespace: 'bai', from });
    const outages = [outage('webserver', 14_000), outage('manager', 12_000)];
    const [first, second] = firstCauses(scene({ outages, changes: [change('unready', 'webserver')] }));
    expect(first).to.deep.include({ component: 'manager', weight: WEIGHTS.outage + WEIGHTS.firstOutage });
    expect(first?.evidence[1]).to.equal('00:00:12 it was the first of 2 components without a ready pod');
    expect(second).to.deep.include({ component: 'webserver', weight: WEIGHTS.outage });
  });

  it('is the machine if probes of three components fail at once', () => {
    const probe = (subject: string, at: number) => ({
      ...change('unready', subject, at),
      text: 'Unhealthy: Liveness probe failed',
    });
    const two = [probe('manager', 11_000), probe('agent', 12_000)];
    expect(order({ changes: two })).to.deep.equal(['manager', 'agent']);
    const three = [...two, probe('webserver', 13_000)];
    expect(firstCauses(scene({ changes: three }))[0]).to.deep.include({
      component: 'the machine',
      evidence: ['00:00:11 probes of 3 components failed at once: manager, agent, webserver'],
    });
    expect(order({ changes: [...two, probe('webserver', 19_999 + 2_000)] })[0]).to.equal('manager');
  });

  it('finds the component of a pod that is gone, and of an event of its pod', () => {
    const event = { ...change('restart', 'Pod/agent-7b487bb55f-2xljl'), kind: 'warning' as const };
    const told = { ...event, text: 'BackOff: Back-off restarting failed container' };
    expect(order({ changes: [told] })).to.deep.equal(['agent']);
    expect(order({ changes: [{ ...event, text: 'Unhealthy: Startup probe failed' }] })).to.deep.equal([]);
  });

  it('names the last run that a line is not in', () => {
    const [first] = firstCauses(scene({ alarms: [alarm('agent', true)], green: 'nightly-1' }));
    expect(first?.evidence[0]).to.contain('a line that is in no run that succeeded (last: nightly-1)');
  });

  it('of equal evidence is what came first', () => {
    expect(order({ alarms: [alarm('agent', true, 18_000), alarm('manager', true, 12_000)] })).to.deep.equal([
      'manager',
      'agent',
    ]);
  });

  it('has the weights that the guide lists', () => {
    const guide = readFileSync(
      path.join(import.meta.dirname, '../../../docs/guides/read-a-failure.md'),
      'utf8',
    );
    const listed = [...guide.matchAll(/^\| (\d+) \| /gm)].map(([, weight]) => Number(weight));
    expect(listed).to.deep.equal(Object.values(WEIGHTS));
  });

  it('is unknown without evidence', () => {
    expect(order({})).to.deep.equal([]);
  });
});
