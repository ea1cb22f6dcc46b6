import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { KubeClient } from '@backendai-e2e/kube/client';
import { findCluster } from '@backendai-e2e/kube/find-cluster';
import { scheduledRun } from './scheduled-run.ts';
import { scheduledRunSettings } from './settings.ts';

/**
 * The program of a schedule's Job: creates one TestRun from its template and waits for its end. Exit codes:
 * - 0: the run succeeded.
 * - 1: it did not.
 * - 2: it could not run.
 * - 143: this process was ended, and the TestRun goes on.
 */
const TERMINATED = 143;

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => stop.abort(new Error(`ended by ${signal}; the TestRun goes on`)));
}
let client: KubeClient | undefined;
try {
  const settings = scheduledRunSettings(process.env);
  client = new KubeClient(await findCluster(undefined));
  const ending = await scheduledRun({ client, settings, tell: console.log, signal: stop.signal });
  console.log(ending.sentence);
  process.exitCode = ending.code;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = stop.signal.aborted ? TERMINATED : COMMAND_EXIT.couldNotRun;
} finally {
  await client?.close();
}
