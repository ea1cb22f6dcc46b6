import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Connection } from '@backendai-e2e/api/connection';
import { recorder } from '../../evidence/record.ts';
import { waitUntil } from '../../evidence/waiting.ts';
import { Api, type ApiAnswer, BackendApiError } from '../http/api.ts';
import type { FileEntry, Transfer, VFolder } from '../manager/vfolders.ts';

/** Longest time for one transfer, milliseconds: 256 MiB take 3 s on an idle machine. */
const TRANSFER_MS = 120_000;

/** Longest time until the lease of an upload session is free again. It is renewed while a part arrives. */
const LEASE_SECONDS = 10;

/** State of an upload session, bytes. */
export interface UploadState {
  offset: number;
  length: number;
}

/**
 * The client API of the storage-proxy: uploads by the tus.io protocol (the manager creates the session beforehand) and
 * downloads. Every request carries the token that the manager issued.
 */
export class StorageClient {
  readonly api: Api;
  readonly #url: string;

  constructor(connection: Connection['storageProxy']) {
    this.#url = connection.clientUrl;
    this.api = new Api(connection.clientUrl);
  }

  /** HEAD: progress of the upload. */
  async uploadState(token: string): Promise<UploadState> {
    const { headers } = await this.api.request({ method: 'HEAD', path: '/upload', query: { token } });
    return { offset: Number(headers['upload-offset']), length: Number(headers['upload-length']) };
  }

  /** PATCH: sends the bytes at an offset, and returns the server's offset afterwards. */
  async sendPart(
    token: string,
    offset: number | string | undefined,
    bytes: Uint8Array,
    query: Record<string, string> = {},
  ): Promise<number> {
    const { headers } = await this.api.request({
      method: 'PATCH',
      path: '/upload',
      query: { token, ...query },
      headers: {
        'tus-resumable': '1.0.0',
        ...(offset === undefined ? {} : { 'upload-offset': String(offset) }),
      },
      contentType: 'application/offset+octet-stream',
      body: bytes,
      timeoutMs: TRANSFER_MS,
    });
    return Number(headers['upload-offset']);
  }

  /** PATCH with a body that is sent as it is written, of `length` bytes. Returns the server's offset afterwards. */
  async sendStream(token: string, offset: number, body: Readable, length: number): Promise<number> {
    const { headers } = await this.api.request({
      method: 'PATCH',
      path: '/upload',
      query: { token },
      headers: {
        'tus-resumable': '1.0.0',
        'upload-offset': String(offset),
        'content-length': String(length),
      },
      contentType: 'application/offset+octet-stream',
      body,
      timeoutMs: TRANSFER_MS,
    });
    return Number(headers['upload-offset']);
  }

  /**
   * Sends all bytes in parts of a size. A part that finds the session's lease held is sent again, as tus.io clients do
   * after a 409. On a busy machine the lease of the previous part may outlive its answer by a moment.
   */
  async sendAll(token: string, bytes: Uint8Array, partBytes: number): Promise<void> {
    let offset = 0;
    do {
      const part = () => this.sendPart(token, offset, bytes.subarray(offset, offset + partBytes));
      offset = await waitUntil('the lease of the upload', part, {
        deadlineSeconds: LEASE_SECONDS,
        tolerate: (error) => error instanceof BackendApiError && error.type.endsWith('/tus-lease-held'),
      });
    } while (offset < bytes.length);
  }

  /** GET: a file, or a part of it when headers request a range. */
  async download(
    transfer: Transfer,
    options: { headers?: Record<string, string>; query?: Record<string, string> } = {},
  ): Promise<ApiAnswer> {
    const path = new URL(transfer.url).pathname;
    const query = { token: transfer.token, ...options.query };
    const headers = options.headers ?? {};
    return this.api.request({ method: 'GET', path, query, headers, timeoutMs: TRANSFER_MS });
  }

  /** GET of a file that is too large for memory. */
  async digest(transfer: Transfer): Promise<Digest> {
    const url = new URL(new URL(transfer.url).pathname, this.#url);
    url.searchParams.set('token', transfer.token);
    const since = performance.now();
    const response = await fetch(url, { signal: AbortSignal.timeout(TRANSFER_MS) });
    if (!response.ok || !response.body) {
      throw new BackendApiError(`GET ${url.pathname}`, response.status, await response.text());
    }
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of response.body) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    const seconds = (performance.now() - since) / 1000;
    recorder.exchange(`GET ${url.pathname}${url.search}`, `${response.status} ${bytes} bytes`, seconds);
    return { bytes, sha256: hash.digest('hex') };
  }
}

/** A download that was not kept in memory: its length, and its SHA-256 in hexadecimal digits. */
export interface Digest {
  bytes: number;
  sha256: string;
}

/** Usage of one vfolder on the volume, as the storage-proxy reports it. */
export interface Usage {
  file_count: number;
  used_bytes: number;
}

/**
 * The manager API of the storage-proxy. It reads the volume itself, not the manager's database.
 * Vfolders are addressed by volume and "<quota scope>/<id>".
 */
export class StorageManagerClient {
  readonly api: Api;
  readonly #volume: string;

  constructor(connection: Connection['storageProxy'], secret: string = connection.managerSecret) {
    this.api = new Api(connection.managerUrl, () => ({ 'x-backendai-storage-auth-token': secret }));
    this.#volume = connection.volume.slice(connection.volume.indexOf(':') + 1);
  }

  /** The folder's directory on the volume, or undefined when the volume has none. */
  async directory(folder: Pick<VFolder, 'id' | 'quota_scope_id'>): Promise<string | undefined> {
    try {
      const json = this.#address(folder);
      return (await this.api.json<{ path: string }>({ method: 'GET', path: '/folder/mount', json })).path;
    } catch (error) {
      if (error instanceof BackendApiError && error.msg === 'VFolder not found') return undefined;
      throw error;
    }
  }

  /** Files of the folder and the bytes that they take. */
  usage(folder: Pick<VFolder, 'id' | 'quota_scope_id'>): Promise<Usage> {
    return this.api.json({ method: 'GET', path: '/folder/usage', json: this.#address(folder) });
  }

  /** The entries of one directory of the folder. relpath: "." is the folder itself. */
  async files(folder: Pick<VFolder, 'id' | 'quota_scope_id'>, relpath = '.'): Promise<FileEntry[]> {
    const answer = await this.api.json<{
      items: { name: string; type: FileEntry['type']; stat: { size: number } }[];
    }>({ method: 'POST', path: '/folder/file/list', json: { ...this.#address(folder), relpath } });
    return answer.items.map(({ name, type, stat }) => ({ name, type, size: stat.size }));
  }

  #address(folder: Pick<VFolder, 'id' | 'quota_scope_id'>): { volume: string; vfid: string } {
    return { volume: this.#volume, vfid: `${folder.quota_scope_id}/${folder.id}` };
  }
}
