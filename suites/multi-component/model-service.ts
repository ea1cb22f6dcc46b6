import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { expectRefusal } from '../assertions/refusal.ts';
import { BackendApiError } from '../clients/http/api.ts';
import { waitForEnd } from '../clients/manager/session-watch.ts';
import type { VFolder } from '../clients/manager/vfolders.ts';
import type { AppProxy } from '../clients/web/app-proxy.ts';
import {
  BEGUN_SECONDS,
  type ModelServiceInfo,
  ModelServices,
  type ModelServiceWatch,
  RELEASE_SECONDS,
  SERVING_SECONDS,
  sessionsOf,
} from '../clients/web/model-services.ts';
import { forged } from '../clients/web/tokens.ts';
import { measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { HEARD_SECONDS, ModelEndpoint, REQUESTS } from '../fixtures/model-endpoint.ts';
import { ModelServiceFixture } from '../fixtures/model-service-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

/** Time until a short-lived token has expired. */
const SHORT_LIFE_SECONDS = 8;
/**
 * Longest time until a replica that fails its health checks gets no more requests. There are two failures, 10 s apart. Then the
 * leader checks its health (every 60 s) and decides its eviction (every 60 s). It is removed 5 or 30 s later.
 */
const EVICTION_SECONDS = 240;

/** Number of services that may stay without a replica before the suite is inconclusive. */
const MOST_BARREN = 2;

const later = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

describe('a model service', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres', 'storage-proxy', 'agent', 'observer']);
  const weights = randomBytes(12).toString('hex');
  let proxy: AppProxy;
  let services: ModelServices;
  let watch: ModelServiceWatch;
  let folder: VFolder;
  let made: ModelServiceInfo;
  let url: string;
  let endpoint: ModelEndpoint;
  let token: string;
  /** Services that never got a replica. */
  const barren: string[] = [];

  const released = async (session: string): Promise<void> => {
    const { database } = world();
    await waitForEnd(database, session, undefined, RELEASE_SECONDS);
    await world().containersGone(session);
    expect((await database.allocations(session)).every((one) => one.freed)).to.equal(true);
  };

  before('a folder holds a model, and a service with one replica exists', async function () {
    this.timeout((SERVING_SECONDS + MOST_BARREN * BEGUN_SECONDS + 90) * 1000);
    const models = await ModelServiceFixture.of(world(), { 'weights.txt': weights });
    ({ proxy, services, folder } = models);
    let since: number;
    for (;;) {
      since = performance.now();
      ({ info: made, watch } = await models.make('service', 1));
      if (barren.length === MOST_BARREN || (await watch.begun())) break;
      barren.push(made.name);
    }
    const replicas = await watch.serving(1);
    measure('service-start', (performance.now() - since) / 1000, 's');
    const id = made.endpoint_id;
    url = await services.url(id);
    token = await services.token(id, later(3600));
    endpoint = new ModelEndpoint(url, token);
    await endpoint.answeredBy(replicas);
  });

  it('gets its replica each time that it is created', () => {
    expect(barren, 'services that never got a replica').to.deep.equal([]);
  });

  it('looks the same to API, database, coordinator and worker', async () => {
    const info = await services.info(made.endpoint_id);
    expect(info).to.include({ name: made.name, replicas: 1, is_public: false });
    expect(info.model_id?.replaceAll('-', '')).to.equal(folder.id.replaceAll('-', ''));
    const [replica] = await watch.serving(1);
    expect(info.active_routes.map((route) => route.session_id)).to.include(replica?.session);
    const circuit = await watch.circuit();
    expect(circuit).to.include({ app_mode: 'inference', open_to_public: false });
    expect(circuit?.route_info.map((route) => [route.kernel_host, route.kernel_port])).to.deep.equal([
      [replica?.replica_host, replica?.replica_port],
    ]);
    expect(Number(new URL(url).port)).to.equal(circuit?.port);
    const worker = (await proxy.workers()).find(({ id }) => id === circuit?.worker);
    expect(worker?.hostname).to.equal(new URL(url).hostname);
    expect(worker?.slots.find(({ port }) => port === circuit?.port)).to.include({
      in_use: true,
      circuit_id: circuit?.id,
    });
  });

  // ModelServingRepository.list_endpoints_by_owner_validated searches for the stage CREATED, which nothing writes any
  // more.
  it('is among the services of its owner', async () => {
    expect((await services.list()).map(({ id }) => id)).to.include(made.endpoint_id);
  });

  it('is served by its replica, which mounts the folder read-only', async () => {
    const [replica] = await watch.serving(1);
    expect(await endpoint.ask()).to.deep.equal({ session: replica?.session, weights });
    const bearer = await endpoint.as(`Bearer ${token}`).json({ method: 'GET', path: '/' });
    expect(bearer, 'the other way to show a token').to.include({ weights });
    const write = await endpoint.as(`BackendAI ${token}`).json({ method: 'POST', path: '/write' });
    expect(write).to.deep.equal({ written: false, error: 'Read-only file system' });
    const { user } = world();
    expect((await user.folders.files(folder.name)).map(({ name }) => name)).not.to.include('written.txt');
  });

  describe('that is private refuses requests', () => {
    const refusal = { status: 401, kind: 'invalid-credentials' };
    const refused = (authorization?: string): Promise<unknown> =>
      expectRefusal(endpoint.as(authorization).request({ method: 'GET', path: '/' }), refusal);

    it('without a token', () => refused());
    it('with something other than a token', () => refused('BackendAI no-token'));
    it('with a token signed by another key', () => refused(`BackendAI ${forged(token)}`));
    it('with a token in an unknown scheme', () => refused(`Basic ${token}`));
    it('with an expired token', async () => {
      const brief = await services.token(made.endpoint_id, later(SHORT_LIFE_SECONDS));
      await endpoint.as(`BackendAI ${brief}`).request({ method: 'GET', path: '/' });
      await waitUntil(
        'the token to be refused',
        async () => {
          const request = endpoint.as(`BackendAI ${brief}`).request({ method: 'GET', path: '/' });
          const answer = await request.catch((error: unknown) => error);
          return answer instanceof Error ? undefined : notYet('it was served');
        },
        { deadlineSeconds: SHORT_LIFE_SECONDS + 10 },
      );
      await refused(`BackendAI ${brief}`);
    });
    it('of another user, who gets no token and sees nothing of it', async () => {
      const strange = new ModelServices(world().user2.api);
      const id = made.endpoint_id;
      const denied = async (request: Promise<unknown>): Promise<void> => {
        const answer = await request.catch((error: unknown) => error);
        expect(answer).to.be.instanceOf(BackendApiError).with.property('status').that.is.oneOf([403, 404]);
      };
      await denied(strange.token(id, later(60)));
      await denied(strange.info(id));
      await denied(strange.scale(id, 0));
      await denied(strange.remove(id));
      expect(await services.info(id)).to.include({ replicas: 1, service_endpoint: url });
      await endpoint.ask();
    });
  });

  // A separate describe, because Mocha runs the tests of a describe before nested ones.
  describe('when it is scaled', () => {
    it('spreads the requests over two replicas', async function () {
      this.timeout((SERVING_SECONDS + 60) * 1000);
      const since = performance.now();
      await services.scale(made.endpoint_id, 2);
      const replicas = await watch.serving(2);
      measure('service-scale-up', (performance.now() - since) / 1000, 's');
      await endpoint.answeredBy(replicas);
      const answers = await endpoint.spread(REQUESTS);
      expect(Object.keys(answers).sort(), 'who answered').to.deep.equal(sessionsOf(replicas));
      expect(Math.min(...Object.values(answers)), JSON.stringify(answers)).to.be.at.least(REQUESTS / 4);
    });

    // RouteEntry (ai.backend.common.dto.appproxy_coordinator.v2.endpoint.types) has no ratio: the coordinator writes 1.0.
    it('sends no request to a replica whose traffic ratio is 0', async function () {
      this.timeout(120_000);
      const [silent, other] = await watch.serving(2);
      const id = made.endpoint_id;
      world().afterTest.add('traffic ratio', () => services.setTrafficRatio(id, String(silent?.id), 1));
      await services.setTrafficRatio(id, String(silent?.id), 0);
      const known = (await services.info(id)).active_routes.find((route) => route.route_id === silent?.id);
      expect(known?.traffic_ratio, 'what the manager keeps').to.equal(0);
      await waitUntil(
        'the coordinator to know the ratio',
        async () => {
          const routes = (await watch.circuit())?.route_info ?? [];
          const ratios = Object.fromEntries(routes.map((route) => [route.session_id, route.traffic_ratio]));
          return ratios[String(silent?.session)] === 0 ? undefined : notYet(ratios);
        },
        { deadlineSeconds: 45 },
      );
      expect(await endpoint.spread(REQUESTS / 4)).to.deep.equal({ [String(other?.session)]: REQUESTS / 4 });
    });

    it('removes a replica that fails its health check, and starts another', async function () {
      this.timeout((EVICTION_SECONDS + SERVING_SECONDS + RELEASE_SECONDS + 60) * 1000);
      const [sick, healthy] = await watch.serving(2);
      const gone = String(sick?.session);
      await waitUntil(
        `replica ${gone} to accept that it is sick`,
        async () => {
          const request = { method: 'POST', path: '/sick', query: { [gone]: '' } } as const;
          const answer = await endpoint
            .as(`BackendAI ${token}`)
            .json<{ session: string; sick: boolean }>(request);
          return answer.session === gone && answer.sick ? undefined : notYet(answer);
        },
        { deadlineSeconds: 20, everyMs: 50 },
      );
      const since = performance.now();
      await waitUntil(
        `replica ${gone} to be taken out`,
        async () => {
          const replica = (await watch.replicas()).find(({ id }) => id === sick?.id);
          const routed = (await watch.circuit())?.route_info.map((route) => route.session_id) ?? [];
          const out = replica?.status.startsWith('terminat') && !routed.includes(gone);
          return out
            ? undefined
            : notYet({ status: replica?.status, health: replica?.health_status, routed });
        },
        { deadlineSeconds: EVICTION_SECONDS },
      );
      measure('service-eviction', (performance.now() - since) / 1000, 's');
      const answers = await endpoint.spreadOnce(`others than ${gone}`, (seen) => !seen.includes(gone));
      expect(answers, 'the healthy one stays').to.have.property(String(healthy?.session));
      const replicas = await watch.serving(2);
      expect(sessionsOf(replicas)).to.include(String(healthy?.session)).and.not.to.include(gone);
      await endpoint.answeredBy(replicas);
      await released(gone);
    });

    it('without replicas serves no request, releases their resources and keeps its URL', async function () {
      this.timeout((SERVING_SECONDS + RELEASE_SECONDS + 60) * 1000);
      const replicas = await watch.serving(2);
      const since = performance.now();
      await services.scale(made.endpoint_id, 0);
      await watch.serving(0);
      measure('service-scale-to-zero', (performance.now() - since) / 1000, 's');
      await waitUntil(
        'the worker to have no replica',
        () =>
          endpoint
            .ask()
            .then(notYet, (error: unknown) => (error instanceof BackendApiError ? true : notYet(error))),
        { deadlineSeconds: HEARD_SECONDS },
      );
      await expectRefusal(endpoint.ask(), { status: 503, kind: 'appproxy/worker-not-available' });
      await expectRefusal(endpoint.as().request({ method: 'GET', path: '/' }), {
        status: 401,
        kind: 'invalid-credentials',
      });
      for (const session of sessionsOf(replicas)) await released(session);
      const info = await services.info(made.endpoint_id);
      expect(info).to.include({ replicas: 0, service_endpoint: url });
    });

    it('is no longer served after its deletion, and its port is free', async function () {
      this.timeout(150_000);
      const circuit = await watch.circuit();
      await services.remove(made.endpoint_id);
      await watch.gone();
      const slots = (await proxy.workers()).flatMap((worker) => worker.slots);
      expect(slots.find(({ port }) => port === circuit?.port)).to.include({
        in_use: false,
        circuit_id: null,
      });
      await waitUntil(
        'the URL to stop serving',
        async () => {
          const request = endpoint.as(`BackendAI ${token}`).request({ method: 'GET', path: '/' });
          const answer = await request.catch((error: unknown) => error);
          return answer instanceof Error && !/ 503/.test(answer.message) ? undefined : notYet(answer);
        },
        { deadlineSeconds: 20 },
      );
    });
  });
});
