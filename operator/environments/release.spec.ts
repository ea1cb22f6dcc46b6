import { gzipSync } from 'node:zlib';
import type { Secret } from '@backendai-e2e/kube/builtin-resources';
import { expect } from 'chai';
import type { ContainerSpec, Workload } from './components.ts';
import { driftOf, installedWorkloads, newestRelease, shouldExist } from './release.ts';

const annotations = { 'e2e.backend.ai/desired-replicas': '2' };
const MANIFEST = `---
# Source: tiny/templates/all.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: manager, annotations: {e2e.backend.ai/desired-replicas: "2"}}
spec:
  replicas: 2
  template: {spec: {containers: [{name: main, image: "a:1", env: [{name: LEVEL, value: info}]}]}}
---
apiVersion: v1
kind: Service
metadata: {name: manager}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: unmarked}
`;

function release(content: string, version = '1'): Secret {
  const inner = Buffer.from(content).toString('base64');
  return { metadata: { name: `v${version}`, labels: { version } }, data: { release: inner } };
}

const packed = (value: object) => gzipSync(JSON.stringify(value)).toString('base64');

function workload(container: Partial<ContainerSpec> = {}, spec: Workload['spec'] = {}): Workload {
  const containers = [{ name: 'main', image: 'a:1', env: [{ name: 'LEVEL', value: 'info' }], ...container }];
  return {
    kind: 'Deployment',
    metadata: { name: 'manager', annotations },
    spec: { replicas: 2, template: { spec: { containers } }, ...spec },
  };
}

describe('installedWorkloads', () => {
  it("reads the annotated workloads of helm's release", async () => {
    const found = await installedWorkloads(release(packed({ manifest: MANIFEST })));
    expect(found?.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).to.deep.equal([
      'Deployment/manager',
    ]);
    expect(driftOf(found ?? [], [workload()])).to.deep.equal([]);
  });

  it('is undefined when the release cannot be read', async () => {
    for (const content of ['no base64 of gzip', packed({ other: 1 })]) {
      expect(await installedWorkloads(release(content))).to.equal(undefined);
    }
    expect(await installedWorkloads({ metadata: { name: 'empty' } })).to.equal(undefined);
  });

  it('takes the newest release by number, not alphabetically', () => {
    const releases = ['2', '10', '9'].map((version) => release('', version));
    expect(newestRelease(releases)?.metadata.name).to.equal('v10');
  });
});

describe('driftOf', () => {
  const cases: [string, Workload[], string[]][] = [
    ['nothing', [workload()], []],
    ['what the API server adds', [workload({}, { ttlSecondsAfterFinished: 3 })], []],
    ['deleted', [], ['Deployment/manager was deleted']],
    ['scaled', [workload({}, { replicas: 0 })], ['Deployment/manager was scaled from 2 to 0']],
    [
      'another image',
      [workload({ image: 'b:2' })],
      ['container main of Deployment/manager has image b:2 instead of a:1'],
    ],
    [
      'variables, without their values',
      [workload({ env: [{ name: 'TOKEN', value: 'hidden' }] })],
      ['container main of Deployment/manager has other variables: LEVEL, TOKEN'],
    ],
    ['a container less', [workload({ name: 'else' })], ['container main of Deployment/manager was removed']],
  ];
  for (const [what, existing, sentences] of cases) {
    it(`sees ${what}`, () => {
      expect(driftOf([workload()], existing)).to.deep.equal(sentences);
    });
  }

  it('compares arguments only if the chart sets them', () => {
    const given = [workload({ args: ['--debug'] })];
    expect(driftOf([workload()], given)).to.deep.equal([]);
    expect(driftOf([workload({ args: ['run'] })], given)).to.deep.equal([
      'container main of Deployment/manager has another args',
    ]);
  });

  it('ignores a Job that its time to live has deleted', () => {
    const job: Workload = { ...workload(), kind: 'Job' };
    expect(driftOf([job], [])).to.deep.equal(['Job/manager was deleted']);
    expect(shouldExist({ ...job, spec: { ttlSecondsAfterFinished: 60 } })).to.equal(false);
  });
});
