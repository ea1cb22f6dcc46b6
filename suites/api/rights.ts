import { expect } from 'chai';
import { ListError, readPage } from '../assertions/pages.ts';
import { type ApiRequest, BackendApiError } from '../clients/http/api.ts';
import type { BackendAi } from '../clients/manager/backend-ai.ts';
import { GraphQl, isInternal } from '../clients/manager/graphql-v2.ts';
import { Subscription } from '../clients/manager/subscription.ts';
import { uuidOf, type VFolder } from '../clients/manager/vfolders.ts';
import { emptyResourceGroup } from '../fixtures/administration/resource-group.ts';
import { enqueueFor } from '../fixtures/foreign-session.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

/** Lists for administrators that do not say so in their name. */
const ALSO_FOR_ADMINISTRATORS = ['agentsV2', 'domainFairShares', 'projectFairShares', 'userFairShares'];

/** What only administrators may ask the older GraphQL API: fields of Query with their selection. */
const OLDER = [
  'agents { id addr }',
  'agent_list(limit: 1, offset: 0) { items { id } }',
  'agent_nodes(first: 1) { edges { node { id addr } } }',
  'session_pending_queue(resource_group_id: "default", first: 1) { edges { node { id } } }',
  'storage_volume_list(limit: 1, offset: 0) { items { id } }',
  'audit_log_nodes(first: 1) { edges { node { id } } }',
  'container_registry_nodes(first: 1) { edges { node { id } } }',
] as const;

/** Requests for one vfolder of the v2 API that its owner may send. */
const FOLDER_WAYS: readonly [what: string, request: Omit<ApiRequest, 'path'> & { action: string }][] = [
  ['the record', { method: 'GET', action: '' }],
  ['the files', { method: 'POST', action: '/files/list', json: { path: '.' } }],
  ['a new folder in it', { method: 'POST', action: '/files/mkdir', json: { path: 'planted' } }],
  ['another name of a file', { method: 'POST', action: '/files/move', json: { src: 'kept', dst: 'moved' } }],
  [
    'the end of a file',
    { method: 'POST', action: '/files/delete', json: { files: ['kept'], recursive: true } },
  ],
  ['an upload', { method: 'POST', action: '/upload-session', json: { path: 'planted.txt', size: 1 } }],
  ['a download', { method: 'POST', action: '/download-session', json: { path: 'kept' } }],
  ['its removal', { method: 'DELETE', action: '' }],
];
/** Those of them that a user may not do who got it for reading. */
const WRITING = [
  'a new folder in it',
  'another name of a file',
  'the end of a file',
  'an upload',
  'its removal',
];

/** Why an answer is no refusal; undefined: it is one. */
async function whyNotRefused(asked: Promise<unknown>): Promise<string | undefined> {
  try {
    return `answered ${JSON.stringify(await asked).slice(0, 200)}`;
  } catch (error) {
    if (!(error instanceof BackendApiError)) throw error;
    return [401, 403, 404].includes(error.status) ? undefined : error.message;
  }
}

/** Passes on every error but a refusal of the list or of its request. */
function ifRefused(error: unknown): undefined {
  if (error instanceof ListError || (error instanceof BackendApiError && error.status < 500))
    return undefined;
  throw error;
}

/** Why a query is not refused; undefined: it is. */
async function whyAnswered(api: GraphQl, query: string): Promise<string | undefined> {
  const { data, errors } = await api.ask(query);
  // A record that the user may not know of is null or not in a list, without an error.
  const isNothing = data !== null && !JSON.stringify(data).includes('"id":');
  if (errors.some(isInternal)) return `${query}: ${errors.map(({ message }) => message).join('; ')}`;
  return errors.length > 0 || isNothing ? undefined : `${query} is answered`;
}

describe('what a user may not see or do', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres', 'storage-proxy']);
  let folders: VFolderFixture;
  let folder: VFolder;
  /** A session that waits: it needs no agent. */
  let session: string;

  before('a user has a vfolder and a session', async () => {
    folders = new VFolderFixture(world());
    folder = await folders.make(world().afterSuite);
    await world().user.folders.mkdir(folder.id, 'kept');
    session = (await world().enqueue(world().endlessWait(), world().afterSuite)).sessionId;
  });

  const inFolder = (account: BackendAi, id: string, what: string) => {
    const found = FOLDER_WAYS.find(([name]) => name === what);
    if (!found) throw new Error(`no request for ${what}`);
    const [, { action, ...request }] = found;
    return account.api.request({ ...request, path: `/v2/vfolders/${uuidOf({ id })}${action}` });
  };

  it('is every list for administrators', async () => {
    const mine = new GraphQl(world().user.api, 2);
    const names = [
      ...(await new GraphQl(world().admin.api, 2).listsForAdministrators()),
      ...ALSO_FOR_ADMINISTRATORS,
    ];
    expect(names.length).to.be.greaterThan(20);
    const answered: string[] = [];
    for (const name of names) {
      const page = await readPage(mine, { name }, { first: 1 }).catch(ifRefused);
      if (page) answered.push(name);
    }
    expect(answered, 'lists that a user gets').to.deep.equal([]);
  });

  for (const field of OLDER) {
    it(`is ${field.split(/[ (]/)[0]} of the older GraphQL API`, async () => {
      const { data, errors } = await new GraphQl(world().user.api, 1).ask(`{ ${field} }`);
      expect(errors.filter(isInternal)).to.deep.equal([]);
      // Nothing, or an empty list.
      expect(JSON.stringify(data ?? {}), 'the answer').not.to.match(/"id":"|"addr":"/);
    });
  }

  for (const [what] of FOLDER_WAYS) {
    it(`is ${what} of another user's vfolder`, async () => {
      expect(await whyNotRefused(inFolder(world().user2, folder.id, what))).to.equal(undefined);
    });
  }

  it('is neither of them in the GraphQL APIs, by its id', async () => {
    const { user, user2 } = world();
    const id = uuidOf(folder);
    const global = (type: string, of: string) => Buffer.from(`${type}:${of}`).toString('base64');
    const v1 = [
      `{ vfolder(id: "${id}") { id } }`,
      `{ vfolder_node(id: "${global('VirtualFolderNode', id)}") { id } }`,
      `{ compute_session(id: "${session}") { id } }`,
      `{ compute_session_node(id: "${global('ComputeSessionNode', session)}") { id } }`,
      `{ compute_container_list(limit: 1, offset: 0, session_id: "${session}") { items { id } } }`,
    ];
    const v2 = [
      `{ node(id: "${global('VFolder', id)}") { id } }`,
      `{ node(id: "${global('SessionV2', session)}") { id } }`,
    ];
    const answered: (string | undefined)[] = [];
    for (const query of v1) answered.push(await whyAnswered(new GraphQl(user2.api, 1), query));
    for (const query of v2) answered.push(await whyAnswered(new GraphQl(user2.api, 2), query));
    expect(answered.filter((each) => each !== undefined)).to.deep.equal([]);
    // So that the queries would show something: the owner gets both.
    const owned = await new GraphQl(user.api, 1).ask(v1[3] ?? '');
    expect(owned.data?.compute_session_node, 'what the owner gets').to.be.an('object');
  });

  for (const [what, method, path] of [
    ['the record', 'GET', ''],
    ['the log', 'GET', '/logs'],
    ['the kernels', 'POST', '/kernels/search'],
    ['a started application', 'POST', '/services/start'],
  ] as const) {
    it(`is ${what} of another user's session`, async () => {
      const json = path === '/services/start' ? { service: 'ttyd' } : {};
      const asked = world().user2.api.request({
        ...{ method, path: `/v2/sessions/${session}${path}` },
        ...(method === 'POST' ? { json } : {}),
      });
      expect(await whyNotRefused(asked)).to.equal(undefined);
    });
  }

  it("is to follow another user's session by a subscription of GraphQL", async () => {
    const { connection, user, afterTest } = world();
    const { accounts, manager } = connection;
    const { sessionId } = await world().enqueue(world().endlessWait(), afterTest);
    const query = `subscription { schedulingEventsBySession(sessionId: "${sessionId}") { sessionId statusTransition } }`;
    const listen = async (account: typeof accounts.user): Promise<Subscription> => {
      const opened = await Subscription.open(manager.url, account, query);
      afterTest.add('a subscription', async () => opened.close());
      return opened;
    };
    const [owner, stranger] = [await listen(accounts.user), await listen(accounts.user2)];
    await stranger.until('the stranger to be refused', ({ type, payload }) =>
      type === 'next' ? Boolean((payload as { errors?: unknown }).errors) : type === 'error',
    );
    await user.sessions.destroy(sessionId, { forced: true });
    await owner.until('an event for the owner', ({ type }) => type === 'next');
    expect(JSON.stringify(owner.data()), 'what the owner hears').to.include(sessionId);
    expect(stranger.data(), 'what the stranger hears').to.deep.equal([]);
  });

  it('is the end of a session of another user', async () => {
    const json = { session_ids: [session], forced: true };
    await world()
      .user2.api.request({ method: 'POST', path: '/v2/sessions/terminate', json })
      .catch((error: unknown) => {
        if (!(error instanceof BackendApiError)) throw error;
      });
    expect((await world().database.session(session))?.status).to.equal('PENDING');
  });

  it('is a session in the name of another user', async () => {
    const asked = enqueueFor(world(), world().connection.accounts.user2.email, world().name('foreign'));
    expect(await whyNotRefused(asked)).to.equal(undefined);
  });

  it('is a session in a resource group of others', async () => {
    const group = await emptyResourceGroup(world(), false, world().afterTest);
    const wanted = world().smallSession();
    const asked = world().enqueue(
      { ...wanted, config: { ...wanted.config, scaling_group: group } },
      world().afterTest,
    );
    const refusal = await asked.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal, 'the refusal').to.be.instanceOf(BackendApiError);
    expect((refusal as BackendApiError).status).to.be.within(400, 499);
  });

  describe('of a vfolder that is shared for reading', () => {
    let shared: VFolder;

    before('the owner shares it, and the user accepts', async () => {
      const { user, user2, connection } = world();
      shared = await folders.make(world().afterSuite);
      await user.folders.mkdir(shared.id, 'kept');
      await user.folders.invite(shared.id, 'ro', [connection.accounts.user2.email]);
      const invitation = (await user2.folders.invitations()).find(({ vfolder_id }) =>
        [shared.id, uuidOf(shared)].includes(vfolder_id),
      );
      if (!invitation) throw new Error('the invited user has no invitation');
      await user2.folders.acceptInvitation(invitation.id);
    });

    for (const what of WRITING) {
      it(`is ${what}`, async () => {
        expect(await whyNotRefused(inFolder(world().user2, shared.id, what))).to.equal(undefined);
      });
    }

    it('its content is as it was afterwards', async () => {
      const names = (await world().user.folders.files(shared.id)).map(({ name }) => name);
      expect(names).to.deep.equal(['kept']);
    });
  });
});
