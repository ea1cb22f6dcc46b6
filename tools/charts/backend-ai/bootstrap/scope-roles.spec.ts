import path from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { CHART } from '../../rendering/backend-ai.ts';

type Rows = Record<string, Record<string, unknown>[]>;

const PROGRAM = `
import json
from differences import holds
from fixture import PROJECT, user_id
from scope_roles import make_scope_roles, make_virtual_scopes

RELEASES = ["26.7.0", "26.8.0rc1", "26.8.3", "26.8.14", "26.9.0", "26.10.0.dev0"]
print(json.dumps({
    "project": PROJECT,
    "users": [user_id("admin"), user_id("user")],
    "rows": make_scope_roles(["admin", "user"]) | make_virtual_scopes(["admin", "user"]),
    "releases": [one for one in RELEASES if holds("steps", "roles of scopes", one)],
    "graph": [one for one in RELEASES if holds("steps", "graph of scopes", one)],
}))
`;

describe('rights of the first accounts before 26.9', () => {
  let project: string;
  let users: [string, string];
  let rows: Rows;
  let releases: string[];
  let graph: string[];
  before(async () => {
    const env = { PYTHONPATH: path.join(CHART, 'files/bootstrap'), PYTHONDONTWRITEBYTECODE: '1' };
    ({ project, users, rows, releases, graph } = JSON.parse(
      (await execa('python3', ['-c', PROGRAM], { env })).stdout,
    ) as {
      project: string;
      users: [string, string];
      rows: Rows;
      releases: string[];
      graph: string[];
    });
  });
  const of = (table: string) => rows[table] ?? [];
  /** "scope type/scope/entity/operation" of each permission that a user holds. */
  const held = (user: string): string[] => {
    const roles = of('user_roles').flatMap(({ user_id, role_id }) => (user_id === user ? [role_id] : []));
    return of('permissions').flatMap(({ role_id, scope_type, scope_id, entity_type, operation }) =>
      roles.includes(role_id) ? [[scope_type, scope_id, entity_type, operation].join('/')] : [],
    );
  };

  it('are written for every patch of the series up to 26.8', () => {
    expect(releases).to.deep.equal(['26.7.0', '26.8.0rc1', '26.8.3', '26.8.14']);
    expect(graph, 'a graph of them').to.deep.equal(['26.8.0rc1', '26.8.3', '26.8.14']);
  });
  it('let each account do what it wants in its own scope, and in that of no other', () => {
    for (const [user, other] of [users, users.toReversed()]) {
      expect(held(user ?? '')).to.include.members([
        `user/${user}/session/create`,
        `user/${user}/vfolder/hard-delete`,
        `user/${user}/vfolder:data/read`,
        `user/${user}/keypair/read`,
      ]);
      expect(held(user ?? '').filter((right) => right.startsWith(`user/${other}/`))).to.deep.equal([]);
    }
  });
  it('let accounts only read what the project and the domain have', () => {
    const shared = held(users[1]).filter((right) => !right.startsWith('user/'));
    expect(shared).to.include.members([`project/${project}/session/read`, 'domain/default/vfolder/read']);
    expect(shared.filter((right) => !right.endsWith('/read'))).to.deep.equal([]);
  });
  it('refer to rows that exist, each with an id of its own', () => {
    const roles = of('roles').map(({ id }) => id);
    for (const { role_id } of [...of('permissions'), ...of('user_roles')]) expect(roles).to.include(role_id);
    const scopes = of('virtual_scopes').map(({ id }) => id);
    for (const { virtual_scope_id } of [...of('entity_memberships'), ...of('scope_bindings')])
      expect(scopes).to.include(virtual_scope_id);
    const ids = Object.values(rows).flatMap((all) => all.flatMap(({ id }) => (id === undefined ? [] : [id])));
    expect(new Set(ids).size).to.equal(ids.length);
  });
  it('fit the columns of the tables', () => {
    for (const { name } of of('roles')) expect(String(name).length).to.be.at.most(64);
    for (const { entity_type } of of('permissions')) expect(String(entity_type).length).to.be.at.most(32);
  });
});
