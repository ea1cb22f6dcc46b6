import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { loadKubeconfig } from '@backendai-e2e/kube/kubeconfig';
import { RestClient } from '@backendai-e2e/kube/rest-client';
import type { PageData } from '@backendai-e2e/page/model/data/page-data';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { followLive } from './live-run.ts';
import { LiveRunView } from './live-view.ts';
import { UiServer } from './ui-server.ts';

const READS = ['get', 'list', 'watch'];
const RUNS = { apiGroups: ['e2e.backend.ai'], resources: ['testruns', 'testenvironments'], verbs: READS };
const REPORTS = { apiGroups: ['e2e.backend.ai'], resources: ['testreports'], verbs: READS };

describe('a live page against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let folder: string;
  const stop = new AbortController();
  const clients: RestClient[] = [];

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'e2e-ui-'));
    harness = await startOperatorHarness();
    await harness.environment('e2e');
    await harness.suite('alpha');
    await harness.suite('beta');
    harness.startOperator();
  });
  after(async () => {
    stop.abort(new Error('the test is over'));
    for (const client of clients) await client.close();
    await harness?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function clientOf(user: string, rules: Parameters<OperatorHarness['user']>[1]): Promise<RestClient> {
    const { kubeconfigPath } = await harness.user(user, rules);
    const access = loadKubeconfig({ kubeconfig: kubeconfigPath });
    const client = new RestClient(access, { fieldManager: FIELD_MANAGERS.cli });
    clients.push(client);
    return client;
  }

  it('shows a new result while it is open, and then the next run', async () => {
    const client = await clientOf('reader', [RUNS, REPORTS]);
    await harness.run('first', 'e2e');
    const view = await LiveRunView.open({
      ...{ client, cacheDir: folder, history: [], missing: [], catalog: new Map() },
      names: { namespace: harness.namespace },
    });
    const { namespace } = harness;
    const followed = followLive(
      { client, namespace, run: undefined, onChange: (seen) => view.show(seen) },
      stop.signal,
    );
    followed.catch(() => undefined);
    await Promise.race([view.ready, followed]);
    const server = new UiServer(view);
    const url = await server.start();
    try {
      const html = await (await fetch(url)).text();
      expect(html).to.contain('>first<').and.to.contain("connect-src 'self'");
      const told = versionsFrom(`${url}events`, stop.signal);
      const shown = async (): Promise<PageData> => JSON.parse(await (await fetch(`${url}data`)).text());
      const before = (await told.next()).value;

      await harness.attempt('first-alpha-1', 'Failed');
      await until('the stream names a version with the failure', async () => {
        const { value: version } = await told.next();
        const { failures } = await shown();
        return version !== before && failures.some(({ suite }) => suite === 'alpha');
      });
      await harness.attempt('first-beta-1', 'Passed');
      await harness.finished('first');
      const ended = await until('the page has the verdict', async () => {
        const data = await shown();
        return data.verdict === 'Failed' && data.finishedAt !== undefined && data;
      });
      expect(ended.live?.commands.map(({ command }) => command)).to.include(
        `./e2e rerun first --failed --namespace ${namespace}`,
      );
      // The reader has no right to list pods: Kubernetes decides, and the page says so.
      expect(ended.missing.join('\n')).to.contain('cannot read pods and events');

      await harness.run('second', 'e2e');
      await until('the page shows the newest run', async () => (await shown()).name === 'second');
    } finally {
      await server.stop();
    }
  });

  it('ends when the reader may not read the reports', async () => {
    const client = await clientOf('blind', [RUNS]);
    const { namespace } = harness;
    const error = await followLive(
      { client, namespace, run: undefined, onChange: () => undefined },
      stop.signal,
    ).catch((reason: unknown) => reason);
    expect(String(error)).to.match(/testreports.* is forbidden|forbidden.*testreports/s);
  });
});

/** The versions that a stream of server-sent events names. */
async function* versionsFrom(url: string, signal: AbortSignal): AsyncGenerator<string> {
  const answer = await fetch(url, { signal });
  const decoder = new TextDecoder();
  for await (const part of answer.body ?? []) {
    for (const [, version] of decoder.decode(part).matchAll(/^data: (\d+)$/gm)) yield version ?? '';
  }
}
