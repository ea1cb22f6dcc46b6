import { expect } from 'chai';
import { expectRefusal } from '../assertions/refusal.ts';
import { ContainerRegistry } from '../clients/cluster/registry.ts';
import { BackendApiError } from '../clients/http/api.ts';
import { END_SECONDS, START_SECONDS, waitForEnd } from '../clients/manager/session-watch.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { RegistryAdministration } from '../fixtures/administration/registry-administration.ts';
import { ImageFixture, refusedScan } from '../fixtures/image-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

describe('the container registry', function () {
  this.timeout((START_SECONDS + END_SECONDS + 60) * 1000);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);
  let images: ImageFixture;

  before('the registry has the kernel image', async () => {
    images = await ImageFixture.of(world());
  });

  it('keeps a pushed image under its digest and its tag only', async () => {
    const tag = images.newTag('kept');
    const made = await images.push(tag, 'kept');
    expect((await images.registry.manifest(images.repository, made.digest))?.content).to.deep.equal(
      made.content,
    );
    expect((await images.registry.manifest(images.repository, tag))?.digest).to.equal(made.digest);
    expect(await images.registry.manifest(images.repository, `${tag}none`)).to.equal(undefined);
    expect(await images.registry.manifest(images.repository, `sha256:${'0'.repeat(64)}`)).to.equal(undefined);
  });

  it('shows a moved tag under its new digest after a scan, as one image', async () => {
    const { admin } = world();
    const tag = images.newTag('moved');
    const first = await images.push(tag, 'first');
    await images.scan();
    expect((await images.rows(images.referenceOf(tag))).map((row) => row.config_digest)).to.deep.equal([
      first.config,
    ]);
    const second = await images.push(tag, 'second');
    expect(second.config).not.to.equal(first.config);
    await images.scan();
    const seen = await images.rows(images.referenceOf(tag));
    const digests = seen.map((row) => row.config_digest);
    expect(
      seen.map((row) => ({ digest: row.config_digest, status: row.status })),
      `the digests after the second scan: ${digests.join(', ')}`,
    ).to.deep.equal([{ digest: second.config, status: 'ALIVE' }]);
    expect(
      (await admin.images()).filter((image) => image.tag === tag).map((image) => image.digest),
    ).to.deep.equal([second.config]);
  });

  it('serves an agent that pulls an image once and then keeps it', async () => {
    const { database, afterTest } = world();
    const tag = images.newTag('pulled');
    await images.push(tag, 'pulled');
    await images.scan();
    expect(await images.holders(images.referenceOf(tag)), 'agents that hold it before').to.deep.equal([]);
    const seconds: number[] = [];
    for (const what of ['cold', 'cached']) {
      const session = await world().startSession(afterTest, { image: images.referenceOf(tag) });
      const [kernel] = await database.kernels(session.id);
      expect(await images.holders(images.referenceOf(tag))).to.include(kernel?.agent);
      expect(kernel?.image).to.equal(images.referenceOf(tag));
      measure(`session-start-${what}`, session.startSeconds, 's');
      seconds.push(session.startSeconds);
      await world().endSession(session.id);
    }
    expect(seconds).to.have.length(2);
  });

  it('refuses a session with an unknown tag at once, and leaves nothing behind', async () => {
    const name = world().name('missing');
    const image = images.referenceOf(`e2enone${world().run}`);
    const wanted = world().smallSession({ name, image });
    await expectRefusal(world().user.sessions.create(wanted), {
      status: 404,
      kind: 'object-not-found',
      msg: 'Unknown image reference',
    });
    expect(await world().database.traces(name)).to.deep.equal({ sessions: 0, kernels: 0 });
  });

  it('ends a session with the reason when it has lost a scanned image, and frees the slots', async () => {
    const { database, afterTest } = world();
    const tag = images.newTag('lost');
    const made = await images.push(tag, 'lost');
    await images.scan();
    await images.registry.deleteManifest(images.repository, made.digest);
    const { sessionId } = await world().enqueue(
      world().smallSession({ image: images.referenceOf(tag) }),
      afterTest,
    );
    const row = await waitForEnd(database, sessionId, undefined, START_SECONDS + END_SECONDS);
    expect(row.status).to.be.oneOf(['CANCELLED', 'ERROR', 'TERMINATED']);
    const [kernel] = await database.kernels(sessionId);
    expect(kernel?.status_info).to.include('Image pull failed').and.to.include(tag);
    expect((await database.allocations(sessionId)).every((one) => one.freed)).to.equal(true);
    await world().containersGone(sessionId);
    expect(await images.holders(images.referenceOf(tag))).to.deep.equal([]);
  });
});

describe('a container registry with a password', function () {
  this.timeout((START_SECONDS + END_SECONDS + 60) * 1000);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);
  let images: ImageFixture;
  let registries: RegistryAdministration;
  let host: string;
  let id: string;
  let password: string;

  before('Backend.AI knows the registry and its password', async () => {
    const { afterSuite, connection } = world();
    const { guarded, project } = connection.registry;
    if (!guarded) throw new Inconclusive('the deployment has no registry that wants a password');
    images = await ImageFixture.of(world());
    registries = new RegistryAdministration(world());
    ({ name: host, password } = guarded);
    id = await registries.add({ ...guarded, project }, afterSuite);
  });

  const wrongPassword = async (): Promise<void> => {
    world().afterTest.add('password of the registry', () => registries.setPassword(id, password));
    await registries.setPassword(id, `${password}-wrong`);
  };
  /** A new image, scanned under its name in the guarded registry. */
  const scanned = async (what: string): Promise<string> => {
    const tag = images.newTag(what, undefined, host);
    await images.push(tag, what);
    await images.scan(host);
    const reference = images.referenceOf(tag, host);
    expect((await images.rows(reference)).map((row) => row.status)).to.deep.equal(['ALIVE']);
    expect(await images.holders(reference), 'agents that hold it before').to.deep.equal([]);
    return reference;
  };

  it('shows its images to Backend.AI, and to no client without the password', async () => {
    const { guarded } = world().connection.registry;
    if (!guarded) throw new Inconclusive('the deployment has no registry that wants a password');
    const tag = images.newTag('guarded', undefined, host);
    const { digest } = await images.push(tag, 'guarded');
    for (const wrong of [undefined, { ...guarded, password: 'wrong' }]) {
      const refused = new ContainerRegistry(guarded, wrong).manifest(images.repository, tag);
      const error = await refused.then(String, (thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(BackendApiError).with.property('status', 401);
    }
    const seen = await new ContainerRegistry(guarded, guarded).manifest(images.repository, tag);
    expect(seen?.digest).to.equal(digest);
    await images.scan(host);
    expect(await images.rows(images.referenceOf(tag, host))).to.have.length(1);
  });

  it('serves an image to an agent that uses the password stored in Backend.AI', async () => {
    const reference = await scanned('withpw');
    const session = await world().startSession(world().afterTest, { image: reference });
    const [kernel] = await world().database.kernels(session.id);
    expect(kernel?.image).to.equal(reference);
    expect(await images.holders(reference)).to.include(kernel?.agent);
    await world().endSession(session.id);
  });

  it('refuses an agent with a wrong password: the session ends with the reason; the right password fixes it', async () => {
    const { database, afterTest } = world();
    const reference = await scanned('wrongpw');
    await wrongPassword();
    const { sessionId } = await world().enqueue(world().smallSession({ image: reference }), afterTest);
    const row = await waitForEnd(database, sessionId, undefined, START_SECONDS + END_SECONDS);
    expect(row.status).to.be.oneOf(['CANCELLED', 'ERROR', 'TERMINATED']);
    const [kernel] = await database.kernels(sessionId);
    expect(kernel?.status_info)
      .to.include('Image pull failed')
      .and.match(/unauthorized|authentication required|no basic auth/i);
    expect(kernel?.status_info).not.to.include(password);
    expect((await database.allocations(sessionId)).every((one) => one.freed)).to.equal(true);
    await world().containersGone(sessionId);
    expect(await images.holders(reference)).to.deep.equal([]);
    await registries.setPassword(id, password);
    const session = await world().startSession(afterTest, { image: reference });
    expect(await images.holders(reference)).to.have.length(1);
    await world().endSession(session.id);
  });

  // login() of ai.backend.common.docker takes the realm of a Basic challenge for the URL of a token server.
  it('refuses a scan with a wrong password and gives the reason', async () => {
    const tag = images.newTag('unseen', undefined, host);
    await images.push(tag, 'unseen');
    await wrongPassword();
    const refused = await refusedScan(images.scan(host));
    expect(refused.status, refused.message).to.be.within(400, 499);
    expect(refused.message).to.match(/authenti|credential|password/i);
    expect(await images.rows(images.referenceOf(tag, host))).to.deep.equal([]);
  });

  it('is listed without its password', async () => {
    const listed = await registries.found();
    expect(listed).to.include(host);
    expect(listed).not.to.include(password);
  });
});
