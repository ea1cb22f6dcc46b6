import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { attemptRole, chartRoles, RBAC_FILE, rbacDocument } from './rbac-table.ts';

describe('docs/rbac.md', () => {
  it('is up to date (run "node tools/charts/rights/rbac-table.ts")', async () => {
    expect(readFileSync(RBAC_FILE, 'utf8')).to.equal(await rbacDocument());
  });

  it('gives a reason for every rule', async () => {
    const roles = [...(await chartRoles()), attemptRole()];
    expect(roles.length).to.equal(5);
    for (const { name, about, rules } of roles) {
      expect(about, name).not.to.equal('');
      expect(rules.length, name).to.be.greaterThan(1);
      for (const { what, why } of rules) expect(why, `${name}: ${what}`).to.match(/^\S.{10,}/);
    }
  });

  it('has the same rules when limited to namespaces, and none for the cluster', async () => {
    const [whole, limited] = [await chartRoles(), await chartRoles('watchNamespaces={a,b}')];
    const own = (roles: typeof whole, namespace: string) =>
      roles.find((role) => role.namespace === namespace && role.name === 'backendai-e2e-operator')?.rules;
    expect(own(limited, 'a')).to.deep.equal(own(whole, 'operators'));
    expect(own(limited, 'b')).to.deep.equal(own(whole, 'operators'));
    expect(limited.filter(({ kind }) => kind === 'ClusterRole')).to.deep.equal([]);
  });
});
