import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type ArtifactOwner,
  type ArtifactPlace,
  isWhole,
  ownerPath,
  pathTo,
  placeAt,
} from '@backendai-e2e/api/artifact-key';
import type { Listed, StorageBackend, StoredArtifact } from './backend.ts';
import { checked } from './checksum.ts';
import { Quota, type Usage } from './quota.ts';

/** Folder of incomplete files. No namespace name starts with a dot. */
const UNDER_WAY = '.under-way';

/** Artifacts as files of a volume: `<namespace>/<report>/<uid>/<key>`. A rename makes a file appear complete. */
export class FolderBackend implements StorageBackend {
  readonly what: string;
  readonly #folder: string;
  readonly #quota: Quota;
  #begun = 0;

  /** @param quotaBytes bytes that artifacts may take; undefined: what the volume has */
  constructor(folder: string, quotaBytes?: number) {
    this.#folder = folder;
    this.#quota = new Quota(folder, quotaBytes);
    this.what = `the folder ${folder}`;
  }

  get usage(): Usage {
    return this.#quota.usage;
  }

  /** Creates the folder, removes incomplete files of the previous process, and counts what is stored. */
  async open(): Promise<void> {
    await rm(path.join(this.#folder, UNDER_WAY), { recursive: true, force: true });
    await mkdir(path.join(this.#folder, UNDER_WAY), { recursive: true });
    for (const { bytes } of await this.#listed('.')) this.#quota.add(bytes);
  }

  async put(place: ArtifactPlace, body: Readable, signal: AbortSignal, announced?: number): Promise<void> {
    // A sender may go away before the bytes are read: the pipeline then rejects with its error.
    body.once('error', () => undefined);
    const target = path.join(this.#folder, pathTo(place));
    // The same bytes have the same key.
    if (await orMissing(stat(target))) {
      await pipeline(body, checked(place.key), new Writable({ write: (_part, _as, done) => done() }), {
        signal,
      });
      return;
    }
    this.#begun += 1;
    const half = path.join(this.#folder, UNDER_WAY, String(this.#begun));
    try {
      await this.#quota.write(announced, (count) =>
        pipeline(body, count, checked(place.key), createWriteStream(half, { flush: true }), { signal }),
      );
      await mkdir(path.dirname(target), { recursive: true });
      const before = await orMissing(stat(target));
      await rename(half, target);
      if (before) this.#quota.remove(before.size);
    } finally {
      await rm(half, { force: true });
    }
  }

  async get(place: ArtifactPlace): Promise<StoredArtifact | undefined> {
    const file = path.join(this.#folder, pathTo(place));
    const found = await orMissing(stat(file));
    return found?.isFile() ? { body: createReadStream(file), bytes: found.size } : undefined;
  }

  async list(within: { namespace: string } | ArtifactOwner): Promise<Listed[]> {
    return this.#listed('uid' in within ? ownerPath(within) : within.namespace);
  }

  async #listed(start: string): Promise<Listed[]> {
    const entries =
      (await orMissing(readdir(path.join(this.#folder, start), { recursive: true, withFileTypes: true }))) ??
      [];
    const found: Listed[] = [];
    for (const entry of entries) {
      const file = path.join(entry.parentPath, entry.name);
      const place = placeAt(path.relative(this.#folder, file));
      if (!entry.isFile() || !place || !isWhole(place)) continue;
      const seen = await orMissing(stat(file));
      if (seen) found.push({ place, bytes: seen.size });
    }
    return found;
  }

  async remove(owner: ArtifactOwner): Promise<void> {
    const folder = path.join(this.#folder, ownerPath(owner));
    const stored = await this.#listed(ownerPath(owner));
    await rm(folder, { recursive: true, force: true });
    for (const { bytes } of stored) this.#quota.remove(bytes);
    const report = path.dirname(folder);
    // A later report of the same name may have artifacts there.
    const left = await orMissing(readdir(report));
    if (left?.length === 0) await rm(report, { recursive: true, force: true });
  }
}

async function orMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
