import { recorder } from '../../evidence/record.ts';
import type { Api } from '../http/api.ts';

/** ai.backend.common.dto.manager.field.VFolderPermissionField. An owner has "wd". */
export type VFolderPermission = 'ro' | 'rw' | 'wd';

/** States of a vfolder (ai.backend.manager.data.vfolder.types.VFolderOperationStatus). */
export type VFolderStatus =
  | 'ready'
  | 'creating'
  | 'performing'
  | 'cloning'
  | 'mounted'
  | 'error'
  | 'delete-pending'
  | 'delete-ongoing'
  | 'delete-complete'
  | 'delete-error';

/** The id of a vfolder, 32 digits, as a UUID. Sessions and invitations name vfolders so. */
export function uuidOf({ id }: { id: string }): string {
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A vfolder in a list. id: 32 hexadecimal digits, quota_scope_id: "user:<uuid>" or "project:<uuid>". */
export interface VFolder {
  id: string;
  name: string;
  quota_scope_id: string;
  host: string;
  permission: VFolderPermission;
  creator: string;
  ownership_type: 'user' | 'group';
  user: string | null;
  status: VFolderStatus;
  is_owner: boolean;
}

/** GET /folders/{name}: the fields that suites use. used_bytes: of all files. */
export interface VFolderInfo {
  id: string;
  name: string;
  host: string;
  status: VFolderStatus;
  numFiles: number;
  used_bytes: number;
  is_owner: boolean;
  permission: VFolderPermission;
}

/** An entry of a folder. size: bytes. */
export interface FileEntry {
  name: string;
  type: 'FILE' | 'DIRECTORY' | 'SYMLINK';
  size: number;
}

/** An invitation to share a folder (GET /folders/invitations/list). inviter, invitee: their email addresses. */
export interface Invitation {
  id: string;
  inviter: string;
  invitee: string;
  perm: VFolderPermission;
  state: string;
  vfolder_id: string;
  vfolder_name: string;
}

/** Target of a transfer: address of the storage-proxy and the token for it. */
export interface Transfer {
  url: string;
  token: string;
}

/** The v1 vfolder API of the manager (/folders). Address a folder by name or by id. */
export class VFolders {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Creates a folder of the caller. */
  create(
    folder: { name: string; host?: string; usage_mode?: 'general' | 'model' | 'data' },
    timeoutMs?: number,
  ): Promise<VFolder> {
    const path = '/folders';
    return this.#api.json({ method: 'POST', path, json: folder, ...(timeoutMs ? { timeoutMs } : {}) });
  }

  /** Folders that the caller owns or shares. */
  list(timeoutMs?: number): Promise<VFolder[]> {
    return this.#api.json({ method: 'GET', path: '/folders', ...(timeoutMs ? { timeoutMs } : {}) });
  }

  /** One folder. */
  info(folder: string): Promise<VFolderInfo> {
    return this.#api.json({ method: 'GET', path: at(folder) });
  }

  /** Renames a folder. */
  async rename(folder: string, newName: string, timeoutMs?: number): Promise<void> {
    const json = { new_name: newName };
    const path = at(folder, 'rename');
    await this.#api.request({ method: 'POST', path, json, ...(timeoutMs ? { timeoutMs } : {}) });
  }

  /** Requests an upload of a number of bytes. The bytes go to the storage-proxy. */
  requestUpload(folder: string, path: string, size: number): Promise<Transfer> {
    return this.#transfer(at(folder, 'request-upload'), { path, size });
  }

  /** Requests the download of a file, or of a directory as an archive. The bytes come from the storage-proxy. */
  requestDownload(folder: string, path: string, archive = false): Promise<Transfer> {
    return this.#transfer(at(folder, 'request-download'), { path, archive });
  }

  /** Requests several files as one archive. */
  requestArchive(folder: string, files: readonly string[]): Promise<Transfer> {
    return this.#transfer(at(folder, 'request-download-archive'), { files });
  }

  /** Creates a directory with its parents. */
  async mkdir(folder: string, path: string): Promise<void> {
    await this.#api.request({ method: 'POST', path: at(folder, 'mkdir'), json: { path, parents: true } });
  }

  /** The entries of one directory. path: "" is the folder itself. */
  async files(folder: string, path = ''): Promise<FileEntry[]> {
    const answer = await this.#api.json<{ items: { name: string; type: FileEntry['type']; size: number }[] }>(
      {
        method: 'GET',
        path: at(folder, 'files'),
        query: { path },
      },
    );
    return answer.items.map(({ name, type, size }) => ({ name, type, size }));
  }

  /** Renames a file or a directory in place. */
  async renameFile(folder: string, path: string, newName: string): Promise<void> {
    const json = { target_path: path, new_name: newName };
    await this.#api.request({ method: 'POST', path: at(folder, 'rename-file'), json });
  }

  /** Deletes files, and directories if `recursive` is set. */
  async deleteFiles(folder: string, files: readonly string[], recursive = false): Promise<void> {
    await this.#api.request({ method: 'POST', path: at(folder, 'delete-files'), json: { files, recursive } });
  }

  /** Moves a folder to the trash bin by id. The API does not accept a name here. */
  async trash(id: string): Promise<void> {
    await this.#api.request({ method: 'DELETE', path: '/folders', json: { vfolder_id: id } });
  }

  /** Moves a folder to the trash bin by name. The API does not accept an id here. */
  async trashByName(name: string): Promise<void> {
    await this.#api.request({ method: 'DELETE', path: at(name) });
  }

  /** Restores a folder from the trash bin. */
  async restore(id: string): Promise<void> {
    const json = { vfolder_id: id };
    await this.#api.request({ method: 'POST', path: '/folders/restore-from-trash-bin', json });
  }

  /** Deletes the content of a folder in the trash bin. Returns before that is done. */
  async deleteFromTrash(id: string): Promise<void> {
    const json = { vfolder_id: id };
    await this.#api.request({ method: 'POST', path: '/folders/delete-from-trash-bin', json });
  }

  /** Deletes the row of a folder whose content is deleted (delete-complete). */
  async purge(id: string): Promise<void> {
    await this.#api.request({ method: 'POST', path: '/folders/purge', json: { vfolder_id: id } });
  }

  /** Deletes a folder with its content in any state. */
  async forceDelete(id: string): Promise<void> {
    await this.#api.request({ method: 'DELETE', path: `/folders/${encodeURIComponent(id)}/force` });
  }

  /** Offers the folder to users. Returns the addresses that got an invitation. */
  async invite(folder: string, permission: VFolderPermission, emails: readonly string[]): Promise<string[]> {
    const json = { permission, emails };
    const path = at(folder, 'invite');
    return (await this.#api.json<{ invited_ids: string[] }>({ method: 'POST', path, json })).invited_ids;
  }

  /** Invitations that the caller has received. */
  async invitations(): Promise<Invitation[]> {
    const path = '/folders/invitations/list';
    return (await this.#api.json<{ invitations: Invitation[] }>({ method: 'GET', path })).invitations;
  }

  /** Accepts an invitation. */
  async acceptInvitation(id: string): Promise<void> {
    await this.#api.request({ method: 'POST', path: '/folders/invitations/accept', json: { inv_id: id } });
  }

  /** Rejects an invitation. */
  async rejectInvitation(id: string): Promise<void> {
    await this.#api.request({ method: 'POST', path: '/folders/invitations/delete', json: { inv_id: id } });
  }

  /** Leaves a folder that another user shares. */
  async leave(folder: string): Promise<void> {
    await this.#api.request({ method: 'POST', path: at(folder, 'leave'), json: {} });
  }

  async #transfer(path: string, json: unknown): Promise<Transfer> {
    const transfer = await this.#api.json<Transfer>({ method: 'POST', path, json });
    recorder.secrets.add([transfer.token]);
    return transfer;
  }
}

function at(folder: string, action?: string): string {
  return `/folders/${encodeURIComponent(folder)}${action ? `/${action}` : ''}`;
}
