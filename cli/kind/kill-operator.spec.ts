import type { TestReport } from '@backendai-e2e/api/test-report';
import type { RunSuite } from '@backendai-e2e/api/test-run';
import type { WatchEvent } from '@backendai-e2e/kube/calls';
import { report, run, suite } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import type { PhaseProgress } from '../terminal/renderer.ts';
import { OperatorKill, suiteInMidRun } from './kill-operator.ts';

const startedAt = '2026-01-01T00:00:00Z';
const none: ReadonlySet<string> = new Set();
const working = (name: string): RunSuite => ({ name, state: 'Running', attempt: 1, report: `run-${name}-1` });
const waiting = (name: string): RunSuite => ({ name, state: 'Waiting', attempt: 0 });
const snapshot = (lines: RunSuite[], reports: TestReport[]) => ({
  run: run(lines, { status: 'Unknown', reason: 'Running' }),
  reports,
});
const open = report('b', [], { final: false, startedAt });

describe('killing the operator during a run', () => {
  it('is due while one suite runs and others wait', () => {
    const lines = [suite('a', 'Passed'), working('b'), waiting('c')];
    expect(suiteInMidRun(snapshot(lines, [open]), none)).to.equal('b');
  });

  it('is not due before a suite runs, when none waits, and during disruptive suites', () => {
    const lines = [working('b'), waiting('c')];
    expect(suiteInMidRun({ reports: [] }, none)).to.equal(undefined);
    expect(suiteInMidRun(snapshot(lines, []), none), 'no report yet').to.equal(undefined);
    const created = report('b', [], { final: false });
    expect(suiteInMidRun(snapshot(lines, [created]), none), 'not started').to.equal(undefined);
    const over = report('b', [], { final: true, startedAt });
    expect(suiteInMidRun(snapshot(lines, [over]), none), 'over').to.equal(undefined);
    expect(suiteInMidRun(snapshot([working('b')], [open]), none), 'the last').to.equal(undefined);
    expect(suiteInMidRun(snapshot(lines, [open]), new Set(['b'])), 'spared').to.equal(undefined);
    const beside = [working('b'), working('d'), waiting('c')];
    expect(suiteInMidRun(snapshot(beside, [open]), new Set(['d'])), 'beside').to.equal(undefined);
  });

  const said: string[] = [];
  const progress = {
    log: (line: string) => said.push(line),
    state: () => {},
    title: () => {},
  } as PhaseProgress;
  const leases = (holder: string) => ({
    metadata: { resourceVersion: '1', name: 'backendai-e2e-operator' },
    spec: { holderIdentity: holder },
  });

  /** An API server with one operator's pod; the lease goes to `next` when the pod is deleted. */
  function cluster(next: string | undefined) {
    const deleted: string[] = [];
    return {
      deleted,
      get: async <T>(path: string): Promise<T> => {
        const now = deleted.length > 0 && next !== undefined ? next : 'old_1';
        const answer = path.endsWith('/pods')
          ? { items: [{ metadata: { name: 'old' } }] }
          : path.endsWith('/leases')
            ? { metadata: { resourceVersion: '1' }, items: [leases(now)] }
            : leases(now);
        return answer as T;
      },
      watch: async function* <T>(
        _path: string,
        _query: unknown,
        signal: AbortSignal,
      ): AsyncGenerator<WatchEvent<T>> {
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        yield* [];
      },
      text: async (path: string) => `log of ${path}`,
      delete: async (path: string, _signal?: AbortSignal, query?: object) => {
        deleted.push(`${path} ${JSON.stringify(query)}`);
      },
    };
  }

  it('deletes the pods by force once, and waits for the next leader', async () => {
    const api = cluster('new_2');
    const kill = new OperatorKill(api, {
      namespace: 'ns',
      spared: none,
      progress,
      signal: new AbortController().signal,
    });
    const seen = snapshot([working('b'), waiting('c')], [open]);
    kill.look(seen);
    kill.look(seen);
    expect(await kill.ended()).to.deep.equal([]);
    expect(api.deleted).to.deep.equal(['/api/v1/namespaces/ns/pods/old {"gracePeriodSeconds":0}']);
    expect(kill.logs).to.deep.equal([{ pod: 'old', text: 'log of /api/v1/namespaces/ns/pods/old/log' }]);
    expect(kill.events.map(({ reason }) => reason)).to.deep.equal(['OperatorKilled', 'OperatorBack']);
    expect(kill.events[0]?.message).to.equal('pod old deleted by force in the middle of b');
    expect(kill.events[1]?.message).to.match(/^new leads after \d/);
    expect(said.join('\n')).to.include('operator: pod old deleted by force');
  });

  it('reports a failed kill as a problem, and a run without an opportunity as none', async () => {
    const options = { namespace: 'ns', spared: none, progress, signal: new AbortController().signal };
    const api = { ...cluster(undefined), get: async () => Promise.reject(new Error('no rights')) };
    const kill = new OperatorKill(api, options);
    kill.look(snapshot([working('b'), waiting('c')], [open]));
    expect(await kill.ended()).to.deep.equal(['the operator was to be killed in the middle of b: no rights']);
    const never = new OperatorKill(api, options);
    never.look(snapshot([working('b')], [open]));
    expect(await never.ended()).to.deep.equal([]);
    expect(never.events.map(({ reason }) => reason)).to.deep.equal(['OperatorNotKilled']);
  });
});
