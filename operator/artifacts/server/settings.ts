import { createHash } from 'node:crypto';

/** Where objects go, and how the server there is spoken to. Credentials come from the SDK's own variables (AWS_ACCESS_KEY_ID …). */
export interface S3Settings {
  /** Empty: Amazon's own for the region. */
  endpoint: string;
  region: string;
  bucket: string;
  /** Before every key; empty: none. */
  prefix: string;
  /** The bucket in the path instead of in the host name, as most servers besides Amazon's want it. */
  pathStyle: boolean;
  /** File with certificates to trust in place of the system's. */
  caFile: string | undefined;
}

export interface ArtifactServerSettings {
  port: number;
  /** Known to the artifact server and to who may write: the operator. */
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

/** A token that can be guessed is none. */
const SHORTEST_TOKEN = 16;

/** Reads the settings. Throws an Error that names the variable and what is wrong with it. */
export function artifactServerSettings(env: Record<string, string | undefined>): ArtifactServerSettings {
  const text = (variable: string): string => {
    const value = env[variable];
    if (!value) throw new Error(`${variable} is not set: this program is started by charts/e2e-operator`);
    return value;
  };
  const port = Number(env[ARTIFACT_SERVER_ENV.port] ?? '8080');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`${ARTIFACT_SERVER_ENV.port} is no TCP port: "${env[ARTIFACT_SERVER_ENV.port]}"`);
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

/** A name for who shares a token: the same at every start, and not the token. */
export function installationOf(token: string): string {
  return createHash('sha256').update(`installation of ${token}`).digest('hex').slice(0, 12);
}
