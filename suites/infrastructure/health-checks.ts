import { COMPONENTS, type Component } from '@backendai-e2e/api/components';
import { expect } from 'chai';
import {
  HealthTarget,
  healthTargets,
  LOOK_SECONDS,
  LOOK_TAKES_SECONDS,
  type Look,
  NEEDS,
  type Need,
} from '../assertions/health.ts';
import { CHECKS, untilNoticed } from '../assertions/health-looks.ts';
import { NAMES, PROVIDERS, ROUNDS, type Square } from '../assertions/health-matrix.ts';
import { type Disruption, useFaults } from '../chaos/faults.ts';
import { parseMetrics } from '../clients/http/metrics.ts';
import { agentsAtWork, agentsReached, RECONNECT_SECONDS } from '../clients/manager/agents.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { useWorld } from '../fixtures/world.ts';

/**
 * Longest time from the return of all dependencies until no process reports a loss. The first check may use broken
 * connections.
 */
const RECOVERY_SECONDS = 3 * (LOOK_SECONDS + LOOK_TAKES_SECONDS) + 30;
/** Up to eight faults are injected at once, most with a separate container. This takes time on two busy cores. */
const IN_FORCE_SECONDS = 110;
/** Faults are healed when they have been observed, not after their duration. */
const FAULT_SECONDS = IN_FORCE_SECONDS + CHECKS * (LOOK_SECONDS + LOOK_TAKES_SECONDS) + 30;
/**
 * The webserver checks its managers every 2 s (charts/backend-ai/ci/e2e-values.yaml), for 2 s each. A manager is ill
 * after three failures. Only then can the webserver's own check show it.
 */
const POOL_SECONDS = 15;

/** The answers of a process during a round, or the error instead. */
type Seen = Answers | { error: unknown };

interface Answers {
  look: Look;
  metrics: string | undefined;
  /** Checks that did not notice what was gone. */
  missed: number;
}

/** Throws the error when there was no answer. */
function answersOf(seen: Map<string, Seen>, key: string): Answers {
  const found = seen.get(key);
  if (!found) throw new Inconclusive(`there was no check of ${key}`);
  if ('error' in found) throw found.error;
  return found;
}

describe('health of the components', function () {
  this.timeout(600_000);
  // Runs before the world's own hook, which closes its connections.
  after('every process is healthy', async function () {
    this.timeout((RECOVERY_SECONDS + 150 + RECONNECT_SECONDS) * 1000);
    if (all.length === 0) return;
    await allHealthy();
    await agentsAtWork(world());
    await agentsReached(world());
  });
  const world = useWorld(['manager', 'postgres', 'valkey', 'etcd', 'agent', 'storage-proxy', 'webserver']);
  const faults = useFaults();
  let all: HealthTarget[] = [];
  /** Time at which everything was restored. */
  let healedAt = new Date(0);

  before('every process is found', async () => {
    all = (await healthTargets(world())).sort((a, b) => a.name.localeCompare(b.name));
    for (const component of COMPONENTS) {
      const count = of(component).length;
      const wanted = component === 'manager' || component === 'agent' ? 2 : 1;
      if (count !== wanted) throw new Inconclusive(`${count} of component ${component} found, not ${wanted}`);
    }
  });
  const of = (component: Component, one?: number): HealthTarget[] =>
    all
      .filter((subject) => subject.component === component)
      .filter((_, index) => one === undefined || index === one);

  /** Waits until a later check of each process reports that it is alive, ready and lacks nothing. */
  async function allHealthy(since = healedAt): Promise<void> {
    await Promise.all(
      all.map((subject) =>
        waitUntil(
          `${subject.name} to be well`,
          async () => {
            const { livez, readyz, health, ill, known, lookedAt } = await subject.look();
            const { vital, ready } = NEEDS[subject.component];
            const unknown = [...vital, ...ready].filter((need) => !known.includes(need));
            const well = livez === 200 && readyz === 200 && health.status === 'ok' && unknown.length === 0;
            return well && lookedAt > since ? undefined : notYet({ livez, readyz, ill, unknown, lookedAt });
          },
          // A process does not answer while it restarts.
          { deadlineSeconds: RECOVERY_SECONDS, tolerate: () => true },
        ),
      ),
    );
  }

  function disruptionOf(square: Square): Disruption {
    const { component, need, way, one } = square;
    if (way === 'gone' && need !== 'container') {
      return { target: { component: PROVIDERS[need] }, scaleToZero: {}, durationSeconds: FAULT_SECONDS };
    }
    const pod = one === undefined ? undefined : of(component, one)[0]?.pod;
    const target = { component, ...(pod ? { pod } : {}) };
    if (need === 'container')
      return { target, pause: { container: 'engine' }, durationSeconds: FAULT_SECONDS };
    const from = { component: PROVIDERS[need] };
    return { target, networkPartition: { from }, durationSeconds: FAULT_SECONDS };
  }

  /** Takes all dependencies of a round away, waits until each affected process has checked, and restores them. */
  async function lived(squares: readonly Square[]): Promise<Map<string, Seen>> {
    const cleanup = world().afterTest;
    const seen = new Map<string, Seen>();
    // One fault for all equal cells.
    const disruptions = new Map(
      squares.map((square) => [JSON.stringify(disruptionOf(square)), disruptionOf(square)]),
    );
    const injected = new Map(
      await Promise.all(
        [...disruptions].map(async ([key, disruption]) => {
          const fault = await faults().inject(disruption, cleanup, IN_FORCE_SECONDS);
          return [key, fault] as const;
        }),
      ),
    );
    const faultOf = (square: Square) => injected.get(JSON.stringify(disruptionOf(square)));
    for (const square of squares) {
      const address = faultOf(square)?.receipt.targets[0]?.address;
      // Its Service may have no endpoint now.
      if (square.component === 'webserver' && square.way !== 'gone' && address) {
        all = all.map((subject) =>
          subject.component === 'webserver' ? new HealthTarget('webserver', '', address) : subject,
        );
      }
    }
    const lackNothing = all.filter(
      (subject) => !squares.some((square) => of(square.component, square.one).includes(subject)),
    );
    /** Records the answers of a process after its first check since the fault. It waits until a gone need is noticed. */
    const ask = async (
      subject: HealthTarget,
      key: string,
      since: Date,
      why: string,
      gone?: Need,
    ): Promise<void> => {
      try {
        const { look, missed } = gone
          ? await untilNoticed(gone, since, (after) => subject.lookAfter(after, why))
          : { look: await subject.lookAfter(since, why), missed: 0 };
        measure(`told-${subject.component}-${why}`, (Date.now() - since.getTime()) / 1000, 's');
        seen.set(key, { look, metrics: await subject.metrics(), missed });
      } catch (error) {
        seen.set(key, { error });
      }
    };
    const healed = await Promise.allSettled(
      [...injected].map(async ([key, fault], index) => {
        const since = fault.receipt.seenInForceAt.getTime();
        const own = squares.filter((square) => JSON.stringify(disruptionOf(square)) === key);
        const asked = own.flatMap((square) => {
          const { component, need, way, one } = square;
          const late = need === 'manager' ? POOL_SECONDS * 1000 : 0;
          const gone = way === 'gone' ? need : undefined;
          return of(component, one).map((subject) =>
            ask(subject, `${subject.name} ${need}`, new Date(since + late), `${need}-${way}`, gone),
          );
        });
        const others = index > 0 ? [] : lackNothing;
        await Promise.all([
          ...asked,
          ...others.map((subject) => ask(subject, subject.name, new Date(since), 'nothing')),
        ]);
        await fault.heal();
      }),
    );
    healedAt = new Date();
    const failed = healed.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    return seen;
  }

  it('is good: each process reports that it is alive, ready and lacks nothing; its metrics are readable', async () => {
    const { version } = world().connection;
    await allHealthy();
    for (const subject of all) {
      const { livez, readyz, health, ill, known } = await subject.lookAfter(new Date(0), 'at any time');
      expect([livez, readyz], subject.name).to.deep.equal([200, 200]);
      expect(health, subject.name).to.include({ status: 'ok', version, component: subject.component });
      expect(ill, subject.name).to.deep.equal([]);
      const { vital, ready } = NEEDS[subject.component];
      expect(known, `what ${subject.name} looks at`).to.include.members([...vital, ...ready]);
      expectMetrics(subject, await subject.metrics());
    }
  });

  for (const { title, squares } of ROUNDS) {
    describe(title, () => {
      // The first test of the round collects the answers for all its tests.
      let round: Promise<Map<string, Seen>> | undefined;
      const once = (): Promise<Map<string, Seen>> => {
        round ??= lived(squares);
        return round;
      };

      for (const square of squares) {
        const { component, need, way, one } = square;
        const vital = NEEDS[component].vital.includes(need);
        const says = vital ? 'neither alive nor ready' : 'alive but not ready';
        it(`${component} reports that it is ${says} without ${NAMES[need]} (${way})`, async () => {
          const seen = await once();
          const others = squares.filter((other) => other.component === component && other.one === one);
          for (const subject of of(component, one)) {
            const { look, metrics } = answersOf(seen, `${subject.name} ${need}`);
            expect(look.ill, `what ${subject.name} says it lacks`).to.include(need);
            expect(look.health.status, subject.name).to.equal('degraded');
            expect(look.readyz, `readiness of ${subject.name}`).to.equal(503);
            expect(look.livez, `liveness of ${subject.name}`).to.equal(vital ? 503 : 200);
            const lacking = others.map((other) => other.need);
            // Managers that are not ready do not serve, so a process that needs them lacks them too.
            if (squares.some((other) => other.component === 'manager')) lacking.push('manager');
            const blamed = look.ill.filter(
              (what) => isNeed(component, what) && !lacking.includes(what as Need),
            );
            expect(blamed, `what ${subject.name} blames wrongly`).to.deep.equal([]);
            expectMetrics(subject, metrics);
          }
        });
      }

      for (const { component, need, one } of squares.filter(({ way }) => way === 'gone')) {
        it(`${component} notices at its first check that ${NAMES[need]} is gone`, async function () {
          const seen = await once();
          let never = 0;
          for (const subject of of(component, one)) {
            const { missed } = answersOf(seen, `${subject.name} ${need}`);
            if (missed === CHECKS) never += 1;
            else expect(missed, `checks of ${subject.name} that did not notice it`).to.equal(0);
          }
          // A process that never noticed fails the test of what it reports. Here it would count twice in a budget.
          if (never > 0) this.skip();
        });
      }

      const touched = new Set(squares.map(({ component }) => component));
      const untouched = COMPONENTS.filter(
        (component) => !touched.has(component) && component !== 'webserver',
      );
      for (const component of untouched) {
        it(`${component} reports that it is healthy`, async () => {
          const seen = await once();
          for (const subject of of(component)) {
            const { look, metrics } = answersOf(seen, subject.name);
            expect([look.livez, look.readyz], subject.name).to.deep.equal([200, 200]);
            expect(look.ill, subject.name).to.deep.equal([]);
            expectMetrics(subject, metrics);
          }
        });
      }
    });
  }

  // A separate describe, because Mocha runs the tests of a describe before those of nested ones.
  describe('when everything is restored', () => {
    it('is good again, and a session starts', async () => {
      const since = performance.now();
      await allHealthy();
      measure('well-again', (performance.now() - since) / 1000, 's');
      await agentsAtWork(world());
      await agentsReached(world());
      const session = await world().startSession(world().afterTest);
      expect((await world().database.session(session.id))?.status).to.equal('RUNNING');
    });
  });

  function expectMetrics(subject: HealthTarget, page: string | undefined): void {
    if (subject.component === 'webserver') {
      expect(page, 'metrics of the webserver').to.equal(undefined);
      return;
    }
    const samples = parseMetrics(page ?? '');
    expect(samples.length, `metrics of ${subject.name}`).to.be.above(10);
    const own = samples.filter(({ name }) => /^(backendai|appproxy)_/.test(name));
    expect(own.length, `metrics of its own of ${subject.name}`).to.be.above(0);
  }
});

/** Whether a component depends on it. A component also reports other things. */
function isNeed(component: Component, what: string): boolean {
  const { vital, ready } = NEEDS[component];
  return [...vital, ...ready].some((need) => need === what);
}
