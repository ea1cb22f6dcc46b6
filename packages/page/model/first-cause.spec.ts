import { expect } from 'chai';
import { firstCauses, type Scene } from './first-cause.ts';

const WINDOW = { from: 10_000, to: 20_000 };
const scene = (more: Partial<Scene>): Scene => ({
  ...{ error: 'expected 1 to equal 2', window: WINDOW, changes: [], faults: [], alarms: [], newDigests: [] },
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

  it('counts no more than three lines of one component', () => {
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
      '00:00:15 lost its readiness: unready of manager',
      '00:00:11 the fault suite-x (pause) was in force',
      'its digest differs from the run before',
    ]);
  });

  it('finds a component that the error names, as a word of its own', () => {
    expect(order({ error: 'the manager did not answer' })).to.deep.equal(['manager']);
    expect(order({ error: 'managers and sub-manager-x' })).to.deep.equal([]);
  });

  it('of equal evidence is what came first', () => {
    expect(order({ alarms: [alarm('agent', true, 18_000), alarm('manager', true, 12_000)] })).to.deep.equal([
      'manager',
      'agent',
    ]);
  });

  it('is unknown without evidence', () => {
    expect(order({})).to.deep.equal([]);
  });
});
