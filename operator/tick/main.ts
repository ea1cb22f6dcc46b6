import { COMMAND_EXIT } from '../api/runner.ts';
import { findCluster } from '../runtime/cluster-access.ts';
import { KubeClient } from '../runtime/kube-client.ts';
import { tickSettings } from './settings.ts';
import { tick } from './tick.ts';

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
