import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import type { JobRecord } from '../collect/job-record.ts';
import type { ImageSet } from '../images/build.ts';
import { type Pipeline, type PipelineParts, runPipeline, type Step } from '../pipeline/pipeline.ts';
import { cancelRun, showRun } from '../pipeline/show.ts';
import { type Ending, endingOfRun, withTroubles } from '../runs/ending.ts';
import { ReadinessWatch } from '../runs/readiness-watch.ts';
import type { Effects, Tools } from './effects.ts';
import { untilReady } from './environment.ts';
import { OperatorKill } from './kill-operator.ts';
import type { KindOptions } from './kind-options.ts';
import type { MemoryWatch } from './memory.ts';
import { NAMES } from './names.ts';
import { costBetween } from './node-cpu.ts';
import { findingLine, refuseMissing, refuseWrongCluster } from './refuse.ts';
import { applyEnvironments, createKindRun } from './run.ts';
import { refuseDowngrade, Upgrade } from './upgrade.ts';

/** The state that the phases share and that the report reads at the end. */
export interface KindState extends JobRecord {
  options: KindOptions;
  effects: Effects;
  tools?: Tools;
  images?: ImageSet;
  /** Images of the Backend.AI to upgrade to. */
  laterImages?: ImageSet;
  memory?: MemoryWatch;
  /** An earlier command created the cluster. */
  clusterWasThere: boolean;
  /** This command has begun to make the cluster. */
  clusterMayExist: boolean;
  clusterUp: boolean;
  operatorInstalled: boolean;
  /** The cluster stays at the end. */
  kept: boolean;
}

/** The command waits this much longer than the run may take, before it reports a stuck operator. */
const RUN_MARGIN_SECONDS = 120;
const CANCEL_SECONDS = 20;

/** Machine, tools, engine, images, cluster, operator, environment, run. */
const KIND_PIPELINE: Pipeline<KindState> = {
  phases: [
    { name: 'doctor', title: 'machine', run: checkMachine },
    { name: 'tools', title: 'tools', run: findTools },
    {
      name: 'engine',
      title: 'container engine',
      run: async ({ effects }, { p }) => void (await effects.engine(p)),
    },
    { name: 'cluster', title: 'kept cluster', run: lookForCluster },
    { name: 'images', title: 'images', run: makeImages },
    {
      name: 'cluster',
      title: `cluster ${NAMES.cluster}`,
      when: ({ clusterWasThere }) => !clusterWasThere,
      run: createCluster,
    },
    { name: 'cluster', title: 'images into the cluster', run: loadImages },
    { name: 'operator', title: 'operator', run: installOperator },
    {
      name: 'environment',
      title: 'environment',
      when: ({ options }) => options.upOnly === true,
      run: makeEnvironment,
    },
    { name: 'suites', title: 'test run', run: runSuites },
  ],
  settle: async (state) => {
    const peak = await state.memory?.stop();
    if (peak !== undefined) state.peakMemoryBytes = peak;
  },
  collects: ({ options, clusterUp }, ending) => {
    const nothingRan = options.upOnly && ending.code === COMMAND_EXIT.passed;
    return clusterUp && !nothingRan;
  },
  cleanUp: (state, interrupted) => {
    if (!state.clusterMayExist && !state.clusterUp) return undefined;
    // Interrupted before the operator was there: half a cluster is of no use.
    const halfMade = interrupted && !state.operatorInstalled;
    state.kept =
      (state.clusterWasThere && state.clusterUp) ||
      (state.clusterMayExist && state.options.keep && !halfMade);
    return state.kept
      ? { title: 'cluster is kept', run: (step) => leave(state, step, interrupted) }
      : { title: 'clean-up', run: (step) => removeCluster(state, step) };
  },
};

/** Runs the kind pipeline. Never throws. */
export async function runKind(
  options: KindOptions,
  parts: Omit<PipelineParts, 'cacheDir'> & { effects: Effects },
): Promise<{ ending: Ending; state: KindState }> {
  const state: KindState = {
    options,
    effects: parts.effects,
    seen: { reports: [] },
    clusterWasThere: false,
    clusterMayExist: false,
    clusterUp: false,
    operatorInstalled: false,
    kept: false,
  };
  const ending = await runPipeline(KIND_PIPELINE, state, { ...parts, cacheDir: options.cacheDir });
  return { ending, state };
}

async function checkMachine({ effects, options }: KindState, { p, progress }: Step): Promise<undefined> {
  const findings = await effects.inspect(p, options.environments ?? 1);
  for (const finding of findings) progress.log(findingLine(finding));
  refuseMissing(findings);
}

async function findTools(state: KindState, { p }: Step): Promise<undefined> {
  const { effects } = state;
  const tools = await effects.tools(p);
  state.tools = tools;
  state.kubectl = (args, later) => effects.kubectl(tools, args, later);
}

async function lookForCluster(state: KindState, { p }: Step): Promise<undefined> {
  state.clusterWasThere = await state.effects.clusterExists(p);
  refuseWrongCluster(state.options, state.clusterWasThere);
  if (state.clusterWasThere) await state.effects.joinCluster(p);
}

async function makeImages(state: KindState, { p }: Step): Promise<undefined> {
  const { options, effects, clusterWasThere: kept } = state;
  state.images = await effects.images(p, { kept, backendAi: options.backendAi });
  if (!options.upgradeTo) return;
  state.laterImages = await effects.images(p, { kept, backendAi: options.upgradeTo });
  refuseDowngrade(state.images, state.laterImages);
}

async function createCluster(state: KindState, { p }: Step): Promise<undefined> {
  state.clusterMayExist = true;
  await state.effects.createCluster(made(state.images).nodeImage, p);
}

async function loadImages(state: KindState, { p }: Step): Promise<undefined> {
  const { effects } = state;
  state.clusterUp = true;
  state.memory = effects.watchMemory({ ...p, log: () => {} });
  const sets = [made(state.images), ...(state.laterImages ? [state.laterImages] : [])];
  const refs = sets.flatMap((set) => [...Object.values(set.refs), ...Object.values(set.components)]);
  await effects.loadImages([...new Set(refs)], p);
}

async function installOperator(state: KindState, { p }: Step): Promise<undefined> {
  await state.effects.installOperator(made(state.tools), made(state.images), p);
  state.operatorInstalled = true;
}

async function makeEnvironment(state: KindState, { p, progress }: Step): Promise<Ending> {
  state.client = await state.effects.connect();
  await applyEnvironments(state.options, state.client, made(state.images), p.signal);
  return untilReady(state.client, { signal: p.signal, progress });
}

async function runSuites(state: KindState, { p, progress, clock }: Step): Promise<Ending> {
  const { options } = state;
  const client = await state.effects.connect();
  state.client = client;
  const before = await state.effects.nodeCpu(p);
  state.names = await createKindRun(options, client, made(state.images), p.signal);
  const kill =
    options.killOperator &&
    new OperatorKill(client, {
      namespace: NAMES.operatorNamespace,
      spared: new Set(options.killOperator),
      progress,
      signal: p.signal,
    });
  const upgrade =
    state.laterImages &&
    new Upgrade(client, {
      ...{ from: made(state.images), to: state.laterImages, values: options.environmentValues },
      ...{ progress, signal: p.signal },
    });
  if (upgrade) state.events = upgrade.events;
  if (kill) {
    state.events = kill.events;
    state.lastLogs = kill.logs;
  }
  const { environment, moreEnvironments = [] } = state.names;
  const readiness = new ReadinessWatch([environment, ...moreEnvironments]);
  const run = await showRun(client, state.names, {
    clock,
    progress,
    state,
    signal: p.signal,
    deadlineMs: (options.timeoutSeconds + RUN_MARGIN_SECONDS) * 1000,
    onChange: (seen) => {
      readiness.look(seen);
      kill?.look(seen);
      upgrade?.look(seen);
    },
  });
  const cost = costBetween(before, await state.effects.nodeCpu(p));
  if (cost) state.cost = cost;
  state.notReady = readiness.spans();
  const troubles = [...((await kill?.ended()) ?? []), ...((await upgrade?.ended()) ?? [])];
  return withTroubles(endingOfRun(run), troubles);
}

/** Ends an interrupted run; the cluster stays. */
async function leave(state: KindState, { p, progress }: Step, interrupted: boolean): Promise<string[]> {
  if (interrupted && state.client && state.names) {
    const deadlineMs = CANCEL_SECONDS * 1000;
    await cancelRun(state.client, state.names, { progress, signal: p.signal, deadlineMs });
  }
  return [];
}

async function removeCluster({ effects }: KindState, { p }: Step): Promise<string[]> {
  await effects.deleteCluster(p);
  return (await effects.leftovers(p)).map((line) => `clean-up left ${line}`);
}

/** What an earlier phase made. */
function made<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('a phase of the pipeline ran before a phase that it needs');
  return part;
}
