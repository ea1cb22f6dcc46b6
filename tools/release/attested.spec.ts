import { generateKeyPairSync, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Provision } from '@backendai-e2e/cli/machine/provision';
import { expect } from 'chai';
import { goComponents, nodeComponents } from './image-components.ts';
import { provenanceOf } from './provenance.ts';
import { spdxOf, stableNpmSpdx } from './sbom.ts';
import { signFile } from './signature.ts';

const SECONDS = 1_767_225_600;
const DIGEST = `sha256:${'a'.repeat(64)}`;
const undici = { name: 'undici', version: '8.12.4', purl: 'pkg:npm/undici', license: 'MIT' };
const odd = { name: '@a/b', version: '1.0.0+x', purl: 'pkg:npm/%40a/b', license: 'SEE LICENSE IN <file>' };

describe('a bill of materials', () => {
  const subject = { name: 'backendai-e2e-operator', version: '1.0.0', digest: DIGEST };

  it('has the fields that SPDX 2.3 requires, and refers to packages that it has', () => {
    const document = JSON.parse(spdxOf(subject, [undici, odd], SECONDS));
    expect(document).to.include({
      spdxVersion: 'SPDX-2.3',
      dataLicense: 'CC0-1.0',
      SPDXID: 'SPDXRef-DOCUMENT',
    });
    expect(document.documentNamespace).to.match(/^https:\/\/[^#]+$/);
    expect(document.creationInfo.created).to.equal('2026-01-01T00:00:00Z');
    const ids = document.packages.map(({ SPDXID }: { SPDXID: string }) => SPDXID);
    expect(new Set(ids).size).to.equal(3);
    for (const each of document.packages) {
      expect(each.SPDXID).to.match(/^SPDXRef-[A-Za-z0-9.-]+$/);
      expect(each).to.include.keys('name', 'versionInfo', 'downloadLocation', 'licenseDeclared');
    }
    for (const { relatedSpdxElement } of document.relationships) expect(ids).to.include(relatedSpdxElement);
    const [image, ...others] = document.packages;
    expect(image.checksums).to.deep.equal([{ algorithm: 'SHA256', checksumValue: 'a'.repeat(64) }]);
    expect(others.map((each: { licenseDeclared: string }) => each.licenseDeclared)).to.have.members([
      'MIT',
      'NOASSERTION',
    ]);
    expect(JSON.stringify(document))
      .to.include('pkg:npm/undici@8.12.4')
      .and.include('pkg:npm/%40a/b@1.0.0%2Bx');
  });

  it('has equal bytes for equal packages in any order, found once or twice', () => {
    expect(spdxOf(subject, [odd, undici, odd], SECONDS)).to.equal(spdxOf(subject, [undici, odd], SECONDS));
  });

  it('of npm loses its time and its random number', () => {
    const of = (time: string, uuid: string) =>
      JSON.stringify({
        ...{ spdxVersion: 'SPDX-2.3', name: 'x', documentNamespace: `http://spdx.org/${uuid}` },
        creationInfo: { created: time, creators: ['Tool: npm/cli-11'] },
      });
    const stable = stableNpmSpdx(of('2026-01-02T00:00:00Z', 'a'), SECONDS);
    expect(stable).to.equal(stableNpmSpdx(of('2026-01-03T00:00:00Z', 'b'), SECONDS));
    expect(JSON.parse(stable).creationInfo.creators).to.deep.equal(['Tool: npm/cli-11']);
  });

  it('names the modules of a Go program, with those that replace others, and what Node.js contains', () => {
    const text =
      'helm: go1.26.8\n\tmod\thelm.sh/helm/v4\tv4.3.1\th1:x\n\tdep\ta.b/c\tv1.0.0\n\t=>\ta.b/d\tv2.0.0\th1:y\n';
    expect(goComponents(text)).to.deep.equal([
      { name: 'helm.sh/helm/v4', version: 'v4.3.1', purl: 'pkg:golang/helm.sh/helm/v4' },
      { name: 'a.b/d', version: 'v2.0.0', purl: 'pkg:golang/a.b/d' },
    ]);
    const names = nodeComponents(process.versions).map(({ name }) => name);
    expect(names).to.include.members(['node', 'v8', 'openssl']).and.not.include('modules');
  });
});

describe('the provenance of a release', () => {
  it('says what was built from what, without a time or a machine', () => {
    const artifact = { name: 'a.tgz', sha256: 'b'.repeat(64) };
    const source = { commit: 'c'.repeat(40), modified: true };
    const text = provenanceOf(
      '1.0.0',
      source,
      [artifact],
      [{ name: 'versions.json', sha256: 'd'.repeat(64) }],
    );
    expect(text).to.equal(
      provenanceOf('1.0.0', source, [artifact], [{ name: 'versions.json', sha256: 'd'.repeat(64) }]),
    );
    const statement = JSON.parse(text);
    expect(statement).to.deep.include({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
      subject: [{ name: 'a.tgz', digest: { sha256: artifact.sha256 } }],
    });
    const { buildDefinition, runDetails } = statement.predicate;
    expect(buildDefinition.externalParameters).to.deep.equal({ version: '1.0.0', modified: true });
    expect(buildDefinition.resolvedDependencies).to.deep.include({
      name: 'source',
      digest: { gitCommit: source.commit },
    });
    expect(runDetails.builder.id).to.match(/^urn:/);
  });
});

describe('the signature of a release', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'e2e-sign-'));
  const p: Provision = { log: () => {}, signal: new AbortController().signal, cacheDir: folder };
  const sums = path.join(folder, 'SHA256SUMS');
  const searched = process.env.PATH;
  before(() => writeFileSync(sums, 'abc  a.tgz\n'));
  afterEach(() => {
    process.env.PATH = searched;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const keyFile = (name: string, pem: string) => {
    const file = path.join(folder, name);
    writeFileSync(file, pem);
    return file;
  };
  const refusal = (key: string) =>
    signFile(sums, key, p).then(
      () => 'signed',
      (error: Error) => error.message,
    );

  it('is that of cosign: ECDSA over SHA-256, in Base64', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = keyFile('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    const file = await signFile(sums, key, p);
    expect(file).to.equal(`${sums}.sig`);
    const signature = Buffer.from(readFileSync(file, 'utf8'), 'base64');
    expect(verify('sha256', readFileSync(sums), publicKey, signature)).to.equal(true);
    expect(verify('sha256', Buffer.from('other'), publicKey, signature)).to.equal(false);
  });

  // Version 3 refuses to write a signature alone unless both options are given; version 2.2 knows neither.
  const versions: [version: string, help: string, options: string][] = [
    ['2.2', '--key string', '--tlog-upload=false --key'],
    [
      '3.1',
      '--key string\n--use-signing-config',
      '--tlog-upload=false --use-signing-config=false --new-bundle-format=false --key',
    ],
  ];
  for (const [version, help, options] of versions) {
    it(`is made by cosign ${version} for its own keys and for those in a service, and enters no log`, async () => {
      const program = path.join(folder, 'cosign');
      const answers = `[ "$2" = --help ] && echo '${help}' || echo "$*" > ${folder}/called`;
      writeFileSync(program, `#!/bin/sh\n${answers}\n`);
      chmodSync(program, 0o755);
      process.env.PATH = `${folder}:${searched}`;
      const own = keyFile('cosign.key', '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nx\n-----END…');
      for (const key of [own, 'awskms:///alias/release']) {
        await signFile(sums, key, p);
        const called = readFileSync(path.join(folder, 'called'), 'utf8');
        expect(called).to.equal(`sign-blob --yes ${options} ${key} --output-signature ${sums}.sig ${sums}\n`);
      }
    });
  }

  it('is refused with another kind of key, or without one', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const key = keyFile('ed.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    expect(await refusal(key)).to.include('not ECDSA on P-256');
    expect(await refusal(path.join(folder, 'none.pem'))).to.include('cannot read the signing key');
    expect(await refusal(keyFile('text.pem', 'no key'))).to.include('cannot read the signing key');
  });
});
