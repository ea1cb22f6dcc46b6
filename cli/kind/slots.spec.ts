import { component, condition, testEnvironment } from '@backendai-e2e/api/object-fixtures';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import type { WatchEvent } from '@backendai-e2e/kube/calls';
import type { KubeList } from '@backendai-e2e/kube/rest-client';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { longestFirst } from '../catalog/order.ts';
import { followRun, namesOf, readRun, type Snapshot } from '../runs/follow.ts';
import { narrate, waitingLines } from '../runs/progress.ts';
import { rerunSpec, specOf } from '../runs/run-spec.ts';
import { suiteInMidRun } from './kill-operator.ts';
import { environmentNames } from './names.ts';
import { environmentObjects, kindRun } from './objects.ts';

const choice = { includeSlow: true, timeoutSeconds: 60, parallelism: 1, environmentTimeoutSeconds: 30 };

/** A run in "e2e" and "e2e-2". */
function spread(lines: Parameters<typeof run>[0], succeeded?: Parameters<typeof run>[1]): TestRun {
  const one = run(lines, succeeded);
  one.spec.moreEnvironmentRefs = [{ name: 'e2e-2' }];
  return one;
}

function environment(name: string, ready: boolean): TestEnvironment {
  const components = [component('manager', ready ? 2 : 1)];
  const conditions = [condition('Ready', ready ? 'True' : 'False', 'x', 'as said')];
  return testEnvironment(name, { status: { components, conditions } });
}

describe('a job with several environments', () => {
  it('creates equal environments, each in its own namespace, one after another', () => {
    const objects = environmentObjects({ manager: { replicas: 1 } }, () => ({ agent: 'a' }), 3);
    expect(objects.map(({ metadata }) => metadata.name)).to.deep.equal(['e2e', 'e2e-2', 'e2e-3']);
    expect(objects.map(({ spec }) => spec.namespace)).to.deep.equal(['bai-e2e', 'bai-e2e-2', 'bai-e2e-3']);
    expect(objects.map(({ spec }) => spec.deployAfterRef?.name)).to.deep.equal([undefined, 'e2e', 'e2e-2']);
    expect(new Set(objects.map(({ spec }) => JSON.stringify(spec.chart))).size).to.equal(1);
  });

  it('creates a run in all of them, and in one by default', () => {
    const { spec } = kindRun(choice, 3);
    expect(spec.environmentRef.name).to.equal('e2e');
    expect(spec.moreEnvironmentRefs).to.deep.equal([{ name: 'e2e-2' }, { name: 'e2e-3' }]);
    expect(kindRun(choice, 1).spec).not.to.have.property('moreEnvironmentRefs');
    expect(environmentNames(1)).to.deep.equal([{ name: 'e2e', namespace: 'bai-e2e' }]);
  });

  it('starts the longest suites first, and counts a new suite as two minutes', () => {
    const seconds = new Map([
      ['short', 5],
      ['long', 300],
      ['middle', 119],
    ]);
    expect(longestFirst(['short', 'new', 'middle', 'long'], seconds)).to.deep.equal([
      'long',
      'new',
      'middle',
      'short',
    ]);
  });
});

describe('the progress of a run in several environments', () => {
  const running = suite('alpha', 'Passed', { state: 'Running', environment: 'e2e' });
  const audit = suite('audit-e2e-2', 'Failed', { suite: 'audit', environment: 'e2e-2' });

  it('names the environment of each suite and test', () => {
    const done = report('audit-e2e-2', [test('finds nothing')]);
    done.spec.environment = 'e2e-2';
    const before: Snapshot = { run: spread([]), reports: [] };
    const after: Snapshot = { run: spread([running, audit]), reports: [done] };
    expect(narrate(before, after)).to.deep.equal([
      'alpha in e2e: started',
      '  e2e-2 ✔ finds nothing (0.25 s)',
      'audit in e2e-2: Failed in 2.0 s',
    ]);
  });

  it('reports each environment by its name', () => {
    const before: Snapshot = { environment: environment('e2e', true), reports: [] };
    const coming = { ...before, moreEnvironments: [environment('e2e-2', false)] };
    expect(narrate(before, coming)).to.deep.equal([
      'environment e2e-2: Ready False (x): as said',
      'e2e-2: manager 1/2 ready: 0 of 1 components ready',
    ]);
    const up = { ...coming, moreEnvironments: [environment('e2e-2', true)] };
    expect(narrate(coming, up)).to.deep.equal([
      'environment e2e-2: Ready True (x): as said',
      'e2e-2: manager 2/2 ready: 1 of 1 components ready',
    ]);
  });

  it('reports what each environment waits for, also while suites run in the first', () => {
    const seen = {
      environment: environment('e2e', true),
      moreEnvironments: [environment('e2e-2', false)],
      reports: [],
    };
    expect(waitingLines(seen)).to.deep.equal([
      'components of e2e: 1 of 1 ready',
      'components of e2e-2: 0 of 1 ready',
      '  manager 1/2 ready',
    ]);
    const going = spread([running], { status: 'Unknown', reason: 'Running' });
    going.status = { ...going.status, phase: 'Running' };
    expect(waitingLines({ ...seen, run: going })).to.deep.equal([
      'alpha in e2e: starting',
      'environment e2e-2: as said',
    ]);
  });

  it('spares the operator until all of them are ready, and during spared suites', () => {
    const lines = [running, suite('beta', 'Passed', { state: 'Waiting' })];
    const open = report('alpha', [], { final: false, startedAt: '2026-01-01T00:00:00Z' });
    const going = spread(lines, { status: 'Unknown', reason: 'Running' });
    const seen = { run: going, reports: [open], environment: environment('e2e', true) };
    const none: ReadonlySet<string> = new Set();
    expect(suiteInMidRun(seen, none), 'the second was not seen').to.equal(undefined);
    const coming = { ...seen, moreEnvironments: [environment('e2e-2', false)] };
    expect(suiteInMidRun(coming, none), 'the second comes up').to.equal(undefined);
    const ready = { ...seen, moreEnvironments: [environment('e2e-2', true)] };
    expect(suiteInMidRun(ready, none)).to.equal('alpha');
    const late = { ...audit, state: 'Running' as const };
    const beside = { ...ready, run: spread([...lines, late], { status: 'Unknown', reason: 'Running' }) };
    expect(suiteInMidRun(beside, new Set(['audit']))).to.equal(undefined);
  });
});

describe('following a run in several environments', () => {
  /** Holds the run and its environments, and gives these answers for its reports; watches say nothing more. */
  function cluster(held: TestRun, environments: TestEnvironment[], reports: TestReport[][] = []) {
    return {
      get: async <T>(path: string, query: Record<string, unknown> = {}): Promise<T> => {
        const wanted = String(query.fieldSelector ?? '').replace('metadata.name=', '');
        const items = path.endsWith('/testruns')
          ? [held]
          : path.endsWith('/testenvironments')
            ? environments.filter(({ metadata }) => metadata.name === wanted)
            : (reports.shift() ?? []);
        const list: KubeList<unknown> = { metadata: { resourceVersion: '1' }, items };
        return (path.endsWith('/run') ? held : list) as T;
      },
      watch: async function* <T>(
        _path: string,
        _query: unknown,
        signal: AbortSignal,
      ): AsyncGenerator<WatchEvent<T>> {
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        yield* [];
      },
    };
  }
  const both = [environment('e2e', true), environment('e2e-2', false)];
  const names = namesOf('backendai-e2e', spread([]));

  it('includes all of them', async () => {
    const going = spread([], { status: 'Unknown', reason: 'Running' });
    const stop = new AbortController();
    const enough = new Promise<Snapshot>((resolve) => {
      const onChange = (seen: Snapshot) => {
        if (seen.environment && seen.moreEnvironments) resolve(seen);
      };
      followRun(cluster(going, both), names, { signal: stop.signal, onChange, deadlineMs: 60_000 }).catch(
        () => undefined,
      );
    });
    const seen = await enough;
    stop.abort();
    expect(seen.moreEnvironments?.map(({ metadata }) => metadata.name)).to.deep.equal(['e2e-2']);
  });

  it('ends with every report, also when the end of the run arrives first', async () => {
    const all = [report('alpha', []), report('beta', [])];
    const changes: number[] = [];
    const last = await followRun(cluster(spread([]), both, [all.slice(0, 1), all]), names, {
      signal: new AbortController().signal,
      onChange: ({ reports }) => changes.push(reports.length),
      deadlineMs: 60_000,
    });
    expect(last.reports.map(({ metadata }) => metadata.name)).to.deep.equal(['run-alpha-1', 'run-beta-1']);
    expect(changes.at(-1), 'reports in the last change').to.equal(2);
  });

  it('reads every environment that exists', async () => {
    const whole = await readRun(cluster(spread([]), both), names);
    expect(whole.environment?.metadata.name).to.equal('e2e');
    expect(whole.moreEnvironments?.map(({ metadata }) => metadata.name)).to.deep.equal(['e2e-2']);
    const one = await readRun(cluster(run([]), both), namesOf('backendai-e2e', run([])));
    expect(one).not.to.have.property('moreEnvironments');
  });
});

describe('a run in several environments from the command', () => {
  it('takes a comma-separated list', () => {
    const wish = { environment: 'a, b,c', includeSlow: true, failFast: false };
    expect(specOf(wish, [])).to.deep.equal({
      environmentRef: { name: 'a' },
      moreEnvironmentRefs: [{ name: 'b' }, { name: 'c' }],
    });
  });

  it('repeats each suite once, in all of them', () => {
    const lines = [
      suite('audit', 'Passed', { environment: 'e2e' }),
      suite('audit-e2e-2', 'Passed', { suite: 'audit', environment: 'e2e-2' }),
    ];
    expect(rerunSpec(spread(lines), false)).to.deep.equal({
      environmentRef: { name: 'e2e' },
      moreEnvironmentRefs: [{ name: 'e2e-2' }],
      suites: { names: ['audit'] },
    });
  });
});
