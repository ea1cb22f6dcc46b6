import { expect } from 'chai';
import type { BackendAi } from '../clients/manager/backend-ai.ts';
import { START_SECONDS, waitForState } from '../clients/manager/session-watch.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { limitedUser } from '../fixtures/administration/limited-user.ts';
import { useWorld } from '../fixtures/world.ts';

/** How far in the future a start is reserved. */
const RESERVED_SECONDS = 35;
/** Lifetime of each session of the user. */
const LIFETIME_SECONDS = 3_600;
/** The manager looks every 15 s how long a session may still live (DEFAULT_CHECK_INTERVAL in ai.backend.manager.idle). */
const LOOK_SECONDS = 15;
/** Tolerance for the clocks of database and manager. */
const CLOCK_SECONDS = 3;

describe('a session with a reserved start', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);
  let reserved: Date;
  let id: string;
  let account: BackendAi;

  before('a user whose sessions have a limited lifetime reserves a start', async function () {
    this.timeout((RESERVED_SECONDS + START_SECONDS + 30) * 1000);
    const { afterSuite } = world();
    const limits = { concurrentSessions: 2, lifetimeSeconds: LIFETIME_SECONDS };
    account = await limitedUser(world(), limits, afterSuite);
    reserved = new Date(Date.now() + RESERVED_SECONDS * 1000);
    const wanted = world().smallSession({
      type: 'batch',
      startupCommand: 'sleep 600',
      starts_at: reserved.toISOString(),
    });
    id = (await world().enqueue(wanted, afterSuite, account)).sessionId;
    await waitForState(account.sessions, id, ['RUNNING'], RESERVED_SECONDS + START_SECONDS);
  });

  const entered = async (state: 'SCHEDULED' | 'RUNNING'): Promise<number> => {
    const row = await world().database.session(id);
    return Date.parse(row?.status_history?.[state] ?? '') / 1000;
  };

  it('starts then and not before', async () => {
    const late = (await entered('SCHEDULED')) - reserved.getTime() / 1000;
    expect(late, 'seconds from the reserved time to the start').to.be.within(-1, START_SECONDS);
  });

  it('keeps the time that was asked for', async () => {
    const { database } = world();
    // Older releases have one column for the reserved and the real start.
    const [column] = await database.rows<{ name: string }>(
      "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'sessions' AND column_name IN ('requested_starts_at', 'starts_at') ORDER BY 1 LIMIT 1",
    );
    const [kept] = await database.rows<{ at: Date | null }>(
      `SELECT ${column?.name} AS at FROM sessions WHERE id = $1`,
      [id],
    );
    expect(kept?.at?.toISOString(), 'the reserved time').to.equal(reserved.toISOString());
  });

  it('may live for its lifetime from its start, not from the request', async () => {
    const query = `{ compute_session(id: "${id}") { idle_checks } }`;
    const running = await entered('RUNNING');
    const seen = await waitUntil(
      'the manager to look at the lifetime of the session',
      async () => {
        const { compute_session } = await account.graphql<{ compute_session: { idle_checks: string } }>(
          query,
        );
        const checks: { session_lifetime?: { remaining: number | null } } = JSON.parse(
          compute_session.idle_checks,
        );
        const now = Date.now() / 1000;
        const left = checks.session_lifetime?.remaining ?? undefined;
        // An earlier answer may be from before the start.
        const recent = now - running > LOOK_SECONDS + 1;
        return left !== undefined && recent ? { left, ran: now - running } : notYet(checks);
      },
      { deadlineSeconds: 2 * LOOK_SECONDS + 10 },
    );
    expect(seen.left, `seconds left after ${seen.ran} s`).to.be.within(
      LIFETIME_SECONDS - seen.ran - CLOCK_SECONDS,
      LIFETIME_SECONDS,
    );
  });
});
