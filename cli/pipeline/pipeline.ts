import type { Collector, JobRecord } from '../collect/job-record.ts';
import type { Provision } from '../machine/provision.ts';
import { type Ending, endingOfError, withTroubles } from '../runs/ending.ts';
import { Interrupted, type Interrupts } from '../terminal/interrupt.ts';
import type { PhaseProgress, Renderer } from '../terminal/renderer.ts';
import { Detached } from './detached.ts';
import type { PhaseClock, PhaseName } from './phases.ts';

/** What the body of a phase works with. */
export interface Step {
  p: Provision;
  progress: PhaseProgress;
  clock: PhaseClock;
}

/** One phase of a pipeline over a state that all phases share. */
export interface Phase<S> {
  /** Its time counts under this name; several phases may have one name. */
  name: PhaseName;
  title: string | ((state: S) => string);
  /** Whether the phase takes place. Default: always. */
  when?(state: S): boolean;
  /** Does the work. An ending that it returns skips the phases after it. */
  run(state: S, step: Step): Promise<Ending | undefined>;
}

/** Removes or keeps what the phases made. */
export interface CleanUp {
  title: string;
  /** Returns a sentence for each thing that could not be removed. */
  run(step: Step): Promise<string[]>;
  /** Appended to the message of a failed clean-up: the command that removes the rest. */
  hint?: string;
}

/** Named phases and what follows them. The state contains the effects. */
export interface Pipeline<S extends JobRecord> {
  phases: readonly Phase<S>[];
  /** Ends what the phases left in the background. Called after the phases, however they ended. */
  settle?(state: S): Promise<void>;
  /** Whether there are results to collect. */
  collects(state: S, ending: Ending): boolean;
  /** The clean-up, or undefined where nothing was made. */
  cleanUp(state: S, interrupted: boolean): CleanUp | undefined;
}

/** What a pipeline runs with. */
export interface PipelineParts {
  renderer: Renderer;
  clock: PhaseClock;
  interruption: Interrupts;
  collect: Collector;
  cacheDir: string;
}

/**
 * Runs the phases, collects the results, cleans up. Never throws: whatever happens becomes the ending. After Detached nothing is
 * collected and nothing is removed; after an interruption nothing is collected.
 */
export async function runPipeline<S extends JobRecord>(
  pipeline: Pipeline<S>,
  state: S,
  parts: PipelineParts,
): Promise<Ending> {
  const { work, cleanUp: cleaning } = parts.interruption;
  let detached = false;
  const endingOf = (error: unknown): Ending => {
    detached ||= error instanceof Detached && !work.aborted;
    return endingOfError(work.aborted ? work.reason : error);
  };
  let ending: Ending;
  try {
    ending = await runPhases(pipeline.phases, state, parts);
  } catch (error) {
    ending = endingOf(error);
  }
  await pipeline.settle?.(state);
  const troubles: string[] = [];
  if (!detached && !work.aborted && pipeline.collects(state, ending)) {
    try {
      const { collect } = parts;
      const found = await measured(parts, 'collect', 'results and logs', work, ({ progress, p }) =>
        collect(state, progress, p),
      );
      troubles.push(...found);
    } catch (error) {
      if (error instanceof Detached) ending = endingOf(error);
      else if (!work.aborted) {
        troubles.push(`results could not be collected: ${endingOfError(error).sentence}`);
      }
    }
  }
  if (work.aborted) ending = endingOfError(work.reason);
  const cleanUp = detached ? undefined : pipeline.cleanUp(state, work.aborted);
  if (cleanUp) {
    try {
      const left = await measured(parts, 'clean-up', cleanUp.title, cleaning, (step) => cleanUp.run(step));
      troubles.push(...left);
    } catch (error) {
      troubles.push(`${cleanUpFailed(error, ending)}${cleanUp.hint ? `; ${cleanUp.hint}` : ''}`);
    }
  }
  await state.client?.close();
  return withTroubles(ending, troubles);
}

async function runPhases<S>(phases: readonly Phase<S>[], state: S, parts: PipelineParts): Promise<Ending> {
  const { work } = parts.interruption;
  for (const phase of phases) {
    if (phase.when?.(state) === false) continue;
    work.throwIfAborted();
    const title = typeof phase.title === 'string' ? phase.title : phase.title(state);
    const ending = await measured(parts, phase.name, title, work, (step) => phase.run(state, step));
    if (ending) return ending;
  }
  throw new Error('the last phase of the pipeline returned no ending');
}

function measured<T>(
  { clock, renderer, cacheDir }: PipelineParts,
  name: PhaseName,
  title: string,
  signal: AbortSignal,
  body: (step: Step) => Promise<T>,
): Promise<T> {
  return clock.measure(name, () =>
    renderer.phase(title, (progress) =>
      body({ p: { log: (line) => progress.log(line), signal, cacheDir }, progress, clock }),
    ),
  );
}

function cleanUpFailed(error: unknown, ending: Ending): string {
  if (error instanceof Interrupted) return error.message;
  return `clean-up failed (after "${ending.sentence.split('\n', 1)[0]}"): ${endingOfError(error).sentence}`;
}
