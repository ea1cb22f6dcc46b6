import { expect } from 'chai';
import { readPage } from '../assertions/pages.ts';
import { BackendApiError } from '../clients/http/api.ts';
import { GraphQl } from '../clients/manager/graphql-v2.ts';
import { uuidOf } from '../clients/manager/vfolders.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { enqueueFor } from '../fixtures/foreign-session.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

/** Seconds that a request may wait for its session. */
const WAIT_SECONDS = 3;
/** Seconds until an action is in the audit log. */
const AUDIT_SECONDS = 15;

/** Sessions that fit on no agent: they wait, and cost nothing. */
describe('a request for a session that finds no room', function () {
  this.timeout(90_000);
  const world = useWorld(['manager', 'postgres', 'storage-proxy']);

  it('is answered after the time that it names', async () => {
    const { user, afterTest, database } = world();
    const wanted = world().endlessWait({ enqueueOnly: false, maxWaitSeconds: WAIT_SECONDS });
    afterTest.add(`session ${wanted.name}`, async () => {
      const made = await database.rows<{ id: string }>('SELECT id FROM sessions WHERE name = $1', [
        wanted.name,
      ]);
      for (const { id } of made) await world().endSession(id);
    });
    const since = performance.now();
    await user.sessions.create(wanted).catch((error: unknown) => {
      if (!(error instanceof BackendApiError)) throw error;
      expect(error.status).to.be.within(400, 499);
    });
    const seconds = (performance.now() - since) / 1000;
    expect(seconds, 'seconds until the answer').to.be.within(WAIT_SECONDS - 1, WAIT_SECONDS + 10);
  });

  it('belongs to the user for whom an administrator asks', async () => {
    const { admin, connection, afterTest, database } = world();
    const wanted = { ...world().endlessWait(), owner_access_key: connection.accounts.user.accessKey };
    const { sessionId } = await world().enqueue(wanted, afterTest, admin);
    const rows = await database.rows(
      'SELECT u.email, s.access_key FROM sessions s JOIN users u ON u.uuid = s.user_uuid WHERE s.id = $1',
      [sessionId],
    );
    const { email, accessKey } = connection.accounts.user;
    expect(rows).to.deep.equal([{ email, access_key: accessKey }]);
  });

  it('shows its kernels in both GraphQL APIs', async () => {
    const { user, afterTest } = world();
    const { sessionId } = await world().enqueue(world().endlessWait(), afterTest);
    const id = Buffer.from(`ComputeSessionNode:${sessionId}`).toString('base64');
    const older = await new GraphQl(user.api, 1).data<{
      compute_session_node: { kernel_nodes: { edges: { node: { row_id: string } }[] } };
    }>(`{ compute_session_node(id: "${id}") { kernel_nodes { edges { node { row_id } } } } }`);
    expect(older.compute_session_node.kernel_nodes.edges).to.have.lengthOf(1);
    const scope = { name: 'sessionKernelsV2', arguments: `scope: {sessionId: "${sessionId}"}` };
    expect((await readPage(new GraphQl(user.api, 2), scope, { first: 5 })).ids).to.have.lengthOf(1);
  });

  it('lists a vfolder once that it mounts at two places', async () => {
    const { user, connection, database, afterTest } = world();
    const folder = await new VFolderFixture(world()).make(afterTest);
    for (const path of ['one', 'two']) await user.folders.mkdir(folder.id, path);
    const name = world().name('mounts');
    const vfolder_id = uuidOf(folder);
    await enqueueFor(world(), connection.accounts.user.email, name, {
      mounts: ['one', 'two'].map((subpath) => ({ vfolder_id, subpath, mount_path: `/home/work/${subpath}` })),
    });
    const [made] = await database.rows<{ id: string }>('SELECT id FROM sessions WHERE name = $1', [name]);
    const id = Buffer.from(`ComputeSessionNode:${made?.id}`).toString('base64');
    const shown = await new GraphQl(user.api, 1).data<{
      compute_session: { mounts: string[]; vfolder_mounts: string[] };
      compute_session_node: { vfolder_mounts: string[]; vfolder_nodes: { edges: object[] } };
    }>(
      `{ compute_session(id: "${made?.id}") { mounts vfolder_mounts }
         compute_session_node(id: "${id}") { vfolder_mounts vfolder_nodes { edges { node { id } } } } }`,
    );
    expect(shown.compute_session).to.deep.equal({ mounts: [folder.name], vfolder_mounts: [vfolder_id] });
    expect(shown.compute_session_node.vfolder_mounts).to.deep.equal([vfolder_id]);
    expect(shown.compute_session_node.vfolder_nodes.edges).to.have.lengthOf(1);
  });

  it('is in the audit log by its id, when it was made and when it was ended', async () => {
    const { admin, user } = world();
    const { sessionId } = await world().enqueue(world().endlessWait(), world().afterTest);
    const operations = async () => {
      const { adminAuditLogsV2: found } = await new GraphQl(admin.api, 2).data<{
        adminAuditLogsV2: { edges: { node: { operation: string } }[] };
      }>(
        `{ adminAuditLogsV2(filter: {entityId: {equals: "${sessionId}"}}, first: 20) { edges { node { operation } } } }`,
      );
      return found.edges.map(({ node }) => node.operation);
    };
    const until = (what: string, operation: RegExp) =>
      waitUntil(
        `the audit log to name the session's ${what}`,
        async () => {
          const seen = await operations();
          return seen.some((each) => operation.test(each)) ? seen : notYet(seen.join(', ') || 'no record');
        },
        { deadlineSeconds: AUDIT_SECONDS },
      );
    await until('creation', /create|enqueue/i);
    await user.sessions.destroy(sessionId, { forced: true });
    await until('end', /destroy|terminate|delete/i);
  });

  it('is refused with an amount that is none, as a fault of the request', async () => {
    const { user } = world();
    const wanted = world().endlessWait();
    const asked = world().enqueue(
      { ...wanted, config: { ...wanted.config, resources: { cpu: 1, mem: 'abc' } } },
      world().afterTest,
      user,
    );
    const error = await asked.then(
      () => undefined,
      (refused: unknown) => refused,
    );
    expect(error, 'the refusal').to.be.instanceOf(BackendApiError);
    expect((error as BackendApiError).status).to.be.within(400, 499);
  });
});
