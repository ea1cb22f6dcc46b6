import { expect } from 'chai';
import { CHART, IMAGES, template } from '../rendering/e2e-operator.ts';

/** The part of a workload that this test reads. */
interface Workload {
  kind: string;
  metadata: { name: string };
  spec: { template?: Pod; jobTemplate?: { spec: { template: Pod } } };
}
interface Pod {
  metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown> & { containers: { args?: string[] }[] };
}

const PLACE = {
  nodeSelector: { pool: 'tests' },
  tolerations: [{ key: 'dedicated', operator: 'Exists' }],
  affinity: { nodeAffinity: {} },
  priorityClassName: 'low',
};
const ANNOTATIONS = { 'sidecar.istio.io/inject': 'false' };
const LABELS = { team: 'qa' };

describe('the pods of charts/e2e-operator', function () {
  this.timeout(60_000);

  /** Rendered with these values, which replace those of the chart. */
  async function podsWith(values: Record<string, unknown>): Promise<Pod[]> {
    const set = Object.entries(values).flatMap(([name, value]) => [
      '--set-json',
      `${name}=${JSON.stringify(value)}`,
    ]);
    const objects = await template(CHART, ...IMAGES, '--set', 'schedule.cron=1 2 * * *', ...set);
    // The cast: the kind distinguishes workloads.
    const workloads = objects.filter(({ kind }) => ['Deployment', 'CronJob'].includes(kind)) as unknown[];
    const pods = (workloads as Workload[]).map(
      ({ spec }) => spec.template ?? spec.jobTemplate?.spec.template,
    );
    return pods.filter((pod) => pod !== undefined);
  }

  it('run where the values say', async () => {
    const pods = await podsWith({ ...PLACE, podAnnotations: ANNOTATIONS, podLabels: LABELS });
    expect(pods).to.have.length(3);
    for (const { metadata, spec } of pods) {
      expect(spec).to.deep.include(PLACE);
      expect(metadata.annotations).to.include(ANNOTATIONS);
      expect(metadata.labels).to.include(LABELS);
    }
  });

  it('pass to the operator where the pods of suites run, and only what is set', async () => {
    const told = (pods: Pod[]) =>
      pods
        .flatMap(({ spec }) => spec.containers.flatMap(({ args = [] }) => args))
        .filter((arg) => arg.startsWith('--suite-pods='))
        .map((arg) => JSON.parse(arg.slice('--suite-pods='.length)));
    const settings = { ...PLACE, podAnnotations: ANNOTATIONS, podLabels: LABELS };
    expect(told(await podsWith({ suitePods: settings }))).to.deep.equal([
      { ...PLACE, annotations: ANNOTATIONS, labels: LABELS },
    ]);
    expect(told(await podsWith({ 'suitePods.priorityClassName': 'low' }))).to.deep.equal([
      { priorityClassName: 'low' },
    ]);
    expect(told(await podsWith({}))).to.deep.equal([]);
  });
});
