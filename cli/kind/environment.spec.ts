import { condition, testEnvironment } from '@backendai-e2e/api/object-fixtures';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { WatchEvent } from '@backendai-e2e/kube/calls';
import type { Watcher } from '@backendai-e2e/kube/observe';
import type { KubeList } from '@backendai-e2e/kube/rest-client';
import { expect } from 'chai';
import { endingOfEnvironment, untilReady } from './environment.ts';

function environment(
  conditions: [type: string, status: 'True' | 'False' | 'Unknown', reason: string][],
  observedGeneration = 2,
): TestEnvironment {
  const said = conditions.map(([type, status, reason]) =>
    condition(type, status, reason, `because ${reason}`),
  );
  const metadata = { namespace: 'backendai-e2e', generation: 2 };
  return testEnvironment('e2e', { metadata, status: { observedGeneration, conditions: said } });
}

const ready = environment([['Ready', 'True', 'AllReady']]);
const deploying = environment([['Ready', 'Unknown', 'Deploying']]);

describe('waiting for an environment', () => {
  it('ends when it is ready, for the spec that was asked for', () => {
    expect(endingOfEnvironment(ready)).to.deep.include({ code: 0 });
    expect(endingOfEnvironment(environment([['Ready', 'True', 'AllReady']], 1))).to.equal(undefined);
  });

  it('continues while Helm works or components are not ready', () => {
    expect(endingOfEnvironment(deploying)).to.equal(undefined);
    expect(endingOfEnvironment(environment([['Ready', 'False', 'ComponentsNotReady']]))).to.equal(undefined);
  });

  it('distinguishes a failed deployment (2) from an unhealthy one (1)', () => {
    const failed = endingOfEnvironment(environment([['Deployed', 'False', 'HelmFailed']]));
    expect(failed).to.deep.equal({ code: 2, sentence: 'HelmFailed: because HelmFailed' });
    for (const reason of ['DeployTimedOut', 'JobFailed']) {
      expect(endingOfEnvironment(environment([['Ready', 'False', reason]]))).to.deep.include({ code: 1 });
    }
  });

  /** An API server that holds these states, one after another. */
  function serving(states: readonly TestEnvironment[]): Watcher {
    return {
      get: async <T>() =>
        ({
          metadata: { resourceVersion: '1' },
          items: states.slice(0, 1),
        }) satisfies KubeList<TestEnvironment> as T,
      watch: async function* <T>(_path: string, _query: object, signal: AbortSignal) {
        for (const object of states.slice(1)) yield { type: 'MODIFIED', object } as WatchEvent<T>;
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    };
  }
  const said: string[] = [];
  const progress = { log: (line: string) => said.push(line), state: () => {}, title: () => {} };
  const signal = new AbortController().signal;

  it('reports what changes while it waits', async () => {
    const ending = await untilReady(serving([deploying, ready]), { signal, progress });
    expect(ending).to.deep.equal({ code: 0, sentence: 'environment e2e is ready' });
    expect(said.join('\n')).to.contain('Ready True (AllReady)');
  });

  it('fails at its deadline with what it last saw', async () => {
    const ending = await untilReady(serving([deploying]), { signal, progress, deadlineMs: 30 });
    expect(ending.code).to.equal(1);
    expect(ending.sentence).to.contain('Deploying: because Deploying');
  });
});
