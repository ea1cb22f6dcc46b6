import { DEFAULT_RESOURCES } from '@backendai-e2e/operator/attempts/attempt-job';
import { expect } from 'chai';
import { parse } from 'yaml';
import { type Container, E2E_VALUES, helm, type Pod, render, workloads } from '../rendering/backend-ai.ts';

/** Of a node of two cores, what kubeadm's control plane, the network and the storage of kind ask for, millicores. */
const KUBE_SYSTEM = 950;
const NODE = 2000;
/** Most environments that the command makes. */
const ENVIRONMENTS = 5;

/** Millicores that a container asks for. */
function asks({ resources }: Pick<Container, 'resources'>): number {
  const text = resources?.requests?.cpu ?? '0';
  return text.endsWith('m') ? Number(text.slice(0, -1)) : Number(text) * 1000;
}

const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);

/** What the scheduler counts for a pod: its containers and sidecars, or the largest of what runs before them. */
function ofPod({ containers, initContainers = [] }: Pod): number {
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  const first = initContainers.filter((each) => !sidecars.includes(each));
  return Math.max(
    sum([...containers, ...sidecars].map(asks)),
    sum(sidecars.map(asks)) + Math.max(0, ...first.map(asks)),
  );
}

describe('the resource requests of the end-to-end environments', () => {
  it('fit on a node of two cores, with a suite in each and the operator', async () => {
    const made = workloads(await render('--values', E2E_VALUES));
    const jobs = made.filter(({ kind }) => kind === 'Job');
    const running = made.filter(({ kind }) => kind !== 'Job');
    const one = sum(running.map(({ pod, object }) => ofPod(pod) * (object.spec?.replicas ?? 1)));
    const bootstrap = sum(jobs.map(({ pod }) => ofPod(pod)));
    const operator: { resources: object } = parse(await helm('show', 'values', 'charts/e2e-operator'));
    const suite = asks({ resources: DEFAULT_RESOURCES });
    const all = KUBE_SYSTEM + asks(operator) + ENVIRONMENTS * one;
    expect(running, 'workloads').to.have.length.above(9);
    expect(one, 'one environment').to.be.above(50);
    expect(all + ENVIRONMENTS * suite, 'all in use').to.be.at.most(NODE);
    // They are deployed one after another: the last one's bootstrap runs beside suites in the others.
    expect(all + bootstrap + (ENVIRONMENTS - 1) * suite, 'the last one on its way').to.be.at.most(NODE);
  });
});
