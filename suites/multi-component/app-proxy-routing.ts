import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { APP, startAppServer } from '../assertions/app-server.ts';
import { expectFilesClosed } from '../assertions/open-files.ts';
import { expectRefusal, type Refusal } from '../assertions/refusal.ts';
import { Api } from '../clients/http/api.ts';
import { END_SECONDS, START_SECONDS, waitForEnd } from '../clients/manager/session-watch.ts';
import { type AppProxy, type OpenedApp, talk } from '../clients/web/app-proxy.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { type RunningSession, useWorld } from '../fixtures/world.ts';

const MIB = 1024 * 1024;
/** Requests to an application, one after the other. */
const REQUESTS = 40;
/** The coordinator's answer to a request of a worker or manager without its secret. */
const COORDINATOR_REFUSES: Refusal = { status: 401, kind: 'auth-failed' };
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

describe('an interactive application', () => {
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);
  let proxy: AppProxy;
  let session: RunningSession;
  let app: OpenedApp;
  let nonce: string;

  before('a session runs a server, and its user opens it', async function () {
    this.timeout((START_SECONDS + 40) * 1000);
    ({ proxy, session, app, nonce } = await startAppServer(world(), world().afterSuite));
  });

  it('needs a worker, which coordinator and database describe alike', async function () {
    this.timeout(60_000);
    const { connection } = world();
    const workers = await proxy.workers();
    const rows = await proxy.database.rows<{ id: string; authority: string }>(
      'SELECT id, authority FROM workers',
    );
    expect(workers.map(({ id, authority }) => ({ id, authority }))).to.deep.equal(rows);
    const { hostname } = new URL(connection.appProxy.workerUrl);
    // While a worker's pod is being replaced, both processes count.
    const worker = await waitUntil(
      'the worker to be one node',
      async () => {
        const found = (await proxy.workers()).find((one) => one.hostname === hostname);
        return found?.nodes === 1 ? found : notYet(found?.nodes);
      },
      { deadlineSeconds: 45 },
    );
    expect(worker).to.include({ protocol: 'http' });
    expect(worker?.accepted_traffics).to.include.members(['interactive', 'inference']);
  });

  it('is served by the session itself at its own URL', async () => {
    const answer = await proxy.client(app).request({
      method: 'GET',
      path: '/some/path',
      query: { q: 'ż=1' },
      headers: { 'x-asked-by': world().run },
    });
    expect(answer.headers['x-answered-by']).to.equal(nonce);
    expect(answer.body).to.deep.equal({
      nonce,
      path: '/some/path?q=%C5%BC%3D1',
      header: world().run,
    });
  });

  it('takes one slot of the worker, in the database and at the coordinator', async () => {
    const [circuit, ...more] = await proxy.circuits(session.id);
    expect(more).to.deep.equal([]);
    expect(circuit).to.deep.include({
      id: app.circuit,
      app: APP,
      port: Number(new URL(app.url).port),
      user_id: session.info.userId,
      session_ids: [session.id],
    });
    const worker = (await proxy.workers()).find(({ id }) => id === circuit?.worker);
    const slot = worker?.slots.find(({ port }) => port === circuit?.port);
    expect(slot).to.include({ in_use: true, circuit_id: circuit?.id });
    expect(circuit?.port).to.be.within(worker?.port_range[0] ?? 0, worker?.port_range[1] ?? 0);
  });

  it('passes large bodies and statuses other than 200 unchanged', async () => {
    const text = randomBytes(MIB).toString('hex');
    const sent = JSON.stringify(text);
    const answer = await proxy.client(app).json({ method: 'POST', path: '/', json: text });
    expect(answer).to.deep.equal({
      sha256: createHash('sha256').update(sent).digest('hex'),
      bytes: sent.length,
    });
    const missing = proxy.client(app).request({ method: 'GET', path: '/missing' });
    await expectRefusal(missing, { status: 404, kind: '' });
  });

  it('leaves no file open in the worker', async function () {
    this.timeout(60_000);
    const { workerUrl: url } = world().connection.appProxy;
    const work = async () => {
      for (let count = 0; count < REQUESTS; count += 1) {
        await proxy.client(app).request({ method: 'GET', path: '/' });
      }
    };
    const limit = { who: 'worker', url, most: REQUESTS / 4 };
    await expectFilesClosed(this, world().connection, limit, work);
  });

  it('survives a request to restart its session, which is refused', async () => {
    const path = `/session/${session.id}`;
    const { api, sessions } = world().user;
    await expectRefusal(api.request({ method: 'PATCH', path }), { status: 501, kind: 'not-implemented' });
    expect(await sessions.get(session.id)).to.include({ status: 'RUNNING' });
    expect(await proxy.client(app).json({ method: 'GET', path: '/' })).to.include({ nonce });
  });

  it('can be opened again', async () => {
    const again = await proxy.open(world().user, session.id, APP);
    expect(await proxy.client(again).json({ method: 'GET', path: '/' })).to.include({ nonce });
    expect(again.url).to.equal(app.url);
    expect(await proxy.circuits(session.id)).to.have.length(1);
  });

  describe('is refused', () => {
    const refusal = { status: 401, kind: 'invalid-credentials' };
    it('without a permission', async () => {
      await expectRefusal(proxy.client({ url: app.url }).request({ method: 'GET', path: '/' }), refusal);
    });
    it('with a forged permission', async () => {
      const name = app.cookie.slice(0, app.cookie.indexOf('='));
      const value = app.cookie.slice(name.length + 1);
      // Also of the right length and of the right letters.
      for (const forgery of ['0'.repeat(64), [...value].reverse().join(''), value.replace(/./g, 'A')]) {
        const forged = { url: app.url, cookie: `${name}=${forgery}` };
        await expectRefusal(proxy.client(forged).request({ method: 'GET', path: '/' }), refusal);
      }
    });
    it('with a made-up ticket', async () => {
      await expectRefusal(proxy.authorize(UNKNOWN, session.id, APP), {
        status: 404,
        kind: 'object-not-found',
      });
    });
    it('with a ticket for another session', async () => {
      const { token } = await proxy.ticket(world().user, session.id, APP);
      await expectRefusal(proxy.authorize(token, UNKNOWN, APP), refusal);
    });
    it('with a reason that a page of another origin can read', async () => {
      const { coordinatorUrl } = world().connection.appProxy;
      const { token } = await proxy.ticket(world().user, session.id, APP);
      const unreadable: string[] = [];
      for (const path of [
        `/v2/proxy/auth?token=${UNKNOWN}&session_id=${session.id}&app=${APP}&protocol=http`,
        `/v2/proxy/auth?token=${token}&session_id=${UNKNOWN}&app=${APP}&protocol=http`,
        '/v2/proxy/auth',
        '/api/worker',
      ]) {
        const answer = await fetch(new URL(path, coordinatorUrl), {
          headers: { accept: 'application/json', origin: 'https://web-ui.test' },
          signal: AbortSignal.timeout(10_000),
        });
        await answer.arrayBuffer();
        const allowed = answer.headers.get('access-control-allow-origin') ?? 'none';
        expect(answer.status, path).to.be.within(400, 499);
        if (!['*', 'https://web-ui.test'].includes(allowed))
          unreadable.push(`${path.split('?')[0]}: ${allowed}`);
      }
      expect(unreadable, 'refusals that the page cannot read').to.deep.equal([]);
    });
    it('at the coordinator without its secret, or with a wrong one', async () => {
      const { coordinatorUrl } = world().connection.appProxy;
      const [circuit] = await proxy.circuits(session.id);
      for (const headers of [{}, { 'x-backendai-token': 'wrong'.repeat(8) }]) {
        const stranger = new Api(coordinatorUrl, () => headers);
        await expectRefusal(stranger.request({ method: 'GET', path: '/api/worker' }), COORDINATOR_REFUSES);
        const path = `/api/circuit/${circuit?.id}`;
        await expectRefusal(stranger.request({ method: 'DELETE', path }), COORDINATOR_REFUSES);
      }
      expect((await proxy.circuits(session.id)).map(({ id }) => id)).to.include(circuit?.id);
    });
    it('when the session has no such application', async () => {
      await expectRefusal(proxy.ticket(world().user, session.id, 'no-such-app'), {
        status: 404,
        kind: 'object-not-found',
        msg: 'no-such-app',
      });
    });
    it('when the session does not exist', async () => {
      await expectRefusal(proxy.ticket(world().user, UNKNOWN, APP), {
        status: 403,
        kind: 'not-enough-permission',
      });
    });
  });

  it('is reached over a WebSocket: the terminal runs a command in the session', async function () {
    this.timeout(60_000);
    const terminal = await proxy.open(world().user, session.id, 'ttyd');
    let greeted = false;
    let typed = 0;
    // The protocol of ttyd: first the size as JSON, then "0" and the input. Answers begin with "0".
    const say = (send: (text: string) => void, heard: string): void => {
      if (!greeted) send(JSON.stringify({ AuthToken: '', columns: 120, rows: 24 }));
      greeted = true;
      // Input is lost before the shell reads.
      if (heard.length > 200 && Date.now() - typed > 3_000) {
        send('0echo at-$((6*7))-$BACKENDAI_SESSION_ID\r');
        typed = Date.now();
      }
    };
    const heard = await talk(
      terminal,
      { path: '/ws', protocol: 'tty' },
      say,
      new RegExp(`at-42-${session.id}`),
      45,
    );
    expect(heard).to.include(session.id);
    expect(terminal.url, 'another port than the other application').not.to.equal(app.url);
  });

  describe('at the end', () => {
    it('is no longer served when its circuit is removed, its slot is free, and the other application continues', async () => {
      const terminal = await proxy.open(world().user, session.id, 'ttyd');
      await proxy.client(terminal).request({ method: 'GET', path: '/' });
      await proxy.removeCircuit(terminal.circuit);
      expect((await proxy.circuits(session.id)).map(({ id }) => id)).to.deep.equal([app.circuit]);
      const slots = (await proxy.workers()).flatMap((worker) => worker.slots);
      const slot = slots.find(({ port }) => port === Number(new URL(terminal.url).port));
      expect(slot).to.include({ in_use: false, circuit_id: null });
      await waitUntil(
        'the terminal to be unreachable',
        async () => {
          const request = proxy.client(terminal).request({ method: 'GET', path: '/', timeoutMs: 5_000 });
          const answer = await request.catch((error: unknown) => error);
          return answer instanceof Error ? true : notYet('it was served');
        },
        { deadlineSeconds: 20 },
      );
      expect(await proxy.client(app).json({ method: 'GET', path: '/' })).to.include({ nonce });
    });

    it('is no longer served when its session ends', async function () {
      this.timeout((END_SECONDS + 60) * 1000);
      const { user, database } = world();
      await user.sessions.destroy(session.id);
      await waitForEnd(database, session.id, ['TERMINATED']);
      await waitUntil(
        'the application to be unreachable',
        async () => {
          const answer = await proxy
            .client(app)
            .request({ method: 'GET', path: '/', timeoutMs: 5_000 })
            .catch((error: unknown) => error);
          return answer instanceof Error ? true : notYet(answer);
        },
        { deadlineSeconds: 30 },
      );
    });
  });
});
