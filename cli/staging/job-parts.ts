import type { RestApi } from '@backendai-e2e/kube/rest-client';
import type { Collector, JobRecord } from '../collect/job-record.ts';
import type { Provision } from '../machine/provision.ts';
import type { Phase, PhaseClock } from '../pipeline/phases.ts';
import type { RunChoice } from '../runs/run-spec.ts';
import type { Interruption } from '../terminal/interrupt.ts';
import type { View, Voice } from '../terminal/view.ts';
import type { Sources } from './connection.ts';
import type { StagingEffects } from './effects.ts';
import type { Places } from './places.ts';

/** What a staging run is asked for. */
export interface StagingOptions extends RunChoice {
  places: Places;
  sources: Sources;
  /** Every suite of the catalog: they must stand in the cluster before a run is created. */
  catalog: readonly string[];
  /** Secret in the test namespace with which images are pulled. */
  pullSecret?: string;
  /** Image with Backend.AI's own programs, for the suites that work in it. */
  runtimeImage?: string;
  /** Leave operator and run as they are at the end. */
  keep: boolean;
  /** Look at everything, create nothing. */
  dryRun: boolean;
  /** Seconds without an answer of the API server after which the command leaves the run to itself. */
  patienceSeconds: number;
  cacheDir: string;
  /** The command that attaches to a run of these places, for messages. */
  attachCommand: string;
}

/** What it works with. */
export interface StagingParts {
  effects: StagingEffects;
  view: View;
  clock: PhaseClock;
  interruption: Interruption;
  collect: Collector;
}

/** What the steps of a staging job share. */
export interface Job {
  options: StagingOptions;
  parts: StagingParts;
  state: JobRecord;
  client: RestApi;
  mayHaveMade: boolean;
}

/**
 * A step: measured under its name, shown under its title, not begun after an interruption.
 * Returns what its body does; throws the reason of the interruption.
 */
export function phase<T>(
  job: Job,
  name: Phase,
  title: string,
  body: (p: Provision, voice: Voice) => Promise<T>,
): Promise<T> {
  const { interruption, clock, view } = job.parts;
  interruption.work.throwIfAborted();
  const { cacheDir } = job.options;
  return clock.measure(name, () =>
    view.phase(title, (voice) =>
      body({ log: (line) => voice.say(line), signal: interruption.work, cacheDir }, voice),
    ),
  );
}
