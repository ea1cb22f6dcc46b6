import { posix } from 'node:path';
import type { BackendAi } from './backend-ai.ts';
import type { Ledger } from './ledger.ts';
import { StorageClient, StorageManagerClient } from './storage-proxy.ts';
import type { VFolder, VFolderStatus } from './vfolders.ts';
import { notYet, waitUntil } from './waiting.ts';
import type { World } from './world.ts';

/** Longest time until the content of a deleted folder is gone: below a second measured, more on a busy machine. */
export const DELETE_SECONDS = 40;
/** Parts of uploads where a test claims nothing else, bytes. */
export const PART_BYTES = 16 * 1024 * 1024;

/** A row of table vfolders, as far as suites look at it. */
export interface FolderRow {
  id: string;
  name: string;
  status: VFolderStatus;
  host: string;
  quota_scope_id: string;
  user: string | null;
}

/** Vfolders of a suite: made through the API, gone afterwards with their rows and bytes. */
export class FolderCare {
  readonly #world: World;
  readonly client: StorageClient;
  /** The volume as the storage-proxy sees it. */
  readonly volume: StorageManagerClient;

  constructor(world: World) {
    this.#world = world;
    this.client = new StorageClient(world.connection.storageProxy);
    this.volume = new StorageManagerClient(world.connection.storageProxy);
  }

  /** Makes a folder; whatever becomes of it, the ledger removes it. */
  async make(
    ledger: Ledger,
    account: BackendAi = this.#world.user,
    name = this.#world.name('folder'),
    usage: 'general' | 'model' = 'general',
  ): Promise<VFolder> {
    const host = this.#world.connection.storageProxy.volume;
    const folder = await account.folders.create({ name, host, usage_mode: usage });
    ledger.add(`vfolder ${name} (${folder.id})`, () => this.remove(folder, account));
    return folder;
  }

  /** Bytes of a file as the API lists it and as it lies on the volume; undefined where it is not there. */
  async sizes(
    folder: VFolder,
    path: string,
  ): Promise<{ api?: number | undefined; volume?: number | undefined }> {
    const { dir, base } = posix.parse(path);
    const [listed, stored] = await Promise.all([
      this.#world.user.folders.files(folder.id, dir),
      this.volume.files(folder, dir || '.'),
    ]);
    return {
      api: listed.find((entry) => entry.name === base)?.size,
      volume: stored.find((entry) => entry.name === base)?.size,
    };
  }

  /** Uploads a whole file as a user does. */
  async upload(
    folder: string,
    path: string,
    content: string | Uint8Array,
    account: BackendAi = this.#world.user,
    partBytes: number = PART_BYTES,
  ): Promise<void> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const { token } = await account.folders.requestUpload(folder, path, bytes.length);
    await this.client.sendAll(token, bytes, partBytes);
  }

  /** Downloads a whole file as a user does. */
  async download(folder: string, path: string, account: BackendAi = this.#world.user): Promise<Buffer> {
    const transfer = await account.folders.requestDownload(folder, path);
    return (await this.client.download(transfer)).bytes;
  }

  /** The folder's row in the manager's database, or undefined. */
  async row(id: string): Promise<FolderRow | undefined> {
    const columns = 'id, name, status::text, host, quota_scope_id, "user"';
    const sql = `SELECT ${columns} FROM vfolders WHERE id = $1::uuid`;
    return (await this.#world.database.rows<FolderRow>(sql, [id]))[0];
  }

  /** Waits until the manager says that the folder's content is deleted. */
  async deleted(id: string): Promise<void> {
    await waitUntil(
      `the content of vfolder ${id} to be deleted`,
      async () => {
        const row = await this.row(id);
        return row === undefined || row.status === 'delete-complete' ? undefined : notYet(row.status);
      },
      { deadlineSeconds: DELETE_SECONDS },
    );
  }

  /** Removes a folder with its content and its row, whatever state it is in. */
  async remove(folder: Pick<VFolder, 'id'>, account: BackendAi = this.#world.user): Promise<void> {
    const { folders } = account;
    let row = await this.row(folder.id);
    if (row && !row.status.startsWith('delete')) await folders.trash(folder.id);
    row = await this.row(folder.id);
    if (row?.status === 'delete-pending') await folders.deleteFromTrash(folder.id);
    await this.deleted(folder.id);
    // Only an administrator may have the row forgotten.
    if (await this.row(folder.id)) await this.#world.admin.folders.purge(folder.id);
  }
}
