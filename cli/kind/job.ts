import { TEST_ENVIRONMENTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { pathOf } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import type { Collector, JobRecord } from '../collect/job-record.ts';
import type { ImageSet } from '../images/build.ts';
import type { Provision } from '../machine/provision.ts';
import type { Phase, PhaseClock } from '../pipeline/phases.ts';
import { cancelRun, showRun } from '../pipeline/show.ts';
import { type Ending, endingOfError, endingOfRun, withTroubles } from '../runs/ending.ts';
import type { RunNames } from '../runs/follow.ts';
import type { RunChoice } from '../runs/run-spec.ts';
import { untilSuitesStand } from '../runs/suites-ready.ts';
import { Interrupted, type Interruption } from '../terminal/interrupt.ts';
import type { View, Voice } from '../terminal/view.ts';
import type { Effects, Tools } from './effects.ts';
import { untilReady } from './environment.ts';
import { OperatorKill } from './kill-operator.ts';
import type { MemoryWatch } from './memory.ts';
import { environmentPlaces, NAMES } from './names.ts';
import { chartImages, environmentObjects, kindRun } from './objects.ts';
import { findingLine, refuseMissing, refuseWrongCluster } from './refuse.ts';

export interface JobOptions extends RunChoice {
  /** Equal environments over which the suites are spread. Default 1. */
  environments?: number;
  /** Leave the cluster as it is at the end. */
  keep: boolean;
  /** Run on the cluster that was kept; it stays kept. */
  reuse: boolean;
  /** End when the environment is ready, without a run; a kept cluster is taken as it is. */
  upOnly?: boolean;
  /** Suites while which the operator is not killed; undefined: it is not killed at all. */
  killOperator?: readonly string[];
  /** Every suite of the catalog: they must stand in the cluster before a run is created. */
  catalog: readonly string[];
  /** Values for charts/backend-ai. */
  environmentValues: Record<string, unknown>;
  cacheDir: string;
}

/** What the phases of a job share, and what the report reads at the end. */
export interface JobState extends JobRecord {
  tools?: Tools;
  images?: ImageSet;
  clusterUp: boolean;
  operatorInstalled: boolean;
}

export interface JobParts {
  effects: Effects;
  view: View;
  clock: PhaseClock;
  interruption: Interruption;
  collect: Collector;
}

/** Seconds that a kept environment may take to be healthy again before a run on it says that it is not. */
const REUSED_ENVIRONMENT_SECONDS = 60;
/** A first deployment has readyTimeoutSeconds of its own; this is what a run then still grants. */
const NEW_ENVIRONMENT_SECONDS = 120;
/** The command waits so much longer than the run itself may take, before it says that the operator is stuck. */
const RUN_MARGIN_SECONDS = 120;
const CANCEL_SECONDS = 20;

export interface JobResult {
  ending: Ending;
  state: JobState;
  /** The cluster still stands, as it was meant to. */
  kept: boolean;
}

/**
 * The whole job: machine, tools, engine, images, cluster, operator, environment, run, collecting, clean-up.
 * Never throws: whatever happens becomes an ending, after the clean-up.
 */
export async function runJob(options: JobOptions, parts: JobParts): Promise<JobResult> {
  const state: JobState = { seen: { reports: [] }, clusterUp: false, operatorInstalled: false };
  const cluster = { mayExist: false, wasThere: false };
  let ending: Ending;
  try {
    ending = await work(options, parts, state, cluster);
  } catch (error) {
    const { work: signal } = parts.interruption;
    ending = endingOfError(signal.aborted ? signal.reason : error);
  }
  const nothingRan = options.upOnly && ending.code === COMMAND_EXIT.passed;
  const troubles = nothingRan ? [] : await collected(parts, options, state);
  if (parts.interruption.work.aborted) ending = endingOfError(parts.interruption.work.reason);
  // Interrupted before there was anything to look at: half a cluster is of no use to anyone.
  const halfMade = parts.interruption.work.aborted && !state.operatorInstalled;
  const kept = (cluster.wasThere && state.clusterUp) || (cluster.mayExist && options.keep && !halfMade);
  if (cluster.mayExist || state.clusterUp) {
    troubles.push(...(await cleanedUp(parts, options, state, kept, ending)));
  }
  await state.client?.close();
  return { ending: withTroubles(ending, troubles), state, kept };
}

interface ClusterState {
  mayExist: boolean;
  /** It was made by an earlier job. */
  wasThere: boolean;
}

async function work(
  options: JobOptions,
  parts: JobParts,
  state: JobState,
  cluster: ClusterState,
): Promise<Ending> {
  const { effects, interruption } = parts;
  const phase = <T>(
    name: Phase,
    title: string,
    body: (p: Provision, voice: Voice) => Promise<T>,
  ): Promise<T> => {
    interruption.work.throwIfAborted();
    return parts.clock.measure(name, () =>
      parts.view.phase(title, (voice) => body(provision(options, voice, interruption.work), voice)),
    );
  };

  await phase('doctor', 'machine', async (p, voice) => {
    const findings = await effects.inspect(p, options.environments ?? 1);
    for (const finding of findings) voice.say(findingLine(finding));
    refuseMissing(findings);
  });
  const tools = await phase('tools', 'tools', (p) => effects.tools(p));
  state.tools = tools;
  state.kubectl = (args, p) => effects.kubectl(tools, args, p);
  await phase('engine', 'container engine', (p) => effects.engine(p));
  cluster.wasThere = await phase('cluster', 'kept cluster', (p) => effects.clusterExists(p));
  refuseWrongCluster(options, cluster.wasThere);
  const images = await phase('images', 'images', (p) => effects.images(p, cluster.wasThere));
  state.images = images;
  let memory: MemoryWatch | undefined;
  try {
    if (!cluster.wasThere) {
      await phase('cluster', `cluster ${NAMES.cluster}`, (p) => {
        cluster.mayExist = true;
        return effects.createCluster(images.nodeImage, p);
      });
    }
    state.clusterUp = true;
    memory = effects.watchMemory(provision(options, undefined, interruption.work));
    await phase('cluster', 'images into the cluster', (p) =>
      effects.loadImages(Object.values(images.refs), p),
    );
    await phase('operator', 'operator', (p) => effects.installOperator(tools, images, p));
    state.operatorInstalled = true;
    if (options.upOnly) {
      return await phase('environment', 'environment', async (p, voice) => {
        state.client = await effects.connect();
        await applyEnvironments(options, state.client, images, p.signal);
        return untilReady(state.client, { signal: p.signal, voice });
      });
    }
    return await phase('suites', 'test run', async (p, voice) => {
      state.client = await effects.connect();
      state.names = await createRun(options, state.client, images, p.signal);
      const kill = options.killOperator && killOf(options.killOperator, state, voice, interruption.work);
      const run = await showRun(state.client, state.names, {
        clock: parts.clock,
        voice,
        state,
        signal: interruption.work,
        deadlineMs: (options.timeoutSeconds + RUN_MARGIN_SECONDS) * 1000,
        onChange: (seen) => kill?.look(seen),
      });
      return withTroubles(endingOfRun(run), (await kill?.ended()) ?? []);
    });
  } finally {
    const peak = await memory?.stop();
    if (peak !== undefined) state.peakMemoryBytes = peak;
  }
}

/** What will kill the operator in mid-run. Its events are the job's. */
function killOf(
  spared: readonly string[],
  state: JobState,
  voice: Voice,
  signal: AbortSignal,
): OperatorKill | undefined {
  if (!state.client) return undefined;
  const namespace = NAMES.operatorNamespace;
  const kill = new OperatorKill(state.client, { namespace, spared: new Set(spared), voice, signal });
  state.events = kill.events;
  state.lastLogs = kill.logs;
  return kill;
}

/** Makes sure of the environments and creates the run. */
async function createRun(
  options: JobOptions,
  client: RestApi,
  images: ImageSet,
  signal: AbortSignal,
): Promise<RunNames> {
  const { operatorNamespace: namespace, environment } = NAMES;
  const suites = { namespace, names: options.catalog, image: images.refs.suites };
  await untilSuitesStand(client, suites, { signal });
  await applyEnvironments(options, client, images, signal);
  const wanted = kindRun(
    {
      ...options,
      environmentTimeoutSeconds: options.reuse ? REUSED_ENVIRONMENT_SECONDS : NEW_ENVIRONMENT_SECONDS,
    },
    options.environments ?? 1,
  );
  const run = await client.create<TestRun>(pathOf(TEST_RUNS, { namespace }), wanted, signal);
  const [, ...more] = environmentPlaces(options.environments ?? 1).map(({ name }) => name);
  return {
    namespace,
    environment,
    ...(more.length > 0 ? { moreEnvironments: more } : {}),
    run: run.metadata.name,
  };
}

/** One after another: each is deployed after one that was created before it. */
async function applyEnvironments(
  options: JobOptions,
  client: RestApi,
  images: ImageSet,
  signal: AbortSignal,
): Promise<void> {
  const refs = chartImages(images.refs);
  for (const object of environmentObjects(options.environmentValues, refs, options.environments ?? 1)) {
    const { name } = object.metadata;
    const path = pathOf(TEST_ENVIRONMENTS, { namespace: NAMES.operatorNamespace, name });
    await client.apply(path, object, signal);
  }
}

/** Collects unless there is nothing to collect or someone wants to leave. */
async function collected(parts: JobParts, options: JobOptions, state: JobState): Promise<string[]> {
  const { interruption, clock, view } = parts;
  if (!state.clusterUp || interruption.work.aborted) return [];
  try {
    return await clock.measure('collect', () =>
      view.phase('results and logs', (voice) =>
        parts.collect(state, voice, provision(options, voice, interruption.work)),
      ),
    );
  } catch (error) {
    if (interruption.work.aborted) return [];
    return [`results could not be collected: ${endingOfError(error).sentence}`];
  }
}

/** Removes what the job made, or says what stays. Returns what could not be removed. */
async function cleanedUp(
  parts: JobParts,
  options: JobOptions,
  state: JobState,
  kept: boolean,
  ending: Ending,
): Promise<string[]> {
  const { effects, interruption, clock, view } = parts;
  try {
    return await clock.measure('clean-up', () =>
      view.phase(kept ? 'cluster is kept' : 'clean-up', async (voice) => {
        const p = provision(options, voice, interruption.cleanUp);
        if (kept) {
          if (interruption.work.aborted && state.client && state.names) {
            const deadlineMs = CANCEL_SECONDS * 1000;
            await cancelRun(state.client, state.names, { voice, signal: interruption.cleanUp, deadlineMs });
          }
          return [];
        }
        await effects.deleteCluster(p);
        return (await effects.leftovers(p)).map((line) => `clean-up left ${line}`);
      }),
    );
  } catch (error) {
    if (error instanceof Interrupted) return [error.message];
    return [
      `clean-up failed (after "${ending.sentence.split('\n', 1)[0]}"): ${endingOfError(error).sentence}`,
    ];
  }
}

function provision(options: JobOptions, voice: Voice | undefined, signal: AbortSignal): Provision {
  return { log: (line) => voice?.say(line), signal, cacheDir: options.cacheDir };
}
