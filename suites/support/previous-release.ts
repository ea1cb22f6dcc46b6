import { expect } from 'chai';
import { type Content, type Row, rowsOf, rowWhere } from './schema.ts';

/** Ids of images/suites-backend-ai/fixture.json. */
export const OLD = {
  admin: '00000000-0000-4000-8000-000000000101',
  user: '00000000-0000-4000-8000-000000000102',
  user2: '00000000-0000-4000-8000-000000000103',
  project: '00000000-0000-4000-8000-000000000003',
  folder: '00000000-0000-4000-8000-000000000301',
  sharedFolder: '00000000-0000-4000-8000-000000000302',
  session: '00000000-0000-4000-8000-000000000202',
  role: '00000000-0000-4000-8000-000000000405',
  password: 'old-user',
  email: 'user@old.test',
};

/**
 * Columns that the migrations from 26.8.3 to 26.9.6 take away on purpose. What was in them stands elsewhere; a test looks
 * for it there.
 */
export const TAKEN_AWAY = [
  'agents.available_slots',
  'agents.occupied_slots',
  'domains.modified_at',
  'groups.modified_at',
  'kernels.occupied_slots',
  'kernels.requested_slots',
  'keypairs.modified_at',
  'keypairs.user_id',
  'permissions.operation',
  'permissions.scope_id',
  'permissions.scope_type',
  'sessions.occupying_slots',
  'sessions.requested_slots',
  'sgroups_for_domains.domain',
  'sgroups_for_domains.scaling_group',
  'sgroups_for_groups.scaling_group',
  'sgroups_for_keypairs.scaling_group',
  'users.main_access_key',
  'users.modified_at',
  'vfolders.permission',
];

/**
 * Claims that what stood in tables and columns that are gone was carried over to where it stands now.
 * @param earlier all rows of the dump
 * @param now all rows after the migration
 */
export function expectCarriedOver(earlier: Content, now: Content): void {
  const rows = (table: string): Row[] => rowsOf(now, table);
  const row = (table: string, where: Row): Row | undefined => rowWhere(now, table, where);
  for (const user of Object.values(earlier.users ?? {})) {
    const main = row('keypairs', { access_key: user.main_access_key, user: user.uuid });
    expect(main?.is_default, `default key pair of ${user.email}`).to.equal(true);
    expect(row('groups', { type: 'personal', creator_id: user.uuid }), `${user.email}`).to.be.an('object');
    const same = row('users', { uuid: user.uuid });
    expect(same?.updated_at, `time of the last change of ${user.email}`).to.equal(user.modified_at);
  }
  for (const folder of Object.values(earlier.vfolders ?? {})) {
    const own = folder.ownership_type === 'user';
    expect(row('vfolders', { id: folder.id })?.default_mount_permission, `${folder.name}`).to.equal(
      own ? 'none' : folder.permission,
    );
  }
  const shares = rows('entity_shares').map(
    ({ target_entity_id, recipient_email, recipient_entity_id, status }) => [
      target_entity_id,
      recipient_email ?? recipient_entity_id,
      status,
    ],
  );
  expect(shares, 'invitation and permission of others').to.have.deep.members([
    [OLD.folder, 'admin@old.test', 'pending'],
    [OLD.folder, OLD.user2, 'accepted'],
  ]);
  const lent = row('vfolder_user_mount_policies', { vfolder_id: OLD.folder, user_id: OLD.user2 });
  expect(lent?.permission).to.equal('ro');
  const node = (type: string, id: unknown): unknown =>
    row('virtual_entities', { entity_type: type, entity_id: id })?.id;
  for (const user of Object.values(earlier.users ?? {})) {
    const edge = {
      virtual_entity_id: node('project', OLD.project),
      member_entity_id: node('user', user.uuid),
    };
    expect(row('entity_memberships', edge), `${user.email} in the project`).to.be.an('object');
  }
  const role = row('roles', { id: OLD.role });
  expect([role?.scope_type, role?.scope_id], 'scope of the role').to.deep.equal(['project', OLD.project]);
  const [group] = rows('scaling_groups');
  const [domain] = rows('domains');
  expect(row('sgroups_for_domains', { resource_group_id: group?.id, domain_id: domain?.id })).to.be.an(
    'object',
  );
  for (const table of ['sgroups_for_groups', 'sgroups_for_keypairs']) {
    expect(row(table, { resource_group_id: group?.id }), table).to.be.an('object');
  }
  for (const kernel of Object.values(earlier.kernels ?? {})) {
    const asked = rows('resource_allocations').filter((slot) => slot.kernel_id === kernel.id);
    const slots = Object.fromEntries(asked.map((slot) => [slot.slot_name, String(slot.requested)]));
    expect(slots, `slots of kernel ${kernel.id}`).to.deep.equal(kernel.requested_slots);
  }
}
