import { createHash } from 'node:crypto';

/** A package that an image or a tree contains. */
export interface Component {
  name: string;
  version: string;
  /** Package URL without the version: "pkg:npm/undici" (github.com/package-url/purl-spec). */
  purl: string;
  /** SPDX expression, as its author declares it; left out: unknown. */
  license?: string | undefined;
}

/** What a bill of materials is about. */
export interface Subject {
  name: string;
  version: string;
  /** "sha256:…" of an image's manifest. */
  digest: string;
}

/** Identifiers and operators of an SPDX expression. Anything else is no declaration. */
const EXPRESSION = /^\(?[A-Za-z0-9][A-Za-z0-9.+() -]*$/;

/**
 * A bill of materials in SPDX 2.3 (spdx.github.io/spdx-spec/v2.3) as JSON. Equal input gives equal bytes.
 * @param seconds since 1970 of its creation
 */
export function spdxOf(subject: Subject, components: readonly Component[], seconds: number): string {
  const root = 'SPDXRef-Image';
  const unique = new Map(components.map((each) => [`${each.purl}@${each.version}`, each]));
  const sorted = [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  const packages = sorted.map((each) => ({
    ...described(each.name, each.version, each.license),
    SPDXID: idOf(each),
    externalRefs: [purl(`${each.purl}@${encodeURIComponent(each.version)}`)],
  }));
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `${subject.name}-${subject.version}`,
    creationInfo: created(seconds),
    documentDescribes: [root],
    packages: [
      {
        ...described(subject.name, subject.version, 'Apache-2.0'),
        SPDXID: root,
        primaryPackagePurpose: 'CONTAINER',
        checksums: [{ algorithm: 'SHA256', checksumValue: subject.digest.replace('sha256:', '') }],
        externalRefs: [purl(`pkg:oci/${subject.name}@${encodeURIComponent(subject.digest)}`)],
      },
      ...packages,
    ],
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: root },
      ...packages.map(({ SPDXID }) => ({
        spdxElementId: root,
        relationshipType: 'CONTAINS',
        relatedSpdxElement: SPDXID,
      })),
    ],
  };
  return withNamespace(document);
}

/** The bill of materials that `npm sbom` prints, without its time and its random number. */
export function stableNpmSpdx(text: string, seconds: number): string {
  const document = JSON.parse(text) as { name: string; creationInfo: { creators: string[] } };
  const { creators } = document.creationInfo;
  return withNamespace({ ...document, creationInfo: { ...created(seconds), creators } });
}

/** The namespace of a document must be its own: it is made of the content. */
function withNamespace(document: { name: string; [field: string]: unknown }): string {
  const { documentNamespace: _, ...rest } = { documentNamespace: '', ...document };
  const sum = createHash('sha256').update(JSON.stringify(rest)).digest('hex');
  const documentNamespace = `https://spdx.org/spdxdocs/${document.name}-${sum.slice(0, 32)}`;
  return `${JSON.stringify({ ...rest, documentNamespace }, null, 2)}\n`;
}

function created(seconds: number) {
  const time = new Date(seconds * 1_000).toISOString().replace(/\.\d+Z$/, 'Z');
  return { created: time, creators: ['Tool: backendai-e2e-release'] };
}

function described(name: string, versionInfo: string, license: string | undefined) {
  return {
    name,
    versionInfo,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: license && EXPRESSION.test(license) ? license : 'NOASSERTION',
    copyrightText: 'NOASSERTION',
  };
}

/** Letters, digits, "." and "-" only, and unique. */
function idOf({ purl: url, version }: Component): string {
  const sum = createHash('sha256').update(`${url}@${version}`).digest('hex').slice(0, 8);
  return `SPDXRef-${`${url.slice('pkg:'.length)}-${version}`.replaceAll(/[^A-Za-z0-9.-]+/g, '-')}-${sum}`;
}

function purl(referenceLocator: string) {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator };
}
