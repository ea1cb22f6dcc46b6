import { createHash, randomUUID } from 'node:crypto';
import { ARTIFACT_TOKEN_HEADER } from '@backendai-e2e/api/artifact-key';
import type { StorageBackend } from '@backendai-e2e/operator/artifacts/server/backend';
import { ArtifactServer } from '@backendai-e2e/operator/artifacts/server/server';
import { ArtifactClient } from '@backendai-e2e/operator/artifacts/server-client';
import { request } from 'undici';
import { quietLog } from '../doubles/quiet-log.ts';

/** Token of the artifact server. */
export const TOKEN = 'a-token-of-the-tests';
/** SHA-256 of bytes, in hexadecimal. */
export const sumOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
/** A report of a new UID in the namespace `ns`. */
export const owner = (report: string) => ({ namespace: 'ns', report, uid: randomUUID() });

/** An artifact server on a store, and how to speak to it. */
export async function artifactServerOn(store: StorageBackend) {
  const artifactServer = new ArtifactServer({ store, token: TOKEN, port: 0, log: quietLog() });
  const url = `http://127.0.0.1:${await artifactServer.start()}`;
  const client = new ArtifactClient({ service: 'ns/artifacts:http', url, token: () => TOKEN });
  const ask = async (method: 'GET' | 'PUT' | 'DELETE', path: string, token?: string, body?: Buffer) => {
    const headers = token === undefined ? {} : { [ARTIFACT_TOKEN_HEADER]: token };
    const answer = await request(`${url}${path}`, { method, headers, ...(body ? { body } : {}) });
    return { code: answer.statusCode, bytes: Buffer.from(await answer.body.arrayBuffer()) };
  };
  return { artifactServer, client, ask, url };
}
