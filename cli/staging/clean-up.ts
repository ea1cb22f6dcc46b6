import type { Provision } from '../machine/provision.ts';
import { cancelRun } from '../pipeline/show.ts';
import { type Ending, endingOfError } from '../runs/ending.ts';
import type { Voice } from '../terminal/view.ts';
import type { Job } from './job-parts.ts';
import { holdingsOf, removeAll } from './leftovers.ts';
import { untilSwept } from './swept.ts';

const CANCEL_SECONDS = 60;
const REMOVE_SECONDS = 180;
/** The operator removes artifacts within seconds after their reports; a bucket may be slow. */
const SWEEP_SECONDS = 60;

/** Removes what an earlier command left behind, its finished runs included. Throws an Error with what does not go. */
export async function makeRoom(job: Job, voice: Voice): Promise<void> {
  const { places } = job.options;
  const signal = job.parts.interruption.work;
  const before = await holdingsOf(job.client, places.test, signal);
  if (before.operator === 'none' && before.runs.length === 0) return;
  voice.say('an earlier command left an operator or runs behind: removing them');
  const left = await removed(job, voice, signal);
  if (left.length > 0) throw new Error(`what is left of an earlier command does not go: ${left.join(', ')}`);
}

/** Removes what was made, or says what stays. Returns what could not be removed. */
export async function cleanedUp(job: Job, ending: Ending): Promise<string[]> {
  const { options, parts, state } = job;
  const { interruption, clock, view } = parts;
  const signal = interruption.cleanUp;
  try {
    return await clock.measure('clean-up', () =>
      view.phase(options.keep ? 'operator and run are kept' : 'clean-up', async (voice) => {
        if (interruption.work.aborted && state.names) {
          const deadlineMs = CANCEL_SECONDS * 1000;
          await cancelRun(job.client, state.names, { voice, signal, deadlineMs });
        }
        if (options.keep) return [];
        const left = await removed(job, voice, signal);
        return left.map((line) => `clean-up left ${line} in namespace ${options.places.test}`);
      }),
    );
  } catch (error) {
    const first = ending.sentence.split('\n', 1)[0];
    return [
      `clean-up failed (after "${first}"): ${endingOfError(error).sentence}; "${options.attachCommand}" removes what is left`,
    ];
  }
}

function removed(job: Job, voice: Voice, signal: AbortSignal): Promise<string[]> {
  const { options, parts, client } = job;
  const p: Provision = { log: (line) => voice.say(line), signal, cacheDir: options.cacheDir };
  const deadlineMs = REMOVE_SECONDS * 1000;
  const uninstall = () => parts.effects.uninstall(p);
  const swept = () => untilSwept(client, options.places.test, { signal, deadlineMs: SWEEP_SECONDS * 1000 });
  return removeAll(client, options.places.test, { uninstall, swept, signal, deadlineMs });
}
