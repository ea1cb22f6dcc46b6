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
  /** File with CA certificates to trust instead of the system's. */
  caFile: string | undefined;
}

export interface ArtifactServerSettings {
  port: number;
  /** Shared with the operator, which alone may write. */
  token: string;
  store: { kind: 'folder'; folder: string } | { kind: 's3'; s3: S3Settings; installation: string };
}

/** Environment variables of the artifact server's container. */
export const ARTIFACT_SERVER_ENV = {
  port: 'E2E_ARTIFACTS_PORT',
  token: 'E2E_ARTIFACTS_TOKEN',
  folder: 'E2E_ARTIFACTS_FOLDER',
  bucket: 'E2E_ARTIFACTS_S3_BUCKET',
  endpoint: 'E2E_ARTIFACTS_S3_ENDPOINT',
  region: 'E2E_ARTIFACTS_S3_REGION',
  prefix: 'E2E_ARTIFACTS_S3_PREFIX',
  pathStyle: 'E2E_ARTIFACTS_S3_PATH_STYLE',
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
    return { port, token, store: { kind: 'folder', folder: text(ARTIFACT_SERVER_ENV.folder) } };
  }
  const pathStyle = env[ARTIFACT_SERVER_ENV.pathStyle] ?? 'true';
  if (pathStyle !== 'true' && pathStyle !== 'false') {
    throw new Error(`${ARTIFACT_SERVER_ENV.pathStyle} is "true" or "false", not "${pathStyle}"`);
  }
  const s3 = {
    bucket: text(ARTIFACT_SERVER_ENV.bucket),
    endpoint: env[ARTIFACT_SERVER_ENV.endpoint] ?? '',
    region: text(ARTIFACT_SERVER_ENV.region),
    prefix: env[ARTIFACT_SERVER_ENV.prefix] ?? '',
    pathStyle: pathStyle === 'true',
    caFile: env[ARTIFACT_SERVER_ENV.caFile] || undefined,
  };
  return { port, token, store: { kind: 's3', s3, installation: installationOf(token) } };
}

/** The name of an installation, derived from its token: stable across restarts, and not secret. */
export function installationOf(token: string): string {
  return createHash('sha256').update(`installation of ${token}`).digest('hex').slice(0, 12);
}
