import { TEST_ENVIRONMENTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import { isFinished, type TestRun } from '@backendai-e2e/api/test-run';
import { isUnreachable } from '@backendai-e2e/kube/api-error';
import { corePath, pathOf } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import type { Collector } from '../collect/job-record.ts';
import { Detached } from '../pipeline/detached.ts';
import { type Pipeline, type PipelineParts, runPipeline, type Step } from '../pipeline/pipeline.ts';
import { showRun } from '../pipeline/show.ts';
import { type Ending, endingOfRun } from '../runs/ending.ts';
import type { RunNames } from '../runs/follow.ts';
import { untilSuitesStand } from '../runs/suites-ready.ts';
import { cleanUpStaging, makeRoom } from './clean-up.ts';
import { findConnection } from './connection.ts';
import type { StagingOptions, StagingState } from './context.ts';
import type { StagingEffects } from './effects.ts';
import { type Holdings, holdingsOf } from './leftovers.ts';
import { STAGING } from './names.ts';
import {
  connectionSecret,
  type StagingImages,
  stagingEnvironment,
  stagingOperatorValues,
  stagingRun,
} from './objects.ts';
import { untilOperatorUp } from './operator-up.ts';
import { lookBefore, refuseUnprepared } from './preflight.ts';

/** How a job in staging ended, and what it left in the cluster. */
export interface StagingResult {
  ending: Ending;
  state: StagingState;
}

type Parts = Omit<PipelineParts, 'cacheDir'> & { effects: StagingEffects };

/** An image may have to be pulled over a slow line first. */
const OPERATOR_UP_SECONDS = 300;
const ENVIRONMENT_SECONDS = 60;
/** The command waits this much longer than the run may take, before it reports a stuck operator. */
const RUN_MARGIN_SECONDS = 120;

const AFTERWARDS: Omit<Pipeline<StagingState>, 'phases'> = {
  collects: ({ options, names }) => !options.dryRun && names !== undefined,
  cleanUp: (state, interrupted) => (state.mayHaveMade ? cleanUpStaging(state, interrupted) : undefined),
};

/** Preflight, operator, run; then results and removal. */
const STAGING_PIPELINE: Pipeline<StagingState & { images?: StagingImages }> = {
  ...AFTERWARDS,
  phases: [
    { name: 'doctor', title: 'rights and endpoints', run: prepare },
    {
      name: 'operator',
      title: 'leftovers',
      run: async (state, step) => void (await makeRoom(state, step)),
    },
    {
      name: 'images',
      title: 'images',
      run: async (state, { p }) => {
        state.images = await state.effects.images(p);
        return undefined;
      },
    },
    { name: 'operator', title: 'operator', run: installOperator },
    {
      name: 'suites',
      title: 'test run',
      run: async (state, step) => {
        state.names = await createRun(state, imagesOf(state).suites, step.p.signal);
        return followed(state, state.names, state.options.timeoutSeconds, step);
      },
    },
  ],
};

/** Finds the run that an earlier command left, follows it; then results and removal. */
const ATTACH_PIPELINE: Pipeline<StagingState & { attached?: TestRun }> = {
  ...AFTERWARDS,
  phases: [
    { name: 'doctor', title: 'cluster', run: findRun },
    {
      name: 'suites',
      title: ({ attached }) => `test run ${attached?.metadata.name}`,
      run: async (state, step) => {
        const { test } = state.options.namespaces;
        const names = {
          namespace: test,
          environment: STAGING.environment,
          run: state.attached?.metadata.name ?? '',
        };
        state.names = names;
        const seconds = state.attached?.spec.timeoutSeconds ?? state.options.timeoutSeconds;
        return followed(state, names, seconds, step);
      },
    },
  ],
};

/**
 * Runs suites against a deployment that exists. Never throws. Where the connection is lost, everything stays for
 * `attachStaging`.
 */
export function runStaging(options: StagingOptions, parts: Parts): Promise<StagingResult> {
  return staged(STAGING_PIPELINE, options, parts);
}

/** Finds the run that was left behind, follows it to its end, collects, removes. Never throws. */
export function attachStaging(options: StagingOptions, parts: Parts): Promise<StagingResult> {
  return staged(ATTACH_PIPELINE, options, parts);
}

async function staged(
  pipeline: Pipeline<StagingState>,
  options: StagingOptions,
  parts: Parts,
): Promise<StagingResult> {
  const client = undefined as unknown as RestApi;
  const state: StagingState = {
    options,
    effects: parts.effects,
    client,
    seen: { reports: [] },
    mayHaveMade: false,
  };
  const collect = detaching(parts.collect, options);
  const { cacheDir } = options;
  return { ending: await runPipeline(pipeline, state, { ...parts, collect, cacheDir }), state };
}

/** A collector that detaches where the cluster does not answer: nothing is removed before its results are fetched. */
function detaching(collect: Collector, { attachCommand }: StagingOptions): Collector {
  return async (record, progress, p) => {
    try {
      return await collect(record, progress, p);
    } catch (error) {
      if (!isUnreachable(error) || p.signal.aborted) throw error;
      throw new Detached(record.names?.run ?? '', attachCommand, error);
    }
  };
}

async function installOperator(state: StagingState & { images?: StagingImages }, { p, progress }: Step) {
  const { options, client, effects } = state;
  state.mayHaveMade = true;
  await effects.install(stagingOperatorValues(options.namespaces, imagesOf(state), options), p);
  progress.log('Helm has finished; waiting for the operator');
  const deadlineMs = OPERATOR_UP_SECONDS * 1000;
  await untilOperatorUp(client, options.namespaces.test, { signal: p.signal, deadlineMs });
  return undefined;
}

async function findRun(
  state: StagingState & { attached?: TestRun },
  { p }: Step,
): Promise<Ending | undefined> {
  const { test } = state.options.namespaces;
  state.client = await state.effects.connect();
  const found = await holdingsOf(state.client, test, p.signal);
  const run = runToAttach(found);
  state.mayHaveMade = found.operator === 'ours' || found.runs.length > 0;
  if (run) {
    state.attached = run;
    return undefined;
  }
  const sentence = state.mayHaveMade
    ? `there is no run in namespace ${test}; what an earlier command left there is removed`
    : `there is no run of this command in namespace ${test}`;
  return { code: COMMAND_EXIT.couldNotRun, sentence };
}

function imagesOf({ images }: { images?: StagingImages }): StagingImages {
  if (!images) throw new Error('the phase "images" did not run');
  return images;
}

/** The run to attach to: an active one, else the newest. Pure. */
export function runToAttach(found: Pick<Holdings, 'runs'>): TestRun | undefined {
  const age = (run: TestRun) => run.metadata.creationTimestamp ?? '';
  const runs = [...found.runs].sort((a, b) => age(b).localeCompare(age(a)));
  return runs.find((run) => !isFinished(run)) ?? runs[0];
}

/** Checks everything that can be missing, before anything is created. */
async function prepare(state: StagingState, { p, progress }: Step): Promise<Ending | undefined> {
  const { options } = state;
  const { namespaces, sources } = options;
  state.client = await state.effects.connect();
  const look = { secret: sources.secret, signal: p.signal };
  const found = await lookBefore(state.client, namespaces, look);
  progress.log(`user ${found.user ?? 'unknown'}, namespaces ${namespaces.deployment} and ${namespaces.test}`);
  for (const line of refuseUnprepared(found, namespaces)) progress.log(`not allowed: ${line}`);
  refuseForeign(await holdingsOf(state.client, namespaces.test, p.signal), options);
  const { told } = await findConnection(state.client, namespaces, sources, p.signal);
  for (const line of told) progress.log(line);
  // The API server checks the objects as it would at their creation: CRDs of another version refuse them.
  const dry = { dryRun: 'All', fieldValidation: 'Strict' };
  const at = { namespace: namespaces.test };
  const environment = stagingEnvironment(namespaces, options);
  // A leftover of an earlier command may have the name; it is removed later.
  environment.metadata.name = `${environment.metadata.name}-look`;
  await state.client.create(pathOf(TEST_ENVIRONMENTS, at), environment, p.signal, dry);
  await state.client.create(pathOf(TEST_RUNS, at), wantedRun(options), p.signal, dry);
  if (!options.dryRun) return undefined;
  return { code: COMMAND_EXIT.passed, sentence: 'the suites can run; nothing was created' };
}

function refuseForeign(holdings: Holdings, { namespaces, attachCommand }: StagingOptions): void {
  const active = holdings.runs.find((run) => !isFinished(run));
  if (active) {
    throw new Error(
      `TestRun ${active.metadata.name} is active in namespace ${namespaces.test}: follow it with "${attachCommand}", or use another TEST_NAMESPACE`,
    );
  }
  if (holdings.operator === 'foreign') {
    throw new Error(
      `an operator that this command did not install is in namespace ${namespaces.test}: use another TEST_NAMESPACE`,
    );
  }
}

async function createRun(state: StagingState, image: string, signal: AbortSignal): Promise<RunNames> {
  const { client, options } = state;
  const { namespaces } = options;
  await untilSuitesStand(client, { namespace: namespaces.test, names: options.catalog, image }, { signal });
  const { connection } = await findConnection(client, namespaces, options.sources, signal);
  const secret = corePath(namespaces.test, 'secrets', STAGING.connectionSecret);
  await client.apply(secret, connectionSecret(namespaces, connection), signal);
  const environment = pathOf(TEST_ENVIRONMENTS, { namespace: namespaces.test, name: STAGING.environment });
  const owner = await client.apply<TestEnvironment>(
    environment,
    stagingEnvironment(namespaces, options),
    signal,
  );
  // Again, because the environment would wait for a Secret that came after it.
  await client.apply(secret, connectionSecret(namespaces, connection, owner), signal);
  const runs = pathOf(TEST_RUNS, { namespace: namespaces.test });
  const run = await client.create<TestRun>(runs, wantedRun(options), signal);
  return { namespace: namespaces.test, environment: STAGING.environment, run: run.metadata.name };
}

function wantedRun(options: StagingOptions) {
  return stagingRun(options.namespaces, { ...options, environmentTimeoutSeconds: ENVIRONMENT_SECONDS });
}

async function followed(
  state: StagingState,
  names: RunNames,
  seconds: number,
  { p, progress, clock }: Step,
): Promise<Ending> {
  const { options, client } = state;
  try {
    const run = await showRun(client, names, {
      clock,
      progress,
      state,
      signal: p.signal,
      deadlineMs: (seconds + RUN_MARGIN_SECONDS) * 1000,
      patienceMs: options.patienceSeconds * 1000,
    });
    return endingOfRun(run);
  } catch (error) {
    if (isUnreachable(error)) throw new Detached(names.run, options.attachCommand, error);
    throw error;
  }
}
