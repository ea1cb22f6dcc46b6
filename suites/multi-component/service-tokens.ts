import { expect } from 'chai';
import { BackendApiError } from '../clients/http/api.ts';
import { type ModelServices, SERVING_SECONDS } from '../clients/web/model-services.ts';
import { claimsOf, forged, unsignedToken } from '../clients/web/tokens.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { ModelEndpoint } from '../fixtures/model-endpoint.ts';
import { ModelServiceFixture } from '../fixtures/model-service-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

/** Time until a short-lived token has expired. */
const SHORT_LIFE_SECONDS = 8;
/** What a token may last in this suite, seconds. */
const LIFE_SECONDS = 3_600;
/** Status of the worker's answer to an invalid token. */
const REFUSED = 401;
/** Services with separate tokens. */
const NAMES = ['mine', 'other'] as const;

const later = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

interface Service {
  id: string;
  url: string;
  token: string;
}

/** The worker looks at the token first. So a service needs no replica here: with a valid token it is merely not available. */
describe('the tokens of model services', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres', 'storage-proxy', 'agent', 'observer']);
  let services: ModelServices;
  let mine: Service;
  let other: Service;

  before('a user has two private model services', async function () {
    this.timeout((SERVING_SECONDS + 60) * 1000);
    const models = await ModelServiceFixture.of(world());
    services = models.services;
    [mine, other] = (await Promise.all(
      NAMES.map(async (what): Promise<Service> => {
        const { info, watch } = await models.make(what, 1);
        const { endpoint_id: id, name } = info;
        await waitUntil(
          `a route to model service ${name}`,
          async () => ((await watch.circuit())?.port ? true : notYet('there is none')),
          { deadlineSeconds: SERVING_SECONDS },
        );
        const url = await services.url(id);
        return { id, url, token: await services.token(id, later(LIFE_SECONDS)) };
      }),
    )) as [Service, Service];
  });

  /** The status of the answer to a request with a token. 200 or 503 mean that the token is accepted. */
  const statusOf = async ({ url }: Service, token: string): Promise<number> => {
    const request = new ModelEndpoint(url, token)
      .as(`BackendAI ${token}`)
      .request({ method: 'GET', path: '/' });
    const answer = await request.catch((error: unknown) => error);
    if (answer instanceof BackendApiError) return answer.status;
    if (answer instanceof Error) throw answer;
    return 200;
  };
  const opens = async (service: Service, token: string): Promise<void> => {
    expect(await statusOf(service, token), 'a valid token').to.be.oneOf([200, 503]);
  };
  const refused = async (service: Service, token: string, what: string): Promise<void> => {
    expect(await statusOf(service, token), what).to.equal(REFUSED);
  };

  it('open each its own service, and not another', async () => {
    for (const [one, two] of [
      [mine, other],
      [other, mine],
    ] as const) {
      await opens(one, one.token);
      await refused(two, one.token, 'a token for another service');
    }
  });

  it('are refused when they are not signed, or signed by another key', async () => {
    await opens(mine, mine.token);
    await refused(mine, unsignedToken(claimsOf(mine.token)), 'a token without a signature');
    await refused(mine, forged(mine.token), 'a token that another key has signed');
    await refused(mine, 'no-token', 'a malformed token');
  });

  it('last as long as their user asked for, and are refused when they have expired', async () => {
    const seconds = Number(claimsOf(mine.token).exp) - Date.now() / 1000;
    expect(seconds, 'seconds until the token expires').to.be.within(1, LIFE_SECONDS);
    const brief = await services.token(mine.id, later(SHORT_LIFE_SECONDS));
    await opens(mine, brief);
    await waitUntil(
      'the expired token to be refused',
      async () => {
        const status = await statusOf(mine, brief);
        return status === REFUSED ? undefined : notYet(status);
      },
      { deadlineSeconds: SHORT_LIFE_SECONDS + 10 },
    );
    await opens(mine, mine.token);
  });
});
