import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { KubeClient } from '@backendai-e2e/kube/client';
import { findCluster } from '@backendai-e2e/kube/cluster-access';
import { tick } from './scheduled-run.ts';
import { tickSettings } from './settings.ts';

/**
 * What the Job of a schedule runs: one TestRun from its template, to its end. Exit code 0: every suite passed, 1: the run
 * did not succeed, 2: it could not run, 143: ended from outside; the TestRun goes on then.
 */
const TERMINATED = 143;

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => stop.abort(new Error(`ended by ${signal}; the TestRun goes on`)));
}
let client: KubeClient | undefined;
try {
  const settings = tickSettings(process.env);
  client = new KubeClient(await findCluster(undefined));
  const ending = await tick({ client, settings, tell: console.log, signal: stop.signal });
  console.log(ending.sentence);
  process.exitCode = ending.code;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = stop.signal.aborted ? TERMINATED : COMMAND_EXIT.couldNotRun;
} finally {
  await client?.close();
}
