import { expect } from 'chai';
import { GraphQl } from '../clients/manager/graphql-v2.ts';
import {
  type ModelServiceInfo,
  type ModelServices,
  type ModelServiceWatch,
  removeModelService,
} from '../clients/web/model-services.ts';
import { ModelServiceFixture } from '../fixtures/model-service-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

/** A model service without replicas costs no agent anything. */
describe('a model service without replicas', function () {
  this.timeout(90_000);
  const world = useWorld(['manager', 'postgres', 'storage-proxy']);
  const tags = () => ['one', 'two', 'three'].map((tag) => `${tag}-${world().run}`);
  let services: ModelServices;
  let watch: ModelServiceWatch;
  let made: ModelServiceInfo;

  before('a user makes one with several tags', async () => {
    const models = await ModelServiceFixture.of(world());
    services = models.services;
    ({ info: made, watch } = await models.make('tagged', 0, tags().join(',')));
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
