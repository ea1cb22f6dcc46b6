import { createHash } from 'node:crypto';

/** The bucket, and how to reach its server. Credentials come from the SDK's own variables (AWS_ACCESS_KEY_ID …). */
export interface S3Settings {
  /** Empty: Amazon's endpoint of the region. */
  endpoint: string;
  region: string;
  bucket: string;
  /** Prefix of every key; empty: none. */
  prefix: string;
  /** Whether the bucket is in the path, not in the host name, as most servers other than Amazon's expect. */
  pathStyle: boolean;
  /** Whether each upload carries a checksum of the SDK. Buckets with Object Lock demand one, and some servers know none. */
  checksums: boolean;
  /** File with CA certificates to trust instead of the system's. */
  caFile: string | undefined;
}

/** The environment variables of the artifact server, checked. */
export interface ArtifactServerSettings {
  port: number;
  /** Shared with the operator, which alone may write. */
  token: string;
  store:
    | { kind: 'folder'; folder: string; quotaBytes: number | undefined }
    | { kind: 's3'; s3: S3Settings; installation: string };
}

/** Environment variables of the artifact server's container. */
export const ARTIFACT_SERVER_ENV = {
  port: 'E2E_ARTIFACTS_PORT',
  token: 'E2E_ARTIFACTS_TOKEN',
  folder: 'E2E_ARTIFACTS_FOLDER',
  sizeLimit: 'E2E_ARTIFACTS_SIZE_LIMIT',
  bucket: 'E2E_ARTIFACTS_S3_BUCKET',
  endpoint: 'E2E_ARTIFACTS_S3_ENDPOINT',
  region: 'E2E_ARTIFACTS_S3_REGION',
  prefix: 'E2E_ARTIFACTS_S3_PREFIX',
  pathStyle: 'E2E_ARTIFACTS_S3_PATH_STYLE',
  checksums: 'E2E_ARTIFACTS_S3_CHECKSUMS',
  caFile: 'E2E_ARTIFACTS_S3_CA_FILE',
} as const;

/** Minimum number of characters of the token. */
const SHORTEST_TOKEN = 16;

/** Reads the settings. Throws an Error that names the variable and what is wrong with it. */
export function artifactServerSettings(env: Record<string, string | undefined>): ArtifactServerSettings {
  const text = (variable: string): string => {
    const value = env[variable];
    if (!value) throw new Error(`${variable} is not set: charts/e2e-operator sets it`);
    return value;
  };
  const port = Number(env[ARTIFACT_SERVER_ENV.port] ?? '8080');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`${ARTIFACT_SERVER_ENV.port} is not a TCP port: "${env[ARTIFACT_SERVER_ENV.port]}"`);
  }
  const token = text(ARTIFACT_SERVER_ENV.token).trim();
  if (token.length < SHORTEST_TOKEN) {
    throw new Error(
      `${ARTIFACT_SERVER_ENV.token} has ${token.length} characters; ${SHORTEST_TOKEN} are the least`,
    );
  }
  if (!env[ARTIFACT_SERVER_ENV.bucket]) {
    const folder = text(ARTIFACT_SERVER_ENV.folder);
    const quotaBytes = quotaOf(env[ARTIFACT_SERVER_ENV.sizeLimit]);
    return { port, token, store: { kind: 'folder', folder, quotaBytes } };
  }
  const flag = (variable: string, standard: string): boolean => {
    const value = env[variable] ?? standard;
    if (value === 'true' || value === 'false') return value === 'true';
    throw new Error(`${variable} is "true" or "false", not "${value}"`);
  };
  const s3 = {
    bucket: text(ARTIFACT_SERVER_ENV.bucket),
    endpoint: env[ARTIFACT_SERVER_ENV.endpoint] ?? '',
    region: text(ARTIFACT_SERVER_ENV.region),
    prefix: env[ARTIFACT_SERVER_ENV.prefix] ?? '',
    pathStyle: flag(ARTIFACT_SERVER_ENV.pathStyle, 'true'),
    checksums: flag(ARTIFACT_SERVER_ENV.checksums, 'false'),
    caFile: env[ARTIFACT_SERVER_ENV.caFile] || undefined,
  };
  return { port, token, store: { kind: 's3', s3, installation: installationOf(token) } };
}

/** Share of the size limit of an emptyDir that artifacts may take: the kubelet evicts the pod beyond the limit. */
const QUOTA_SHARE = 0.9;
/** Multipliers of the suffixes of a quantity. */
const SUFFIXES: Record<string, number> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Bytes that artifacts may take on a volume of a limited size, such as "2Gi". Undefined or empty means no limit. */
export function quotaOf(sizeLimit: string | undefined): number | undefined {
  if (!sizeLimit) return undefined;
  const [, number, suffix = ''] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(sizeLimit) ?? [];
  const factor = SUFFIXES[suffix];
  if (number === undefined || factor === undefined) {
    throw new Error(`${ARTIFACT_SERVER_ENV.sizeLimit} is no size such as "2Gi": "${sizeLimit}"`);
  }
  return Math.floor(Number(number) * factor * QUOTA_SHARE);
}

/** The name of an installation, derived from its token: stable across restarts, and not secret. */
export function installationOf(token: string): string {
  return createHash('sha256').update(`installation of ${token}`).digest('hex').slice(0, 12);
}
