import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LABELS } from '@backendai-e2e/api/group';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { disagreements } from '@backendai-e2e/results/agreement';
import { junitReporter, readJunit } from '@backendai-e2e/results/junit';
import { markdownReporter } from '@backendai-e2e/results/markdown';
import { readPrintedTests } from '@backendai-e2e/results/printed-output';
import { reported } from '@backendai-e2e/results/reporter';
import { type RunObjects, runRecord } from '@backendai-e2e/results/run-record';
import type { ClusterApi } from '../cluster-api/client.ts';
import { corePath } from '../cluster-api/client.ts';
import { observe } from '../cluster-api/watcher.ts';
import { isFinished, readRun } from '../runs/follow.ts';
import type { Voice } from '../terminal/view.ts';
import { fetchArtifacts, untilArchived } from './artifacts.ts';
import { type Collected, type ContainerLog, type Pod, readNamespaces, writeLogs } from './cluster-logs.ts';
import type { Collector, JobEvent, JobRecord } from './job-record.ts';

/** What collecting leaves for the summary. */
export interface Harvest {
  collected?: Collected;
  outputs: Map<string, string>;
}

/** A pod whose report is final needs a moment to end; after this its output is taken as it is. */
const POD_END_MS = 45_000;

/** How long reports that ended just now are waited for to be archived. */
const ARCHIVE_MS = 15_000;

/** Where a job's results go, and where they come from. */
export interface Sites {
  /** Folder that is written. */
  out: string;
  /** The same for people. */
  shown: string;
  /** Namespace of the run and its pods. */
  operatorNamespace: string;
  /** Namespaces whose logs and events are read, that one included. */
  namespaces: readonly string[];
}

/**
 * Makes the collector of a job: writes run.json, junit.xml and logs/ into `sites.out`, and holds run.json, junit.xml and
 * the suite pods' own output against each other. Disagreements are troubles. `harvest` keeps what the summary needs.
 */
export function collector(sites: Sites, connect: () => Promise<ClusterApi>, harvest: Harvest): Collector {
  const { out, operatorNamespace } = sites;
  return async (state, voice, p) => {
    const { client, names } = await connected(state, connect);
    const troubles: string[] = [];
    if (names) {
      state.seen = { ...state.seen, ...(await readRun(client, names, p.signal)) };
      if (isFinished(state.seen.run)) await waitForPods(client, operatorNamespace, names.run, p.signal);
    }
    voice.state(['logs of every container']);
    const read = await readNamespaces(client, sites.namespaces, p.signal);
    const collected = { ...read, logs: [...read.logs, ...lastLogs(state, operatorNamespace)] };
    harvest.collected = collected;
    const folder = path.join(out, 'logs');
    await mkdir(folder, { recursive: true });
    await writeLogs(folder, collected);
    await writeOverview(folder, state, p);
    if (collected.troubles.length > 0) {
      await writeFile(path.join(folder, 'not-collected.txt'), `${collected.troubles.join('\n')}\n`);
      for (const trouble of collected.troubles) voice.say(trouble);
    }
    if (names && state.seen.run) {
      for (const [report, text] of outputsOf(collected.logs, names.run)) harvest.outputs.set(report, text);
      const { run, reports } = state.seen;
      troubles.push(...(await writeResults(out, run, reports, harvest.outputs, false, state.events)));
      troubles.push(...(await fetchedArtifacts(client, names, out, voice, p.signal)));
    }
    voice.title(`results and logs are in ${sites.shown}`);
    return troubles;
  };
}

/** Fetches the artifacts of all attempts. One that is another than its report says is a trouble; one that is missing is said. */
async function fetchedArtifacts(
  client: ClusterApi,
  names: NonNullable<JobRecord['names']>,
  out: string,
  voice: Voice,
  signal: AbortSignal,
): Promise<string[]> {
  voice.state(['artifacts of every attempt']);
  const read = async () => (await readRun(client, names, signal)).reports;
  const reports = await untilArchived(read, ARCHIVE_MS, signal);
  const { missing, differing, neverKept } = await fetchArtifacts(
    client,
    reports,
    path.join(out, 'artifacts'),
    signal,
  );
  for (const line of [...neverKept, ...missing]) voice.say(`no artifact: ${line}`);
  return differing;
}

/**
 * Writes run.json, junit.xml and summary.md, reads the first two back, and compares them with what the pods printed.
 * `podsMayBeGone`: an output that is missing is no trouble. `events`: what the job did to the run, for run.json.
 */
export async function writeResults(
  out: string,
  run: TestRun,
  reports: readonly TestReport[],
  outputs: ReadonlyMap<string, string>,
  podsMayBeGone = false,
  events: readonly JobEvent[] = [],
): Promise<string[]> {
  const runFile = path.join(out, 'run.json');
  const junitFile = path.join(out, 'junit.xml');
  await writeFile(runFile, `${JSON.stringify({ run, reports, events }, null, 2)}\n`);
  const record = runRecord({ run, reports });
  await writeFile(junitFile, reported(junitReporter, record));
  await writeFile(path.join(out, 'summary.md'), reported(markdownReporter, record));
  const written = JSON.parse(await readFile(runFile, 'utf8')) as RunObjects;
  const found = disagreements({
    ...written,
    junit: readJunit(await readFile(junitFile, 'utf8')),
    printed: new Map([...outputs].map(([report, output]) => [report, readPrintedTests(output)])),
    podsMayBeGone,
  });
  return found.map((line) => `the results disagree: ${line}`);
}

/**
 * Standard output of each attempt's pod, by the name of its report, which is also the name of its Job. A pod that printed
 * nothing never came to run the runner.
 */
export function outputsOf(logs: readonly ContainerLog[], run: string): Map<string, string> {
  return new Map(
    logs
      .filter((log) => log.labels[LABELS.run] === run && !log.previous && log.text !== '')
      .map((log) => [log.labels['batch.kubernetes.io/job-name'] ?? log.pod, log.text]),
  );
}

async function connected(
  state: JobRecord,
  connect: () => Promise<ClusterApi>,
): Promise<{ client: ClusterApi; names: JobRecord['names'] }> {
  state.client ??= await connect();
  return { client: state.client, names: state.names };
}

/** The logs of operator's pods that the job itself deleted, as if they were still there. */
function lastLogs({ lastLogs: logs = [] }: JobRecord, namespace: string): ContainerLog[] {
  const labels = {};
  return logs.map(({ pod, text }) => ({
    ...{ namespace, pod, container: 'operator', component: 'operator', labels, previous: true },
    text,
  }));
}

/** Waits until every pod of the run has ended, so that its output is whole. */
async function waitForPods(
  client: ClusterApi,
  namespace: string,
  run: string,
  signal: AbortSignal,
): Promise<void> {
  const limit = AbortSignal.timeout(POD_END_MS);
  const both = AbortSignal.any([signal, limit]);
  const query = { labelSelector: `${LABELS.run}=${run}` };
  try {
    for await (const pods of observe<Pod>(client, corePath(namespace, 'pods'), query, { signal: both })) {
      if ([...pods.values()].every((pod) => ['Succeeded', 'Failed'].includes(pod.status?.phase ?? '')))
        return;
    }
  } catch (error) {
    // Output that is not whole shows as a disagreement later; that is the message to give.
    if (!limit.aborted || signal.aborted) throw error;
  }
}

/** What `kubectl get` and `kubectl describe nodes` say: for people, next to the logs. */
async function writeOverview(folder: string, state: JobRecord, p: Parameters<Collector>[2]): Promise<void> {
  const { kubectl } = state;
  if (!kubectl) return;
  const ours = 'testenvironments,testsuites,testruns,testreports';
  const looks = {
    'summary.txt': ['get', `${ours},all`, '--all-namespaces', '--output', 'wide'],
    'nodes.txt': ['describe', 'nodes'],
    'environment.yaml': ['get', 'testenvironments', '--all-namespaces', '--output', 'yaml'],
  };
  for (const [file, args] of Object.entries(looks)) {
    const text = await kubectl(args, p).catch((error: unknown) => {
      p.signal.throwIfAborted();
      return `kubectl ${args.join(' ')} failed: ${String(error)}`;
    });
    await writeFile(path.join(folder, file), `${text}\n`);
  }
}
