import { expect } from 'chai';
import { GraphQl } from '../clients/manager/graphql-v2.ts';
import { AppProxy } from '../clients/web/app-proxy.ts';
import {
  type ModelServiceInfo,
  ModelServices,
  ModelServiceWatch,
  removeModelService,
} from '../clients/web/model-services.ts';
import { DEFINITION, SERVER } from '../fixtures/model-server.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { SMALL, useWorld } from '../fixtures/world.ts';

/** A model service without replicas costs no agent anything. */
describe('a model service without replicas', function () {
  this.timeout(90_000);
  const world = useWorld(['manager', 'postgres', 'storage-proxy']);
  const tags = () => ['one', 'two', 'three'].map((tag) => `${tag}-${world().run}`);
  let services: ModelServices;
  let watch: ModelServiceWatch;
  let made: ModelServiceInfo;

  before('a user makes one with several tags', async () => {
    const { user, afterSuite, connection, database } = world();
    const proxy = new AppProxy(connection);
    afterSuite.add('connections to the app proxy', () => proxy.close());
    const vfolders = new VFolderFixture(world());
    const folder = await vfolders.make(afterSuite, user, world().name('model'), 'model');
    await vfolders.upload(folder.name, 'model-definition.yaml', DEFINITION);
    await vfolders.upload(folder.name, 'server.py', SERVER);
    services = new ModelServices(user.api);
    made = await services.create({
      name: world().name('tagged'),
      desired_session_count: 0,
      lang: connection.registry.kernelImage,
      group: connection.project,
      domain: connection.domain,
      open_to_public: false,
      tag: tags().join(','),
      config: { model: folder.id, scalingGroup: connection.scalingGroup, ...SMALL },
    });
    const id = made.endpoint_id;
    watch = new ModelServiceWatch(id, database, proxy);
    afterSuite.add(`model service ${made.name}`, () => removeModelService(services, watch, id));
  });

  it('is found by each of its tags, and by no part of one', async () => {
    const v2 = new GraphQl(world().admin.api, 2);
    const namesWith = async (tag: string): Promise<string[]> => {
      const answer = await v2.data<{
        adminDeployments: { edges: { node: { metadata: { name: string } } }[] };
      }>(
        `{ adminDeployments(filter: {tags: {equals: "${tag}"}}, first: 10) { edges { node { metadata { name } } } } }`,
      );
      return answer.adminDeployments.edges.map(({ node }) => node.metadata.name);
    };
    for (const tag of tags()) expect(await namesWith(tag), tag).to.deep.equal([made.name]);
    expect(await namesWith(`e-${world().run}`)).to.deep.equal([]);
  });

  it('has an end when it was removed', async () => {
    await removeModelService(services, watch, made.endpoint_id);
    const [row] = await world().database.rows<{ at: Date | null }>(
      'SELECT destroyed_at AS at FROM endpoints WHERE id = $1',
      [made.endpoint_id],
    );
    const age = (Date.now() - (row?.at?.getTime() ?? Number.NaN)) / 1000;
    expect(age, 'seconds since its end').to.be.within(-60, 120);
  });
});
