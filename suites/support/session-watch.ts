import {
  ENDED_STATES,
  SESSION_STATES,
  type SessionInfo,
  type SessionState,
  type Sessions,
} from './sessions.ts';
import { notYet, waitUntil } from './waiting.ts';

/** Longest time from the request until a session runs: 12 to 26 s measured, more where an image is pulled first. */
export const START_SECONDS = 90;
/** Longest time from a termination until the session has ended: 4 to 7 s measured. */
export const END_SECONDS = 60;

/** The session came to an end while it was expected to go another way. */
export class SessionEnded extends Error {
  override name = 'SessionEnded';
}

/**
 * Waits until a session is in one of the states.
 * Throws {@link SessionEnded} when it ends in another state, WaitedInVain at the deadline.
 */
export async function waitForState(
  sessions: Sessions,
  id: string,
  states: readonly SessionState[],
  deadlineSeconds: number,
): Promise<SessionInfo> {
  return waitUntil(
    `session ${id} to be ${states.join(' or ')}`,
    async () => {
      const info = await sessions.get(id);
      if (states.includes(info.status)) return info;
      if (ENDED_STATES.includes(info.status)) {
        throw new SessionEnded(
          `session ${id} is ${info.status} (${info.statusInfo}), not ${states.join(' or ')}`,
        );
      }
      return notYet(`${info.status} (${info.statusInfo})`);
    },
    { deadlineSeconds },
  );
}

/** States in the order in which a status history says that they were entered. */
export function statesInOrder(history: Partial<Record<SessionState, string>>): SessionState[] {
  const entered = (state: SessionState) => Date.parse(history[state] ?? '');
  return SESSION_STATES.filter((state) => history[state]).sort((a, b) => entered(a) - entered(b));
}
