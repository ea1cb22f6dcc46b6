import { createHash, randomBytes } from 'node:crypto';
import { UPGRADE_TESTS } from '@backendai-e2e/api/runner-contract';
import { expect } from 'chai';
import { runCode } from '../assertions/execution.ts';
import { longestAway, Prober, WrongAnswer } from '../chaos/prober.ts';
import { Api } from '../clients/http/api.ts';
import { agentsAtWork } from '../clients/manager/agents.ts';
import type { BackendAi } from '../clients/manager/backend-ai.ts';
import type { CreatedSession, SessionInfo } from '../clients/manager/sessions.ts';
import type { VFolder } from '../clients/manager/vfolders.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { notYet, passes, WaitTimeout, waitUntil } from '../evidence/waiting.ts';
import { limitedUser } from '../fixtures/administration/limited-user.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { type RunningSession, useWorld } from '../fixtures/world.ts';
import { serviceVersions, upgradedTo } from './versions.ts';

/** Migrations, and a new pod of each service on two busy cores. */
const UPGRADE_SECONDS = 600;
/** A test: an upgrade, or the start of a session. */
const TEST_MS = (UPGRADE_SECONDS + 60) * 1000;
/** A service that takes longer counts as away, milliseconds. */
const PROBE_MS = 5_000;
/** A session that may start does so within a second or two. */
const LIMIT_SECONDS = 8;
const FILE_BYTES = 3 * 1024 * 1024;

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

describe('an upgrade', function () {
  this.timeout(TEST_MS);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer', 'storage-proxy', 'webserver']);
  const content = randomBytes(FILE_BYTES);
  const secret = randomBytes(8).toString('hex');
  let files: VFolderFixture;
  let folder: VFolder;
  let shared: VFolder;
  let offered: VFolder;
  let limited: BackendAi;
  let session: RunningSession;
  let waiting: CreatedSession;
  let version: string;

  before('accounts, vfolders and sessions exist', async () => {
    const { afterSuite, connection, user, user2 } = world();
    version = connection.version;
    files = new VFolderFixture(world());
    limited = await limitedUser(world(), { concurrentSessions: 1 }, afterSuite);
    folder = await files.make(afterSuite);
    await files.upload(folder.id, 'data.bin', content);
    shared = await files.make(afterSuite);
    offered = await files.make(afterSuite);
    for (const one of [shared, offered]) {
      await user.folders.invite(one.id, 'ro', [connection.accounts.user2.email]);
    }
    const offer = (await user2.folders.invitations()).find(
      ({ vfolder_name }) => vfolder_name === shared.name,
    );
    await user2.folders.acceptInvitation(offer?.id ?? '');
    session = await world().startSession(afterSuite);
    await runCode(user.sessions, session.id, { mode: 'query', code: `kept = "${secret}"` });
    waiting = await world().enqueue(world().endlessWait(), afterSuite);
  });

  const startsAndComputes = async (): Promise<void> => {
    const { afterTest, user } = world();
    const fresh = await world().startSession(afterTest);
    measure('session-start', fresh.startSeconds, 's');
    const { stdout } = await runCode(user.sessions, fresh.id, { mode: 'query', code: '6 * 7' });
    expect(stdout).to.equal('42');
  };

  it(UPGRADE_TESTS.services, async () => {
    const { connection, user } = world();
    const live = (url: string, path: string) => async () => {
      await new Api(url).request({ method: 'GET', path, timeoutMs: PROBE_MS });
    };
    const probers = [
      new Prober('manager-vfolders', async () => {
        const path = `/folders/${folder.id}`;
        const seen = await user.api.json<VFolder>({ method: 'GET', path, timeoutMs: PROBE_MS });
        if (seen.name !== folder.name) throw new WrongAnswer(`vfolder ${folder.id} is ${seen.name}`);
      }),
      new Prober('manager-sessions', async () => {
        const path = `/session/${session.id}`;
        const seen = await user.api.json<SessionInfo>({ method: 'GET', path, timeoutMs: PROBE_MS });
        if (seen.status !== 'RUNNING') throw new WrongAnswer(`session ${session.id} is ${seen.status}`);
      }),
      new Prober('storage-proxy', live(connection.storageProxy.clientUrl, '/')),
      new Prober('webserver', live(connection.webserver.url, '/livez')),
      new Prober('appproxy-coordinator', live(connection.appProxy.coordinatorUrl, '/health/livez')),
    ].map((prober) => prober.start());
    const since = performance.now();
    try {
      const now = await waitUntil(
        `every service to have another version than ${version}`,
        async () => {
          const seen = await serviceVersions(connection);
          return upgradedTo(seen, version) ?? notYet(seen);
        },
        { deadlineSeconds: UPGRADE_SECONDS, everyMs: 2_000, tolerate: () => true },
      ).catch((error: unknown) => {
        throw error instanceof WaitTimeout
          ? new Inconclusive(`${error.message}. Start this suite with UPGRADE_TO`)
          : error;
      });
      measure('upgrade', (performance.now() - since) / 1000, 's');
      expect(now).not.to.equal(version);
    } finally {
      await Promise.all(probers.map((prober) => prober.stop()));
    }
    for (const { name, probes } of probers) {
      measure(`away-${name}`, longestAway(probes) / 1000, 's');
      measure(`failed-${name}`, probes.filter(({ outcome }) => outcome === 'away').length, 'answers');
    }
    const wrong = probers.flatMap(({ name, probes }) =>
      probes.flatMap(({ outcome, why }) => (outcome === 'wrong' ? [`${name}: ${why}`] : [])),
    );
    expect(wrong, 'wrong answers').to.deep.equal([]);
    const last = probers.filter(({ probes }) => probes.at(-1)?.outcome !== 'right').map(({ name }) => name);
    expect(last, 'services that do not answer after the upgrade').to.deep.equal([]);
  });

  it('keeps vfolders and their files', async () => {
    const { user } = world();
    expect(await user.folders.info(folder.id)).to.include({ name: folder.name, status: 'ready' });
    expect(sha256(await files.download(folder.id, 'data.bin'))).to.equal(sha256(content));
  });

  it('keeps an accepted share and an open invitation', async () => {
    const { user2 } = world();
    const mine = (await user2.folders.list()).map(({ name }) => name);
    expect(mine).to.include(shared.name).and.not.include(offered.name);
    const open = (await user2.folders.invitations()).map(({ vfolder_name }) => vfolder_name);
    expect(open).to.include(offered.name).and.not.include(shared.name);
  });

  it('keeps the session that waits for room', async () => {
    expect((await world().user.sessions.get(waiting.sessionId)).status).to.equal('PENDING');
    // The queue is first in, first out: sessions behind it would wait too.
    await world().endSession(waiting.sessionId);
  });

  it('keeps a session and its memory, on an agent of the earlier release', async () => {
    const { admin, user } = world();
    expect([...new Set((await admin.agents()).map((agent) => agent.version))]).to.deep.equal([version]);
    const { stdout } = await runCode(user.sessions, session.id, { mode: 'query', code: 'kept' });
    expect(stdout).to.equal(`'${secret}'`);
  });

  it('starts a session on an agent of the earlier release', startsAndComputes);

  it(UPGRADE_TESTS.agents, async () => {
    const { admin } = world();
    const since = performance.now();
    await waitUntil(
      `every agent to have another version than ${version}`,
      async () => {
        const seen = (await admin.agents()).map(({ id, version: now, status }) => ({ id, now, status }));
        const done = seen.every(({ now, status }) => now !== version && status === 'ALIVE');
        return done ? undefined : notYet(seen);
      },
      { deadlineSeconds: UPGRADE_SECONDS, tolerate: () => true },
    );
    measure('upgrade-of-agents', (performance.now() - since) / 1000, 's');
    // The sessions of an agent ended with its pod.
    await world().endSession(session.id);
    await agentsAtWork(world());
  });

  it('starts a session on an upgraded agent', startsAndComputes);

  it('keeps a user, its key pair and the limit of its policy', async () => {
    const { afterTest, database } = world();
    await world().startSession(afterTest, {}, limited);
    const { sessionId } = await world().enqueue(world().smallSession(), afterTest, limited);
    await passes(LIMIT_SECONDS, async () => {
      const row = await database.session(sessionId);
      expect(row?.status, 'a second session of a user who may have one').to.equal('PENDING');
    });
  });

  it('keeps the files to the end', async () => {
    expect(sha256(await files.download(folder.id, 'data.bin'))).to.equal(sha256(content));
  });
});
