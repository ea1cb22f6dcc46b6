import { createHash } from 'node:crypto';
import {
  ARTIFACT_TOKEN_HEADER,
  ARTIFACTS_PATH,
  type ArtifactOwner,
  keyOf,
  ownerPath,
  pathTo,
} from '@backendai-e2e/api/artifact-key';
import { request } from 'undici';
import type { Listed } from './server/backend.ts';

/** Milliseconds for an answer of the artifact server: longer than its own tries with a bucket that does not answer. */
const ANSWER_MS = 60_000;

/** The artifact server, or what it keeps things in, did not do what it was asked for. */
export class ArtifactServerError extends Error {
  override readonly name = 'ArtifactServerError';
  /** Whether it may work later: no answer, or one of a server in trouble. */
  readonly mayPass: boolean;
  constructor(message: string, mayPass: boolean, cause?: unknown) {
    super(message, { cause });
    this.mayPass = mayPass;
  }
}

export interface ArtifactServerAccess {
  /** `<namespace>/<name>:<port>` of its Service, for the API server's proxy. */
  service: string;
  /** `http://<service>.<namespace>.svc:<port>` */
  url: string;
  /** Reads the token, at each call: the Secret behind it may be replaced. */
  token: () => string;
}

/** What the operator asks the artifact server for. Calls reject with ArtifactServerError or the signal's reason. */
export class ArtifactClient {
  readonly #access: ArtifactServerAccess;

  constructor(access: ArtifactServerAccess) {
    this.#access = access;
  }

  /** Keeps bytes under a file name; resolves to the key. The same bytes again are no second artifact. */
  async put(
    owner: ArtifactOwner,
    artifact: { file: string; bytes: Buffer; omittedBytes: number },
    signal: AbortSignal,
  ): Promise<string> {
    const { file, bytes, omittedBytes } = artifact;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const key = keyOf({ sha256, omittedBytes, file });
    await this.#ask('PUT', pathTo({ ...owner, key }), signal, bytes);
    return key;
  }

  /** What it has of a namespace, or of one report. */
  async list(within: { namespace: string } | ArtifactOwner, signal: AbortSignal): Promise<Listed[]> {
    const path = 'uid' in within ? ownerPath(within) : within.namespace;
    return JSON.parse(await this.#ask('GET', path, signal)) as Listed[];
  }

  /** Removes all that a report has. */
  async remove(owner: ArtifactOwner, signal: AbortSignal): Promise<void> {
    await this.#ask('DELETE', ownerPath(owner), signal);
  }

  async #ask(
    method: 'GET' | 'PUT' | 'DELETE',
    path: string,
    signal: AbortSignal,
    body?: Buffer,
  ): Promise<string> {
    const { url, token } = this.#access;
    let code: number;
    let text: string;
    try {
      const answer = await request(`${url}${ARTIFACTS_PATH}/${path}`, {
        method,
        signal,
        headersTimeout: ANSWER_MS,
        bodyTimeout: ANSWER_MS,
        headers: { [ARTIFACT_TOKEN_HEADER]: token() },
        ...(body ? { body } : {}),
      });
      code = answer.statusCode;
      text = await answer.body.text();
    } catch (error) {
      signal.throwIfAborted();
      const why =
        error instanceof Error ? ('code' in error && String(error.code)) || error.message : String(error);
      throw new ArtifactServerError(`the artifact server cannot be reached (${why})`, true, error);
    }
    if (code < 300) return text;
    throw new ArtifactServerError(
      `the artifact server answered ${code}: ${text.trim().slice(0, 500)}`,
      code >= 500,
    );
  }
}
