import { createHash } from 'node:crypto';
import {
  ARTIFACT_TOKEN_HEADER,
  ARTIFACTS_PATH,
  type ArtifactOwner,
  keyOf,
  ownerPath,
  pathTo,
} from '@backendai-e2e/api/artifact-key';
import type { Listed } from './server/backend.ts';

/** Milliseconds for an answer of the artifact server: longer than its own retries with an unreachable bucket. */
const ANSWER_MS = 60_000;

/** HTTP status of a server without space (RFC 4918, section 11.5). */
const INSUFFICIENT_STORAGE = 507;

/** A request to the artifact server, or to its storage, failed. */
export class ArtifactServerError extends Error {
  override readonly name = 'ArtifactServerError';
  /** Whether a retry may help: there was no answer, or a server error other than a lack of space. */
  readonly mayPass: boolean;
  /** Whether the storage is full. */
  readonly full: boolean;
  constructor(message: string, code: number | undefined, cause?: unknown) {
    super(message, { cause });
    this.full = code === INSUFFICIENT_STORAGE;
    this.mayPass = code === undefined || (code >= 500 && !this.full);
  }
}

/** Two ways to the artifact server: through the API server's proxy, and directly. */
export interface ArtifactServerAccess {
  /** `<namespace>/<name>:<port>` of its Service, for the API server's proxy. */
  service: string;
  /** `http://<service>.<namespace>.svc:<port>` */
  url: string;
  /** Reads the token at each call: the Secret behind it may change. */
  token: () => string;
}

/** The operator's client of the artifact server. Calls reject with ArtifactServerError or the signal's reason. */
export class ArtifactClient {
  readonly #access: ArtifactServerAccess;

  constructor(access: ArtifactServerAccess) {
    this.#access = access;
  }

  /** Stores bytes under a file name; resolves to the key. The same bytes again make no second artifact. */
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

  /** The artifacts of a namespace, or of one report. */
  async list(within: { namespace: string } | ArtifactOwner, signal: AbortSignal): Promise<Listed[]> {
    const path = 'uid' in within ? ownerPath(within) : within.namespace;
    return JSON.parse(await this.#ask('GET', path, signal)) as Listed[];
  }

  /** Removes all artifacts of a report. */
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
    // Loaded on first use: an idle operator does not need it.
    const { request } = await import('undici');
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
      throw new ArtifactServerError(`the artifact server cannot be reached (${why})`, undefined, error);
    }
    if (code < 300) return text;
    throw new ArtifactServerError(`the artifact server answered ${code}: ${text.trim().slice(0, 500)}`, code);
  }
}
