import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { runCode } from '../assertions/execution.ts';
import { expectRefusal, type Refusal } from '../assertions/refusal.ts';
import { VALKEY_DB } from '../clients/data-stores/valkey.ts';
import { BackendApiError } from '../clients/http/api.ts';
import { END_SECONDS, START_SECONDS, waitForEnd, waitForState } from '../clients/manager/session-watch.ts';
import { uuidOf } from '../clients/manager/vfolders.ts';
import { Browser, WEB_COOKIE } from '../clients/web/browser.ts';
import { measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { SMALL, useWorld } from '../fixtures/world.ts';

/** A login of the webserver lasts seven days: charts/backend-ai, webserver.conf, session.max_age. Seconds. */
const LOGIN_SECONDS = 604_800;

/** The webserver's answer without a login. */
const LOGGED_OUT: Refusal = { status: 401, kind: 'auth-failed' };

describe('a user in a browser', function () {
  this.timeout(60_000);
  const world = useWorld([
    'manager',
    'webserver',
    'postgres',
    'valkey',
    'agent',
    'observer',
    'storage-proxy',
  ]);

  const open = (): Browser => new Browser(world().connection.webserver.url);

  /** Logs in. The cleanup stack logs out and removes what the webserver may have left. */
  const enter = async (): Promise<Browser> => {
    const { email, password, accessKey } = world().connection.accounts.user;
    const browser = open();
    const state = await browser.login(email, password);
    expect(state).to.deep.include({ authenticated: true });
    expect(state.data).to.include({ access_key: accessKey, role: 'user', status: 'active' });
    const { cookie } = browser;
    world().afterTest.add('login', () =>
      world().valkey.db(VALKEY_DB.statistics).del(`${WEB_COOKIE}_${cookie}`),
    );
    return browser;
  };

  /** The cookie in the webserver's answer to a login, also to a refused one. */
  const cookieOf = async (username: string, password: string): Promise<string> => {
    const answer = await fetch(new URL('/server/login', world().connection.webserver.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    const [, value = 'none'] = /^[^=]+=([^;]+)/.exec(answer.headers.getSetCookie()[0] ?? '') ?? [];
    return value;
  };

  /** Valkey's record of a login: the key pair during the login, an empty object after a logout. */
  const stored = async (cookie: string | undefined): Promise<string> =>
    (await world().valkey.db(VALKEY_DB.statistics).get(`${WEB_COOKIE}_${cookie}`)) ?? '';

  /** Remaining seconds of a login in Valkey. Negative when there is no login. */
  const secondsLeft = (cookie: string | undefined): Promise<number> =>
    world().valkey.db(VALKEY_DB.statistics).ttl(`${WEB_COOKIE}_${cookie}`);

  /** Logs out. Expects the login to be gone from the browser and Valkey, and its cookie to be useless. */
  const leave = async (browser: Browser): Promise<void> => {
    const { cookie = '' } = browser;
    await browser.logout();
    expect(browser.cookie, 'the browser keeps no cookie').to.equal(undefined);
    expect(await browser.loginState()).to.include({ authenticated: false, data: null });
    expect(await stored(cookie), 'the login in Valkey').not.to.match(/authenticated|key|token/);
    browser.useCookie(cookie);
    expect((await browser.loginState()).authenticated, 'with the old cookie').to.equal(false);
    await expectRefusal(browser.folders.list(), LOGGED_OUT);
  };

  it('logs in, uploads a file, computes with it, downloads the result and logs out', async function () {
    this.timeout((START_SECONDS + END_SECONDS + 120) * 1000);
    const { afterTest, database, connection } = world();
    const vfolders = new VFolderFixture(world());
    const since = performance.now();

    const page = await open().web.request({ method: 'GET', path: '/' });
    expect(page.headers['content-type']).to.match(/^text\/html/);
    const browser = await enter();
    expect(await stored(browser.cookie)).to.match(/"authenticated": ?true/);
    expect(await secondsLeft(browser.cookie)).to.be.within(LOGIN_SECONDS - 120, LOGIN_SECONDS);

    const folder = await browser.folders.create({
      name: world().name('journey'),
      host: connection.storageProxy.volume,
    });
    afterTest.add(`vfolder ${folder.name} (${folder.id})`, () => vfolders.remove(folder));
    const numbers = Array.from({ length: 10_000 }, () => randomBytes(4).readUInt32BE());
    const csv = Buffer.from(`number\n${numbers.join('\n')}\n`);
    const up = await browser.folders.requestUpload(folder.id, 'numbers.csv', csv.length);
    await vfolders.client.sendAll(up.token, csv, 32_768);

    const wanted = world().smallSession({ config: { ...SMALL, mount_ids: [uuidOf(folder)] } });
    const created = await browser.sessions.create(wanted);
    afterTest.add(`session ${created.sessionName} (${created.sessionId})`, () =>
      world().endSession(created.sessionId),
    );
    await waitForState(browser.sessions, created.sessionId, ['RUNNING'], START_SECONDS);
    expect((await database.session(created.sessionId))?.status).to.equal('RUNNING');
    const done = await runCode(browser.sessions, created.sessionId, {
      mode: 'query',
      code: `import csv
with open("/home/work/${folder.name}/numbers.csv") as source:
    numbers = [int(row["number"]) for row in csv.DictReader(source)]
with open("/home/work/${folder.name}/result.txt", "w") as result:
    for number in sorted(numbers):
        print(number * number, file=result)
print(len(numbers))`,
    });
    expect(done).to.include({ exitCode: 0, stdout: '10000\n' });

    const result = await vfolders.client.download(
      await browser.folders.requestDownload(folder.id, 'result.txt'),
    );
    const squares = numbers.sort((a, b) => a - b).map((number) => `${BigInt(number) ** 2n}\n`);
    const expected = createHash('sha256').update(squares.join('')).digest('hex');
    expect(createHash('sha256').update(result.bytes).digest('hex')).to.equal(expected);

    await browser.sessions.destroy(created.sessionId);
    await waitForEnd(database, created.sessionId, ['TERMINATED']);
    await browser.folders.trash(folder.id);
    expect((await vfolders.row(folder.id))?.status).to.equal('delete-pending');

    await leave(browser);
    measure('user-journey', (performance.now() - since) / 1000, 's');
  });

  it('cannot log in with a wrong password, no password or an unknown name', async () => {
    const { email } = world().connection.accounts.user;
    const nobody = `${world().name('nobody')}@backend-ai.test`;
    // The manager counts failures by name, also for unknown names.
    world().afterTest.add('failed logins', () =>
      world().valkey.db(VALKEY_DB.statistics).del(`login_history_${nobody}`),
    );
    const answers: string[] = [];
    for (const [name, password] of [
      [email, 'not-the-password'],
      [nobody, 'not-the-password'],
    ] as const) {
      const browser = open();
      const error = await browser.login(name, password).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(BackendApiError).and.to.include({ status: 401 });
      answers.push((error as BackendApiError).message.replace(name, 'NAME'));
      // The refusal has a cookie, which a browser would keep. It gives no access.
      browser.useCookie(await cookieOf(name, password));
      expect((await browser.loginState()).authenticated).to.equal(false);
      await expectRefusal(browser.folders.list(), LOGGED_OUT);
    }
    expect(answers[0], 'strangers learn no names').to.equal(answers[1]);
    const missing: Refusal = { status: 400, kind: 'invalid-api-params' };
    await expectRefusal(open().web.request({ method: 'POST', path: '/server/login', json: {} }), missing);
    const noPassword = { username: email };
    await expectRefusal(
      open().web.request({ method: 'POST', path: '/server/login', json: noPassword }),
      missing,
    );
    // The right password still works: one failure does not lock the user out.
    expect((await (await enter()).loginState()).authenticated).to.equal(true);
  });

  it('is not authenticated without a login or with a made-up cookie', async () => {
    const browser = open();
    expect(await browser.loginState()).to.include({ authenticated: false, data: null });
    await expectRefusal(browser.folders.list(), LOGGED_OUT);
    await expectRefusal(browser.sessions.create(world().smallSession()), LOGGED_OUT);
    browser.useCookie(randomBytes(16).toString('hex'));
    expect((await browser.loginState()).authenticated).to.equal(false);
    await expectRefusal(browser.folders.list(), LOGGED_OUT);
  });

  it('is no longer authenticated after the login has expired', async () => {
    const browser = await enter();
    await browser.folders.list();
    expect((await browser.loginState()).authenticated).to.equal(true);
    // Valkey expires the login, so shorten its lifetime there.
    await world().valkey.db(VALKEY_DB.statistics).expire(`${WEB_COOKIE}_${browser.cookie}`, 1);
    await waitUntil(
      'the login to expire',
      async () => {
        const left = await secondsLeft(browser.cookie);
        return left < 0 ? undefined : notYet(left);
      },
      { deadlineSeconds: 10, everyMs: 250 },
    );
    expect((await browser.loginState()).authenticated).to.equal(false);
    await expectRefusal(browser.folders.list(), LOGGED_OUT);
    const { email, password } = world().connection.accounts.user;
    const again = open();
    expect((await again.login(email, password)).authenticated).to.equal(true);
    await again.logout();
  });

  it('logs in a second time in another browser: both logins are valid and end separately', async () => {
    const [first, second] = [await enter(), await enter()];
    expect(first.cookie).not.to.equal(second.cookie);
    for (const browser of [first, second]) {
      expect((await browser.loginState()).authenticated).to.equal(true);
      await browser.folders.list();
    }
    await leave(first);
    expect((await second.loginState()).authenticated).to.equal(true);
    await second.folders.list();
    await leave(second);
  });

  it('logs in again in the same browser: the webserver says so, and the login stays', async () => {
    const { email, password } = world().connection.accounts.user;
    const browser = await enter();
    await expectRefusal(browser.login(email, password), { status: 400, kind: 'generic-bad-request' });
    await browser.folders.list();
    await browser.logout();
  });

  it('sees only their own sessions and vfolders', async () => {
    const vfolders = new VFolderFixture(world());
    const [own, strange] = [
      await vfolders.make(world().afterTest),
      await vfolders.make(world().afterTest, world().user2),
    ];
    const browser = await enter();
    const seen = (await browser.folders.list()).map((folder) => folder.id);
    expect(seen).to.include(own.id);
    expect(seen).not.to.include(strange.id);
    await expectRefusal(browser.folders.info(strange.id), { status: 403, kind: 'not-enough-permission' });
    await browser.logout();
  });
});
