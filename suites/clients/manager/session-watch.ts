import { notYet, waitUntil } from '../../evidence/waiting.ts';
import type { Database, SessionRow } from '../data-stores/database.ts';
import { BackendApiError } from '../http/api.ts';
import {
  ENDED_STATES,
  SESSION_STATES,
  type SessionInfo,
  type SessionState,
  type Sessions,
} from './sessions.ts';

/** Longest time from the request until a session runs. Measured on an agent that has the image: 12 to 26 s. */
export const START_SECONDS = 90;
/** The same for a session whose agent may have to pull the image first. On two busy cores, 90 s of pull were measured. */
export const FIRST_START_SECONDS = 2 * START_SECONDS;
/** Longest time from a termination until the session has ended: 4 to 7 s measured. */
export const END_SECONDS = 60;

/** The scheduler checks waiting sessions about every 2 s. A session that waits for longer is not about to start. */
const WAITS_SECONDS = 8;
/** Longest time for a session to come to rest: the time to start without an image pull. */
const REST_SECONDS = 25;
/** States on the way to RUNNING. */
const ON_ITS_WAY: readonly SessionState[] = [
  'PENDING',
  'DEPRIORITIZING',
  'RESERVED',
  'SCHEDULED',
  'PREPARING',
  'PREPARED',
  'CREATING',
];

/** The session ended, or ended in another state than expected. */
class SessionEnded extends Error {
  override name = 'SessionEnded';
}

/**
 * Waits until the API reports a session in one of the states. The API does not know ended sessions.
 * Throws {@link SessionEnded} when the session has ended, WaitTimeout at the deadline.
 * @param states of living sessions; use {@link waitForEnd} for ended ones
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
      const info = await lookAt(sessions, id);
      if (states.includes(info.status)) return info;
      return notYet(`${info.status} (${info.statusInfo})`);
    },
    { deadlineSeconds },
  );
}

/**
 * Waits until a session has ended in the database, and returns its row.
 * Throws WaitTimeout at the deadline, and {@link SessionEnded} when it ended in another state.
 */
export async function waitForEnd(
  database: Database,
  id: string,
  states: readonly SessionState[] = ENDED_STATES,
  deadlineSeconds: number = END_SECONDS,
): Promise<SessionRow> {
  return waitUntil(
    `session ${id} to end ${states.join(' or ')}`,
    async () => {
      const row = await database.session(id);
      const status = row?.status as SessionState | undefined;
      if (row && status && states.includes(status)) return row;
      if (status && ENDED_STATES.includes(status)) {
        throw new SessionEnded(
          `session ${id} ended ${status} (${row?.status_info}), not ${states.join(' or ')}`,
        );
      }
      return notYet(row ? `${row.status} (${row.status_info})` : 'no row');
    },
    { deadlineSeconds },
  );
}

/**
 * Waits until a session runs, has ended, waits for room, or takes too long, whichever comes first. It does not throw.
 * In Backend.AI 26.9.6, ending a session while it is being scheduled loses its slots, and sometimes its end
 * (suites/known-issues). Clean-up must not cause that. Returns the row, or undefined when there is none.
 */
export async function atRest(database: Database, id: string): Promise<SessionRow | undefined> {
  const since = performance.now();
  for (;;) {
    const row = await database.session(id);
    const status = row?.status as SessionState | undefined;
    const seconds = (performance.now() - since) / 1000;
    const waits = status === 'PENDING' && (seconds > WAITS_SECONDS || (await wasTurnedDown(database, id)));
    if (!status || !ON_ITS_WAY.includes(status) || waits || seconds > REST_SECONDS) return row;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Whether the scheduler has reported that there is no room for a session yet. */
async function wasTurnedDown(database: Database, id: string): Promise<boolean> {
  return (await database.schedulingSteps(id)).some(({ result }) => result === 'NEED_RETRY');
}

async function lookAt(sessions: Sessions, id: string): Promise<SessionInfo> {
  try {
    return await sessions.get(id);
  } catch (error) {
    if (!(error instanceof BackendApiError) || error.status !== 404) throw error;
    throw new SessionEnded(`session ${id} has ended: the API does not know it any more`, { cause: error });
  }
}

/** States in the order of their times in a status history. */
export function statesInOrder(history: Partial<Record<SessionState, string>>): SessionState[] {
  const entered = (state: SessionState) => Date.parse(history[state] ?? '');
  return SESSION_STATES.filter((state) => history[state]).sort((a, b) => entered(a) - entered(b));
}
