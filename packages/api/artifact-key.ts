import { PATTERNS } from './constants/patterns.ts';

/**
 * The place of an artifact on the artifact server. Its path also authorizes the download. Only a client that has read the report
 * knows both its UID and the SHA-256 of the artifact.
 */
export interface ArtifactPlace {
  /** Namespace of the report. */
  namespace: string;
  report: string;
  /** UID of the report. A later report of the same name has another one. */
  uid: string;
  /** `<sha256>.<omitted bytes>.<file name>`, as in TestReport.status.artifacts. */
  key: string;
}

/** The report that an artifact belongs to. */
export type ArtifactOwner = Omit<ArtifactPlace, 'key'>;

/** The parts of a key. */
export interface KeyParts {
  /** SHA-256 of the stored bytes, in hexadecimal. */
  sha256: string;
  /** Minimum number of bytes omitted from the start. */
  omittedBytes: number;
  /** File name. Files that end in .gz are compressed. */
  file: string;
}

/** First part of every path on the artifact server. */
export const ARTIFACTS_PATH = '/artifacts';

/**
 * Header with the token that allows to write, list and remove. It is not Authorization: the proxy of the API server, which the
 * command uses, consumes that header.
 */
export const ARTIFACT_TOKEN_HEADER = 'x-e2e-token';

/** Name and port of the Service of every artifact server, as charts/e2e-operator names it. */
export const ARTIFACT_SERVICE = 'backendai-e2e-artifacts:http';

/** Name of the Secret with the token, in the namespace of the artifact server, as charts/e2e-operator names it. */
export const ARTIFACT_TOKEN_SECRET = 'backendai-e2e-artifacts';

/**
 * The report under which the artifact server keeps the history of runs. The record of each run is an artifact under its UID. No
 * attempt has this name, because theirs end in a number.
 */
export const HISTORY_REPORT = 'history-of-runs';

/** Suffix of the files that are compressed. */
const GZ = '.gz';

const NAME = new RegExp(PATTERNS.objectName);
const FILE = new RegExp(PATTERNS.artifactFile);
const UID = /^[0-9a-f-]{36}$/;
const KEY = /^([0-9a-f]{64})\.(\d{1,15})\.([a-z0-9][-a-z0-9.]{0,79})$/;

/** The key of an artifact. Throws RangeError for a file name that is not valid in a key. */
export function keyOf({ sha256, omittedBytes, file }: KeyParts): string {
  const key = `${sha256}.${omittedBytes}.${file}`;
  if (!KEY.test(key))
    throw new RangeError(
      `"${file}" with SHA-256 "${sha256}" is no valid artifact key: use a file name of lower-case letters, digits, dashes and dots`,
    );
  return key;
}

/** The parts of a key, or undefined for a text that is no key. */
export function partsOf(key: string): KeyParts | undefined {
  const [, sha256, omitted, file] = KEY.exec(key) ?? [];
  if (sha256 === undefined || file === undefined) return undefined;
  return { sha256, omittedBytes: Number(omitted), file };
}

/** Whether a text is the file name of an artifact. Such a name is one part of a path, on every file system. */
export function isArtifactFile(file: string): boolean {
  return FILE.test(file);
}

/** The name of the artifact in a file. */
export function nameOfFile(file: string): string {
  return file.endsWith(GZ) ? file.slice(0, -GZ.length) : file;
}

/** The file of an artifact: compressed ones have a suffix. */
export function packedFile(name: string): string {
  return `${name}${GZ}`;
}

/** Where the artifact server keeps the record of a run. */
export function historyOwner(namespace: string, uid: string): ArtifactOwner {
  return { namespace, report: HISTORY_REPORT, uid };
}

/** The path of the artifacts of a report. */
export function ownerPath({ namespace, report, uid }: ArtifactOwner): string {
  return `${namespace}/${report}/${uid}`;
}

/** The path of one artifact. */
export function pathTo(place: ArtifactPlace): string {
  return `${ownerPath(place)}/${place.key}`;
}

/**
 * Parses `<namespace>[/<report>/<uid>[/<key>]]`. Returns undefined for an invalid part, because the parts become paths of a file
 * system and keys of a bucket.
 */
export function placeAt(path: string): Partial<ArtifactPlace> | undefined {
  const [namespace = '', report, uid, key, ...more] = path.split('/');
  if (more.length > 0 || !NAME.test(namespace)) return undefined;
  if (report === undefined) return { namespace };
  if (!NAME.test(report) || uid === undefined || !UID.test(uid)) return undefined;
  if (key === undefined) return { namespace, report, uid };
  return KEY.test(key) ? { namespace, report, uid, key } : undefined;
}

/** Whether a place names one artifact. */
export function isWhole(place: Partial<ArtifactPlace>): place is ArtifactPlace {
  return place.key !== undefined;
}

/** Whether a place names a report or one of its artifacts. */
export function hasOwner(place: Partial<ArtifactPlace>): place is ArtifactOwner & { key?: string } {
  return place.uid !== undefined;
}
