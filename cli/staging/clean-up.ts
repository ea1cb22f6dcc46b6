import type { Provision } from '../machine/provision.ts';
import type { CleanUp, Step } from '../pipeline/pipeline.ts';
import { cancelRun } from '../pipeline/show.ts';
import type { StagingState } from './context.ts';
import { holdingsOf, removeAll } from './leftovers.ts';
import { untilSwept } from './swept.ts';
import { untilUndone } from './undone.ts';

const CANCEL_SECONDS = 60;
const REMOVE_SECONDS = 180;
/** The operator removes artifacts within seconds after their reports; a bucket may be slow. */
const SWEEP_SECONDS = 60;
/** The pod of a cancelled attempt ends first; then a Job undoes what it left changed, with retries. */
const UNDO_SECONDS = 480;

/** Removes what an earlier command left behind, its finished runs included. Throws an Error with what remains. */
export async function makeRoom(state: StagingState, { p, progress }: Step): Promise<void> {
  const { namespaces } = state.options;
  const before = await holdingsOf(state.client, namespaces.test, p.signal);
  if (before.operator === 'none' && before.runs.length === 0) return;
  progress.log('removing the operator or the runs that an earlier command left');
  // Without an operator, nothing undoes anything.
  const left = await removed(state, p, before.operator === 'none' ? 0 : UNDO_SECONDS);
  if (left.length > 0)
    throw new Error(`leftovers of an earlier command cannot be removed: ${left.join(', ')}`);
}

/** Removes what was created, or reports what stays. */
export function cleanUpStaging(state: StagingState, interrupted: boolean): CleanUp {
  const { options, client, names } = state;
  return {
    title: options.keep ? 'operator and run are kept' : 'clean-up',
    hint: `"${options.attachCommand}" removes what is left`,
    run: async ({ p, progress }) => {
      if (interrupted && names) {
        const deadlineMs = CANCEL_SECONDS * 1000;
        await cancelRun(client, names, { progress, signal: p.signal, deadlineMs });
      }
      if (options.keep) return [];
      const left = await removed(state, p);
      return left.map((line) => `clean-up left ${line} in namespace ${options.namespaces.test}`);
    },
  };
}

function removed(
  { options, effects, client }: StagingState,
  p: Provision,
  undoSeconds = UNDO_SECONDS,
): Promise<string[]> {
  const { signal } = p;
  const deadlineMs = REMOVE_SECONDS * 1000;
  const uninstall = () => effects.uninstall(p);
  const swept = () =>
    untilSwept(client, options.namespaces.test, { signal, deadlineMs: SWEEP_SECONDS * 1000 });
  const undone = () =>
    untilUndone(client, options.namespaces.test, { signal, deadlineMs: undoSeconds * 1000 });
  return removeAll(client, options.namespaces.test, { uninstall, undone, swept, signal, deadlineMs });
}
