import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { VALKEY_DB } from '../clients/data-stores/valkey.ts';
import { BackendApiError } from '../clients/http/api.ts';
import { Browser, WEB_COOKIE } from '../clients/web/browser.ts';
import { fastestSeconds } from '../evidence/fastest.ts';
import { measure } from '../evidence/record.ts';
import { AccountAdministration } from '../fixtures/administration/account-administration.ts';
import { useWorld } from '../fixtures/world.ts';

/** Failed logins after which a name is blocked: charts/backend-ai, webserver.conf, session.login_allowed_fail_count. */
const GUESSES = 10;
const REQUESTS = 7;
/** Time that the fastest request through the webserver may take longer than a few direct ones, seconds. */
const ADDED_SECONDS = 0.3;

describe('the limits of a user in a browser', function () {
  this.timeout(90_000);
  const world = useWorld(['manager', 'webserver', 'postgres', 'valkey']);

  /** The status of the webserver's answer to a login. */
  const loginStatus = async (browser: Browser, email: string, password: string): Promise<number> => {
    const answer = await browser.login(email, password).catch((error: unknown) => error);
    if (answer instanceof BackendApiError) return answer.status;
    if (answer instanceof Error) throw answer;
    return 200;
  };

  it(`are ${GUESSES} wrong passwords: then the right one cannot log in either`, async () => {
    const { afterTest, valkey } = world();
    const statistics = valkey.db(VALKEY_DB.statistics);
    const administration = new AccountAdministration(world());
    const { account } = await administration.user(
      world().name('guessed'),
      { keyPairPolicy: 'default' },
      afterTest,
    );
    afterTest.add('failed logins', () => statistics.del(`login_history_${account.email}`));
    const browsers: Browser[] = [];
    afterTest.add('logins', async () => {
      for (const { cookie } of browsers) if (cookie) await statistics.del(`${WEB_COOKIE}_${cookie}`);
    });
    const attempt = (password: string): Promise<number> => {
      const browser = new Browser(world().connection.webserver.url);
      browsers.push(browser);
      return loginStatus(browser, account.email, password);
    };
    const wrong: number[] = [];
    for (let count = 0; count < GUESSES; count += 1) {
      wrong.push(await attempt(randomBytes(8).toString('hex')));
    }
    expect(wrong, 'answers to wrong passwords').to.deep.equal(Array(GUESSES).fill(401));
    expect(await attempt(account.password), 'log in with the right password after that').to.equal(429);
    await statistics.del(`login_history_${account.email}`);
    expect(await attempt(account.password), 'log in when the block is over').to.equal(200);
  });

  it('are not felt: the webserver answers hardly slower than the manager', async () => {
    const { user, connection, afterTest, valkey } = world();
    const browser = new Browser(connection.webserver.url);
    await browser.login(connection.accounts.user.email, connection.accounts.user.password);
    const { cookie } = browser;
    afterTest.add('login', () => valkey.db(VALKEY_DB.statistics).del(`${WEB_COOKIE}_${cookie}`));
    const through = await fastestSeconds(REQUESTS, () => browser.folders.list());
    const direct = await fastestSeconds(REQUESTS, () => user.folders.list());
    const most = 3 * direct + ADDED_SECONDS;
    measure('browser-request', through * 1000, 'ms', most * 1000);
    measure('direct-request', direct * 1000, 'ms');
    expect(through, `seconds of a request in the browser (${direct} s directly)`).to.be.at.most(most);
  });
});
