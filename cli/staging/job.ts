import { TEST_ENVIRONMENTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { isFinished, type TestRun } from '@backendai-e2e/api/test-run';
import { isUnreachable } from '@backendai-e2e/kube/api-error';
import { corePath, pathOf } from '@backendai-e2e/kube/request';
import type { JobRecord } from '../collect/job-record.ts';
import { showRun } from '../pipeline/show.ts';
import { type Ending, endingOfError, endingOfRun, withTroubles } from '../runs/ending.ts';
import type { RunNames } from '../runs/follow.ts';
import { untilSuitesStand } from '../runs/suites-ready.ts';
import type { Voice } from '../terminal/view.ts';
import { cleanedUp, makeRoom } from './clean-up.ts';
import { findConnection } from './connection.ts';
import { Detached } from './detached.ts';
import { type Job, phase, type StagingOptions, type StagingParts } from './job-parts.ts';
import { type Holdings, holdingsOf } from './leftovers.ts';
import { connectionSecret, operatorValues, stagingEnvironment, stagingRun } from './objects.ts';
import { untilOperatorUp } from './operator-up.ts';
import { STAGING } from './places.ts';
import { lookBefore, refuseUnprepared } from './preflight.ts';

export interface StagingResult {
  ending: Ending;
  state: JobRecord;
}

/** An image that has to be pulled over a slow line first. */
const OPERATOR_UP_SECONDS = 300;
const ENVIRONMENT_SECONDS = 60;
/** The command waits so much longer than the run itself may take, before it says that the operator is stuck. */
const RUN_MARGIN_SECONDS = 120;

/**
 * A run against a deployment that is there: look before, install the operator in its namespace, run, collect, remove.
 * Never throws: whatever happens becomes an ending. Where the connection is lost, everything stays for `attachStaging`.
 */
export async function runStaging(options: StagingOptions, parts: StagingParts): Promise<StagingResult> {
  return guarded(options, parts, async (job) => {
    await prepared(job);
    if (options.dryRun) return { code: COMMAND_EXIT.passed, sentence: 'this would run; nothing was created' };
    await phase(job, 'operator', 'leftovers', (_p, voice) => makeRoom(job, voice));
    const images = await phase(job, 'images', 'images', (p) => parts.effects.images(p));
    await phase(job, 'operator', 'operator', async (p, voice) => {
      job.mayHaveMade = true;
      await parts.effects.install(operatorValues(options.places, images, options), p);
      voice.say('helm is done, waiting for the operator');
      await untilOperatorUp(job.client, options.places.test, {
        signal: p.signal,
        deadlineMs: OPERATOR_UP_SECONDS * 1000,
      });
    });
    return phase(job, 'suites', 'test run', async (p, voice) => {
      job.state.names = await createRun(job, images.suites, p.signal);
      return followed(job, job.state.names, options.timeoutSeconds, voice);
    });
  });
}

/** Finds the run that was left behind, follows it to its end, collects, removes. Never throws. */
export async function attachStaging(options: StagingOptions, parts: StagingParts): Promise<StagingResult> {
  return guarded(options, parts, async (job) => {
    const { test } = options.places;
    const found = await phase(job, 'doctor', 'cluster', async (p) => {
      job.client = await parts.effects.connect();
      job.state.client = job.client;
      return holdingsOf(job.client, test, p.signal);
    });
    const run = runToAttach(found);
    job.mayHaveMade = found.operator === 'ours' || found.runs.length > 0;
    if (!run) {
      const sentence = job.mayHaveMade
        ? `there is no run in namespace ${test}; what an earlier command left there is removed`
        : `there is no run of this command in namespace ${test}`;
      return { code: COMMAND_EXIT.couldNotRun, sentence };
    }
    const names = { namespace: test, environment: STAGING.environment, run: run.metadata.name };
    job.state.names = names;
    const seconds = run.spec.timeoutSeconds ?? options.timeoutSeconds;
    return phase(job, 'suites', `test run ${names.run}`, (_p, voice) => followed(job, names, seconds, voice));
  });
}

/** The run to attach to: one that goes on, else the youngest. Pure. */
export function runToAttach(found: Pick<Holdings, 'runs'>): TestRun | undefined {
  const age = (run: TestRun) => run.metadata.creationTimestamp ?? '';
  const runs = [...found.runs].sort((a, b) => age(b).localeCompare(age(a)));
  return runs.find((run) => !isFinished(run)) ?? runs[0];
}

async function guarded(
  options: StagingOptions,
  parts: StagingParts,
  work: (job: Job) => Promise<Ending>,
): Promise<StagingResult> {
  const { interruption } = parts;
  const state: JobRecord = { seen: { reports: [] } };
  // `client` is set by the first phase of both commands, before anything else looks at it.
  const job = { options, parts, state, mayHaveMade: false } as Omit<Job, 'client'> as Job;
  let ending: Ending;
  let detached = false;
  try {
    ending = await work(job);
  } catch (error) {
    detached = error instanceof Detached && !interruption.work.aborted;
    ending = endingOfError(interruption.work.aborted ? interruption.work.reason : error);
  }
  let troubles: string[] = [];
  if (!detached && !options.dryRun && state.names) {
    try {
      troubles = await collected(job, state.names);
    } catch (error) {
      // The results are still there: nothing is removed before they are fetched.
      detached = true;
      ending = endingOfError(error);
    }
  }
  if (interruption.work.aborted) ending = endingOfError(interruption.work.reason);
  if (job.mayHaveMade && !detached) troubles.push(...(await cleanedUp(job, ending)));
  await state.client?.close();
  return { ending: withTroubles(ending, troubles), state };
}

/** Looks at everything that can be missing, and says it before anything is created. */
async function prepared(job: Job): Promise<void> {
  const { options, parts } = job;
  const { places, sources } = options;
  await phase(job, 'doctor', 'rights and endpoints', async (p, voice) => {
    job.client = await parts.effects.connect();
    job.state.client = job.client;
    const look = { secret: sources.secret, signal: p.signal };
    const found = await lookBefore(job.client, places, look);
    voice.say(`user ${found.user ?? 'unknown'}, namespaces ${places.deployment} and ${places.test}`);
    for (const line of refuseUnprepared(found, places)) voice.say(`not allowed: ${line}`);
    refuseForeign(await holdingsOf(job.client, places.test, p.signal), options);
    const { told } = await findConnection(job.client, places, sources, p.signal);
    for (const line of told) voice.say(line);
    // The API server checks the objects as it would at their creation: CRDs of another version refuse them.
    const dry = { dryRun: 'All', fieldValidation: 'Strict' };
    const at = { namespace: places.test };
    const environment = stagingEnvironment(places);
    // The name may be taken by what an earlier command left, which is removed later.
    environment.metadata.name = `${environment.metadata.name}-look`;
    await job.client.create(pathOf(TEST_ENVIRONMENTS, at), environment, p.signal, dry);
    await job.client.create(pathOf(TEST_RUNS, at), wantedRun(options), p.signal, dry);
  });
}

function refuseForeign(holdings: Holdings, { places, attachCommand }: StagingOptions): void {
  const active = holdings.runs.find((run) => !isFinished(run));
  if (active) {
    throw new Error(
      `TestRun ${active.metadata.name} goes on in namespace ${places.test}: "${attachCommand}" follows it, another TEST_NAMESPACE runs beside it`,
    );
  }
  if (holdings.operator === 'foreign') {
    throw new Error(
      `an operator that this command did not install is in namespace ${places.test}: give another TEST_NAMESPACE`,
    );
  }
}

async function createRun(job: Job, image: string, signal: AbortSignal): Promise<RunNames> {
  const { client, options } = job;
  const { places } = options;
  await untilSuitesStand(client, { namespace: places.test, names: options.catalog, image }, { signal });
  const { connection } = await findConnection(client, places, options.sources, signal);
  const secret = corePath(places.test, 'secrets', STAGING.connectionSecret);
  await client.apply(secret, connectionSecret(places, connection), signal);
  const environment = pathOf(TEST_ENVIRONMENTS, { namespace: places.test, name: STAGING.environment });
  await client.apply(environment, stagingEnvironment(places), signal);
  const runs = pathOf(TEST_RUNS, { namespace: places.test });
  const run = await client.create<TestRun>(runs, wantedRun(options), signal);
  return { namespace: places.test, environment: STAGING.environment, run: run.metadata.name };
}

function wantedRun(options: StagingOptions) {
  return stagingRun(options.places, { ...options, environmentTimeoutSeconds: ENVIRONMENT_SECONDS });
}

async function followed(job: Job, names: RunNames, seconds: number, voice: Voice): Promise<Ending> {
  const { options, parts, state, client } = job;
  try {
    const run = await showRun(client, names, {
      clock: parts.clock,
      voice,
      state,
      signal: parts.interruption.work,
      deadlineMs: (seconds + RUN_MARGIN_SECONDS) * 1000,
      patienceMs: options.patienceSeconds * 1000,
    });
    return endingOfRun(run);
  } catch (error) {
    if (isUnreachable(error)) throw new Detached(names.run, options.attachCommand, error);
    throw error;
  }
}

/** Throws Detached where the results cannot be fetched because the cluster does not answer. */
async function collected(job: Job, names: RunNames): Promise<string[]> {
  const { options, parts, state } = job;
  const { work } = parts.interruption;
  if (work.aborted) return [];
  try {
    return await phase(job, 'collect', 'results and logs', (p, voice) => parts.collect(state, voice, p));
  } catch (error) {
    if (work.aborted) return [];
    if (isUnreachable(error)) throw new Detached(names.run, options.attachCommand, error);
    return [`results could not be collected: ${endingOfError(error).sentence}`];
  }
}
