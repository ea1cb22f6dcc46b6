/**
 * Where the artifact server holds one. The path is also what it is fetched by: who can name the uid of a report and the
 * SHA-256 of what belongs to it has read that report, and may have the artifact.
 */
export interface ArtifactPlace {
  /** Of the report. */
  namespace: string;
  report: string;
  /** Of the report: a later one of the same name is another. */
  uid: string;
  /** `<sha256>.<omitted bytes>.<file name>`, as in TestReport.status.artifacts. */
  key: string;
}

/** The report that an artifact belongs to. */
export type ArtifactOwner = Omit<ArtifactPlace, 'key'>;

/** What a key says. */
export interface KeyParts {
  /** Of the bytes as stored, hex. */
  sha256: string;
  /** Bytes at least that were left out before what is kept. */
  omittedBytes: number;
  /** File name; one that ends in .gz is packed. */
  file: string;
}

/** First part of every path of the artifact server. */
export const ARTIFACTS_PATH = '/artifacts';

/**
 * Header with the token of who may write, list and remove. Not Authorization: the API server's proxy, by which the command
 * comes, takes that one for itself.
 */
export const ARTIFACT_TOKEN_HEADER = 'x-e2e-token';

const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const UID = /^[0-9a-f-]{36}$/;
const KEY = /^([0-9a-f]{64})\.(\d{1,15})\.([a-z0-9][-a-z0-9.]{0,79})$/;

/** The key of an artifact. Throws RangeError for a file name that no key can have. */
export function keyOf({ sha256, omittedBytes, file }: KeyParts): string {
  const key = `${sha256}.${omittedBytes}.${file}`;
  if (!KEY.test(key)) throw new RangeError(`no artifact can be called "${file}" with SHA-256 "${sha256}"`);
  return key;
}

/** What a key says, or undefined when it is none. */
export function partsOf(key: string): KeyParts | undefined {
  const [, sha256, omitted, file] = KEY.exec(key) ?? [];
  if (sha256 === undefined || file === undefined) return undefined;
  return { sha256, omittedBytes: Number(omitted), file };
}

/** The path of all that a report has. */
export function ownerPath({ namespace, report, uid }: ArtifactOwner): string {
  return `${namespace}/${report}/${uid}`;
}

/** The path of one artifact. */
export function pathTo(place: ArtifactPlace): string {
  return `${ownerPath(place)}/${place.key}`;
}

/**
 * Reads `<namespace>[/<report>/<uid>[/<key>]]`; undefined where a part is not what it should be: names end up in paths of a
 * file system and in keys of a bucket.
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

/** Whether a place names a report or an artifact of one. */
export function hasOwner(place: Partial<ArtifactPlace>): place is ArtifactOwner & { key?: string } {
  return place.uid !== undefined;
}
