import { defaultHistory } from '../history/default-folder.ts';
import { readHistory } from '../history/history-folder.ts';
import { defaultCacheDir, PROJECT_ROOT } from '../machine/provision.ts';
import { knownSuites, MOST_RUNS } from '../page/page-options.ts';
import { proofIn } from '../page/proof-files.ts';
import { chooseRun } from '../report/run-list.ts';
import { followLive } from '../ui/live-run.ts';
import { LiveRunView } from '../ui/live-view.ts';
import { UiServer } from '../ui/ui-server.ts';
import { type ClusterOptions, withCluster } from './cluster-context.ts';
import { runsOf } from './runs.ts';

/**
 * `e2e ui`: shows a run (the newest) as a page that changes with it, until it is interrupted. The command reads with the rights
 * of its user and serves the page on loopback.
 */
export function uiCommand(
  name: string | undefined,
  options: ClusterOptions & { port: number; history?: string },
): Promise<number> {
  return withCluster(options, async (cluster) => {
    const { client, namespace, signal } = cluster;
    // Says at once that there is no such run.
    chooseRun(await runsOf(cluster), name);
    const folder = options.history ?? defaultHistory();
    const { records, troubles } = await readHistory(folder, MOST_RUNS).catch((error: unknown) => ({
      records: [],
      troubles: [`the history ${folder} cannot be read: ${error instanceof Error ? error.message : error}`],
    }));
    const { kubeconfig, context } = options;
    const view = await LiveRunView.open({
      client,
      cacheDir: defaultCacheDir(),
      names: { namespace, ...(kubeconfig ? { kubeconfig } : {}), ...(context ? { context } : {}) },
      catalog: await knownSuites(),
      proof: await proofIn(PROJECT_ROOT),
      history: records,
      missing: troubles,
    });
    const server = new UiServer(view);
    const followed = followLive(
      { client, namespace, run: name, onChange: (seen) => view.show(seen) },
      signal,
    );
    try {
      await Promise.race([view.ready, followed]);
      console.log(await server.start(options.port));
      console.error('e2e: open this address in a browser on this machine; Ctrl-C ends the page, not the run');
      return await followed;
    } finally {
      await server.stop();
    }
  });
}
