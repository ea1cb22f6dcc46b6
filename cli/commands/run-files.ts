import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { LABELS } from '@backendai-e2e/api/group';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { environmentsOf, type TestRun } from '@backendai-e2e/api/test-run';
import type { KubeObject } from '@backendai-e2e/kube/object';
import { corePath } from '@backendai-e2e/kube/request';
import type { KubeList } from '@backendai-e2e/kube/rest-client';
import { alignedRun } from '@backendai-e2e/results/clocks';
import { splitTimestamp } from '@backendai-e2e/results/printed-output';
import { readRunFile } from '@backendai-e2e/results/run-file';
import { fetchArtifacts, untilArchived } from '../collect/artifacts.ts';
import { LOG_BYTES, readNamespaces, writeLogs } from '../collect/cluster-logs.ts';
import { insideFolder } from '../collect/inside-folder.ts';
import { maskedLogs, secretsOfNamespaces } from '../collect/masked-logs.ts';
import { addArchived, printedTests } from '../collect/printed-tests.ts';
import { writeResults } from '../collect/results-folder.ts';
import { readSurroundings } from '../collect/run-surroundings.ts';
import { runPage, writeRunPage } from '../page/run-page.ts';
import { chooseRun } from '../report/run-list.ts';
import { endingOfError } from '../runs/ending.ts';
import { environmentsIn } from '../runs/follow.ts';
import { ExportFailed, exportTrace } from '../traces/export-trace.ts';
import { traceOf } from '../traces/run-trace.ts';
import { type ClusterContext, type ClusterOptions, withCluster } from './cluster-context.ts';
import { runsOf, wholeRun } from './runs.ts';

/** `e2e logs`: what the pods of a run printed, or those of a component of its environment. */
export function logsCommand(
  name: string | undefined,
  suite: string | undefined,
  options: ClusterOptions & { component?: string; tail?: number; timestamps: boolean },
): Promise<number> {
  return withCluster(options, async (cluster) => {
    const run = chooseRun(await runsOf(cluster), name);
    const pods = options.component
      ? await podsOfComponent(cluster, run, options.component)
      : await podsOf(cluster, run, suite);
    for (const pod of pods) {
      for (const container of pod.spec.containers) {
        const text = await cluster.client.text(
          corePath(pod.metadata.namespace ?? '', 'pods', pod.metadata.name, 'log'),
          {
            container: container.name,
            limitBytes: LOG_BYTES,
            timestamps: true,
            tailLines: options.tail,
          },
          cluster.signal,
        );
        if (pods.length > 1 || pod.spec.containers.length > 1) {
          console.log(`── ${pod.metadata.name}/${container.name}`);
        }
        const lines = text.trimEnd().split('\n');
        const shown = options.timestamps ? lines : lines.map((line) => splitTimestamp(line).text);
        process.stdout.write(`${shown.join('\n')}\n`);
      }
    }
    return COMMAND_EXIT.passed;
  });
}

interface PodObject extends KubeObject {
  spec: { containers: { name: string }[] };
}

async function podsOf(
  cluster: ClusterContext,
  run: TestRun,
  suite: string | undefined,
): Promise<PodObject[]> {
  const lines = run.status?.suites ?? [];
  const line = lines.find(({ name }) => name === suite);
  if (suite && !line) {
    const names = lines.map(({ name }) => name).join(', ');
    throw new Error(`${run.metadata.name} has no suite "${suite}"; it has: ${names || 'none'}`);
  }
  const labelSelector = [
    `${LABELS.run}=${run.metadata.name}`,
    // A line for one of several environments has the suite's label, and its own attempt.
    ...(line?.suite ? [`batch.kubernetes.io/job-name=${line.report}`] : []),
    ...(suite && !line?.suite ? [`${LABELS.suite}=${suite}`] : []),
  ].join(',');
  const pods = await listPods(cluster, cluster.namespace, labelSelector);
  if (pods.length > 0) return pods;
  throw new Error(`no pod of ${run.metadata.name}${suite ? ` and suite ${suite}` : ''} is left or there yet`);
}

async function podsOfComponent(
  cluster: ClusterContext,
  run: TestRun,
  component: string,
): Promise<PodObject[]> {
  const environments = environmentsIn(await wholeRun(cluster, run));
  const namespaces = environments.flatMap(({ status }) => status?.namespace ?? []);
  if (namespaces.length === 0) {
    const names = environmentsOf(run).join(', ');
    throw new Error(`TestEnvironment ${names} has no namespace of its own to look into`);
  }
  const label = `app.kubernetes.io/component=${component}`;
  const pods = (await Promise.all(namespaces.map((each) => listPods(cluster, each, label)))).flat();
  if (pods.length > 0) return pods;
  const known = (environments[0]?.status?.components ?? []).map((one) => one.name).join(', ');
  throw new Error(
    `${namespaces.join(', ')} has no pod of a component "${component}"; the components are: ${known}`,
  );
}

async function listPods(
  cluster: ClusterContext,
  namespace: string,
  labelSelector: string,
): Promise<PodObject[]> {
  const query = { labelSelector };
  const { items } = await cluster.client.get<KubeList<PodObject>>(
    corePath(namespace, 'pods'),
    query,
    cluster.signal,
  );
  return items.sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
}

/**
 * `e2e report`: writes everything about a run into a folder. It holds run.json, the files of reporters, index.html, logs of pods
 * that still exist, and the artifacts of all attempts. Ends with 2 when they disagree, or when an artifact is missing or
 * differs. With `from` it only makes the page of a folder again, and needs no cluster. With `otlp` it sends the run as a trace,
 * and ends with 2 if the collector refuses it.
 */
export function reportCommand(
  name: string | undefined,
  options: ClusterOptions & { out?: string; artifactsNamespace?: string; from?: string; otlp?: string },
): Promise<number> {
  if (options.from !== undefined) return pageCommand(options.from, options.otlp);
  return withCluster(options, async (cluster) => {
    const run = chooseRun(await runsOf(cluster), name);
    let found = await wholeRun(cluster, run);
    const { pending } = await untilArchived(async () => {
      found = await wholeRun(cluster, run);
      return found.reports;
    }, cluster.signal);
    for (const each of pending) console.error(`e2e: not archived: ${each}`);
    const out = path.resolve(options.out ?? insideFolder('out', found.run.metadata.name));
    const others = environmentsIn(found).flatMap(({ status }) => status?.namespace ?? []);
    const namespaces = [...new Set([cluster.namespace, ...others])];
    const collected = await readNamespaces(cluster.client, namespaces, cluster.signal);
    const { secrets, unread } = await secretsOfNamespaces(cluster.client, namespaces, cluster.signal);
    for (const each of unread)
      console.error(
        `e2e: note: the Secrets of namespace ${each} cannot be listed: only others are masked in its logs`,
      );
    const masked = maskedLogs(collected, secrets);
    await writeLogs(path.join(out, 'logs'), masked);
    for (const trouble of collected.troubles) console.error(`e2e: not collected: ${trouble}`);
    const printed = printedTests(collected.logs, found.run.metadata.name, found.reports);
    const surroundings = await readSurroundings(cluster.client, found, masked, namespaces, cluster.signal);
    const sites = {
      folder: path.join(out, 'artifacts'),
      serverNamespace: options.artifactsNamespace ?? cluster.namespace,
    };
    const artifacts = await fetchArtifacts(cluster.client, found.reports, sites, cluster.signal);
    await addArchived(printed, sites.folder, artifacts.files, found.reports);
    const { troubles, notes } = await writeResults(out, found, { printed, surroundings });
    for (const note of notes) console.error(`e2e: note: ${note}`);
    for (const line of artifacts.neverKept) console.error(`e2e: never kept: ${line}`);
    troubles.push(...artifacts.missing, ...artifacts.differing);
    if (options.otlp !== undefined) troubles.push(...(await sentTrace(out, options.otlp, cluster.signal)));
    for (const trouble of troubles) console.error(`e2e: ${trouble}`);
    console.error(`e2e: ${artifacts.files.length} artifacts of ${found.reports.length} attempts fetched`);
    for (const line of await runPage(out, out)) console.error(`e2e: ${line}`);
    console.log(out);
    return troubles.length > 0 ? COMMAND_EXIT.couldNotRun : COMMAND_EXIT.passed;
  });
}

/** Sends the run in a folder to a collector. Returns what went wrong. */
async function sentTrace(folder: string, url: string, signal?: AbortSignal): Promise<string[]> {
  try {
    const file = path.join(folder, 'run.json');
    const trace = traceOf(alignedRun(readRunFile(await readFile(file, 'utf8'), file)));
    const headers = process.env.OTEL_EXPORTER_OTLP_HEADERS;
    const count = await exportTrace(trace, { url, headers, ...(signal ? { signal } : {}) });
    console.error(`e2e: the trace ${trace.id} with ${count} spans is sent`);
    return [];
  } catch (error) {
    if (!(error instanceof ExportFailed)) throw error;
    return [error.message];
  }
}

/** Makes the page of a folder that a run wrote, and sends its trace if a collector is named. */
async function pageCommand(folder: string, otlp: string | undefined): Promise<number> {
  try {
    const { file, bytes } = await writeRunPage(path.resolve(folder));
    console.error(`e2e: the page has ${(bytes / 1e6).toFixed(1)} MB`);
    console.log(file);
    const troubles = otlp === undefined ? [] : await sentTrace(path.resolve(folder), otlp);
    for (const trouble of troubles) console.error(`e2e: ${trouble}`);
    return troubles.length > 0 ? COMMAND_EXIT.couldNotRun : COMMAND_EXIT.passed;
  } catch (error) {
    const { code, sentence } = endingOfError(error);
    console.error(`e2e: ${sentence}`);
    return code;
  }
}
