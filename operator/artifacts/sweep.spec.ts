import type { ArtifactOwner } from '@backendai-e2e/api/artifact-key';
import { API_VERSION } from '@backendai-e2e/api/group';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { quietLog } from '@backendai-e2e/tools/envtest/doubles/quiet-log';
import { expect } from 'chai';
import { ArtifactSweep } from './sweep.ts';

const OWNER: ArtifactOwner = { namespace: 'ns', report: 'run-a-1', uid: 'report-uid' };
const KEY = `${'a'.repeat(64)}.0.suite.log.gz`;
/** In milliseconds: longer than the garbage collector needs, and far below the time between two sweeps. */
const SOON_MS = 30_000;

/** What the operator and the API server know of the report with artifacts. */
interface Known {
  cached?: TestReport;
  stored?: TestReport;
  runs?: TestRun[];
}

const report = (owners: readonly string[]): TestReport => ({
  apiVersion: API_VERSION,
  kind: 'TestReport',
  metadata: {
    name: OWNER.report,
    namespace: OWNER.namespace,
    uid: OWNER.uid,
    ownerReferences: owners.map((uid) => ({ apiVersion: API_VERSION, kind: 'TestRun', name: 'run', uid })),
  },
  spec: { run: 'run', suite: 'a', attempt: 1, environment: 'e' },
});

const run = (uid: string): TestRun => ({
  apiVersion: API_VERSION,
  kind: 'TestRun',
  metadata: { name: 'run', namespace: 'ns', uid },
  spec: { environmentRef: { name: 'e' } },
});

async function sweep({ cached, stored, runs = [] }: Known) {
  const removed: string[] = [];
  const { reconcile } = new ArtifactSweep({
    // The cast: the sweep reads reports only.
    client: { get: async () => stored as never },
    artifacts: {
      list: async () => [{ place: { ...OWNER, key: KEY }, bytes: 1 }],
      remove: async ({ uid }) => void removed.push(uid),
    },
    reports: { get: () => cached },
    runs: { list: () => runs },
    clock: { now: () => new Date() },
    log: quietLog(),
  });
  const { requeueAfterMs = 0 } = await reconcile({ namespace: 'ns', name: 'artifacts' }, AbortSignal.any([]));
  return { removed, soon: requeueAfterMs < SOON_MS };
}

describe('artifacts', () => {
  it('are removed when their report is gone', async () => {
    expect(await sweep({})).to.deep.equal({ removed: [OWNER.uid], soon: false });
  });

  it('stay with a report whose run exists', async () => {
    const own = report(['run-uid']);
    const runs = [run('run-uid')];
    expect(await sweep({ cached: own, stored: own, runs })).to.deep.equal({ removed: [], soon: false });
    expect(await sweep({ stored: own, runs })).to.deep.equal({ removed: [], soon: false });
  });

  it('are looked at again soon when the run is gone and its report is about to go', async () => {
    const orphan = report(['run-uid']);
    expect(await sweep({ cached: orphan, stored: orphan })).to.deep.equal({ removed: [], soon: true });
    expect(await sweep({ stored: orphan })).to.deep.equal({ removed: [], soon: true });
    expect(await sweep({ cached: orphan, runs: [run('next-uid')] })).to.deep.equal({
      removed: [],
      soon: true,
    });
  });

  it('stay with a report that its deleted run left behind on purpose', async () => {
    expect(await sweep({ stored: report([]) })).to.deep.equal({ removed: [], soon: false });
  });
});
