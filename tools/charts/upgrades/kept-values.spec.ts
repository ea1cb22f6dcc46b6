import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import * as backendAi from '../rendering/backend-ai.ts';
import { IMAGES, type Manifest, template } from '../rendering/e2e-operator.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
/** The values.yaml of earlier versions of the charts. `tools/dev set-version` adds those of the version that it ends. */
const EARLIER = path.join(import.meta.dirname, 'earlier');
const CHARTS = { 'e2e-operator': IMAGES, 'backend-ai': backendAi.IMAGES } as const;

/** Objects as they compare: without the secrets that each rendering creates. */
function comparable(objects: Manifest[]): Manifest[] {
  return objects.map((object) => (object.kind === 'Secret' ? { ...object, data: undefined } : object));
}

describe('helm upgrade --reuse-values', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(path.join(tmpdir(), 'e2e-upgrades-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Helm renders the chart with the values of the release, which have the defaults of its own chart. */
  async function upgraded(chart: keyof typeof CHARTS, values: string, ...options: string[]) {
    const copy = path.join(folder, chart);
    cpSync(path.join(ROOT, 'charts', chart), copy, { recursive: true });
    cpSync(values, path.join(copy, 'values.yaml'));
    return comparable(await template(copy, ...CHARTS[chart], ...options));
  }

  for (const file of readdirSync(EARLIER).sort()) {
    const [, name = '', version = ''] = /^(.+)-(\d.*)\.yaml$/.exec(file) ?? [];
    const chart = name as keyof typeof CHARTS;
    it(`from ${version} of charts/${name} gives values that came later their defaults`, async () => {
      const values = path.join(EARLIER, file);
      const wanted = await template(path.join('charts', chart), ...CHARTS[chart], '--values', values);
      expect(await upgraded(chart, values)).to.deep.equal(comparable(wanted));
    });
  }

  it('leaves what a user sets or removes as it is', async () => {
    const values = path.join(EARLIER, 'e2e-operator-0.1.0-first.yaml');
    const removed = ['--set', 'resources.limits=null', '--set', 'operatorPolicy.install=false'];
    const objects = await upgraded('e2e-operator', values, ...removed);
    const operator = objects.find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'backendai-e2e-operator',
    );
    expect(JSON.stringify(operator)).to.include('"requests"').and.not.include('"limits"');
    expect(objects.filter(({ metadata }) => /operator-policy|namespaces/.test(metadata.name))).to.deep.equal(
      [],
    );
  });

  it('is not needed to remove a whole part of the values, which brings its defaults back', async () => {
    const objects = await template('charts/e2e-operator', ...IMAGES, '--set', 'artifacts=null');
    expect(objects.map(({ metadata }) => metadata.name)).to.include('backendai-e2e-artifacts');
  });

  it('is tried from each version of the changelog', () => {
    const changelog = readFileSync(path.join(ROOT, 'CHANGELOG.md'), 'utf8');
    const versions = [...changelog.matchAll(/^## \[(\d[^\]]*)\]/gm)].map(([, version]) => version);
    expect(versions.length).to.be.greaterThan(1);
    const files = readdirSync(EARLIER);
    for (const version of versions) {
      for (const chart of Object.keys(CHARTS)) expect(files).to.include(`${chart}-${version}.yaml`);
    }
  });
});
