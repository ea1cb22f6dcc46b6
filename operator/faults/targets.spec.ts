import { type FaultSpec, holds } from '@backendai-e2e/api/fault';
import type { Pod } from '@backendai-e2e/kube/builtin-resources';
import { expect } from 'chai';
import { FaultRefused } from './accept.ts';
import { chooseTargets, componentSelector } from './targets.ts';

const pod = (name: string, changes: Partial<Pod['metadata']> = {}, more: Partial<Pod> = {}): Pod => ({
  metadata: { name, uid: `uid-${name}`, labels: { 'app.kubernetes.io/component': 'web' }, ...changes },
  spec: { shareProcessNamespace: true, containers: [{ name: 'main' }] },
  status: {
    phase: 'Running',
    podIP: '10.0.0.1',
    containerStatuses: [
      {
        name: 'main',
        image: '',
        imageID: '',
        containerID: 'containerd://abc',
        ready: true,
        restartCount: 0,
        state: { running: {} },
      },
    ],
  },
  ...more,
});
const spec = (changes: Partial<FaultSpec> = {}): FaultSpec => ({
  environmentRef: { name: 'e' },
  target: { component: 'web' },
  podDelete: {},
  ...changes,
});
const pods = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => pod(name));
const names = (choice: { pod: string }[]) => choice.map((target) => target.pod).sort();

function refusal(run: () => unknown): { reason: string; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof FaultRefused) return error.refusal;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the selector of a component', () => {
  it('is none for a value that no label has, which the API server would refuse', () => {
    expect(componentSelector('app-proxy_1.b')).to.equal('app.kubernetes.io/component=app-proxy_1.b');
    for (const component of ['', 'a b', '-a', 'a.', '𝛠⥩', 'a,b=c', 'a\n', 'a'.repeat(64)]) {
      expect(componentSelector(component), component).to.equal(undefined);
    }
  });
});

describe('the choice of targets', () => {
  it('takes all live pods of the component, and no others', () => {
    const others = [
      pod('going', { deletionTimestamp: '2030-01-01T00:00:00Z' }),
      pod('done', {}, { status: { phase: 'Succeeded' } }),
      pod('other', { labels: { 'app.kubernetes.io/component': 'db' } }),
    ];
    expect(names(chooseTargets(spec(), [...others, pod('a')], undefined))).to.deep.equal(['a']);
  });

  it('is the same for the same seed in any order, and differs between seeds', () => {
    const choose = (seed: number, from: Pod[]) =>
      names(chooseTargets(spec({ seed, target: { component: 'web', count: 2 } }), from, undefined));
    expect(choose(1, pods)).to.deep.equal(choose(1, pods.toReversed()));
    const choices = new Set(Array.from({ length: 20 }, (_, seed) => choose(seed, pods).join()));
    expect(choices.size).to.be.above(3);
  });

  it('finds the pod that holds the lock, and refuses a holder that is not a pod', () => {
    const leader = spec({ target: { component: 'web', leader: 'scheduler' } });
    expect(names(chooseTargets(leader, pods, 'manager-b-0'))).to.deep.equal(['b']);
    expect(refusal(() => chooseTargets(leader, pods, 'manager-z-0'))).to.include({ reason: 'LeaderUnknown' });
    expect(refusal(() => chooseTargets(leader, pods, undefined))).to.include({ reason: 'LeaderUnknown' });
  });

  it('refuses more pods than there are, and names what there is when there is none', () => {
    const many = spec({ target: { component: 'web', count: 7 } });
    expect(refusal(() => chooseTargets(many, pods, undefined)).message).to.match(/7 pods .* only 6 match/);
    const wrong = spec({ target: { component: 'web', pod: 'x' } });
    expect(refusal(() => chooseTargets(wrong, pods, undefined)).message).to.match(/no pod x .*a, b, c/);
  });

  it('notes the container with its ID where processes are meant, and refuses what cannot be signalled', () => {
    const pause = spec({ pause: {} });
    delete pause.podDelete;
    expect(chooseTargets(pause, [pod('a')], undefined)[0]).to.include({
      container: 'main',
      containerId: 'abc',
    });
    const alone = pod('a', {}, { spec: { containers: [{ name: 'main' }] } });
    expect(refusal(() => chooseTargets(pause, [alone], undefined)).reason).to.equal('ProcessesNotShared');
    const other = { ...pause, pause: { container: 'nobody' } };
    expect(refusal(() => chooseTargets(other, [pod('a')], undefined)).message).to.match(/nobody .* main/);
  });
});

describe('the value of a lock', () => {
  it('names a pod by service, pod and process', () => {
    expect(holds('manager-manager-5c9-x2-0', 'manager-5c9-x2')).to.equal(true);
    expect(holds('manager-manager-5c9-x2-11', 'manager-5c9-x2')).to.equal(true);
    expect(holds('manager-manager-5c9-x2-0', 'x3')).to.equal(false);
    expect(holds('manager-manager-5c9-x2-0', 'manager-5c9')).to.equal(false);
    expect(holds(undefined, 'a')).to.equal(false);
  });
});
