import type { Readable } from 'node:stream';
import type { ArtifactOwner, ArtifactPlace } from '@backendai-e2e/api/artifact-key';

/** What a store gives back. */
export interface StoredArtifact {
  body: Readable;
  bytes: number;
}

/** Somewhere artifacts lie. Each rejects with an Error whose message says what the medium said. */
export interface ArtifactStore {
  /** For people: "the folder /artifacts", "the bucket x". */
  readonly what: string;
  /** Keeps the bytes under their place, or nothing at all: not a part of them, and nothing whose sum is another. */
  put(place: ArtifactPlace, body: Readable, signal: AbortSignal): Promise<void>;
  /** undefined: there is no such artifact. */
  get(place: ArtifactPlace, signal: AbortSignal): Promise<StoredArtifact | undefined>;
  /** Places of a namespace's artifacts, or of one report's, with the bytes of each. */
  list(within: { namespace: string } | ArtifactOwner, signal: AbortSignal): Promise<Listed[]>;
  /** Removes all that a report has; nothing is fine, too. */
  remove(owner: ArtifactOwner, signal: AbortSignal): Promise<void>;
}

export interface Listed {
  place: ArtifactPlace;
  bytes: number;
}

/** What came in is not what its key says. */
export class WrongSumError extends Error {
  override readonly name = 'WrongSumError';
}
