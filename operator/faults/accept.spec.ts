import type { Fault } from '@backendai-e2e/api/fault';
import { API_VERSION } from '@backendai-e2e/api/group';
import { testEnvironment, testReport, testRun, testSuite } from '@backendai-e2e/api/object-fixtures';
import type { Namespace } from '@backendai-e2e/kube/builtin-resources';
import { expect } from 'chai';
import { type Asked, refusalOf } from './accept.ts';

const fault: Fault = {
  apiVersion: API_VERSION,
  kind: 'Fault',
  metadata: { name: 'f', namespace: 'ns' },
  spec: { environmentRef: { name: 'e2e' }, target: { component: 'web' }, podDelete: {} },
};
const ofSuite: Fault = {
  ...fault,
  metadata: { ...fault.metadata, labels: { 'e2e.backend.ai/report': 'run-s-1' } },
};
const environment = testEnvironment('e2e', { spec: { chart: { name: 'c' }, disruption: 'Allowed' } });
const report = testReport('s');
const run = testRun('run');
const suite = testSuite('s', { spec: { disruptive: true } });
const owner = (annotation: string): Namespace => ({
  metadata: { name: 'bai-e2e', annotations: { 'e2e.backend.ai/owner': annotation } },
});
const deployedIn = owner('ns/e2e');
const asked: Asked = { fault: ofSuite, environment, deployedIn, report, run, suite };

describe('whether a fault is accepted', () => {
  it('accepts a person and a running attempt of a disruptive suite in the same environment', () => {
    expect(refusalOf(asked)).to.equal(undefined);
    const byPerson = { fault, environment, deployedIn, report: undefined, run: undefined, suite: undefined };
    expect(refusalOf(byPerson)).to.equal(undefined);
  });

  const wrong: [string, Partial<Asked>, string][] = [
    ['a namespace of another environment', { deployedIn: owner('ns/other') }, 'NotPermitted'],
    ['a namespace without an owner', { deployedIn: { metadata: { name: 'bai-e2e' } } }, 'NotPermitted'],
    ['no namespace', { deployedIn: undefined }, 'NotPermitted'],
    ['no environment', { environment: undefined }, 'EnvironmentNotFound'],
    [
      'an environment that is careful',
      { environment: { ...environment, spec: { chart: { name: 'c' } } } },
      'DisruptionForbidden',
    ],
    [
      'an environment that is not ours',
      { environment: { ...environment, spec: { external: {}, disruption: 'Allowed' } } },
      'Unsupported',
    ],
    ['an attempt that does not exist', { report: undefined }, 'NotPermitted'],
    ['an attempt that has ended', { report: { ...report, status: { final: true } } }, 'NotPermitted'],
    [
      "another run's environment",
      { run: { ...run, spec: { environmentRef: { name: 'other' } } } },
      'NotPermitted',
    ],
    [
      'an environment of its run in which it does not run',
      { report: { ...report, spec: { ...report.spec, environment: 'other' } } },
      'NotPermitted',
    ],
    [
      'a suite that is not disruptive',
      { suite: { ...suite, spec: { files: ['a'], image: 'i' } } },
      'NotPermitted',
    ],
  ];
  for (const [what, changes, reason] of wrong) {
    it(`refuses ${what}`, () => {
      const refusal = refusalOf({ ...asked, ...changes });
      expect(refusal?.reason).to.equal(reason);
      expect(refusal?.message).to.match(/\w{3,}/);
    });
  }
});
