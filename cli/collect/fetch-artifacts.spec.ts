import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { keyOf } from '@backendai-e2e/api/artifact-key';
import { testReport } from '@backendai-e2e/api/object-fixtures';
import type { Artifact } from '@backendai-e2e/api/test-report';
import { expect } from 'chai';
import fc from 'fast-check';
import { fetchArtifacts } from './artifacts.ts';

const BYTES = Buffer.from('PAYLOAD');
const SHA = createHash('sha256').update(BYTES).digest('hex');
const UID = '0b1c2d3e-0000-4000-8000-000000000001';
const KEY = keyOf({ sha256: SHA, omittedBytes: 0, file: 'suite.log.gz' });
const KNOWN = 'ns/backendai-e2e-artifacts:http';
const GOOD: Artifact = { name: 'suite.log', service: KNOWN, key: KEY, bytes: BYTES.length, sha256: SHA };
const PROXY = '/api/v1/namespaces/ns/services/backendai-e2e-artifacts:http/proxy/artifacts';

describe('artifacts that a report lists', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'e2e-artifacts-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** Fetches them from a cluster where every path answers with the payload. Shows what was called and written. */
  async function fetched(artifacts: Artifact[], owner = UID) {
    const called: string[] = [];
    const client = {
      bytes: async (at: string) => {
        called.push(at);
        return BYTES;
      },
      get: async <T>(at: string) => {
        called.push(at);
        const metadata = { name: 'run-s-1', ownerReferences: [{ uid: owner }] };
        return { metadata, binaryData: { 'suite.log.gz': BYTES.toString('base64') } } as T;
      },
    };
    const report = testReport('s', { metadata: { uid: UID }, status: { artifacts } });
    const sites = { folder: path.join(root, 'a/b/artifacts'), serverNamespace: 'ns' };
    const result = await fetchArtifacts(client, [report], sites, AbortSignal.timeout(10_000));
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    const written = files.map((each) => path.relative(root, path.join(each.parentPath, each.name))).sort();
    return { result, called, written };
  }

  it('are fetched from the known server and written by their file name', async () => {
    const { called, written, result } = await fetched([GOOD]);
    expect(called).to.deep.equal([`${PROXY}/ns/run-s-1/${UID}/${KEY}`]);
    expect(written).to.deep.equal(['a/b/artifacts/SHA256SUMS', 'a/b/artifacts/run-s-1/suite.log.gz']);
    expect(result).to.deep.include({ missing: [], differing: [] });
  });

  const lies: [string, Partial<Artifact>, RegExp][] = [
    ['whose key leaves the folder', { key: 'a?/../../../../../Makefile' }, /is no key of this artifact/],
    ['whose key names another file', { name: 'x.log' }, /is no key of this artifact/],
    [
      'on a Service of another namespace',
      { service: 'evil/backendai-e2e-artifacts:http' },
      /only that is called/,
    ],
    ['on another Service', { service: 'ns/evil:80' }, /only that is called/],
    ['on a Service that is a path', { service: '../secrets/x' }, /only that is called/],
  ];
  for (const [what, lie, why] of lies) {
    it(`are neither called nor written ${what}`, async () => {
      const { called, written, result } = await fetched([{ ...GOOD, ...lie }]);
      expect(called).to.deep.equal([]);
      expect(written).to.deep.equal([]);
      expect(result.missing[0]).to.match(why);
    });
  }

  it('are not read from a ConfigMap of another owner or name', async () => {
    const { service: _, ...rest } = GOOD;
    const map = { ...rest, configMap: 'run-s-1', key: 'suite.log.gz' };
    expect((await fetched([map])).written).to.include('a/b/artifacts/run-s-1/suite.log.gz');
    rmSync(path.join(root, 'a'), { recursive: true });
    const other = await fetched([{ ...map, configMap: 'kube-root-ca.crt' }]);
    expect(other.called).to.deep.equal([]);
    expect(other.written).to.deep.equal([]);
    expect((await fetched([map], 'another-uid')).written).to.deep.equal([]);
  });

  it('are not written when their bytes differ from the report', async () => {
    const sha256 = '0'.repeat(64);
    const key = keyOf({ sha256, omittedBytes: 0, file: 'suite.log.gz' });
    const { written, result } = await fetched([{ ...GOOD, key, sha256 }]);
    expect(written).to.deep.equal([]);
    expect(result.differing[0]).to.include('is not written');
  });

  it('stay in their folder and on their server, whatever a status holds', async () => {
    const piece = fc.constantFrom(
      '..',
      '/',
      '?',
      '#',
      '%2e%2e',
      'a',
      KEY,
      SHA,
      '.0.',
      'suite.log',
      'ns',
      ':http',
      '\0',
    );
    const text = fc.oneof(
      fc.constantFrom(KEY, KNOWN, 'suite.log', 'run-s-1'),
      fc.array(piece, { maxLength: 6 }).map((all) => all.join('')),
    );
    const artifact = fc.record(
      { name: text, key: text, service: text, configMap: text, sha256: fc.constant(SHA), bytes: fc.nat() },
      {
        requiredKeys: ['name', 'key', 'sha256', 'bytes'],
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(artifact, { maxLength: 3 }), async (artifacts) => {
        const { called, written } = await fetched(artifacts);
        for (const at of called) {
          const whole = `${PROXY}/ns/run-s-1/${UID}/${KEY}`;
          expect([whole, '/api/v1/namespaces/ns/configmaps/run-s-1']).to.include(at);
        }
        for (const file of written)
          expect(file).to.match(/^a\/b\/artifacts\/(SHA256SUMS|run-s-1\/[a-z0-9][-a-z0-9.]*)$/);
      }),
      { numRuns: 300 },
    );
  });
});
