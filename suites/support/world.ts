import { randomBytes } from 'node:crypto';
import type { Connection } from '../../operator/api/connection.ts';
import { BackendAi } from './backend-ai.ts';
import { loadConnection } from './connection.ts';
import { Database } from './database.ts';
import { Etcd } from './etcd.ts';
import { Ledger } from './ledger.ts';
import { AgentObserver, CONTAINER_LABELS, containersOf } from './observer.ts';
import { type Component, checkReady } from './precondition.ts';
import { atRest, END_SECONDS, START_SECONDS, waitForEnd, waitForState } from './session-watch.ts';
import { type CreatedSession, ENDED_STATES, type NewSession, type SessionInfo } from './sessions.ts';
import { Valkey } from './valkey.ts';
import { notYet, waitUntil } from './waiting.ts';

/**
 * What a session of a suite asks for by default: a core, and memory above the image's minimum (256 MiB) plus the
 * shared memory.
 */
export const SMALL = { resources: { cpu: 1, mem: '512m' }, resource_opts: { shmem: '64m' } };

/** Hooks of the world: they wait for sessions to end, so they get longer than a test's default. */
const HOOK_MS = 180_000;

/** A session that was given to an agent which could not be asked to start it: it stays as it is until it is ended. */
export class NeverStarted extends Error {
  override name = 'NeverStarted';
}

/** A session that a suite made and that runs. */
export interface RunningSession {
  id: string;
  name: string;
  info: SessionInfo;
  /** Seconds from the request until RUNNING was seen. */
  startSeconds: number;
}

/**
 * Everything a suite works with: the connection, clients in the name of each account, and read-only looks behind the
 * API. What it creates through the world is gone afterwards, also when a test fails.
 */
export class World {
  readonly connection: Connection;
  readonly admin: BackendAi;
  readonly user: BackendAi;
  readonly user2: BackendAi;
  readonly database: Database;
  readonly valkey: Valkey;
  readonly etcd: Etcd;
  /** Undone after the test that runs now, and after the suite. */
  readonly afterTest = new Ledger();
  readonly afterSuite = new Ledger();
  /** Random for each process: names of one run never meet those of another. */
  readonly run = randomBytes(4).toString('hex');
  #names = 0;

  constructor(connection: Connection) {
    this.connection = connection;
    const { url } = connection.manager;
    this.admin = new BackendAi(url, connection.accounts.admin);
    this.user = new BackendAi(url, connection.accounts.user);
    this.user2 = new BackendAi(url, connection.accounts.user2);
    this.database = new Database(connection.postgres);
    this.valkey = new Valkey(connection.valkey);
    this.etcd = new Etcd(connection.etcd);
  }

  /** A name for something that the suite makes: 4 to 64 letters, digits and dashes, as sessions want it. */
  name(what: string): string {
    this.#names += 1;
    return `e2e-${what}-${this.run}-${this.#names}`.slice(0, 64);
  }

  /** The observer of an agent. Throws Inconclusive when there is none. */
  observer(agent: string): AgentObserver {
    const endpoint = this.connection.agents.find((candidate) => candidate.id === agent);
    if (!endpoint) throw new Error(`agent ${agent} is not in the connection`);
    return new AgentObserver(endpoint);
  }

  /** The observers of all agents. */
  observers(): AgentObserver[] {
    return this.connection.agents.map((agent) => new AgentObserver(agent));
  }

  /** A session small enough to fit everywhere, with the deployment's kernel image. */
  smallSession(more: Partial<NewSession> = {}): NewSession {
    const { registry, domain, project, scalingGroup } = this.connection;
    return {
      name: this.name('session'),
      image: registry.kernelImage,
      type: 'interactive',
      domain,
      group: project,
      enqueueOnly: true,
      reuseIfExists: false,
      ...more,
      config: { scaling_group: scalingGroup, ...SMALL, ...more.config },
    };
  }

  /** A session that fits nowhere: it waits until it is ended. */
  endlessWait(more: Partial<NewSession> = {}): NewSession {
    return this.smallSession({ ...more, config: { ...SMALL, resources: { cpu: 100_000, mem: '512m' } } });
  }

  /** Asks for a session; whatever becomes of it, the ledger ends it. */
  async enqueue(
    session: NewSession,
    ledger: Ledger,
    account: BackendAi = this.user,
  ): Promise<CreatedSession> {
    const created = await account.sessions.create(session);
    ledger.add(`session ${created.sessionName} (${created.sessionId})`, () =>
      this.endSession(created.sessionId, account),
    );
    return created;
  }

  /** Asks for a session and waits until it runs. */
  async startSession(
    ledger: Ledger,
    more: Partial<NewSession> = {},
    account: BackendAi = this.user,
  ): Promise<RunningSession> {
    const since = performance.now();
    const created = await this.enqueue(this.smallSession(more), ledger, account);
    const info = await waitForState(account.sessions, created.sessionId, ['RUNNING'], START_SECONDS).catch(
      async (error: unknown) => {
        throw await this.#withUnasked(error, created.sessionId);
      },
    );
    const startSeconds = (performance.now() - since) / 1000;
    return { id: created.sessionId, name: created.sessionName, info, startSeconds };
  }

  /** The error; where Backend.AI noted that agents could not be asked to start the session, one that says so. */
  async #withUnasked(error: unknown, session: string): Promise<unknown> {
    const agents = await this.valkey.agentsUnasked(session).catch(() => []);
    if (agents.length === 0 || !(error instanceof Error)) return error;
    const why = `the manager could not ask ${agents.join(', ')} to start it, and nobody does so again`;
    return new NeverStarted(`${error.message}; ${why}`, { cause: error });
  }

  /** Ends a session by force if it lives, once it is at rest, and waits until it and its containers are gone. */
  async endSession(id: string, account: BackendAi = this.user): Promise<void> {
    const row = await atRest(this.database, id);
    const ended = ENDED_STATES.some((state) => state === row?.status);
    if (!ended) await account.sessions.destroy(id, { forced: true });
    await waitForEnd(this.database, id);
    await this.containersGone(id);
  }

  /** Waits until no agent has a container of the session any more. */
  async containersGone(session: string, deadlineSeconds = END_SECONDS): Promise<void> {
    await waitUntil(
      `containers of session ${session} to be gone`,
      async () => {
        const found = await Promise.all(
          this.observers().map(async (observer) =>
            (await containersOf(observer, CONTAINER_LABELS.session, session)).map(
              (container) => `${observer.agent}: ${container.id.slice(0, 12)} ${container.state}`,
            ),
          ),
        );
        return found.flat().length === 0 ? undefined : notYet(found.flat());
      },
      { deadlineSeconds },
    );
  }

  async close(): Promise<void> {
    this.valkey.close();
    this.etcd.close();
    await this.database.close();
  }
}

/**
 * Gives the describe in which it is called a {@link World}: made and checked before its first test, cleaned after each
 * test and at the end. Use it through the returned function, inside of tests and hooks only.
 * @param needs components without which the suite cannot say anything
 */
export function useWorld(needs: readonly Component[]): () => World {
  let world: World | undefined;
  const get = (): World => {
    if (!world) throw new Error('the world does not exist outside of tests and hooks');
    return world;
  };
  before('the deployment answers', async function () {
    this.timeout(HOOK_MS);
    world = new World(loadConnection());
    await checkReady(needs, world);
  });
  afterEach('nothing of the test is left', async function () {
    this.timeout(HOOK_MS);
    await world?.afterTest.settle();
  });
  after('nothing of the suite is left', async function () {
    this.timeout(HOOK_MS);
    try {
      await world?.afterSuite.settle();
    } finally {
      await world?.close();
    }
  });
  return get;
}
