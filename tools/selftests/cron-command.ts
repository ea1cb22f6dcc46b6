import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { API_VERSION, GROUP, KINDS } from '@backendai-e2e/api/group';
import { TEST_ENVIRONMENTS, TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { withProvision } from '@backendai-e2e/cli/commands/machine';
import type { ImageSet } from '@backendai-e2e/cli/images/build';
import { realEffects, type Tools } from '@backendai-e2e/cli/kind/effects';
import { NAMES } from '@backendai-e2e/cli/kind/names';
import { command } from '@backendai-e2e/cli/machine/command';
import { PROJECT_ROOT, type Provision } from '@backendai-e2e/cli/machine/provision';
import { ApiError } from '@backendai-e2e/kube/api-error';
import { corePath, pathOf } from '@backendai-e2e/kube/request';
import type { KubeList, RestApi } from '@backendai-e2e/kube/rest-client';
import { stringify } from 'yaml';
import { type CronJobSeen, type JobSeen, ScheduleStory } from './cron-story.ts';

const NAMESPACE = 'e2e-cron';
const RELEASE = 'e2e-cron';
const SCHEDULE = 'tick';
/** An environment that deploys nothing, and one that never becomes ready: its Secret does not exist. */
const GOOD = 'cron';
const BAD = 'cron-broken';
const SUITE = 'cron-one-test';
/** Requests of the operator: a small node may have no CPU left. */
const NO_CPU = { requests: { cpu: '0', memory: '64Mi' } };
/** Longer than the minute between two scheduled runs, so that one scheduled run meets the run of the one before. */
const BAD_SECONDS = 75;
/** Time for one phase, which takes one to three scheduled runs, on a busy machine. */
const PHASE_MS = 900_000;
const LOOK_MS = 2_000;

/** The cluster in which the schedule is tried, and what is installed there. */
export interface SelftestTarget {
  client: RestApi;
  tools: Tools;
  images: ImageSet;
  kubeconfig: string;
  /** Folder of the operator's chart. */
  chart: string;
  /** The cluster was created for this, so the release installs the CRDs. */
  ownsCluster: boolean;
}

/**
 * `tools/dev cron-selftest`: the schedule of charts/e2e-operator with real scheduled runs, one per minute. Uses the kept cluster or
 * one of its own. Two scheduled runs succeed, and the older one is cleaned up. A scheduled run is left out because the run before
 * it goes on (Forbid). That run fails and is kept over a further success. Removes what it created. Returns 0, or 2 with what went
 * wrong.
 */
export function cronSelftestCommand(): Promise<number> {
  return withProvision(async (p) => {
    const effects = realEffects(PROJECT_ROOT);
    const tools = await effects.tools(p);
    await effects.engine(p);
    const images = await effects.images(p);
    const ownsCluster = !(await effects.clusterExists(p));
    const kubeconfig = path.join(PROJECT_ROOT, NAMES.out, 'kubeconfig');
    await mkdir(path.dirname(kubeconfig), { recursive: true });
    const later = (seconds: number): Provision => ({ ...p, signal: AbortSignal.timeout(seconds * 1000) });
    try {
      if (ownsCluster) await effects.createCluster(images.nodeImage, p);
      await effects.loadImages([images.refs.operator, images.refs.suites], p);
      const client = await effects.connect();
      const chart = path.join(PROJECT_ROOT, NAMES.operatorChart);
      const target = { client, tools, images, kubeconfig, chart, ownsCluster };
      try {
        await rehearse(target, p);
      } finally {
        await removeAll(target, later(180));
        await client.close();
      }
    } finally {
      if (ownsCluster) await effects.deleteCluster(later(120));
    }
    console.log('The schedule works.');
    return COMMAND_EXIT.passed;
  });
}

/** The rehearsal in a cluster with these images; leaves everything in place. Throws an Error with what went wrong. */
export async function rehearse(target: SelftestTarget, p: Provision): Promise<void> {
  const { client, tools, kubeconfig } = target;
  if (!target.ownsCluster) await checkDefinitions(client, p.signal);
  await install(target, p, { suspend: true, environment: GOOD });
  await suite(target, p.signal);
  await environment(client, GOOD, { external: {} }, p.signal);
  const missing = { connectionSecretRef: { name: 'there-is-none' } };
  await environment(client, BAD, { external: missing }, p.signal);
  const story = new ScheduleStory();

  p.log('two scheduled runs that succeed; the first goes when the second is there');
  await install(target, p, { suspend: false, environment: GOOD });
  await until(target, story, p, 'two scheduled runs that succeeded, and one that was cleaned up', () => {
    const [first] = story.succeeded();
    return story.succeeded().length >= 2 && first !== undefined && story.isGone(first);
  });

  p.log(`a run that takes longer than a minute and fails; the next scheduled run is skipped`);
  const failedBefore = story.failed().length;
  await install(target, p, { suspend: false, environment: BAD });
  const fails = () => story.failed().length > failedBefore;
  await until(target, story, p, 'a scheduled run that failed with its run', fails);
  await untilForbidden(target, p);

  p.log('another success; the failure is kept');
  const before = story.succeeded().length;
  await install(target, p, { suspend: false, environment: GOOD });
  await until(
    target,
    story,
    p,
    'a further scheduled run that succeeded',
    () => story.succeeded().length > before,
  );
  await until(target, story, p, 'one success and the failure kept', () => {
    const kept = story.kept();
    return kept.filter((name) => story.failed().includes(name)).length === 1 && kept.length === 2;
  });

  const show = ['get', 'cronjob,job,testrun', '--namespace', NAMESPACE];
  console.log(await command(p, tools.kubectl, ['--kubeconfig', kubeconfig, ...show]));
  const troubles = story.troubles();
  if (troubles.length > 0) throw new Error(troubles.join('\n'));
}

async function install(
  target: SelftestTarget,
  p: Provision,
  schedule: { suspend: boolean; environment: string },
): Promise<void> {
  const { images, ownsCluster, kubeconfig, tools, chart } = target;
  const values = {
    image: images.refs.operator,
    suitesImage: images.refs.suites,
    crds: { install: ownsCluster },
    faultPolicy: { install: ownsCluster },
    reportPolicy: { install: ownsCluster },
    runPolicy: { install: ownsCluster },
    resources: NO_CPU,
    artifacts: { resources: NO_CPU },
    schedule: {
      resources: NO_CPU,
      cron: '* * * * *',
      name: SCHEDULE,
      suspend: schedule.suspend,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 1,
      run: {
        environmentRef: { name: schedule.environment },
        suites: { names: [SUITE] },
        timeoutSeconds: 300,
        environmentTimeoutSeconds: BAD_SECONDS,
        startDeadlineSeconds: 300,
      },
    },
  };
  const file = path.join(PROJECT_ROOT, NAMES.out, 'cron-values.yaml');
  await writeFile(file, stringify(values));
  const where = ['--namespace', NAMESPACE, '--create-namespace', '--kubeconfig', kubeconfig];
  const args = [
    'upgrade',
    '--install',
    RELEASE,
    chart,
    ...where,
    '--wait',
    '--timeout',
    '240s',
    '--values',
    file,
  ];
  await command(p, tools.helm, args, { timeoutSeconds: 260 });
}

async function environment(client: RestApi, name: string, spec: object, signal: AbortSignal): Promise<void> {
  await client.apply(
    pathOf(TEST_ENVIRONMENTS, { namespace: NAMESPACE, name }),
    { apiVersion: API_VERSION, kind: 'TestEnvironment', metadata: { name, namespace: NAMESPACE }, spec },
    signal,
  );
}

/** The cheapest suite. It requests no CPU of a small node that may have none left. */
async function suite({ client, images }: SelftestTarget, signal: AbortSignal): Promise<void> {
  const spec = {
    files: ['bench/one-test'],
    image: images.refs.suites,
    timeoutSeconds: 120,
    onDemand: true,
    resources: NO_CPU,
  };
  await client.apply(
    pathOf(TEST_SUITES, { namespace: NAMESPACE, name: SUITE }),
    { apiVersion: API_VERSION, kind: 'TestSuite', metadata: { name: SUITE, namespace: NAMESPACE }, spec },
    signal,
  );
}

/** Polls Jobs and runs until the condition holds. Throws an Error with what it last saw. */
async function until(
  target: SelftestTarget,
  story: ScheduleStory,
  p: Provision,
  what: string,
  condition: () => boolean,
): Promise<void> {
  const deadline = performance.now() + PHASE_MS;
  for (;;) {
    const jobs = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`;
    const query = { labelSelector: `app.kubernetes.io/instance=${RELEASE}` };
    const [jobList, runList] = await Promise.all([
      target.client.get<KubeList<JobSeen>>(jobs, query, p.signal),
      target.client.get<KubeList<TestRun>>(pathOf(TEST_RUNS, { namespace: NAMESPACE }), {}, p.signal),
    ]);
    for (const line of story.look(jobList.items, runList.items)) p.log(line);
    if (condition()) return;
    if (performance.now() > deadline) {
      throw new Error(`not seen in ${PHASE_MS / 1000} s: ${what}; last seen: ${story.summary()}`);
    }
    await delay(LOOK_MS, undefined, { signal: p.signal });
  }
}

/** The CronJob controller's event about a skipped run. */
async function untilForbidden(target: SelftestTarget, p: Provision): Promise<void> {
  const path = corePath(NAMESPACE, 'events');
  const query = { fieldSelector: `involvedObject.name=${SCHEDULE},reason=JobAlreadyActive` };
  const events = await target.client.get<KubeList<CronJobSeen>>(path, query, p.signal);
  const [event] = events.items;
  if (!event)
    throw new Error(
      'no scheduled run was left out while the run of the one before went on (JobAlreadyActive)',
    );
  p.log(`skipped: ${event.message ?? 'JobAlreadyActive'}`);
}

/** The CRDs belong to the release of the kept cluster. They are not changed here, and must be recent. */
async function checkDefinitions(client: RestApi, signal: AbortSignal): Promise<void> {
  const name = `${KINDS.TestRun.plural}.${GROUP}`;
  const crd = await client.get(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`, {}, signal);
  if (JSON.stringify(crd).includes('"startDeadlineSeconds"')) return;
  throw new Error(
    'the CRDs of the kept cluster are older than this checkout: run make e2e-kind REUSE=1 to update them',
  );
}

/** Removes release, environments and namespace, and waits until they are gone. */
export async function removeAll({ client, tools, kubeconfig }: SelftestTarget, p: Provision): Promise<void> {
  const at = ['--namespace', NAMESPACE, '--kubeconfig', kubeconfig];
  await command(p, tools.kubectl, ['delete', 'tenv', '--all', '--timeout=60s', ...at], {
    timeoutSeconds: 70,
  });
  await command(p, tools.helm, ['uninstall', RELEASE, '--ignore-not-found', '--wait', ...at], {
    timeoutSeconds: 90,
  });
  const path = `/api/v1/namespaces/${NAMESPACE}`;
  await client.delete(path, p.signal).catch(ignoreMissing);
  while (await client.get(path, {}, p.signal).then(() => true, ignoreMissing)) {
    await delay(LOOK_MS, undefined, { signal: p.signal });
  }
}

function ignoreMissing(error: unknown): false {
  if (error instanceof ApiError && error.code === 404) return false;
  throw error;
}
