import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { helm } from '@backendai-e2e/tools/charts/rendering/backend-ai';
import { expect } from 'chai';
import { parseAllDocuments, stringify } from 'yaml';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { STAGING, type StagingNamespaces } from './names.ts';
import { stagingOperatorValues } from './objects.ts';
import { grants, type Rule, rightsManifest, rulesIn } from './rights.ts';

const namespaces: StagingNamespaces = { deployment: 'backend-ai', test: STAGING.testNamespace };

interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string };
  rules?: Rule[];
  subjects?: Record<string, string>[];
}

describe('the rights of a staging run', () => {
  let installed: Manifest[];

  before(async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'values-'));
    try {
      const values = path.join(folder, 'values.yaml');
      writeFileSync(values, stringify(stagingOperatorValues(namespaces, { operator: 'o:1', suites: 's:1' })));
      const chart = path.join(PROJECT_ROOT, STAGING.chart);
      const args = ['template', STAGING.release, chart, '--namespace', namespaces.test, '--no-hooks'];
      installed = parseAllDocuments(await helm(...args, '--values', values))
        .map((document): Manifest | null => document.toJS())
        .filter((object) => object !== null);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('match docs/staging-rights.yaml, which "./e2e staging --print-rights release-engineer" writes', () => {
    const text = readFileSync(path.join(PROJECT_ROOT, 'docs/staging-rights.yaml'), 'utf8');
    expect(text).to.equal(rightsManifest(namespaces, 'release-engineer'));
  });

  it('cover what the operator gets: a user cannot grant rights that the user lacks', () => {
    const own = rulesIn('test', namespaces);
    const rules = installed.flatMap((object) => object.rules ?? []);
    expect(rules.length).to.be.greaterThan(8);
    for (const rule of rules) expect(grants(own, rule), JSON.stringify(rule)).to.equal(true);
  });

  it('cover every kind of object in an installation', () => {
    const own = rulesIn('test', namespaces);
    const groups: Record<string, string> = {
      Deployment: 'apps',
      Role: 'rbac.authorization.k8s.io',
      RoleBinding: 'rbac.authorization.k8s.io',
    };
    for (const kind of new Set(installed.map((object) => object.kind))) {
      const asked = {
        apiGroups: [groups[kind] ?? ''],
        resources: [`${kind.toLowerCase()}s`],
        verbs: ['get', 'create', 'patch', 'delete'],
      };
      expect(grants(own, asked), kind).to.equal(true);
    }
  });

  it('suffice for an installation that creates nothing outside its namespace', () => {
    const used = installed.map(({ metadata }) => metadata.namespace);
    expect([...new Set(used)]).to.deep.equal([namespaces.test]);
    const kinds = new Set(installed.map(({ kind }) => kind));
    expect([...kinds].filter((kind) => /^Cluster|Definition$|Policy/.test(kind))).to.deep.equal([]);
  });

  it('contain no wildcard and no cluster-wide rule, and read one Secret of the deployment', () => {
    const rules = [...rulesIn('test', namespaces), ...rulesIn('deployment', namespaces)];
    for (const rule of rules)
      expect([...rule.apiGroups, ...rule.resources, ...rule.verbs]).not.to.include('*');
    expect(rightsManifest(namespaces, 'jane')).not.to.include('ClusterRole');
    const secrets = rulesIn('deployment', namespaces, 'mine').filter(({ resources }) =>
      resources.includes('secrets'),
    );
    expect(secrets).to.deep.equal([
      { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['mine'] },
    ]);
    const writing = rulesIn('deployment', namespaces).flatMap(({ verbs }) => verbs);
    expect([...new Set(writing)].sort()).to.deep.equal(['get', 'list']);
  });

  it('are bound to a user or to a ServiceAccount', () => {
    const subjects = (user: string) =>
      parseAllDocuments(rightsManifest(namespaces, user))
        .map((document): Manifest => document.toJS())
        .flatMap((object) => object.subjects ?? []);
    expect(subjects('jane')[0]).to.include({ kind: 'User', name: 'jane' });
    expect(subjects('system:serviceaccount:ci:release')).to.deep.equal(
      Array(2).fill({ kind: 'ServiceAccount', namespace: 'ci', name: 'release' }),
    );
  });

  it('are one Role where both namespaces are the same', () => {
    const both = { deployment: 'x', test: 'x' };
    const roles = parseAllDocuments(rightsManifest(both, 'jane'))
      .map((document): Manifest => document.toJS())
      .filter(({ kind }) => kind === 'Role');
    expect(roles.length).to.equal(1);
    for (const place of ['test', 'deployment'] as const) {
      for (const rule of rulesIn(place, both)) expect(grants(roles[0]?.rules ?? [], rule)).to.equal(true);
    }
  });

  it('count a rule as granted only with every verb, resource and name of it', () => {
    const own: Rule[] = [
      { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['a'] },
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list'] },
    ];
    const ask = (rule: Partial<Rule>) =>
      grants(own, { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'], ...rule });
    expect(ask({})).to.equal(true);
    expect(ask({ verbs: ['get', 'watch'] })).to.equal(false);
    expect(ask({ resources: ['deployments', 'deployments/scale'] })).to.equal(false);
    expect(ask({ apiGroups: [''], resources: ['secrets'] })).to.equal(false);
    expect(ask({ apiGroups: [''], resources: ['secrets'], resourceNames: ['a'] })).to.equal(true);
    expect(ask({ apiGroups: [''], resources: ['secrets'], resourceNames: ['b'] })).to.equal(false);
  });
});
