import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LABELS } from '@backendai-e2e/api/group';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { isFinished } from '@backendai-e2e/api/test-run';
import { observe } from '@backendai-e2e/kube/observe';
import { corePath } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import type { Secrets } from '@backendai-e2e/redaction/redaction';
import { type RunNames, readRun } from '../runs/follow.ts';
import type { PhaseProgress } from '../terminal/renderer.ts';
import { type Fetched, fetchArtifacts, untilArchived } from './artifacts.ts';
import { type ContainerLog, type Pod, readNamespaces, writeLogs } from './cluster-logs.ts';
import type { Collector, JobRecord } from './job-record.ts';
import { maskedLogs, secretsOfNamespaces } from './masked-logs.ts';
import { addArchived, printedTests } from './printed-tests.ts';
import { writeResults } from './results-folder.ts';
import { readSurroundings } from './run-surroundings.ts';

/** A pod whose report is final needs a moment to end. After this its output is taken as it is. */
const POD_END_MS = 45_000;

/** Folder of the fetched artifacts in a job's results. */
const ARTIFACTS = 'artifacts';

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
 * Makes the collector of a job. It writes run.json, the files of reporters, logs/ and artifacts/ into `sites.out`, and
 * compares run.json and junit.xml. Disagreements are troubles; differences from the pods' output are notes. `record.collected` keeps
 * what the summary needs.
 * @param connect used if the job ended before it had a client
 */
export function collector(sites: Sites, connect: () => Promise<RestApi>): Collector {
  const { out, operatorNamespace } = sites;
  return async (record, progress, p) => {
    record.client ??= await connect();
    const { client, names } = record;
    if (names) {
      record.seen = { ...record.seen, ...(await readRun(client, names, p.signal)) };
      if (isFinished(record.seen.run)) await waitForPods(client, operatorNamespace, names.run, p.signal);
    }
    progress.state(['logs of every container']);
    const read = await readNamespaces(client, sites.namespaces, p.signal);
    const logs = [...read.logs, ...lastLogs(record, operatorNamespace)];
    const printed = printedTests(logs, names?.run ?? '', record.seen.reports);
    const { secrets, unread } = await secretsOfNamespaces(client, sites.namespaces, p.signal);
    for (const namespace of unread)
      progress.log(
        `the Secrets of namespace ${namespace} cannot be listed: only others are masked in its logs`,
      );
    record.collected = { ...maskedLogs({ ...read, logs }, secrets), printed };
    const folder = path.join(out, 'logs');
    await writeLogs(folder, record.collected);
    await writeOverview(folder, record, secrets, p);
    for (const trouble of read.troubles) progress.log(trouble);
    const troubles: string[] = [];
    const { run, reports } = record.seen;
    if (names && run) {
      const events = record.events ?? [];
      const { collected, seen } = record;
      const surroundings = await readSurroundings(client, seen, collected, sites.namespaces, p.signal);
      const { differing, files, archived } = await fetchAll(client, names, sites, progress, p.signal);
      await addArchived(printed, path.join(out, ARTIFACTS), files, archived);
      const seenToo = { printed, events, surroundings, ...(record.cost ? { cost: record.cost } : {}) };
      const written = await writeResults(out, { run, reports }, seenToo);
      troubles.push(...written.troubles, ...differing);
      for (const note of written.notes) progress.log(`note: ${note}`);
    }
    progress.title(`results and logs are in ${sites.shown}`);
    return troubles;
  };
}

/** Fetches the artifacts of all attempts. A missing one is said; one that differs from its report is a trouble. */
async function fetchAll(
  client: RestApi,
  names: RunNames,
  { out, operatorNamespace }: Sites,
  progress: PhaseProgress,
  signal: AbortSignal,
): Promise<Fetched & { archived: readonly TestReport[] }> {
  progress.state(['artifacts of every attempt']);
  const read = async () => (await readRun(client, names, signal)).reports;
  const { reports, pending } = await untilArchived(read, signal);
  for (const name of pending) progress.log(`not archived: ${name}`);
  const artifacts = { folder: path.join(out, ARTIFACTS), serverNamespace: operatorNamespace };
  const fetched = await fetchArtifacts(client, reports, artifacts, signal);
  for (const line of [...fetched.neverKept, ...fetched.missing]) progress.log(`no artifact: ${line}`);
  return { ...fetched, archived: reports };
}

/** The logs of operator pods that the job itself deleted, as if they were still there. */
function lastLogs({ lastLogs: logs = [] }: JobRecord, namespace: string): ContainerLog[] {
  const labels = {};
  return logs.map(({ pod, text }) => ({
    ...{ namespace, pod, container: 'operator', component: 'operator', labels, previous: true },
    text,
  }));
}

/** Waits until every pod of the run has ended, so that its output is whole. */
async function waitForPods(
  client: RestApi,
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

/** Writes what `kubectl get` and `kubectl describe nodes` print: for people, next to the logs. */
async function writeOverview(
  folder: string,
  record: JobRecord,
  secrets: Secrets,
  p: Parameters<Collector>[2],
): Promise<void> {
  const { kubectl } = record;
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
    await writeFile(path.join(folder, file), `${secrets.mask(text)}\n`);
  }
}
