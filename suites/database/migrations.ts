import { expect } from 'chai';
import { expectAsNamed, expectHead, expectNoChange } from '../assertions/migrated-database.ts';
import { Api } from '../clients/http/api.ts';
import { BackendAi } from '../clients/manager/backend-ai.ts';
import { API_VERSION } from '../clients/manager/signing.ts';
import type { VFolder } from '../clients/manager/vfolders.ts';
import { measure } from '../evidence/record.ts';
import { expectCarriedOver, OLD, TAKEN_AWAY } from '../fixtures/programs/previous-release.ts';
import { type Models, type Part, type PreviousRelease, Programs } from '../fixtures/programs/programs.ts';
import {
  type Content,
  driftOf,
  fateOf,
  readContent,
  readRevisions,
  readTables,
  rowWhere,
} from '../fixtures/programs/schema.ts';
import { SpareDatabase } from '../fixtures/programs/spare-database.ts';
import { SpareManager } from '../fixtures/programs/spare-manager.ts';
import { useWorld } from '../fixtures/world.ts';

/** Programs of Backend.AI take seconds to import, and longer on busy cores. */
const STEP_MS = 200_000;

/** Timeout of a request to a manager that has just started, milliseconds. */
const BUSY_MS = 120_000;

describe('migrations', function () {
  this.timeout(STEP_MS);
  const world = useWorld(['postgres', 'etcd']);
  let programs: Programs;
  const models = new Map<Part, Models>();
  const of = (part: Part): Models => {
    const found = models.get(part);
    if (!found) throw new Error(`the models of ${part} were not read`);
    return found;
  };
  before('the models are known', async function () {
    this.timeout(STEP_MS);
    programs = await Programs.open(world().afterSuite);
    for (const part of ['manager', 'appproxy'] as const) models.set(part, await programs.models(part));
  });

  const spare = (what: string): Promise<SpareDatabase> =>
    SpareDatabase.create(world().connection.postgres, world().name(what), world().afterSuite);

  it('leave the deployment at head: its managers run on the schema that they were built for', async () => {
    expect(of('manager').version).to.equal(world().connection.version);
    await expectHead(world().database, of('manager'));
  });

  for (const part of ['manager', 'appproxy'] as const) {
    describe(`of the ${part} on an empty database`, () => {
      let database: SpareDatabase;
      before('an empty database exists', async () => {
        database = await spare(`empty-${part}`);
      });

      it('bring it to head', async () => {
        expect(await readTables(database.reader)).to.deep.equal({});
        await programs.oneshot(part, database.connection);
        await expectHead(database.reader, of(part));
        if (part === 'appproxy') return;
        const [head] = of(part).heads;
        expect(await programs.show(database.connection)).to.deep.equal({ current: head, head });
      });

      it('create every table and column of the models, and no other', async () => {
        measure(`tables-of-${part}`, Object.keys(of(part).tables).length, 'tables');
        await expectAsNamed(database.reader, of(part));
      });

      it('change nothing when they run again', async () => {
        await expectNoChange(database.reader, () =>
          programs.alembic(part, database.connection, 'upgrade', 'head'),
        );
        await expectNoChange(database.reader, () => programs.oneshot(part, database.connection));
      });
    });
  }

  describe('of the app proxy, one by one', () => {
    it("bring an empty database to the schema that the app proxy's own set-up command creates", async () => {
      const [stepwise, atOnce] = [await spare('stepwise'), await spare('at-once')];
      await programs.alembic('appproxy', stepwise.connection, 'upgrade', 'head');
      await expectHead(stepwise.reader, of('appproxy'));
      await programs.oneshot('appproxy', atOnce.connection);
      const drift = await driftOf(stepwise.reader, atOnce.reader);
      expect(drift, drift.join('; ')).to.deep.equal([]);
    });
  });

  describe('of a database of the previous release', () => {
    let release: PreviousRelease;
    let database: SpareDatabase;
    let earlier: Content;
    let migrated: Content | undefined;

    /** All rows after the migration. */
    const now = (): Content => {
      if (!migrated) throw new Error('the database was not migrated: see the test before');
      return migrated;
    };

    before('the dump of that release is restored', async () => {
      release = await programs.previousRelease();
      database = await spare('previous');
      await database.execute(release.sql);
      earlier = await readContent(database.reader);
    });

    it('find it at a known revision behind the head', async () => {
      const { revisions, version } = of('manager');
      expect(release.version).not.to.equal(version);
      const [at] = await readRevisions(database.reader);
      expect(revisions, `revisions of ${version}`).to.include(at);
      const behind = revisions.indexOf(at ?? '');
      measure('migrations-from-previous-release', behind, 'migrations');
      expect(behind).to.be.greaterThan(0);
      expect(Object.keys(earlier).length, 'tables with rows').to.be.at.least(35);
    });

    it('bring it to head', async () => {
      const since = performance.now();
      await programs.alembic('manager', database.connection, 'upgrade', 'head');
      measure('migration-from-previous-release', (performance.now() - since) / 1000, 's');
      await expectHead(database.reader, of('manager'));
      const [head] = of('manager').heads;
      expect(await programs.show(database.connection)).to.deep.equal({ current: head, head });
      migrated = await readContent(database.reader);
    });

    it('create every table and column of the models, and no other', async () => {
      await expectAsNamed(database.reader, of('manager'));
    });

    it('keep every row unchanged', () => {
      const fate = fateOf(earlier, now());
      expect(fate.rows, 'rows that are gone').to.deep.equal([]);
      expect(fate.tables, 'tables that are gone').to.deep.equal([
        'association_scopes_entities',
        'vfolder_invitations',
        'vfolder_permissions',
      ]);
      expect(fate.columns, 'columns that are gone').to.deep.equal(TAKEN_AWAY);
      const own = rowWhere(now(), 'groups', { type: 'personal', creator_id: OLD.user });
      expect(fate.values, `values that changed: ${fate.values.join('; ')}`).to.deep.equal([
        `vfolders.group {"id": "${OLD.folder}"}: null -> "${own?.id}"`.replace('{"id": ', '{"id":'),
      ]);
    });

    it('carry over the content of dropped tables and columns', () => {
      expectCarriedOver(earlier, now());
    });

    it('change nothing when they run again', async () => {
      await expectNoChange(database.reader, () =>
        programs.alembic('manager', database.connection, 'upgrade', 'head'),
      );
    });

    it('can be undone one step, and done again without a loss', async () => {
      const before = await readContent(database.reader);
      await programs.alembic('manager', database.connection, 'downgrade', '-1');
      const [revision] = await readRevisions(database.reader);
      expect(revision, 'revision after the step back').to.equal(of('manager').revisions[1]);
      await programs.alembic('manager', database.connection, 'upgrade', 'head');
      await expectHead(database.reader, of('manager'));
      await expectAsNamed(database.reader, of('manager'));
      expect(fateOf(before, await readContent(database.reader)).rows, 'rows that are gone').to.deep.equal([]);
    });

    it('give every column the same type as in a new database', async () => {
      const fresh = await spare('fresh');
      await programs.oneshot('manager', fresh.connection);
      const drift = await driftOf(database.reader, fresh.reader);
      expect(drift, drift.join('; ')).to.deep.equal([]);
    });

    describe('let a manager of this release', () => {
      let url: string;
      const account = (userId: string): BackendAi => {
        const pair = Object.values(earlier.keypairs ?? {}).find((one) => one.user === userId);
        if (!pair) throw new Error(`no key pair of ${userId} in the dump`);
        return new BackendAi(
          url,
          { accessKey: String(pair.access_key), secretKey: String(pair.secret_key) },
          BUSY_MS,
        );
      };
      before('a manager runs on the migrated database', async () => {
        const since = performance.now();
        const { connection, afterSuite } = world();
        const name = world().name('manager');
        ({ url } = await SpareManager.start(programs, connection, database.connection, name, afterSuite));
        measure('spare-manager-start', (performance.now() - since) / 1000, 's');
      });

      it('sign in users with their earlier passwords and key pairs', async () => {
        const api = new Api(url, () => ({ 'x-backendai-version': API_VERSION }), BUSY_MS);
        const signIn = (password: string) =>
          api.json<{ data: { access_key: string } }>({
            method: 'POST',
            path: '/auth/authorize',
            json: { type: 'keypair', domain: 'default', username: OLD.email, password },
          });
        const { data } = await signIn(OLD.password);
        const [main] = Object.values(earlier.users ?? {}).filter((user) => user.uuid === OLD.user);
        expect(data.access_key).to.equal(main?.main_access_key);
        const refused = await signIn('another').catch((error: unknown) => error);
        expect(refused).to.have.property('status', 401);
      });

      it('show sessions, vfolders and images unchanged', async () => {
        const user = account(OLD.user);
        const session = await user.sessions.get('alive');
        expect(session.status).to.equal('RUNNING');
        expect((await user.sessions.match('alive')).map(({ id }) => id)).to.deep.equal([OLD.session]);
        const path = '/folders';
        const folders = await user.api.json<VFolder[]>({
          method: 'GET',
          path,
          query: { group_id: OLD.project },
        });
        expect(folders.map(({ id, name }) => [name, id])).to.have.deep.members([
          ['mine', OLD.folder.replaceAll('-', '')],
          ['ours', OLD.sharedFolder.replaceAll('-', '')],
        ]);
        expect((await user.folders.list()).map(({ name }) => name)).to.deep.equal(['mine']);
        const admin = account(OLD.admin);
        const images = await admin.images();
        expect(images.map(({ registry, name, tag, digest }) => [registry, name, tag, digest])).to.deep.equal(
          Object.values(earlier.images ?? {}).map((image) => [
            image.registry,
            image.image,
            image.tag,
            String(image.config_digest).trim(),
          ]),
        );
        expect((await admin.agents()).map(({ id, status }) => [id, status])).to.deep.equal([
          ['i-old', 'LOST'],
        ]);
      });

      it('write new rows', async () => {
        const admin = account(OLD.admin);
        const email = 'new@old.test';
        await admin.api.request({
          method: 'POST',
          path: '/v2/users',
          json: {
            email,
            username: 'new',
            password: 'aA1!aA1!aA1!',
            domain_name: 'default',
            status: 'active',
            role: 'user',
            group_ids: [OLD.project],
            resource_policy: 'default',
          },
        });
        const made = await database.reader.rows<{ type: string }>(
          `SELECT g.type::text FROM users
             JOIN virtual_entities u ON u.entity_type = 'user' AND u.entity_id = users.uuid
             JOIN entity_memberships m ON m.member_entity_id = u.id
             JOIN virtual_entities p ON p.entity_type = 'project' AND p.id = m.virtual_entity_id
             JOIN groups g ON g.id = p.entity_id WHERE users.email = $1`,
          [email],
        );
        expect(made.map(({ type }) => type)).to.include('general');
      });
    });
  });
});
