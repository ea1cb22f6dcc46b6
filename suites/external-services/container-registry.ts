import { expect } from 'chai';
import { ImageAdministration } from '../support/images.ts';
import { measure } from '../support/record.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ContainerRegistry, type Manifest } from '../support/registry.ts';
import { END_SECONDS, START_SECONDS, waitForEnd } from '../support/session-watch.ts';
import { notYet, waitUntil } from '../support/waiting.ts';
import { useWorld } from '../support/world.ts';

describe('the container registry', function () {
  this.timeout((START_SECONDS + END_SECONDS + 60) * 1000);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);
  let registry: ContainerRegistry;
  let images: ImageAdministration;
  let repository: string;
  let original: Manifest;

  before('the registry has the kernel image', async () => {
    const { admin, connection } = world();
    const { name: host, kernelImage } = connection.registry;
    registry = new ContainerRegistry(connection.registry);
    images = new ImageAdministration(admin.api);
    repository = kernelImage.slice(host.length + 1, kernelImage.lastIndexOf(':'));
    const found = await registry.manifest(repository, kernelImage.slice(kernelImage.lastIndexOf(':') + 1));
    if (!found) throw new Error(`the registry does not have ${kernelImage}`);
    original = found;
  });

  const referenceOf = (tag: string): string => `${world().connection.registry.name}/${repository}:${tag}`;
  const rows = (tag: string): Promise<{ id: string; config_digest: string; status: string }[]> =>
    world().database.rows(
      `SELECT id, trim(config_digest) AS config_digest, status::text FROM images WHERE name = $1`,
      [referenceOf(tag)],
    );
  const scan = (): Promise<void> => {
    const { name, project } = world().connection.registry;
    return images.rescan(name, project);
  };
  const holders = async (tag: string): Promise<string[]> => {
    const held = await Promise.all(
      world()
        .observers()
        .map(async (observer) => ({ agent: observer.agent, images: await observer.images() })),
    );
    return held
      .filter((one) => one.images.some((image) => image.tags.includes(referenceOf(tag))))
      .map((one) => one.agent);
  };
  /** A tag of the suite's own: no dashes, because Backend.AI reads what stands between them as parts of an image. */
  const newTag = (what: string): string => {
    const tag = `e2e${what}${world().run}`;
    const { afterTest, connection } = world();
    afterTest.add(`rows of image ${tag}`, async () => {
      for (const row of await rows(tag)) await images.purge(row.id);
    });
    afterTest.add(`image ${tag} on the agents`, async () => {
      for (const agent of await holders(tag)) {
        await images.removeFromAgent(agent, referenceOf(tag), connection.registry.name);
      }
      await waitUntil(
        'the agents to be without the image',
        async () => {
          const left = await holders(tag);
          return left.length === 0 ? undefined : notYet(left);
        },
        { deadlineSeconds: 50 },
      );
    });
    return tag;
  };
  const push = async (tag: string, note: string): Promise<Manifest> => {
    const made = await registry.relabel(repository, original, tag, {
      'e2e.run': world().run,
      'e2e.note': note,
    });
    world().afterTest.add(`manifest ${made.digest} in the registry`, async () => {
      if (await registry.manifest(repository, made.digest))
        await registry.deleteManifest(repository, made.digest);
    });
    return made;
  };

  it('keeps what is pushed under its digest and its tag, and nothing under others', async () => {
    const tag = newTag('kept');
    const made = await push(tag, 'kept');
    expect((await registry.manifest(repository, made.digest))?.content).to.deep.equal(made.content);
    expect((await registry.manifest(repository, tag))?.digest).to.equal(made.digest);
    expect(await registry.manifest(repository, `${tag}none`)).to.equal(undefined);
    expect(await registry.manifest(repository, `sha256:${'0'.repeat(64)}`)).to.equal(undefined);
  });

  it('is scanned: a tag that moved is seen under its new digest, still one image', async () => {
    const { admin } = world();
    const tag = newTag('moved');
    const first = await push(tag, 'first');
    await scan();
    expect((await rows(tag)).map((row) => row.config_digest)).to.deep.equal([first.config]);
    const second = await push(tag, 'second');
    expect(second.config).not.to.equal(first.config);
    await scan();
    const seen = await rows(tag);
    expect(seen.map((row) => ({ digest: row.config_digest, status: row.status }))).to.deep.equal([
      { digest: second.config, status: 'ALIVE' },
    ]);
    expect(
      (await admin.images()).filter((image) => image.tag === tag).map((image) => image.digest),
    ).to.deep.equal([second.config]);
  });

  it('serves an agent: pulled the first time, held the second', async () => {
    const { database, afterTest } = world();
    const tag = newTag('pulled');
    await push(tag, 'pulled');
    await scan();
    expect(await holders(tag), 'agents that hold it before').to.deep.equal([]);
    const seconds: number[] = [];
    for (const what of ['cold', 'cached']) {
      const session = await world().startSession(afterTest, { image: referenceOf(tag) });
      const [kernel] = await database.kernels(session.id);
      expect(await holders(tag)).to.include(kernel?.agent);
      expect(kernel?.image).to.equal(referenceOf(tag));
      measure(`session-start-${what}`, session.startSeconds, 's');
      seconds.push(session.startSeconds);
      await world().endSession(session.id);
    }
    expect(seconds).to.have.length(2);
  });

  it('has no such tag: the session is refused at once and leaves nothing', async () => {
    const name = world().name('missing');
    const image = referenceOf(`e2enone${world().run}`);
    const wanted = world().smallSession({ name, image });
    await expectRefusal(world().user.sessions.create(wanted), {
      status: 404,
      kind: 'object-not-found',
      msg: 'Unknown image reference',
    });
    expect(await world().database.traces(name)).to.deep.equal({ sessions: 0, kernels: 0 });
  });

  it('lost an image that was scanned: the session ends with the reason, and its slots are free', async () => {
    const { database, afterTest } = world();
    const tag = newTag('lost');
    const made = await push(tag, 'lost');
    await scan();
    await registry.deleteManifest(repository, made.digest);
    const { sessionId } = await world().enqueue(world().smallSession({ image: referenceOf(tag) }), afterTest);
    const row = await waitForEnd(database, sessionId, undefined, START_SECONDS + END_SECONDS);
    expect(row.status).to.be.oneOf(['CANCELLED', 'ERROR', 'TERMINATED']);
    const [kernel] = await database.kernels(sessionId);
    expect(kernel?.status_info).to.include('Image pull failed').and.to.include(tag);
    expect((await database.allocations(sessionId)).every((one) => one.freed)).to.equal(true);
    await world().containersGone(sessionId);
    expect(await holders(tag)).to.deep.equal([]);
  });
});
