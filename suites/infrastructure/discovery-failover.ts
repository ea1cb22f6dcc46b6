import { expect } from 'chai';
import { useFaults, withFault } from '../chaos/faults.ts';
import { useRecovery } from '../chaos/recovery.ts';
import { Api, NoAnswer } from '../clients/http/api.ts';
import { BackendAi } from '../clients/manager/backend-ai.ts';
import {
  eachManager,
  type OneManager,
  prometheusTargets,
  RECORD_TTL_SECONDS,
  RENEWAL_SECONDS,
  type Registration,
  registrations,
} from '../clients/manager/discovery.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { useWorld } from '../fixtures/world.ts';
import { RecordWatch } from './record-watch.ts';

/** Longest time until a new process of a component registers itself, on two busy cores. */
const START_SECONDS = 120;
/**
 * Longest time without service for a retrying client while one of two managers is deleted and removed from the Service.
 */
const UNSERVED_SECONDS = 10;
/** A frozen manager is removed after three failed probes, 3 × (2 s + 3 s). The network rules take more time. */
const UNREADY_SECONDS = 40;
/**
 * Consecutive requests that show where the Service routes. They all miss one of two managers with a probability of
 * 2^-40.
 */
const ROW = 40;
/** Timeout of a request. A healthy manager answers in milliseconds, slower on a busy machine. */
const ANSWER_MS = 3_000;

/** Result of a request: a success or a failure, with its time (milliseconds since 1970). */
interface Try {
  at: number;
  /** Id of the manager that answered, or undefined. */
  by: string | undefined;
  error?: string;
  /** Whether a failed request reached a manager that was too slow on a busy machine. */
  tooSlow?: boolean;
}

describe('service discovery when pods disappear', function () {
  this.timeout(420_000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'etcd', 'agent', 'storage-proxy']);
  const faults = useFaults();
  useRecovery(world);
  /** Records of pods that were deleted here, which are no longer renewed. */
  const orphans: RecordWatch[] = [];
  /** Watches the record of a pod that is deleted, until the suite ends. */
  const watchOrphan = (record: Registration): void => {
    const read = async () => (await registrations(world().valkey)).find(({ key }) => key === record.key);
    const watch = new RecordWatch(record, read).start();
    world().afterSuite.add(`the watch of ${record.name}`, async () => watch.stop());
    orphans.push(watch);
  };

  const current = async (group: Registration['group']): Promise<Registration[]> =>
    (await registrations(world().valkey)).filter(
      (one) => one.group === group && Date.now() / 1000 - one.lastHeartbeat < RENEWAL_SECONDS + 15,
    );
  const podOf = ({ id }: OneManager): string => id.replace(/^i-/, '');

  /** Sends one request through the Service, over a new connection unless a client is given. */
  const ask = async (client?: BackendAi): Promise<Try> => {
    const { manager, accounts } = world().connection;
    const asker = client ?? new BackendAi(manager.url, accounts.admin);
    try {
      const path = '/manager/status';
      const reported = await asker.api.json<{ nodes: { id: string }[] }>({
        method: 'GET',
        path,
        timeoutMs: ANSWER_MS,
      });
      return { at: Date.now(), by: reported.nodes[0]?.id ?? 'unknown' };
    } catch (error) {
      const tooSlow = error instanceof NoAnswer && error.tooSlow;
      return { at: Date.now(), by: undefined, error: String(error), tooSlow };
    }
  };
  /** Sends requests until it is stopped. */
  const keepAsking = (client?: BackendAi): { tries: Try[]; stop: () => Promise<void> } => {
    const tries: Try[] = [];
    let over = false;
    const running = (async () => {
      while (!over) {
        tries.push(await ask(client));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    const stop = (): Promise<void> => {
      over = true;
      return running;
    };
    world().afterTest.add('a client', stop);
    return { tries, stop };
  };
  /** Longest time between two successes, seconds. */
  const unserved = (tries: readonly Try[]): number => {
    const served = tries.filter(({ by }) => by !== undefined).map(({ at }) => at);
    return Math.max(0, ...served.map((at, index) => at - (served[index - 1] ?? at))) / 1000;
  };
  /** Waits until these managers alone have answered a number of consecutive requests. */
  const onlyServedBy = (ids: readonly string[], deadlineSeconds: number): Promise<Try[]> =>
    waitUntil(
      `${ROW} answers in a row by ${ids.join(' and ')}`,
      async () => {
        const row: Try[] = [];
        while (row.length < ROW) {
          const one = await ask();
          if (one.by === undefined || !ids.includes(one.by)) return notYet(one);
          row.push(one);
        }
        return row;
      },
      { deadlineSeconds, everyMs: 50 },
    );
  /** Waits for a record of the group with a new address. */
  const successorOf = (old: Registration, known: readonly Registration[]): Promise<Registration> =>
    waitUntil(
      `a successor of ${old.name} under another address`,
      async () => {
        const found = await current(old.group);
        return found.find(({ key }) => !known.some((one) => one.key === key)) ?? notYet(found);
      },
      { deadlineSeconds: START_SECONDS, everyMs: 250 },
    );
  const expectAnswers = async (one: Registration): Promise<void> => {
    const answer = await waitUntil(
      `${one.name} to answer under ${one.metricsAddress}`,
      () => new Api(`http://${one.metricsAddress}`).json<unknown>({ method: 'GET', path: '/health' }),
      { deadlineSeconds: START_SECONDS, everyMs: 250, tolerate: () => true },
    );
    expect(answer, one.name).to.include({ status: 'ok', version: one.version, component: one.group });
  };

  it('leads clients of a deleted manager to the other one, and finds its successor at its new address', async () => {
    const { connection, etcd } = world();
    const [victim, survivor] = (await eachManager(world())).each;
    if (!victim || !survivor) throw new Inconclusive('two managers are needed');
    const known = await current('manager');
    const record = known.find(({ name }) => name === `manager-${victim.id}`);
    if (!record) throw new Inconclusive(`${victim.id} is not registered: ${known.map(({ name }) => name)}`);
    const fresh = keepAsking();
    const faithful = Array.from({ length: 4 }, () =>
      keepAsking(new BackendAi(connection.manager.url, connection.accounts.admin)),
    );
    const clients = [fresh, ...faithful];
    await waitUntil(
      'both managers to serve',
      async () => {
        const by = new Set(fresh.tries.map((one) => one.by));
        return by.has(victim.id) && by.has(survivor.id) ? undefined : notYet([...by]);
      },
      { deadlineSeconds: 30, everyMs: 50 },
    );
    const target = { component: 'manager', pod: podOf(victim) };
    await withFault(faults(), { target, podDelete: {} }, world().afterTest, async (receipt) => {
      watchOrphan(record);
      const gone = receipt.seenInForceAt.getTime();
      const [, next] = await Promise.all([
        onlyServedBy([survivor.id], START_SECONDS),
        successorOf(record, known),
      ]).then(([row, found]) => [row, found] as const);
      measure('successor-registered', (Date.now() - receipt.injectedAt.getTime()) / 1000, 's');
      expect(next.address).not.to.equal(record.address);
      expect(next.name).not.to.equal(record.name);
      await expectAnswers(next);
      const nodes = await etcd.below('nodes/manager/');
      expect(nodes[`nodes/manager/${next.name.replace(/^manager-/, '')}`], 'in etcd').to.equal('up');
      await waitUntil(
        'the successor to serve',
        async () => {
          const last = fresh.tries.at(-1);
          return fresh.tries.some(({ by }) => by === next.name.replace(/^manager-/, ''))
            ? undefined
            : notYet(last);
        },
        { deadlineSeconds: START_SECONDS, everyMs: 50 },
      );
      await Promise.all(clients.map(({ stop }) => stop()));

      for (const { tries } of clients) {
        expect(unserved(tries), 'seconds without an answer').to.be.below(UNSERVED_SECONDS);
        const late = tries.filter(({ by, at }) => by === undefined && at > gone + UNSERVED_SECONDS * 1000);
        // The successor joins the Service when it is ready. So no client is led to an address without a manager.
        const misled = late.filter(({ tooSlow }) => !tooSlow);
        expect(misled, 'requests without a manager when the pod had been gone for long').to.deep.equal([]);
        expect(tries.at(-1)?.by, 'the last answer').not.to.equal(undefined);
      }
      measure('longest-unserved', Math.max(...clients.map(({ tries }) => unserved(tries))), 's');
      const failures = clients.flatMap(({ tries }) => tries.filter(({ by }) => by === undefined));
      measure('requests-failed', failures.length, 'requests');
    });
  });

  it('takes an unresponsive manager out of the Service, and adds it again later', async () => {
    const [victim, survivor] = (await eachManager(world())).each;
    if (!victim || !survivor) throw new Inconclusive('two managers are needed');
    const target = { component: 'manager', pod: podOf(victim) };
    const disruption = { target, pause: {}, durationSeconds: 90 };
    await withFault(faults(), disruption, world().afterTest, async (receipt) => {
      const row = await onlyServedBy([survivor.id], UNREADY_SECONDS);
      const from = row[0]?.at ?? Number.NaN;
      measure('frozen-taken-out', (from - receipt.injectedAt.getTime()) / 1000, 's');
      expect(new Set(row.map(({ by }) => by))).to.deep.equal(new Set([survivor.id]));
    });
    await waitUntil(
      'both managers to serve again',
      async () => {
        const row = await onlyServedBy([victim.id, survivor.id], UNREADY_SECONDS);
        const by = new Set(row.map((one) => one.by));
        return by.size === 2 ? undefined : notYet([...by]);
      },
      { deadlineSeconds: 2 * UNREADY_SECONDS },
    );
  });

  it('finds the storage-proxy at its new address when its pod is replaced', async () => {
    const known = await current('storage-proxy');
    const [record] = known;
    if (!record) throw new Inconclusive('no storage-proxy is registered');
    const target = { component: 'storage-proxy' };
    await withFault(faults(), { target, podDelete: {} }, world().afterTest, async (receipt) => {
      watchOrphan(record);
      const next = await successorOf(record, known);
      measure('storage-proxy-registered', (Date.now() - receipt.injectedAt.getTime()) / 1000, 's');
      expect(next.metricsAddress).not.to.equal(record.metricsAddress);
      await expectAnswers(next);
    });
  });

  it(`removes the records of deleted pods ${RECORD_TTL_SECONDS} s after their last renewal`, async () => {
    if (orphans.length === 0) throw new Inconclusive('no pod was deleted by an earlier test of this suite');
    const { each } = await eachManager(world());
    for (const orphan of orphans) {
      const { name, metricsAddress } = orphan.record;
      await waitUntil(
        `the record of ${name} to be gone`,
        async () => (orphan.gone ? true : notYet(orphan.record)),
        { deadlineSeconds: RECORD_TTL_SECONDS + 20, everyMs: 250 },
      );
      const most = RECORD_TTL_SECONDS + 5;
      measure('record-outlives-renewal', orphan.outlived, 's', most);
      const what = `seconds from its last renewal until ${name} was last seen`;
      expect(orphan.outlived, what).to.be.at.most(most);
      for (const manager of each) {
        expect(
          await prometheusTargets(manager),
          `the targets that ${manager.id} gives Prometheus`,
        ).not.to.include(metricsAddress);
      }
    }
  });
});
