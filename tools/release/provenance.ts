/** A file and its digest. */
export interface Artifact {
  name: string;
  /** Hexadecimal. */
  sha256: string;
}

/** What a release was built from. */
export interface Source {
  /** Commit of the checkout; undefined: it is no checkout of Git. */
  commit: string | undefined;
  /** Whether files of the checkout differ from the commit. */
  modified: boolean;
}

/**
 * How a release was built: an in-toto statement with SLSA provenance (slsa.dev/spec/v1.0/provenance). It has no time and no name of
 * a machine, so that equal inputs give equal bytes. It proves nothing without a signature.
 */
export function provenanceOf(
  version: string,
  source: Source,
  subjects: readonly Artifact[],
  materials: readonly Artifact[],
): string {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:backendai-e2e:make-release:v1',
        externalParameters: { version, modified: source.modified },
        internalParameters: { node: process.versions.node, platform: `${process.platform}-${process.arch}` },
        resolvedDependencies: [
          ...(source.commit ? [{ name: 'source', digest: { gitCommit: source.commit } }] : []),
          ...materials.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
        ],
      },
      // The one who signs is the one who built.
      runDetails: { builder: { id: 'urn:backendai-e2e:local' } },
    },
  };
  return `${JSON.stringify(statement, null, 2)}\n`;
}
