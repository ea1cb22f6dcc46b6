import { expect } from 'chai';
import { type AppServer, REPEATED, startAppServer } from '../assertions/app-server.ts';
import { Api } from '../clients/http/api.ts';
import { readMetric } from '../clients/http/metrics.ts';
import { registeredHost } from '../clients/manager/discovery.ts';
import { START_SECONDS } from '../clients/manager/session-watch.ts';
import { AppProxy, type OpenedApp } from '../clients/web/app-proxy.ts';
import { fastestSeconds } from '../evidence/fastest.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { useWorld } from '../fixtures/world.ts';

const MIB = 1024 * 1024;
/** Lifetime of a permission, seconds (max_age in ai.backend.appproxy.worker.api.setup). */
const PERMISSION_SECONDS = 604_800;
/** Time that the fastest request to an application may take longer than a few refused ones, seconds. */
const ADDED_SECONDS = 0.1;
const REQUESTS = 15;

describe('the traffic of an interactive application', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'agent', 'observer']);
  let server: AppServer;
  /** Address of the worker's metrics. */
  let metrics: string;

  before('a session runs a server, and its user opens it', async function () {
    this.timeout((2 * START_SECONDS + 60) * 1000);
    server = await startAppServer(world(), world().afterSuite);
    metrics = `http://${await registeredHost(world().valkey, 'appproxy-worker')}:10201`;
  });

  const total = async (metric: string): Promise<number> =>
    (await readMetric(metrics, metric)).reduce((sum, { value }) => sum + value, 0);

  /** Number of slots that the worker counts as occupied, beyond those that circuits use. */
  const surplus = async (): Promise<number> => {
    const [worker] = await server.proxy.workers();
    return (worker?.occupied_slots ?? 0) - (worker?.slots ?? []).filter((slot) => slot.in_use).length;
  };

  it('keeps every byte of large answers of an application', async () => {
    for (const bytes of [MIB - 1, MIB + 1, 16 * MIB]) {
      const path = `/large/${bytes}`;
      const answer = await server.proxy.client(server.app).request({ method: 'GET', path });
      expect(answer.bytes.length).to.equal(bytes);
      expect(answer.bytes.equals(server.large(bytes)), `bytes of an answer of ${bytes} bytes`).to.equal(true);
    }
  });

  it('keeps headers that an answer has more than once, such as cookies, in their order', async () => {
    const { url, cookie } = server.app;
    const answer = await fetch(new URL('/repeated', url), {
      headers: { cookie },
      signal: AbortSignal.timeout(10_000),
    });
    await answer.arrayBuffer();
    const own = answer.headers.getSetCookie().filter((one) => /^(first|second|third)=/.test(one));
    expect(own, 'cookies').to.deep.equal([...REPEATED['Set-Cookie']]);
    expect(answer.headers.get('link'), 'links').to.equal(REPEATED.Link.join(', '));
  });

  it('needs a cookie that expires within a week', async () => {
    const { session } = server;
    const { attributes } = await server.proxy.open(world().user, session.id, server.app.name);
    const age = Number(/max-age=(\d+)/i.exec(attributes)?.[1]);
    expect(age, `seconds until the cookie of an application expires: ${attributes}`).to.be.within(
      60,
      PERMISSION_SECONDS,
    );
  });

  it('takes one slot and one circuit of the worker for each application, and gives them back', async () => {
    const before = { surplus: await surplus(), alive: await total('appproxy_alive_circuits') };
    const terminal: OpenedApp = await server.proxy.open(world().user, server.session.id, 'ttyd');
    await server.proxy.client(terminal).request({ method: 'GET', path: '/' });
    expect(await surplus(), 'occupied slots beyond those in use').to.equal(before.surplus);
    await becomes('appproxy_alive_circuits', before.alive + 1);
    await server.proxy.removeCircuit(terminal.circuit);
    expect(await surplus(), 'occupied slots beyond those in use').to.equal(before.surplus);
    await becomes('appproxy_alive_circuits', before.alive);
  });

  it('is no longer pending at the worker when it has been answered', async () => {
    const client = server.proxy.client(server.app);
    const answered = await total('appproxy_responses_sent_http_total');
    await Promise.all(Array.from({ length: REQUESTS }, () => client.request({ method: 'GET', path: '/' })));
    await waitUntil(
      'the worker to count its answers',
      async () => {
        const now = await total('appproxy_responses_sent_http_total');
        return now >= answered + REQUESTS ? undefined : notYet({ answered, now });
      },
      { deadlineSeconds: 20 },
    );
    await becomes('appproxy_pending_requests_http', 0);
  });

  it('is hardly slower than a request that the worker refuses', async () => {
    const client = server.proxy.client(server.app);
    const stranger = new Api(server.app.url);
    const served = await fastestSeconds(REQUESTS, () => client.request({ method: 'GET', path: '/' }));
    const refused = await fastestSeconds(REQUESTS, () =>
      stranger.request({ method: 'GET', path: '/' }).catch(() => undefined),
    );
    const most = 3 * refused + ADDED_SECONDS;
    measure('app-request', served * 1000, 'ms', most * 1000);
    measure('app-request-refused', refused * 1000, 'ms');
    expect(served, `seconds of a request to the application (${refused} s refused)`).to.be.at.most(most);
  });

  /** Waits until a metric of the worker, over all its labels, has a value. Other suites may use the worker meanwhile. */
  function becomes(metric: string, wanted: number): Promise<void> {
    return waitUntil(
      `${metric} of the worker to be ${wanted}`,
      async () => {
        const now = await total(metric);
        return now === wanted ? undefined : notYet(now);
      },
      { deadlineSeconds: 25 },
    );
  }
});

/** Time until the application of this program listens. */
const LATE_SECONDS = 13;

/** Python runs it in place of Jupyter, which the kernel starts and waits for. It listens at the port of its configuration, but late. */
const LATE_APP = `
import http.server, re, sys, time
config = open(sys.argv[sys.argv.index("--config") + 1]).read()
time.sleep(${LATE_SECONDS})
port = int(re.search(r"port = (\\d+)", config)[1])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"late")
    def log_message(self, *arguments): pass
http.server.ThreadingHTTPServer(("", port), Handler).serve_forever()
`;

describe('an application that listens late', function () {
  this.timeout((START_SECONDS + 60) * 1000);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);

  it('is opened when it listens', async () => {
    const { user, connection, afterTest } = world();
    const proxy = new AppProxy(connection);
    afterTest.add('connections to the app proxy', () => proxy.close());
    const session = await world().startSession(afterTest);
    afterTest.add(`circuits of session ${session.id}`, () => proxy.removeCircuits(session.id));
    await user.sessions.upload(session.id, { 'notebook.py': LATE_APP });
    const since = performance.now();
    const app = await proxy.open(user, session.id, 'jupyter');
    const seconds = (performance.now() - since) / 1000;
    if (seconds < LATE_SECONDS - 1)
      throw new Inconclusive(`the application listened after ${seconds} s already`);
    const answer = await proxy.client(app).request({ method: 'GET', path: '/' });
    expect(answer.bytes.toString()).to.equal('late');
  });
});
