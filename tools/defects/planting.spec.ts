import { expect } from 'chai';
import type { Defect, Way } from './defect-list.ts';
import { configMapOf, neverPlanted, type PodTemplate, plantedTemplate, planterError } from './planting.ts';

const TEMPLATE: PodTemplate = {
  metadata: { labels: { a: 'b' }, annotations: { old: '1' } },
  spec: {
    containers: [
      { name: 'engine', env: [{ name: 'A', value: '1' }] },
      { name: 'agent', env: [{ name: 'A', value: '1' }], volumeMounts: [{ name: 'v', mountPath: '/v' }] },
    ],
    volumes: [{ name: 'v' }],
  },
};
const CHANGE: Way = {
  by: 'change',
  change: { name: 'a', module: 'm', replace: 'x', with: 'y', times: 1 },
};
const defect = (way: Way, name = 'a'): Defect => ({
  name,
  component: 'agent',
  kind: 'false answer',
  wrong: 'It lies.',
  way,
  suites: ['s'],
  says: /a/,
});
const planted = (...ways: Way[]) =>
  plantedTemplate(
    TEMPLATE,
    'agent',
    ways.map((way) => defect(way)),
    'ns',
  );

describe('planting defects in a pod', () => {
  it("gives the component's container the changing program, and leaves the others alone", () => {
    const { spec } = planted(CHANGE);
    expect(spec.containers[0]).to.deep.equal(TEMPLATE.spec.containers[0]);
    expect(spec.containers[1]?.env).to.deep.equal([
      { name: 'A', value: '1' },
      { name: 'PYTHONPATH', value: '/e2e-defects' },
    ]);
    expect(spec.containers[1]?.volumeMounts).to.deep.include({
      name: 'e2e-defects',
      mountPath: '/e2e-defects',
      readOnly: true,
    });
    expect(spec.volumes).to.deep.include({ name: 'e2e-defects', configMap: { name: 'e2e-defects-agent' } });
  });

  it('replaces the value of a setting', () => {
    expect(planted({ by: 'setting', name: 'A', value: '2' }).spec.containers[1]?.env).to.deep.equal([
      { name: 'A', value: '2' },
    ]);
  });

  it('leads every name of a withheld host to a closed port', () => {
    expect(planted({ by: 'withheld', host: 's3' }).spec.hostAliases).to.deep.equal([
      { ip: '127.0.0.1', hostnames: ['s3', 's3.ns', 's3.ns.svc', 's3.ns.svc.cluster.local'] },
    ]);
  });

  it('changes an annotation, so that pods are replaced even if only the text of a change differs', () => {
    const other: Way = { by: 'change', change: { ...CHANGE.change, with: 'z' } };
    const [one, two] = [planted(CHANGE), planted(other)].map(({ metadata }) => metadata?.annotations);
    expect(one).to.include({ old: '1' });
    expect(one).not.to.deep.equal(two);
  });

  it('refuses a template without the container', () => {
    expect(() => plantedTemplate(TEMPLATE, 'manager', [defect(CHANGE)], 'ns')).to.throw(
      'the pods of manager have no container manager',
    );
  });

  it('keeps the template to restore beside the changes', () => {
    const { data } = configMapOf('agent', [defect(CHANGE)], TEMPLATE, 'program') as {
      data: Record<string, string>;
    };
    expect(JSON.parse(data['original.json'] ?? '')).to.deep.equal(TEMPLATE);
    expect(JSON.parse(data['defects.json'] ?? '')).to.deep.equal([CHANGE.change]);
    expect(data['sitecustomize.py']).to.equal('program');
  });
});

describe('the log of a pod with defects', () => {
  it('proves which changes are planted', () => {
    const defects = [defect(CHANGE), defect(CHANGE, 'b'), defect({ by: 'withheld', host: 's3' }, 'c')];
    const logs = 'start\ne2e-defect: a: planted in m\n';
    expect(neverPlanted(defects, logs).map(({ name }) => name)).to.deep.equal(['b']);
  });

  it('shows why a process was ended', () => {
    const logs = 'e2e-defect: a: planted in m\ne2e-defect: b: n holds the text 0 times, not 1\n';
    expect(planterError(logs)).to.equal('b: n holds the text 0 times, not 1');
    expect(planterError('Traceback')).to.equal(undefined);
  });
});
