import { expect } from 'chai';
import { type Disruption, useFaults, withFault } from '../chaos/faults.ts';
import { ContainerRegistry } from '../clients/cluster/registry.ts';
import { END_SECONDS, START_SECONDS, waitForEnd } from '../clients/manager/session-watch.ts';
import { measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { ImageFixture, refusedScan } from '../fixtures/image-fixture.ts';
import { SMALL, useWorld } from '../fixtures/world.ts';

const NO_REGISTRY: Disruption = { target: { component: 'registry' }, scaleToZero: {}, durationSeconds: 420 };
/** Packets between agents and registry are dropped, so the engine gets no answer instead of a refusal. */
const SILENCE: Disruption = {
  target: { component: 'agent' },
  networkPartition: { from: { component: 'registry' }, ports: [5000] },
  durationSeconds: 420,
};
/**
 * Longest time until an engine gives up a silent registry. It tries HTTPS and HTTP, once for the ping and once for the manifest.
 * Each connection waits 15 to 30 s (limits of dockerd).
 */
const GIVE_UP_SECONDS = 180;
/** Longest time from the registry's return until a session that must pull its image runs. */
const RECOVERY_SECONDS = START_SECONDS + 30;

describe('without the container registry', function () {
  this.timeout(600_000);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);
  const faults = useFaults();
  let images: ImageFixture;

  before('the registry has the kernel image, and an agent holds it', async () => {
    images = await ImageFixture.of(world());
    const session = await world().startSession(world().afterSuite);
    await world().endSession(session.id);
  });

  /** A registry that was taken away answers shortly after the fault has healed. */
  const registryAnswers = (): Promise<unknown> =>
    waitUntil(
      'the registry to answer',
      () =>
        new ContainerRegistry(world().connection.registry).tags().catch((error: unknown) => notYet(error)),
      { deadlineSeconds: 30 },
    );
  /** An image that the manager knows and no agent holds. */
  const unheld = async (what: string): Promise<string> => {
    await registryAnswers();
    const tag = images.newTag(what);
    await images.push(tag, what);
    await images.scan();
    const reference = images.referenceOf(tag);
    expect(await images.holders(reference)).to.deep.equal([]);
    return reference;
  };
  /** Expects that the session ends because its image cannot be pulled, gives the reason, and leaves nothing. */
  const endsForWantOf = async (reference: string, deadlineSeconds: number): Promise<void> => {
    const { database, afterTest } = world();
    const since = performance.now();
    const { sessionId } = await world().enqueue(world().smallSession({ image: reference }), afterTest);
    const row = await waitForEnd(database, sessionId, undefined, deadlineSeconds);
    measure('session-given-up', (performance.now() - since) / 1000, 's');
    expect(row.status).to.be.oneOf(['CANCELLED', 'ERROR', 'TERMINATED']);
    const [kernel] = await database.kernels(sessionId);
    expect(kernel?.status_info).to.include('Image pull failed');
    expect(kernel?.status_info, 'the registry that was asked').to.include(
      world().connection.registry.name.split(':')[0],
    );
    expect(kernel?.status_info, 'what is wrong with it').to.match(
      /connect|dial|refused|timeout|deadline|no route|unreachable/i,
    );
    expect((await database.allocations(sessionId)).every((one) => one.freed)).to.equal(true);
    await world().containersGone(sessionId);
    expect(await images.holders(reference)).to.deep.equal([]);
  };
  /** Expects that the image can be used again, and measures the time. */
  const recovers = async (reference: string): Promise<void> => {
    const since = performance.now();
    await registryAnswers();
    const session = await world().startSession(world().afterTest, { image: reference });
    measure('registry-recovery', (performance.now() - since) / 1000, 's');
    expect((performance.now() - since) / 1000).to.be.below(RECOVERY_SECONDS);
    const [kernel] = await world().database.kernels(session.id);
    expect(await images.holders(reference)).to.include(kernel?.agent);
    await world().endSession(session.id);
    await images.scan();
  };

  it('a session whose image must be pulled ends with the reason, one whose image is held runs, then both do', async () => {
    const held = await images.holders(world().connection.registry.kernelImage);
    const reference = await unheld('away');
    await withFault(faults(), NO_REGISTRY, world().afterTest, async () => {
      await endsForWantOf(reference, START_SECONDS + END_SECONDS);
      const config = { ...SMALL, agent_list: held.slice(0, 1) };
      const session = await world().startSession(world().afterTest, { config });
      expect((await world().database.session(session.id))?.status).to.equal('RUNNING');
    });
    await recovers(reference);
  });

  // The rescan's handler does not catch the client's connection error, which becomes "Internal server error".
  it('a scan says that the registry cannot be reached', async () => {
    await withFault(faults(), NO_REGISTRY, world().afterTest, async () => {
      const refused = await refusedScan(images.scan());
      expect(refused.status, refused.message).to.be.oneOf([502, 503, 504]);
      expect(refused.message).to.include(world().connection.registry.name.split(':')[0]);
    });
    await waitUntil(
      'the registry to be scanned again',
      () => images.scan().catch((error: unknown) => notYet(error)),
      { deadlineSeconds: 30 },
    );
  });

  it('that no longer answers, a session ends with the reason too, and starts later', async () => {
    const reference = await unheld('silent');
    await withFault(faults(), SILENCE, world().afterTest, () => endsForWantOf(reference, GIVE_UP_SECONDS));
    await recovers(reference);
  });

  it('for a moment during its pull, a session runs or gives the reason, and never hangs', async () => {
    const { database, afterTest } = world();
    const reference = await unheld('moment');
    const { sessionId } = await withFault(faults(), SILENCE, afterTest, async () => {
      const created = await world().enqueue(world().smallSession({ image: reference }), afterTest);
      await waitUntil(
        'the agent to be about to pull',
        async () => {
          const status = (await database.session(created.sessionId))?.status ?? 'no row';
          return ['PREPARING', 'PULLING'].includes(status) ? undefined : notYet(status);
        },
        { deadlineSeconds: START_SECONDS, everyMs: 100 },
      );
      return created;
    });
    const status = await waitUntil(
      'the session to run or to end',
      async () => {
        const now = (await database.session(sessionId))?.status ?? 'no row';
        return ['RUNNING', 'CANCELLED', 'ERROR', 'TERMINATED'].includes(now) ? now : notYet(now);
      },
      { deadlineSeconds: GIVE_UP_SECONDS },
    );
    const [kernel] = await database.kernels(sessionId);
    if (status !== 'RUNNING') expect(kernel?.status_info).to.include('Image pull failed');
    await recovers(reference);
  });
});
