import type { Readable } from 'node:stream';
import type { ArtifactOwner, ArtifactPlace } from '@backendai-e2e/api/artifact-key';
import type { Usage } from './quota.ts';

/** A stored artifact. */
export interface StoredArtifact {
  body: Readable;
  bytes: number;
}

/** A storage of artifacts. Methods reject with an Error that quotes the storage. */
export interface StorageBackend {
  /** For people: "the folder /artifacts", "the bucket x". */
  readonly what: string;
  /** The space that artifacts take; undefined where the storage has no limit that this server knows. */
  readonly usage?: Usage | undefined;
  /**
   * Stores the bytes at their place, or nothing: never a part of them, nor bytes with another checksum. Rejects with FullError
   * when there is no room. `announced`: how many bytes the sender says will come.
   */
  put(place: ArtifactPlace, body: Readable, signal: AbortSignal, announced?: number): Promise<void>;
  /** undefined: the artifact does not exist. */
  get(place: ArtifactPlace, signal: AbortSignal): Promise<StoredArtifact | undefined>;
  /** Places of a namespace's artifacts, or of one report's, with the bytes of each. */
  list(within: { namespace: string } | ArtifactOwner, signal: AbortSignal): Promise<Listed[]>;
  /** Removes all artifacts of a report, if there are any. */
  remove(owner: ArtifactOwner, signal: AbortSignal): Promise<void>;
}

/** A stored artifact in a list. */
export interface Listed {
  place: ArtifactPlace;
  bytes: number;
}

/** The bytes do not match the checksum in their key. */
export class WrongSumError extends Error {
  override readonly name = 'WrongSumError';
}
