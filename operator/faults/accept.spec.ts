import type { Fault } from '@backendai-e2e/api/fault';
import { API_VERSION } from '@backendai-e2e/api/group';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import type { Namespace } from '@backendai-e2e/kube/builtin-resources';
import { expect } from 'chai';
import { type Asked, refusalOf } from './accept.ts';

const made = <Kind extends string>(kind: Kind, name: string) => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, namespace: 'ns' },
});
const fault: Fault = {
  ...made('Fault', 'f'),
  spec: { environmentRef: { name: 'e2e' }, target: { component: 'web' }, podDelete: {} },
};
const ofSuite: Fault = {
  ...fault,
  metadata: { ...fault.metadata, labels: { 'e2e.backend.ai/report': 'run-s-1' } },
};
const environment: TestEnvironment = {
  ...made('TestEnvironment', 'e2e'),
  spec: { chart: { name: 'c' }, disruption: 'Allowed' },
};
const report: TestReport = {
  ...made('TestReport', 'run-s-1'),
  spec: { run: 'run', suite: 's', attempt: 1 },
};
const run: TestRun = { ...made('TestRun', 'run'), spec: { environmentRef: { name: 'e2e' } } };
const suite: TestSuite = {
  ...made('TestSuite', 's'),
  spec: { files: ['a'], image: 'i', disruptive: true },
};
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
