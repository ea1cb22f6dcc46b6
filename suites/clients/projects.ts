import type { Ledger } from '../fixtures/cleanup-stack.ts';
import type { World } from '../fixtures/world.ts';
import type { HostPermission } from './accounts.ts';

type Outcome = { ok: boolean; msg: string };

/**
 * What an administrator does with projects. Everything made is noted in a ledger. Domains are not made: one that ever had
 * a user cannot be deleted, because the user's personal project outlives the user.
 */
export class ProjectAdministration {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** A project that allows nothing on any volume. Returns its id. */
  async project(name: string, ledger: Ledger): Promise<string> {
    const { domain } = this.#world.connection;
    const find = async () =>
      (
        await this.#world.database.rows<{ id: string }>(
          'SELECT id FROM groups WHERE name = $1 AND domain_name = $2',
          [name, domain],
        )
      )[0]?.id;
    ledger.add(`project ${name}`, async () => {
      const gid = await find();
      if (!gid) return;
      await this.#mutate('delete_group', '($gid: UUID!)', '(gid: $gid)', { gid });
      await this.#mutate('purge_group', '($gid: UUID!)', '(gid: $gid)', { gid });
    });
    await this.#mutate(
      'create_group',
      '($name: String!, $props: GroupInput!)',
      '(name: $name, props: $props)',
      {
        name,
        props: { domain_name: domain, allowed_vfolder_hosts: '{}' },
      },
    );
    const id = await find();
    if (!id) throw new Error(`project ${name} was made, but stands not in the database`);
    return id;
  }

  /** Says what everybody in a project may do with the deployment's volume. */
  async allow(gid: string, permissions: readonly HostPermission[]): Promise<void> {
    await this.#mutate(
      'modify_group',
      '($gid: UUID!, $props: ModifyGroupInput!)',
      '(gid: $gid, props: $props)',
      {
        gid,
        props: { allowed_vfolder_hosts: this.#hosts(permissions) },
      },
    );
  }

  #hosts(permissions: readonly HostPermission[]): string {
    const { volume } = this.#world.connection.storageProxy;
    return JSON.stringify(permissions.length > 0 ? { [volume]: permissions } : {});
  }

  async #mutate(
    mutation: string,
    declared: string,
    passed: string,
    variables: Record<string, unknown>,
  ): Promise<void> {
    const query = `mutation${declared} { ${mutation}${passed} { ok msg } }`;
    const outcome = (await this.#world.admin.graphql<Record<string, Outcome>>(query, variables))[mutation];
    if (!outcome?.ok) throw new Error(`${mutation} failed: ${outcome?.msg ?? 'no answer'}`);
  }
}
